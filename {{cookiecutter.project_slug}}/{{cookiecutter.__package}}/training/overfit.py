"""Overfit one batch: a network that can't learn a single batch by heart has a fault, which a whole training hides."""

import math
import re
from typing import Any

from jsonargparse import ArgumentParser

from ..config import Config, UserError, add_settings, change_settings, list_settings
from .steps import Steps
from .tune import ONE_DEVICE

STEPS = 300
GOAL = 0.01  # of the loss before the first step
REGULARIZES = r"(model|compile)\.\w*(dropout|flip|noise|shift|stretch|coloring|mask|decay|smoothing)\w*"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of the command `overfit`."""
    add_settings(parser)


def find_regularization(config: Config) -> dict[str, Any]:
    """Find the settings that keep a network from learning by heart: the values that switch them off, by name."""
    settings = list_settings(config)
    return {name: type(value)(0) for name, value in settings.items() if re.fullmatch(REGULARIZES, name)}


def main(config: Config) -> None:
    """Train on one batch until its loss is nearly zero, without what keeps a network from learning by heart.

    Raises:
        UserError: the loss does not get there.
    """
    settings, off = list_settings(config), find_regularization(config)
    print(f"Switched off: {', '.join(name for name in off if settings[name]) or 'nothing'}.")
    steps = Steps(change_settings(config, {**off, **ONE_DEVICE, "training.epochs": STEPS}))
    batch = next(steps.draw())
    first = loss = steps.take(batch)
    for number in range(2, STEPS + 1):
        loss = steps.take(batch)
        if number % 20 == 0:
            print(f"step {number:>3}  loss {loss:.4f}")
        if loss < GOAL * first:
            print(
                f"The loss of one batch fell from {first:.4f} to {loss:.4f} in {number} steps: the network can learn."
            )
            return
        if not math.isfinite(loss):
            break
    raise UserError(
        f"The loss of one batch fell from {first:.4f} to {loss:.4f} alone in {STEPS} steps. Usual reasons: targets that"
        " do not belong to the inputs, equal inputs with different targets, compile.learning_rate far too low or high,"
        " or a fault in model.py."
    )

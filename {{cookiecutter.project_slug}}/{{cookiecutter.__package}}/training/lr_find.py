"""Range test of the learning rate: it grows at each step, and the loss shows where learning begins and where it breaks.

Out: reports/lr_find.png. The idea: arXiv:1506.01186, section 3.3. It is a look at orders of magnitude, no choice.
"""

import numpy as np
from jsonargparse import ArgumentParser
from matplotlib.figure import Figure

from ..config import Config, UserError, add_settings, change_settings
from ..data.plots import save_figure
from ..storage import REPORTS
from .steps import Steps
from .tune import ONE_DEVICE

STEPS = 100
LOWEST, HIGHEST = 1e-6, 10.0  # learning rates
SMOOTHING = 0.9  # of the loss: the weight of those before
BROKEN = 4  # times the lowest loss, where the test ends
FIGURE = REPORTS / "lr_find.png"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of the command `lr-find`."""
    add_settings(parser)


def main(config: Config) -> None:
    """Raise the learning rate step by step, and draw the loss with two marks.

    Raises:
        UserError: the loss never fell.
    """
    steps = Steps(change_settings(config, {**ONE_DEVICE, "training.epochs": STEPS}))
    rates: list[float] = []
    losses: list[float] = []
    mean = 0.0
    for number, (rate, batch) in enumerate(zip(np.geomspace(LOWEST, HIGHEST, STEPS), steps.draw(), strict=False), 1):
        mean = SMOOTHING * mean + (1 - SMOOTHING) * steps.take(batch, rate=float(rate))
        loss = mean / (1 - SMOOTHING**number)  # as if it had not begun at 0
        if not np.isfinite(loss) or (losses and loss > BROKEN * min(losses)):
            break
        rates.append(float(rate))
        losses.append(loss)
    lowest = int(np.argmin(losses)) if losses else 0
    if lowest < 2:
        raise UserError("The loss fell at no learning rate: try the command overfit, which names usual reasons.")
    steepest = int(np.argmin(np.gradient(losses[: lowest + 1], np.log(rates[: lowest + 1]))))
    marks = {"steepest fall": rates[steepest], "a tenth of the rate of the lowest loss": rates[lowest] / 10}
    now = config.compile.learning_rate
    save_figure(draw_losses(rates, losses, {**marks, "today": now}), FIGURE)
    for name, rate in marks.items():
        print(f"{name}: {rate:.1e}")
    print(f"compile.learning_rate is {now:g}. Rates between the marks are worth a try. Written: {FIGURE}")


def draw_losses(rates: list[float], losses: list[float], marks: dict[str, float]) -> Figure:
    """Draw the smoothed loss by the learning rate; marks: learning rates by their labels."""
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    axes.plot(rates, losses)
    for number, (name, rate) in enumerate(marks.items(), start=1):
        axes.axvline(rate, color=f"C{number}", linestyle=":", label=f"{name}: {rate:.1e}")
    axes.set(title="Range test", xlabel="learning rate", ylabel="smoothed loss", xscale="log")
    axes.legend(fontsize=8)
    return figure

"""Profile training steps: where their time goes, so that the slow part is the one that is made faster."""

from itertools import islice
from time import perf_counter

from jsonargparse import ArgumentParser
from rich.console import Console
from rich.table import Table

from ..config import Config, add_settings, change_settings
from .steps import Steps
from .tune import ONE_DEVICE

WARM_UP = 5  # steps, in which memory is taken and code compiled
STEPS = 50  # that are measured
TRACED = 10  # that the framework looks into


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of the command `profile`."""
    add_settings(parser)


def main(config: Config) -> None:
    """Time the parts of training steps, and print their shares, and what the framework says of its operations.

    After each part the device is waited for, as training itself does not: the sum is an upper bound.
    """
    steps = Steps(change_settings(config, {**ONE_DEVICE, "training.epochs": WARM_UP + STEPS}))
    batches = steps.draw()
    seconds: dict[str, float] = {}
    num_samples = 0
    for number in range(WARM_UP + STEPS):
        start = perf_counter()
        batch = next(batches)
        parts = {"data": perf_counter() - start, **steps.measure(batch)}
        if number == 0:
            print(f"The first step took {sum(parts.values()):.2f} s.")
        if number >= WARM_UP:
            num_samples += len(batch[0])
            seconds = {name: seconds.get(name, 0.0) + value for name, value in parts.items()}
    print_parts(seconds, num_samples)
    print(steps.trace(islice(batches, TRACED)))


def print_parts(seconds: dict[str, float], num_samples: int) -> None:
    """Print the parts of STEPS steps as a table; seconds: of each part, in sum."""
    total = sum(seconds.values())
    table = Table(title=f"A training step, mean of {STEPS}")
    for column in ("", "milliseconds", "share"):
        table.add_column(column, justify="left" if column == "" else "right")
    for name, value in seconds.items():
        table.add_row(name, f"{1000 * value / STEPS:.2f}", f"{value / total:.0%}")
    table.add_row("all", f"{1000 * total / STEPS:.2f}", "100%", style="bold")
    Console(highlight=False).print(table)
    print(f"{num_samples / total:,.0f} samples a second, {num_samples / STEPS:.0f} in a step.")

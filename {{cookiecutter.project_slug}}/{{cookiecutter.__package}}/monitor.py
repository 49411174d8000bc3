"""Watching a training: progress bar, history.csv, TensorBoard, and when to stop.

The validation loss decides which epoch is best and when training ends early. history.csv is the memory: a resumed run
reads it back, so that it knows the best epoch of before.
"""

import csv
import math
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from tensorboard.summary import Writer

from .config import UserError
from .runs import digits, write_json
from .task import METRIC

COLUMNS = ("epoch", "loss", METRIC, "val_loss", f"val_{METRIC}", "learning_rate", "seconds")


class Monitor:
    """Follows one run, as a context: `step` after each step or few, `end_epoch` after each epoch.

    Args:
        run: folder of the run.
        epochs, steps: number of epochs at most, and of steps in each.
        patience: stop after so many epochs without a lower validation loss.
        done: epochs that a resumed run has behind it.
        silent: print and write nothing, because another process does.
    """

    def __init__(
        self, run: Path | None, *, epochs: int, steps: int, patience: int, done: int = 0, silent: bool = False
    ):
        self.run, self.epochs, self.steps, self.patience, self.silent = run, epochs, steps, patience, silent
        self.history = read_history(run)[:done] if done else []
        self.console = Console(highlight=False, soft_wrap=True, quiet=silent)
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),  # what the figures leave of the line
            TextColumn("{task.fields[figures]}  left"),
            TimeRemainingColumn(compact=True),
            console=self.console,
            transient=True,
            expand=True,
            disable=silent or not self.console.is_terminal,
        )
        self.task = self.bar.add_task("", total=epochs * steps, completed=done * steps, figures="")

    def __enter__(self) -> "Monitor":
        self.writer = None if self.silent else Writer(str(self.run / "tensorboard"))
        self.bar.start()
        self.start = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()
        if self.writer:
            self.writer.close()

    @property
    def best(self) -> dict[str, float]:
        """The row of the epoch with the lowest validation loss."""
        return best_epoch(self.history)

    @property
    def should_stop(self) -> bool:
        """Whether the last epoch is done, or `patience` epochs have passed without a better one."""
        return bool(self.history) and (
            len(self.history) >= self.epochs or len(self.history) - self.best["epoch"] >= self.patience
        )

    def step(self, number: int, *, loss: float, learning_rate: float) -> None:
        """Move the bar to step `number` (from 1) of the current epoch."""
        done = len(self.history)
        figures = f"loss {loss:.4f}  lr {learning_rate:.4f}"
        if self.history:
            last = self.history[-1]
            figures += f"  val_loss {last['val_loss']:.4f}  val_{METRIC} {digits(last[f'val_{METRIC}'])}"
        description = f"epoch {done + 1}/{self.epochs}"
        self.bar.update(self.task, completed=done * self.steps + number, description=description, figures=figures)

    def end_epoch(self, **row: float) -> bool:
        """Note the figures of an epoch (all of COLUMNS but epoch and seconds); True where it is the best so far.

        Raises:
            UserError: the loss is no longer a number.
        """
        now = time.perf_counter()
        row = {"epoch": len(self.history) + 1, **row, "seconds": now - self.start}
        self.start = now
        if not math.isfinite(row["loss"]):
            raise UserError(f"The loss of epoch {row['epoch']} is {row['loss']}: lower compile.learning_rate.")
        self.history.append(row)
        improved = self.best is row
        if self.silent:
            return improved
        write_history(self.run, self.history)
        for name in COLUMNS[1:]:
            self.writer.add_scalar(name, row[name], row["epoch"])
        self.writer.flush()
        self.console.print(
            f"epoch {row['epoch']:>2}/{self.epochs}  loss {row['loss']:.4f}  val_loss {row['val_loss']:.4f}"
            f"  val_{METRIC} {digits(row[f'val_{METRIC}'])}  lr {row['learning_rate']:.4f}  {row['seconds']:.1f} s"
            f"{'  best' if improved else ''}"
        )
        return improved

    def finish(self, *, parameters: int, device: str) -> None:
        """Write training.json and say in one line how it went."""
        if self.silent:
            return
        seconds = sum(row["seconds"] for row in self.history)
        summary = {
            "epochs": len(self.history),
            "best_epoch": self.best["epoch"],
            "seconds": round(seconds, 1),
            "parameters": parameters,
            "device": device,
            "peak_memory_mb": peak_memory_mb(),
        }
        write_json(self.run / "training.json", summary)
        of = f" of {self.epochs}, stopped early," if len(self.history) < self.epochs else ""
        memory = f", peak memory {summary['peak_memory_mb']} MB" if summary["peak_memory_mb"] else ""
        self.console.print(
            f"Trained {len(self.history)} epochs{of} in {seconds:.0f} s on {device}, {parameters:,} parameters{memory}."
        )
        figures = f"validation loss {self.best['val_loss']:.4f}, {METRIC} {digits(self.best[f'val_{METRIC}'])}"
        self.console.print(f"Best epoch {self.best['epoch']:.0f}: {figures}.")


def best_epoch(history: list[dict[str, float]]) -> dict[str, float]:
    """The row with the lowest validation loss, the first of equals."""
    return min(history, key=lambda row: row["val_loss"])


def read_history(run: Path) -> list[dict[str, float]]:
    """The rows of history.csv, numbers all; none where the file is absent."""
    path = run / "history.csv"
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def write_history(run: Path, history: list[dict[str, float]]) -> None:
    """Write history.csv whole or not at all."""
    part = run / "history.csv.part"
    with part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(history)
    part.replace(run / "history.csv")


def peak_memory_mb() -> int | None:
    """The most memory that this process has held, in MB; None on Windows, which counts otherwise."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / 1e6 if sys.platform == "darwin" else peak / 1e3)  # macOS counts bytes, Linux kilobytes

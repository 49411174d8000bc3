"""Monitoring: progress bar, history.csv and TensorBoard, the best epoch, early stopping, and when to save.

The validation loss decides which epoch is best, and when training stops early. A resumed run reads history.csv, so that
it knows the best epoch so far.
What ends training before its time is answered here: after a signal the state is saved first. The sentence of an error
names the checkpoint from which training can go on.
"""

import math
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from filelock import FileLock
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from ..config import TrainingSettings, UserError, counted
from ..data.splits import MIN_VALIDATION
from ..metrics import format_metric
from ..runs import HISTORY, lock_run, read_history, write_history
from ..signals import handle_signals, restore_signals
from ..storage import remove_parts, write_json
from ..task import METRIC
from .events import EventFile
from .tracking import Tracker

Watch = Callable[[dict[str, float]], None]  # takes the row of an epoch, with the keys of HISTORY


def adapt_patience(settings: TrainingSettings, validation_samples: int) -> TrainingSettings:
    """Leave early stopping out if the validation split is small.

    Chance would end training there, and before the learning rate has fallen.
    """
    if validation_samples >= MIN_VALIDATION:
        return settings
    return replace(settings, early_stopping_patience=settings.epochs)


class _NotFiniteError(UserError):
    """A loss is not finite: going on from the checkpoint would end there again."""


class Monitor:
    """Follow one training, as a context: call `step` after every few steps and `end_epoch` after each epoch.

    Whoever trains saves the state when `save_is_due`, and after each epoch, and calls `saved`.

    Args:
        run: folder of the run.
        settings: how many epochs at most, and when to stop early.
        progress: how far training has come: `epochs`, and `steps` of the next one (checkpoint.py).
        steps: of each epoch.
        shard: number of this process, from 0, and how many there are. The first one prints and writes. A signal ends
            training after the state has been saved, if there is one process: several would stop at different steps.

    Whoever sets `watch` gets the row of each epoch instead of the screen, and ends training by an exception.
    """

    def __init__(
        self,
        run: Path,
        settings: TrainingSettings,
        progress: Any,
        *,
        steps: int,
        shard: tuple[int, int] = (0, 1),
    ) -> None:
        self.run = run
        self.epochs = settings.epochs
        self.patience = settings.early_stopping_patience
        self.tracking = settings.tracking
        self.save_seconds = 60 * settings.save_minutes
        self.steps = steps
        self.silent = shard[0] > 0
        self.alone = shard == (0, 1)
        self.progress = progress
        done = progress.epochs
        self.history = read_history(run)[:done] if done else []  # a row an epoch, with the keys of HISTORY
        if len(self.history) < done:
            raise UserError(
                f"{run / 'history.csv'} has {counted(len(self.history), 'epoch')} and the checkpoint {done}: restore"
                " it, or start a new run."
            )
        self.watch: Watch | None = None
        self.trained = 0  # epochs, by this process
        self.kept = (done, progress.steps)  # epochs and steps in the last checkpoint
        self.signal: int | None = None  # that asks training to end
        self.handlers: dict[int, Any] = {}  # of signals, before this training
        self.lock: FileLock | None = None
        self.events: EventFile | None = None  # for TensorBoard
        self.tracker: Tracker | None = None
        self.epoch_start = 0.0  # seconds
        self.last_save = 0.0
        self.console = Console(highlight=False, soft_wrap=True, quiet=self.silent)
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),  # what the other columns leave of the line
            TextColumn("{task.fields[metrics]}  left"),
            TimeRemainingColumn(compact=True),
            console=self.console,
            transient=True,
            expand=True,
            disable=self.silent or not self.console.is_terminal,
        )
        self.bar_task = self.bar.add_task(
            "", total=self.epochs * steps, completed=done * steps + progress.steps, metrics=""
        )

    def __enter__(self) -> "Monitor":
        if not self.silent:
            self.lock = lock_run(self.run)
            remove_parts(self.run)  # of a process that was killed
            self.events = EventFile(self.run / "tensorboard")
            if self.tracking != "none":
                self.tracker = Tracker(self.tracking, self.run)
        if self.alone and threading.current_thread() is threading.main_thread():
            self.handlers = handle_signals(self._note_signal)
        self.bar.start()
        self.epoch_start = self.last_save = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore_handlers()
        self.bar.stop()
        if self.events:
            self.events.close()
        if self.tracker:
            self.tracker.finish(failed=kind is not None)
        if self.lock:
            self.lock.release()
        if isinstance(error, KeyboardInterrupt):
            number = error.args[0] if error.args else signal.SIGINT
            error.args = (number, self._describe_resuming())
        elif isinstance(error, OSError | UserError) and not isinstance(error, _NotFiniteError) and not self.watch:
            # Such as a full disk, or data that has gone.
            raise UserError(
                f"{str(error).rstrip('.')}. Once that is put right, {self._describe_resuming()}."
            ) from error

    @property
    def best(self) -> dict[str, float]:
        """The row of the epoch with the lowest validation loss."""
        return best_epoch(self.history)

    @property
    def should_stop(self) -> bool:
        """Whether the last epoch is done, or the best one is `patience` epochs ago."""
        done = len(self.history)
        if not done:
            return False
        return done >= self.epochs or done - self.best["epoch"] >= self.patience

    @property
    def save_is_due(self) -> bool:
        """Whether the state is to be saved in the middle of an epoch: for a signal, or by training.save_minutes."""
        by_time = self.save_seconds and time.perf_counter() - self.last_save >= self.save_seconds
        return self.signal is not None or bool(by_time)

    def saved(self) -> None:
        """Note that the state was saved.

        Raises:
            KeyboardInterrupt: a signal has asked training to end.
        """
        self.kept = (self.progress.epochs, self.progress.steps)
        self.last_save = time.perf_counter()
        if self.signal is not None:
            raise KeyboardInterrupt(self.signal)

    def step(self, number: int, *, loss: float, learning_rate: float) -> None:
        """Move the progress bar to step `number`, from 1, of the current epoch.

        Raises:
            UserError: the loss is no longer a number.
        """
        done = len(self.history)
        if not math.isfinite(loss):
            raise _NotFiniteError(f"The loss is {loss} at step {number} of epoch {done + 1}: {self._advise()}")
        metrics = f"loss {loss:.4f}  lr {learning_rate:.4f}"
        if self.history:
            last = self.history[-1]
            metrics += f"  val_loss {last['val_loss']:.4f}  val_{METRIC} {format_metric(last[f'val_{METRIC}'])}"
        self.bar.update(
            self.bar_task,
            completed=done * self.steps + number,
            description=f"epoch {done + 1}/{self.epochs}",
            metrics=metrics,
        )

    def end_epoch(self, **row: float) -> bool:
        """Note loss, metric and learning rate of an epoch: in history.csv, in TensorBoard and on the screen.

        Args:
            row: all columns of HISTORY but epoch and seconds.

        Returns:
            Whether the epoch is the best so far.

        Raises:
            UserError: a loss is not finite.
        """
        now = time.perf_counter()
        row = {"epoch": len(self.history) + 1, **row, "seconds": now - self.epoch_start}
        self.epoch_start = now
        for name in ("loss", "val_loss"):
            if not math.isfinite(row[name]):
                raise _NotFiniteError(f"The {name} of epoch {row['epoch']} is {row[name]}: {self._advise()}")
        self.history.append(row)
        self.trained += 1
        improved = self.best is row
        if self.events:  # else this process is silent
            write_history(self.run, self.history)
            self.events.add({name: row[name] for name in HISTORY[1:]}, step=int(row["epoch"]))
            if self.tracker:
                self.tracker.add(row)
            if self.watch:
                self.watch(row)
            else:
                self._print_epoch(row, improved=improved)
        return improved

    def _print_epoch(self, row: dict[str, float], *, improved: bool) -> None:
        """Print an epoch in one line."""
        line = (
            f"epoch {row['epoch']:>2}/{self.epochs}  loss {row['loss']:.4f}  val_loss {row['val_loss']:.4f}"
            f"  val_{METRIC} {format_metric(row[f'val_{METRIC}'])}  lr {row['learning_rate']:.4f}"
            f"  {row['seconds']:.1f} s"
        )
        self.console.print(f"{line}  best" if improved else line)

    def finish(self, *, parameters: int, device: str, threads: int) -> None:
        """Write training.json and print a summary.

        Args:
            parameters: how many the model has.
            device: what it was trained on, for people.
            threads: of the processor, in each process. With another number, sums are rounded otherwise.
        """
        if self.silent:
            return
        epochs = len(self.history)
        if not self.trained and (self.run / "training.json").is_file():  # else it was killed before it wrote that
            print(f"{self.run} is finished: {epochs} epochs. More: raise training.epochs.")
            return
        seconds = sum(row["seconds"] for row in self.history)
        memory = peak_memory_mb()
        summary = {
            "epochs": epochs,
            "best_epoch": self.best["epoch"],
            "seconds": round(seconds, 1),
            "parameters": parameters,
            "device": device,
            "threads": threads,
            "peak_memory_mb": memory,
        }
        write_json(self.run / "training.json", summary)
        if self.watch:
            return

        stopped = f" of {self.epochs}, stopped early," if epochs < self.epochs else ""
        used = f", peak memory {memory} MB" if memory else ""
        self.console.print(
            f"Trained {counted(epochs, 'epoch')}{stopped} in {seconds:.0f} s on {device}, {parameters:,}"
            f" parameters{used}."
        )
        best = self.best
        self.console.print(
            f"Best epoch {best['epoch']:.0f}: validation loss {best['val_loss']:.4f},"
            f" {METRIC} {format_metric(best[f'val_{METRIC}'])}."
        )

    def _note_signal(self, number: int, _: FrameType | None) -> None:
        """Ask training to end after the state has been saved; a second signal interrupts at once."""
        self.signal = number
        self._restore_handlers()

    def _restore_handlers(self) -> None:
        """Let signals do what they did before this training."""
        restore_signals(self.handlers)
        self.handlers = {}

    def _advise(self) -> str:
        """What to do about a loss that is no number, and which checkpoint is good."""
        advice = "lower compile.learning_rate, or look for very large inputs with stats."
        if self.watch or not any(self.kept):
            return advice
        return f"{advice} {self.run} keeps the state {self._place()}."

    def _describe_resuming(self) -> str:
        """Say what a resumed run would go on from."""
        what = f"goes on {self._place()}" if any(self.kept) else "starts anew"
        return f"train --resume --run {self.run.name} {what}"

    def _place(self) -> str:
        """Where in the training the last checkpoint was written."""
        epochs, steps = self.kept
        return f"after step {steps} of epoch {epochs + 1}" if steps else f"after epoch {epochs}"


def best_epoch(history: list[dict[str, float]]) -> dict[str, float]:
    """Find the row with the lowest validation loss, the first of equals."""
    return min(history, key=lambda row: row["val_loss"])


def peak_memory_mb() -> int | None:
    """Measure the most memory that this process has used, in MB; None on Windows, which does not say."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / 1e6 if sys.platform == "darwin" else peak / 1e3)  # macOS counts bytes, Linux kilobytes

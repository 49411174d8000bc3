"""Training: fit the model to the train split, watch the validation split, keep the best epoch.

Out: runs/<name>/ with settings, history.csv, TensorBoard events and two checkpoints: best.keras, with the lowest
validation loss, and last.keras, to resume from.
Read `train_model` first, then `fit`, then `_Follow`.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np
from jsonargparse import ArgumentParser

from ..baseline import compare_on_validation
from ..compile import Compiled, compile_model
from ..config import Config, add_settings
from ..data import Splits, load_splits
from ..data_info import load_info
from ..device import Device, set_up
from ..runs import RUNS, check_name, open_run
from .batches import Batches, make_batches
from .calibration import calibrate_run
from .checkpoint import Progress, load_checkpoint, save_checkpoint
from .like import compare_with_repeated, load_repeated
from .monitor import Monitor, Watch, adapt_patience
from .series import choose_kind, require_one_process, train_series
from .start import start_model
from .tracking import require_tracker
from .weights import save_start

SHOW_EVERY = 20  # steps between two updates of the progress bar: where it is faster, Keras does so many in one go


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of the command `train`."""
    add_settings(parser)
    parser.add_argument("--resume", action="store_true", help="continue the newest run, or the one of --run")
    parser.add_argument("--like", default="", help="train once more with the settings of this run")
    parser.add_argument("--repeats", type=int | None, default=None, help="train so many seeds, on the same splits")
    parser.add_argument("--folds", type=int | None, default=None, help="cross-validate with so many parts")


def main(
    config: Config, *, resume: bool = False, like: str = "", typed: list[str] | None = None, **several: int | None
) -> None:
    """Train a model, and print its validation metrics beside those of the baselines.

    Args:
        config: the settings.
        resume: continue a run, or a series.
        like: name of a run to repeat; its settings are used then.
        typed: the options as typed.
        several: `repeats` or `folds`, how many runs to train as a series.

    Raises:
        UserError: settings, data or the run to resume or repeat do not fit.
    """
    if chosen := choose_kind(several, like):
        train_series(config, *chosen, train_and_calibrate, resume=resume)
        return
    if like:
        config = load_repeated(like, config.run, typed or [])
    trained = train_and_calibrate(config, resume=resume)
    if trained is None:  # another process prints
        return
    run, splits, predictions = trained
    compare_on_validation(config, splits, predictions, load_info(run / "data.json").target_statistics)
    if like:
        compare_with_repeated(like, run)
    print(f"Written: {run}. Next: evaluate it on the test split.")


def train_and_calibrate(
    config: Config, *, resume: bool = False, watch: Watch | None = None
) -> tuple[Path, Splits, np.ndarray] | None:
    """Train a model, and learn from the validation split how its outputs become predictions.

    Args:
        config: the settings.
        resume: continue a run, if there is one.
        watch: of `train_model`.

    Returns:
        The folder of the run, the data, and predictions of the validation split; None as of `train_model`.
    """
    trained = train_model(config, resume=resume, watch=watch)
    if trained is None:
        return None
    run, splits = trained
    return run, splits, calibrate_run(run, config, splits)


def train_model(
    config: Config, *, resume: bool = False, watch: Watch | None = None, runs: Path = RUNS
) -> tuple[Path, Splits] | None:
    """Train a model by the settings.

    Args:
        config: the settings.
        resume: continue a run, if there is one.
        watch: is called after each epoch, and may end training by an exception; nothing is printed then.
        runs: where the folder of a new run is made.

    Returns:
        The folder of the run, and the data. With several processes, all but the first return None.
    """
    check_name(config.run, again=resume, runs=runs)
    require_tracker(config.training.tracking)
    keras.utils.clear_session()  # of a training before this one in the same process
    device = set_up(config)  # accelerator, precision, processes
    if watch:
        require_one_process(device.shard)
    with device.scope():
        # Data: arrays -> batches. The first process downloads and prepares, then the others read.
        with device.rank_zero_first():
            splits = load_splits(config)
            info = splits.info  # shapes and statistics of the train split
        train_batches = make_batches(splits.train, info, config, shuffle=True, shard=device.shard).over(device.count)
        val_batches = make_batches(splits.val, info, config, shuffle=False, shard=device.shard).over(device.count)

        # Model and compile step: network, loss, metric, optimizer, schedule.
        model, start = start_model(device, splits, config, resume=resume)  # what build_model of model.py builds
        compiled = compile_model(model, info, config, steps_per_epoch=len(train_batches))

        # Run: a new folder, or the one to resume.
        with device.rank_zero_first():
            run = open_run(config, info, resume=resume, first=device.is_first, runs=runs)
        if start and device.is_first:
            save_start(run, start)
        progress = load_checkpoint(device, run, compiled) if resume else Progress()
        settings = adapt_patience(config.training, len(splits.val))
        monitor = Monitor(run, settings, progress, steps=len(train_batches), shard=device.shard)
        monitor.watch = watch

        fit(device, compiled, train_batches, val_batches, monitor)
    return (run, splits) if device.is_first else None


def fit(device: Device, compiled: Compiled, train_batches: Batches, val_batches: Batches, monitor: Monitor) -> None:
    """Train epoch by epoch until the monitor says stop. Validate and save checkpoints after each."""
    progress: Progress = monitor.progress
    with monitor:
        while not monitor.should_stop:  # a resumed run first ends the epoch that was begun: its batches are fewer
            train_batches.start = progress.steps
            with _reading(train_batches, val_batches):
                compiled.model.fit(
                    train_batches,
                    validation_data=val_batches,
                    initial_epoch=progress.epochs,
                    epochs=progress.epochs + 1 if progress.steps else monitor.epochs,
                    shuffle=False,  # of whole batches: train_batches shuffles samples itself
                    callbacks=[_Follow(device, compiled, train_batches, monitor)],
                    verbose=0,
                )
        parameters = sum(math.prod(weights.shape) for weights in compiled.model.trainable_variables)
        monitor.finish(parameters=parameters, device=device.name, threads=device.threads)


@contextmanager
def _reading(*batches: Batches) -> Iterator[None]:
    """Raise what reading a batch has raised, where the backend raises an error of its own instead."""
    try:
        yield
    except Exception as error:
        for fault in (part.fault for part in batches):
            if fault:
                raise fault from error
        raise


class _Follow(keras.callbacks.Callback):
    """Tell the monitor what `fit` does, and save checkpoints."""

    def __init__(self, device: Device, compiled: Compiled, train_batches: Batches, monitor: Monitor) -> None:
        super().__init__()
        self.device = device
        self.compiled = compiled
        self.train_batches = train_batches
        self.monitor = monitor
        self.progress: Progress = monitor.progress

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Draw the order of the epoch, and go on with the sums of one that was begun."""
        self.train_batches.epoch = epoch
        if self.progress.steps:
            self.progress.restore(self.compiled)

    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Seed dropout anew every few steps, so that a resumed run draws that of an unbroken one."""
        if self.progress.steps % SHOW_EVERY == 0:
            numbers = [self.train_batches.seed, self.progress.epochs, self.progress.steps]
            generators = [variable for variable in self.model.variables if variable.name == "seed_generator_state"]
            self.device.seed_dropout(generators, np.random.default_rng(numbers))

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Move the progress bar, and save if it is due. Keras calls this once for all the steps done in one go."""
        self.progress.steps = min(self.train_batches.start + batch + 1, self.monitor.steps)
        if logs and self.progress.steps % SHOW_EVERY == 0:
            self.monitor.step(self.progress.steps, loss=logs["loss"], learning_rate=self._rate())
            if self.monitor.save_is_due and self.progress.steps < self.monitor.steps:  # else the epoch is about to end
                self._save()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Note loss and metric, of training and validation, and save the checkpoints."""
        improved = self.monitor.end_epoch(**(logs or {}), learning_rate=self._rate())
        self.progress.epochs, self.progress.steps = epoch + 1, 0
        self._save(improved=improved)
        self.model.stop_training = self.monitor.should_stop

    def _save(self, *, improved: bool = False) -> None:
        """Save the state of training."""
        _ = self.model  # brings the variables up to date: some backends have them elsewhere during an epoch
        self.progress.note(self.compiled)
        save_checkpoint(self.device, self.monitor.run, self.compiled, self.progress, improved=improved)
        self.monitor.saved()

    def _rate(self) -> float:
        """Compute the learning rate after the steps so far. The optimizer's own is out of date meanwhile."""
        return float(self.compiled.schedule(self.progress.epochs * self.monitor.steps + self.progress.steps))

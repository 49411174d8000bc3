"""Training: fit the model on the train split, watch it on the validation split, keep the best epoch.

Out: runs/<name>/ with settings, history.csv, TensorBoard events, best.keras (lowest validation loss) and last.keras
(to resume from). `main` is the story; the rest is its chapters.
"""

import math
from pathlib import Path

import keras
import numpy as np

from .batches import make_batches
from .compile import Schedule, make_optimizer
from .config import Config, UserError
from .data import load_splits
from .device import set_up
from .losses import make_loss, make_metric
from .model import build_model, save_model
from .monitor import Monitor
from .runs import resume_run, start_run

SHOW_EVERY = 20  # steps between two moves of the progress bar, which are done in one go where that is faster


def main(config: Config, *, resume: bool = False) -> Path | None:
    """Train as the settings say, and return the folder of the run; None in every process but the first."""
    device = set_up(config)
    with device.scope():
        with device.rank_zero_first():  # where several processes share the work, the first one fetches and prepares
            splits = load_splits(config)
        train_batches = make_batches(splits.train, config, shuffle=True, share=device.share).over(device.count)
        val_batches = make_batches(splits.val, config, shuffle=False, share=device.share).over(device.count)
        model = build_model(splits.input_shape, splits.num_outputs, config, normalisation=splits.normalisation)
        total_steps = config.training.epochs * len(train_batches)
        device.compile(
            model,
            steps=SHOW_EVERY,
            loss=make_loss(config, splits.target_statistics),
            optimizer=make_optimizer(model, config, total_steps=total_steps),
            weighted_metrics=[make_metric(splits.target_statistics)],
        )
        with device.rank_zero_first():
            run = resume_run(config, splits) if resume else start_run(config, splits) if device.is_first else None
        done = _load_checkpoint(run, model, steps=len(train_batches)) if resume else 0
        _fit(model, train_batches, val_batches, run=run, config=config, done=done, device=device)
    return run if device.is_first else None


def _fit(model, train_batches, val_batches, *, run, config, done, device) -> None:
    """Train epoch by epoch until the monitor says stop; after each, note the figures and keep best and last."""
    settings, steps = config.training, len(train_batches)
    parameters = sum(math.prod(weights.shape) for weights in model.trainable_variables)
    monitor = Monitor(
        run, epochs=settings.epochs, steps=steps, patience=settings.patience, done=done, silent=not device.is_first
    )
    schedule = Schedule(config.compile, total_steps=settings.epochs * steps)
    with monitor:
        if not monitor.should_stop:
            model.fit(
                train_batches,
                validation_data=val_batches,
                initial_epoch=done,
                epochs=settings.epochs,
                shuffle=False,  # of whole batches: train_batches itself shuffles items
                callbacks=[_Follow(monitor, train_batches, schedule, run=run, seed=config.seed, device=device)],
                verbose=0,
            )
        monitor.finish(parameters=parameters, device=device.name)


class _Follow(keras.callbacks.Callback):
    """Tells the monitor what `fit` does, and keeps the best and the last epoch."""

    def __init__(self, monitor, train_batches, schedule, *, run, seed, device):
        super().__init__()
        self.monitor, self.train_batches, self.schedule = monitor, train_batches, schedule
        self.run, self.seed, self.device = run, seed, device

    def on_epoch_begin(self, epoch, logs=None):
        """Make the order of items and the dropout depend on seed and epoch alone: a resumed run then has the same."""
        self.train_batches.epoch = epoch
        self.device.seed_dropout(self.seed + epoch)
        random = np.random.default_rng([self.seed, epoch])
        for variable in self.model.variables:
            if variable.name == "seed_generator_state":  # of dropout and augmentation
                variable.assign([random.integers(2**31), 0])

    def on_train_batch_end(self, batch, logs=None):
        """Move the bar; where steps are done in one go this is called once for them."""
        number = min(batch + 1, len(self.train_batches))
        if number % SHOW_EVERY == 0:
            self.monitor.step(number, loss=logs["loss"], learning_rate=self._rate(number))

    def on_epoch_end(self, epoch, logs=None):
        """`logs`: loss and metric over the epoch, and both on the validation split."""
        improved = self.monitor.end_epoch(**logs, learning_rate=self._rate(len(self.train_batches)))
        if self.device.is_first:
            with self.device.alone():
                if improved:
                    save_model(self.model, self.run / "best.keras")
                save_model(self.model, self.run / "last.keras")  # with the optimizer's state and its count of steps
        self.model.stop_training = self.monitor.should_stop

    def _rate(self, number):
        """The learning rate after so many steps of the epoch; the optimizer's own is out of date during an epoch."""
        return float(self.schedule(len(self.monitor.history) * len(self.train_batches) + number))


def _load_checkpoint(run, model, *, steps) -> int:
    """Restore weights and optimizer from last.keras; the number of epochs done: 0 where the file is absent."""
    path = run / "last.keras"
    if not path.is_file():
        return 0
    try:
        model.load_weights(path)
    except Exception as error:  # of many kinds: the file may hold anything
        raise UserError(f"{path} is damaged, or was made by another model.py: start a new run.") from error
    return int(model.optimizer.iterations) // steps

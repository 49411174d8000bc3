"""Training: fit the model on the train split, watch it on the validation split, keep the best epoch.

Out: runs/<name>/ with settings, history.csv, TensorBoard events, best.keras (lowest validation loss) and last.keras
(to resume from). `main` is the story; the rest is its chapters.
"""

import math
from pathlib import Path

import keras
import numpy as np

from .batches import make_batches
from .compile import make_optimizer
from .config import Config, UserError
from .data import load_splits
from .device import set_up
from .losses import make_loss, make_metric
from .model import build_model, save_model
from .monitor import Monitor
from .runs import resume_run, start_run

SHOW_EVERY = 20  # steps that TensorFlow does in one go, and between two moves of the progress bar


def main(config: Config, *, resume: bool = False) -> Path:
    """Train as the settings say, and return the folder of the run."""
    device = set_up(config)
    splits = load_splits(config)
    train_batches = make_batches(splits.train, config, shuffle=True)
    val_batches = make_batches(splits.val, config, shuffle=False)
    model = build_model(splits.input_shape, splits.num_outputs, config, normalisation=splits.normalisation)
    total_steps = config.training.epochs * len(train_batches)
    model.compile(
        loss=make_loss(config, splits.target_statistics),
        optimizer=make_optimizer(model, config, total_steps=total_steps),
        metrics=[make_metric(splits.target_statistics)],
        steps_per_execution=SHOW_EVERY,
        jit_compile="auto" if device == "GPU:0" else False,  # XLA makes convolutions slower on a CPU
    )
    run = resume_run(config, splits) if resume else start_run(config, splits)
    done = _load_checkpoint(run, model, steps=len(train_batches)) if resume else 0
    _fit(model, train_batches, val_batches, run=run, config=config, done=done, device=device)
    return run


def _fit(model, train_batches, val_batches, *, run, config, done, device) -> None:
    """Train epoch by epoch until the monitor says stop; after each, note the figures and keep best and last."""
    settings = config.training
    parameters = sum(math.prod(weights.shape) for weights in model.trainable_variables)
    monitor = Monitor(run, epochs=settings.epochs, steps=len(train_batches), patience=settings.patience, done=done)
    with monitor:
        if not monitor.should_stop:
            model.fit(
                train_batches,
                validation_data=val_batches,
                initial_epoch=done,
                epochs=settings.epochs,
                shuffle=False,  # of whole batches: train_batches itself shuffles items
                callbacks=[_Follow(monitor, train_batches, run=run, seed=config.seed)],
                verbose=0,
            )
        monitor.finish(parameters=parameters, device=device)


class _Follow(keras.callbacks.Callback):
    """Tells the monitor what `fit` does, and keeps the best and the last epoch."""

    def __init__(self, monitor, train_batches, *, run, seed):
        super().__init__()
        self.monitor, self.train_batches, self.run, self.seed = monitor, train_batches, run, seed

    def on_epoch_begin(self, epoch, logs=None):
        """Make the order of items and the dropout depend on seed and epoch alone: a resumed run then has the same."""
        self.train_batches.epoch = epoch
        random = np.random.default_rng([self.seed, epoch])
        for variable in self.model.variables:
            if variable.name == "seed_generator_state":  # of dropout and augmentation
                variable.assign([random.integers(2**31), 0])

    def on_train_batch_end(self, batch, logs=None):
        """Move the bar; called once for the steps that were done in one go."""
        number = min(batch + 1, len(self.train_batches))
        self.monitor.step(number, loss=logs["loss"], learning_rate=float(self.model.optimizer.learning_rate))

    def on_epoch_end(self, epoch, logs=None):
        """`logs`: loss and metric over the epoch, and both on the validation split."""
        improved = self.monitor.end_epoch(**logs, learning_rate=float(self.model.optimizer.learning_rate))
        if improved:
            save_model(self.model, self.run / "best.keras")
        save_model(self.model, self.run / "last.keras")  # with the state of the optimizer and its count of steps
        self.model.stop_training = self.monitor.should_stop


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

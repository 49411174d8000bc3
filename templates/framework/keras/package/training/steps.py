"""Single training steps outside of a run: what `overfit`, `lr-find` and `profile` need of the framework."""

from collections.abc import Iterable, Iterator
from time import perf_counter
from typing import Any

import keras

from ..compile import compile_model
from ..config import Config
from ..data import load_splits
from ..device import set_up
from .batches import make_batches
from .start import start_model


class Steps:
    """A new model, with the weights from which training would start, and the batches of the train split.

    Args:
        config: the settings; training.epochs counts steps here, by which the learning rate rises and falls.
    """

    def __init__(self, config: Config) -> None:
        keras.utils.clear_session()
        self.device = set_up(config)
        splits = load_splits(config)
        with self.device.scope():
            self.batches = make_batches(splits.train, splits.info, config, shuffle=True)
            model, _ = start_model(self.device, splits, config)
            self.model = compile_model(model, splits.info, config, steps_per_epoch=1).model
            self.model.steps_per_execution = 1
        self.constant = False  # whether the learning rate can be set

    def draw(self) -> Iterator[Any]:
        """Draw batches without end."""
        while True:
            for number in range(len(self.batches)):
                yield self.batches[number]
            self.batches.epoch += 1

    def take(self, batch: Any, *, rate: float | None = None) -> float:
        """Take a step; rate: the learning rate, instead of the schedule's. Return the loss before it."""
        with self.device.scope():
            if rate is not None and not self.constant:  # an optimizer with a schedule takes no other rate
                optimizer = self.model.optimizer
                self.model.optimizer = type(optimizer).from_config({**optimizer.get_config(), "learning_rate": rate})
                self.model.optimizer.build(self.model.trainable_variables)
                self.constant = True
            if rate is not None:
                self.model.optimizer.learning_rate = rate
            inputs, targets, weights = batch
            self.model.reset_metrics()  # else the loss would be the mean of all steps so far
            logs = self.model.train_on_batch(inputs, targets, weights, return_dict=True)
        return float(logs["loss"])

    def measure(self, batch: Any) -> dict[str, float]:
        """Take a step, and give the seconds of its parts. A step is compiled as a whole, so two of them are one."""
        inputs, targets, weights = batch
        with self.device.scope():
            start = perf_counter()
            float(self.model.test_on_batch(inputs, targets, weights, return_dict=True)["loss"])
            forward = perf_counter() - start
        start = perf_counter()
        self.take(batch)
        return {"forward": forward, "backward and optimizer": max(0.0, perf_counter() - start - forward)}

    def trace(self, batches: Iterable[Any]) -> str:
        """Take no steps: the operations of a compiled step are seen in TensorBoard's profiler alone."""
        return "Its operations: keras.callbacks.TensorBoard(profile_batch=...) writes them for TensorBoard's profiler."

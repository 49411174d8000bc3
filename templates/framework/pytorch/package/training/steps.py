"""Single training steps outside of a run: what `overfit`, `lr-find` and `profile` need of the framework."""

import os
from collections.abc import Iterable, Iterator
from time import perf_counter
from typing import Any

from torch import Tensor
from torch.profiler import profile

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
        self.fabric = set_up(config)
        splits = load_splits(config)
        self.batches = make_batches(splits.train, splits.info, config, shuffle=True).to(self.fabric.device)
        model, _ = start_model(self.fabric, splits, config)
        self.compiled = compile_model(model, splits.info, config, steps_per_epoch=1).to(self.fabric)
        self.compiled.model.train()

    def draw(self) -> Iterator[Any]:
        """Draw batches without end."""
        while True:
            yield from self.batches
            self.batches.epoch += 1

    def take(self, batch: Any, *, rate: float | None = None) -> float:
        """Take a step; rate: the learning rate, instead of the schedule's. Return the loss before it."""
        model, optimizer = self.compiled.model, self.compiled.optimizer
        inputs, targets, _ = self.fabric.to_device(batch)
        loss = self.compiled.loss(model(inputs), targets)
        optimizer.zero_grad()
        self.fabric.backward(loss)
        self.compiled.clip(self.fabric)
        for group in optimizer.param_groups:
            group["lr"] = group["lr"] if rate is None else rate
        optimizer.step()
        self.compiled.schedule.step()
        return loss.item()

    def measure(self, batch: Any) -> dict[str, float]:
        """Take a step, and give the seconds of its parts."""
        model, optimizer = self.compiled.model, self.compiled.optimizer
        weight = next(model.parameters())
        seconds = {}
        start = perf_counter()

        def note(part: str, result: Tensor) -> None:
            nonlocal start
            result.flatten()[0].item()  # waits for the device
            now = perf_counter()
            seconds[part] = now - start
            start = now

        inputs, targets, _ = self.fabric.to_device(batch)
        note("transfer", inputs)
        loss = self.compiled.loss(model(inputs), targets)
        note("forward", loss)
        optimizer.zero_grad()
        self.fabric.backward(loss)
        note("backward", loss if weight.grad is None else weight.grad)
        self.compiled.clip(self.fabric)
        optimizer.step()
        self.compiled.schedule.step()
        note("optimizer", weight)
        return seconds

    def trace(self, batches: Iterable[Any]) -> str:
        """Take steps, and tabulate the operations that took longest."""
        os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # the profiler's notices that it starts and stops
        with profile() as operations:
            for batch in batches:
                self.take(batch)
        on_device = self.fabric.device.type != "cpu"
        return operations.key_averages().table(
            sort_by="self_device_time_total" if on_device else "self_cpu_time_total",
            row_limit=10,
            max_name_column_width=40,
        )

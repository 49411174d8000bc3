"""The compile step: the optimizer with its learning-rate schedule; the loss is in losses.py."""

import math
from dataclasses import asdict
from typing import Any

import keras

from .config import CompileSettings, Config


def make_optimizer(model: keras.Model, config: Config, *, total_steps: int) -> keras.optimizers.Optimizer:
    """The optimizer, built for the weights of the model, with the schedule inside."""
    settings = config.compile
    rate = Schedule(settings, total_steps=total_steps)
    if settings.optimizer == "adamw":
        optimizer = keras.optimizers.AdamW(rate, weight_decay=settings.weight_decay, epsilon=1e-8)
    elif settings.optimizer == "adam":
        optimizer = keras.optimizers.Adam(rate, epsilon=1e-8)
    else:
        optimizer = keras.optimizers.SGD(rate, momentum=0.9, nesterov=True)
    optimizer.build(model.trainable_variables)
    return optimizer


@keras.saving.register_keras_serializable()
class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """The learning rate at a step: a linear climb, then constant or half a cosine.

    Warm-up: arXiv:1706.02677 section 2.2. Cosine: arXiv:1608.03983 equation 5, without restarts, from and to zero.
    One cycle: arXiv:1708.07120, from 1/25 (as in fastai's fit_one_cycle) to 1/10000 of the highest rate. The momentum
    stays as it is, where the paper lets it fall and climb again.
    """

    def __init__(self, settings: CompileSettings, *, total_steps: int):
        self.settings = settings
        self.rate = settings.learning_rate
        self.constant = settings.schedule == "constant"
        self.first, self.last = (1 / 25, 1 / 10000) if settings.schedule == "one_cycle" else (0.0, 0.0)
        self.total = total_steps
        self.warmup = max(1, round(settings.warmup * total_steps))

    def __call__(self, step: Any) -> Any:
        """Learning rate for step 0, 1, ..., a number or a tensor."""
        step = keras.ops.cast(step, "float32")
        climb = keras.ops.minimum(1.0, (step + 1) / self.warmup)
        rate = self.rate * (self.first + (1 - self.first) * climb)
        if self.constant:
            return rate
        progress = (step - self.warmup) / max(1, self.total - self.warmup)
        fall = 0.5 + 0.5 * keras.ops.cos(math.pi * keras.ops.clip(progress, 0.0, 1.0))
        return rate * (self.last + (1 - self.last) * fall)  # one of the two factors is 1

    def get_config(self) -> dict[str, Any]:
        """What `from_config` needs, ready for JSON."""
        return {"settings": asdict(self.settings), "total_steps": self.total}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Schedule":
        """The schedule of `get_config`."""
        return cls(CompileSettings(**config["settings"]), total_steps=config["total_steps"])

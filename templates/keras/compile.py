"""The compile step: the loss, and the optimizer with its learning-rate schedule.

A loss takes logits: probabilities exist in predict.py alone.
"""

import math
from dataclasses import asdict
from typing import Any

import keras

from .config import CompileSettings, Config


def make_loss(config: Config) -> keras.losses.Loss:
    """Loss of (targets (batch,) int64, logits (batch, classes)), the mean over the batch."""
    if config.compile.label_smoothing:
        return _SmoothedCrossEntropy(config.compile.label_smoothing)
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


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
    """The learning rate at a step: a linear climb, then constant or half a cosine to zero.

    Warm-up: arXiv:1706.02677 section 2.2. Cosine: arXiv:1608.03983 equation 5, without restarts.
    """

    def __init__(self, settings: CompileSettings, *, total_steps: int):
        self.settings = settings
        self.rate = settings.learning_rate
        self.cosine = settings.schedule == "cosine"
        self.total = total_steps
        self.warmup = max(1, round(settings.warmup * total_steps))

    def __call__(self, step: Any) -> Any:
        """Learning rate for step 0, 1, ..., a number or a tensor."""
        step = keras.ops.cast(step, "float32")
        rate = self.rate * keras.ops.minimum(1.0, (step + 1) / self.warmup)
        if not self.cosine:
            return rate
        progress = (step - self.warmup) / max(1, self.total - self.warmup)
        return rate * (0.5 + 0.5 * keras.ops.cos(math.pi * keras.ops.clip(progress, 0.0, 1.0)))

    def get_config(self) -> dict[str, Any]:
        """What `from_config` needs, ready for JSON."""
        return {"settings": asdict(self.settings), "total_steps": self.total}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Schedule":
        """The schedule of `get_config`."""
        return cls(CompileSettings(**config["settings"]), total_steps=config["total_steps"])


@keras.saving.register_keras_serializable()
class _SmoothedCrossEntropy(keras.losses.Loss):
    """Cross entropy of class numbers with label smoothing, which Keras has for one-hot targets alone."""

    def __init__(self, label_smoothing: float, **options: Any):
        super().__init__(**options)
        self.label_smoothing = label_smoothing

    def call(self, targets: Any, logits: Any) -> Any:
        """(batch,) int and (batch, classes) -> loss of each item (batch,)."""
        one_hot = keras.ops.one_hot(targets, logits.shape[-1])  # -> (batch, classes)
        return keras.losses.categorical_crossentropy(
            one_hot, logits, from_logits=True, label_smoothing=self.label_smoothing
        )

    def get_config(self) -> dict[str, Any]:
        """What the constructor takes, ready for JSON."""
        return {**super().get_config(), "label_smoothing": float(self.label_smoothing)}

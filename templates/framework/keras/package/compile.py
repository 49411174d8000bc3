"""The compile step: loss, metric, optimizer and learning-rate schedule, put together before training."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import keras

from .config import CompileSettings, Config
from .data_info import DataInfo
from .device import compile_options
from .losses import make_loss, make_metric


@dataclass
class Compiled:
    """A compiled model, and what its optimizer does not say during an epoch."""

    model: keras.Model
    metric: keras.metrics.Metric
    schedule: "Schedule"  # step -> learning rate


def compile_model(model: keras.Model, info: DataInfo, config: Config, *, steps_per_epoch: int) -> Compiled:
    """Choose loss, metric, optimizer and schedule by the settings."""
    total_steps = config.training.epochs * steps_per_epoch
    metric = make_metric(info.target_statistics)
    model.compile(
        loss=make_loss(config, info.target_statistics),
        optimizer=make_optimizer(model, config, total_steps=total_steps),
        weighted_metrics=[metric],
        **compile_options(config),  # of this hardware
    )
    return Compiled(model, metric, Schedule(config.compile, total_steps=total_steps))


def make_optimizer(model: keras.Model, config: Config, *, total_steps: int) -> keras.optimizers.Optimizer:
    """Make the optimizer with the schedule inside, built for the weights of the model.

    Keras' default epsilon is 1e-7; 1e-8 is that of the paper of Adam, arXiv:1412.6980. A gradient that is longer
    than `compile.clip_norm`, over all weights, is shortened to it: arXiv:1211.5063, section 3.2.
    """
    settings = config.compile
    clip_norm = settings.clip_norm or None
    rate = Schedule(settings, total_steps=total_steps)
    if settings.optimizer == "adamw":
        optimizer = keras.optimizers.AdamW(
            rate, weight_decay=settings.weight_decay, epsilon=1e-8, global_clipnorm=clip_norm
        )
    elif settings.optimizer == "adam":
        optimizer = keras.optimizers.Adam(rate, epsilon=1e-8, global_clipnorm=clip_norm)
    else:
        optimizer = _SGD(rate, momentum=0.9, nesterov=True, name="sgd", global_clipnorm=clip_norm)
    optimizer.build(model.trainable_variables)
    return optimizer


@keras.saving.register_keras_serializable()
class _SGD(keras.optimizers.SGD):
    """Stochastic gradient descent with Nesterov's momentum; the rate is that of the step, not of the velocity.

    Keras adds up gradients times the learning rate of their steps, so that a large rate of the past goes on when the
    schedule has fallen. Here the sum is of gradients alone.
    """

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Update a weight by its gradient."""
        rate = keras.ops.cast(learning_rate, variable.dtype)
        gradient = keras.ops.cast(gradient, variable.dtype)
        velocity = self.momentums[self._get_variable_index(variable)]
        self.assign(velocity, self.momentum * velocity + gradient)
        self.assign_sub(variable, rate * (gradient + self.momentum * velocity))


@keras.saving.register_keras_serializable()
class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """The learning rate at a step: a linear climb, then constant or half a cosine.

    Warm-up: arXiv:1706.02677, section 2.2. Cosine: arXiv:1608.03983, equation 5, down to zero, without restarts.
    One cycle: arXiv:1708.07120, from 1/25 of the peak (as fastai's fit_one_cycle) up to it, then down to 1/10000. The
    paper also varies the momentum; here it stays the same.
    """

    def __init__(self, settings: CompileSettings, *, total_steps: int) -> None:
        self.settings = settings
        self.rate = settings.learning_rate
        self.constant = settings.schedule == "constant"
        self.first, self.last = 0.0, 0.0
        if settings.schedule == "one_cycle":
            self.first, self.last = 1 / 25, 1 / 10000
        self.total = total_steps
        self.warmup = max(1, round(settings.warmup_fraction * total_steps))

    def __call__(self, step: Any) -> Any:
        """Compute the learning rate for step 0, 1, ..., a number or a tensor."""
        step = keras.ops.cast(step, "float32")
        climb = keras.ops.minimum(1.0, (step + 1) / self.warmup)  # up to 1
        rate = self.rate * (self.first + (1 - self.first) * climb)
        if self.constant:
            return rate
        progress = (step - self.warmup) / max(1, self.total - self.warmup)
        progress = keras.ops.clip(progress, 0.0, 1.0)
        fall = 0.5 + 0.5 * keras.ops.cos(math.pi * progress)  # from 1 to 0
        return rate * (self.last + (1 - self.last) * fall)  # one of the two factors is 1

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` needs, ready for JSON."""
        return {"settings": asdict(self.settings), "total_steps": self.total}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Schedule":
        """Make the schedule that `get_config` describes."""
        return cls(CompileSettings(**config["settings"]), total_steps=config["total_steps"])

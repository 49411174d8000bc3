"""The compile step: loss, metric, optimizer and learning-rate schedule, put together before training."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler

from .config import CompileSettings, Config
from .data_info import DataInfo
from .device import FUSED
from .losses import make_loss, make_metric

if TYPE_CHECKING:
    from lightning_fabric import Fabric


@dataclass
class Compiled:
    """A model with all that training needs beside the data."""

    model: nn.Module
    loss: nn.Module  # (outputs, targets) -> scalar
    metric: Callable[[Tensor, Tensor], Tensor]  # (outputs, targets) -> (2,): numerator and denominator
    optimizer: Optimizer
    schedule: LRScheduler  # moved on once a step
    clip_norm: float  # 0: gradients stay as they are

    def to(self, fabric: "Fabric") -> "Compiled":
        """Move loss and optimizer to the device of the model."""
        self.loss.to(fabric.device)
        self.optimizer = fabric.setup_optimizers(self.optimizer)  # type: ignore[assignment]  # wraps the optimizer
        return self

    def clip(self, fabric: "Fabric") -> None:
        """Shorten the gradient of all weights to the norm `compile.clip_norm`: arXiv:1211.5063, section 3.2."""
        if self.clip_norm:
            # A gradient that is not finite is left for the loss to show, which names epoch and step.
            fabric.clip_gradients(self.model, self.optimizer, max_norm=self.clip_norm, error_if_nonfinite=False)


class EachAnswer(nn.Module):
    """Score each answer of a network that gives several to a sample, as an ensemble does in training."""

    def __init__(self, score: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.score = score

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Score outputs (batch * answers, outputs) by targets (batch, ...)."""
        answers = len(outputs) // len(targets)
        return self.score(outputs, targets if answers == 1 else targets.repeat_interleave(answers, dim=0))


def compile_model(model: nn.Module, info: DataInfo, config: Config, *, steps_per_epoch: int) -> Compiled:
    """Choose loss, metric, optimizer and schedule by the settings."""
    total_steps = config.training.epochs * steps_per_epoch
    optimizer, schedule = make_optimizer(model, config, total_steps=total_steps)
    return Compiled(
        model=model,
        loss=EachAnswer(make_loss(config, info.target_statistics)),
        metric=EachAnswer(make_metric(info.target_statistics)),
        optimizer=optimizer,
        schedule=schedule,
        clip_norm=config.compile.clip_norm,
    )


def make_optimizer(model: nn.Module, config: Config, *, total_steps: int) -> tuple[Optimizer, LRScheduler]:
    """Make the optimizer and its schedule. A fused one updates all weights in one pass, which is faster."""
    settings = config.compile
    parameters = model.parameters()
    rate = settings.learning_rate
    optimizer: Optimizer
    if settings.optimizer == "adamw":
        optimizer = torch.optim.AdamW(parameters, lr=rate, weight_decay=settings.weight_decay, fused=FUSED)
    elif settings.optimizer == "adam":
        optimizer = torch.optim.Adam(parameters, lr=rate, fused=FUSED)
    else:
        optimizer = torch.optim.SGD(parameters, lr=rate, momentum=0.9, nesterov=True)
    # LambdaLR saves the attributes of a callable object, so a resumed run would keep the old total_steps. A bound
    # method has none to save.
    factor = Schedule(settings, total_steps=total_steps).__call__
    return optimizer, LambdaLR(optimizer, factor)


class Schedule:
    """Fraction of the peak learning rate at a step: a linear climb, then constant or half a cosine.

    Warm-up: arXiv:1706.02677, section 2.2. Cosine: arXiv:1608.03983, equation 5, down to zero, without restarts.
    One cycle: arXiv:1708.07120, from 1/25 (as fastai's fit_one_cycle) up to 1, then down to 1/10000. The paper also
    varies the momentum; here it stays the same.
    """

    def __init__(self, settings: CompileSettings, *, total_steps: int) -> None:
        self.constant = settings.schedule == "constant"
        self.first, self.last = 0.0, 0.0
        if settings.schedule == "one_cycle":
            self.first, self.last = 1 / 25, 1 / 10000
        self.total = total_steps
        self.warmup = max(1, round(settings.warmup_fraction * total_steps))

    def __call__(self, step: int) -> float:
        """Compute the fraction for step 0, 1, ..."""
        climb = min(1.0, (step + 1) / self.warmup)  # up to 1
        factor = self.first + (1 - self.first) * climb
        if self.constant:
            return factor
        progress = (step - self.warmup) / max(1, self.total - self.warmup)
        progress = min(1.0, max(0.0, progress))
        fall = 0.5 + 0.5 * math.cos(math.pi * progress)  # from 1 to 0
        return factor * (self.last + (1 - self.last) * fall)  # one of the two is 1

"""The compile step: the optimizer with its learning-rate schedule; the loss is in losses.py."""

import math

import torch
from torch import nn

from .config import CompileSettings, Config
from .device import FUSED


def make_optimizer(
    model: nn.Module, config: Config, *, total_steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """The optimizer, and the schedule to be moved on once a step. Fused: one pass over the weights, not one a term."""
    settings = config.compile
    parameters, rate = model.parameters(), settings.learning_rate
    if settings.optimizer == "adamw":
        optimizer = torch.optim.AdamW(parameters, lr=rate, weight_decay=settings.weight_decay, fused=FUSED)
    elif settings.optimizer == "adam":
        optimizer = torch.optim.Adam(parameters, lr=rate, fused=FUSED)
    else:
        optimizer = torch.optim.SGD(parameters, lr=rate, momentum=0.9, nesterov=True)
    # As a method, because of an object LambdaLR saves the attributes: a resumed run would keep its old number of steps.
    factor = Schedule(settings, total_steps=total_steps).__call__
    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


class Schedule:
    """Share of the highest learning rate at a step: a linear climb, then constant or half a cosine.

    Warm-up: arXiv:1706.02677 section 2.2. Cosine: arXiv:1608.03983 equation 5, without restarts, from and to zero.
    One cycle: arXiv:1708.07120, from 1/25 (as in fastai's fit_one_cycle) to 1/10000 of the highest rate. The momentum
    stays as it is, where the paper lets it fall and climb again.
    """

    def __init__(self, settings: CompileSettings, *, total_steps: int):
        self.constant = settings.schedule == "constant"
        self.first, self.last = (1 / 25, 1 / 10000) if settings.schedule == "one_cycle" else (0.0, 0.0)
        self.total = total_steps
        self.warmup = max(1, round(settings.warmup * total_steps))

    def __call__(self, step: int) -> float:
        """Factor for step 0, 1, ..."""
        climb = min(1.0, (step + 1) / self.warmup)
        factor = self.first + (1 - self.first) * climb
        if self.constant:
            return factor
        progress = max(0.0, (step - self.warmup) / max(1, self.total - self.warmup))
        fall = 0.5 + 0.5 * math.cos(math.pi * min(1.0, progress))
        return factor * (self.last + (1 - self.last) * fall)  # one of the two is 1

"""What training makes small, and the figure shown beside it: one number, or several.

The model gives standardised numbers, (target - mean) / deviation, so that each target counts the same.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from .config import Config


def make_loss(config: Config, statistics: dict[str, Any]) -> nn.Module:
    """Loss of (outputs (batch, k), standardised; targets (batch, k) float32, in their units): a scalar, float32.

    The mean over the batch and the targets. `statistics`: "mean" and "deviation" (k,) of the train split's targets.
    """
    settings = config.compile
    kinds = {"mse": nn.MSELoss(), "mae": nn.L1Loss(), "huber": nn.HuberLoss(delta=settings.huber_delta)}
    return _Loss(kinds[settings.loss], mean=statistics["mean"], deviation=statistics["deviation"])


def make_metric(statistics: dict[str, Any]) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """Mean absolute error in the targets' units, of what the loss takes, over all targets.

    (Sum of errors, their number) as (2,) float32, to be added up, then divided.
    """
    mean, deviation = (torch.tensor(statistics[name], dtype=torch.float32) for name in ("mean", "deviation"))

    @torch.no_grad()
    def mae(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        nonlocal mean, deviation
        mean, deviation = mean.to(outputs.device), deviation.to(outputs.device)  # copied by the first batch alone
        errors = (outputs.float() * deviation + mean - targets).abs().flatten()
        return torch.stack([errors, torch.ones_like(errors)]).sum(dim=1)

    return mae


class _Loss(nn.Module):
    """A loss of standardised numbers, which standardises the targets."""

    def __init__(self, loss: nn.Module, *, mean: list[float], deviation: list[float]):
        super().__init__()
        self.loss = loss
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32))
        self.register_buffer("deviation", torch.tensor(deviation, dtype=torch.float32))

    def forward(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """(batch, k) and (batch, k) float32 -> scalar."""
        return self.loss(outputs.float(), (targets - self.mean) / self.deviation)

"""Mean squared error, mean absolute error or Huber loss, and the mean absolute error shown while training.

Outputs and targets are standardized, (target - mean) / std (task.py): then each target counts the same.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from .config import Config


def make_loss(config: Config, statistics: dict[str, Any]) -> nn.Module:
    """Make the loss of (outputs, targets), both standardized, (batch, k): the mean, a float32 scalar.

    Args:
        config: names the loss.
        statistics: of the train split's targets, which are standardized already.
    """
    settings = config.compile
    kinds = {"mse": nn.MSELoss(), "mae": nn.L1Loss(), "huber": nn.HuberLoss(delta=settings.huber_delta)}
    return _Loss(kinds[settings.loss])


def make_metric(statistics: dict[str, Any]) -> Callable[[Tensor, Tensor], Tensor]:
    """Make the mean absolute error over all targets: of one in its unit, of several in standard deviations of each.

    Args:
        statistics: "std" (k,) of the train split's targets.

    Returns:
        A function of (outputs, targets), both standardized: sum of the errors and their number, (2,) float32. Add these
        up over batches, then divide.
    """
    std = torch.tensor(statistics["std"], dtype=torch.float32)  # (k,)
    unit = std if len(std) == 1 else torch.ones(1)

    @torch.no_grad()
    def mae(outputs: Tensor, targets: Tensor) -> Tensor:
        nonlocal unit
        unit = unit.to(outputs.device)  # copied for the first batch alone
        errors = ((outputs.float() - targets).abs() * unit).flatten()
        return torch.stack([errors, torch.ones_like(errors)]).sum(dim=1)

    return mae


def to_predictions(outputs: Tensor, statistics: dict[str, Any]) -> Tensor:
    """Turn standardized outputs into the units of the targets, both (batch, targets), in the dtype of the outputs.

    For exported models, which give float64 where float32 has too few digits.
    """
    mean, std = (torch.tensor(statistics[name], dtype=outputs.dtype) for name in ("mean", "std"))  # (targets,)
    return outputs * std + mean


class _Loss(nn.Module):
    """Compare outputs with targets in float32."""

    def __init__(self, loss: nn.Module) -> None:
        super().__init__()
        self.loss = loss

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Compute the mean loss of outputs and targets, both (batch, k): a scalar."""
        return self.loss(outputs.float(), targets)

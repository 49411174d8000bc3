"""What training makes small, and the figure shown beside it: yes or no.

Both take logits; task.py makes probabilities of them, for predictions alone.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from .config import Config


def make_loss(config: Config, statistics: dict[str, Any]) -> nn.Module:
    """Loss of (logits (batch, 1), targets (batch,) int64, 0 or 1), the mean over the batch: a scalar, float32.

    `statistics`: of the train split's targets; "counts" are the items with 0 and with 1.
    """
    settings = config.compile
    return _Loss(
        weights=_balanced_weights(statistics["counts"]) if settings.class_weight == "balanced" else None,
        focal_gamma=settings.focal_gamma if settings.loss == "focal" else None,
    )


def make_metric(statistics: dict[str, Any]) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """Accuracy, of what the loss takes: (items that are right, items) as (2,) float32, to be added up, then divided."""

    def accuracy(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        right = ((outputs > 0) == (targets.view_as(outputs) > 0)).float().flatten()  # logit 0 is probability 0.5
        return torch.stack([right, torch.ones_like(right)]).sum(dim=1)

    return accuracy


def _balanced_weights(counts: list[int]) -> list[float]:
    """Weight of 0 and of 1: items / (2 * items with it), as scikit-learn's class_weight="balanced"."""
    return [sum(counts) / (2 * max(count, 1)) for count in counts]


class _Loss(nn.Module):
    """Cross entropy, or focal loss (where there is a gamma), times the weight of the item's class.

    The weighted losses are divided by the number of items, not by the sum of weights: a batch of the frequent class
    alone then moves the weights of the model as little as it should.
    """

    def __init__(self, *, weights: list[float] | None, focal_gamma: float | None):
        super().__init__()
        self.register_buffer("weights", None if weights is None else torch.tensor(weights))  # (2,) float32
        self.focal_gamma = focal_gamma

    def forward(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """(batch, 1) and (batch,) int64 -> scalar."""
        logits = logits.float()  # bfloat16 is too coarse
        targets = targets.view_as(logits).float()
        if self.weights is None and self.focal_gamma is None:  # faster with the mean inside
            return functional.binary_cross_entropy_with_logits(logits, targets)
        losses = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
        if self.focal_gamma is not None:
            losses = _focus(losses, self.focal_gamma)
        if self.weights is not None:
            losses = losses * torch.where(targets > 0, self.weights[1], self.weights[0])
        return losses.mean()


def _focus(losses: torch.Tensor, gamma: float) -> torch.Tensor:
    """Focal loss, arXiv:1708.02002 equation 4, of cross entropies -log(p_t): (1 - p_t)^gamma times each."""
    distance = -torch.expm1(-losses)  # 1 - p_t
    # Not down to 0, where the power has no finite slope for a gamma below 1.
    return distance.clamp(min=1e-7) ** gamma * losses

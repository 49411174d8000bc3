"""What training makes small, and the figure shown beside it: one of several classes.

Both take logits; task.py makes probabilities of them, for predictions alone.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from .config import Config


def make_loss(config: Config, statistics: dict[str, Any]) -> nn.Module:
    """Loss of (logits (batch, classes), targets), the mean over the batch: a scalar, float32.

    Targets are class numbers (batch,) int64, or shares of the classes (batch, classes) float32, such as one-hot.
    `statistics`: of the train split's targets; "counts" are the items of each class.
    """
    settings = config.compile
    return _Loss(
        weights=_balanced_weights(statistics["counts"]) if settings.class_weight == "balanced" else None,
        label_smoothing=settings.label_smoothing if settings.loss == "cross_entropy" else 0.0,
        focal_gamma=settings.focal_gamma if settings.loss == "focal" else None,
    )


def make_metric(statistics: dict[str, Any]) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """Accuracy, of what the loss takes: (items that are right, items) as (2,) float32, to be added up, then divided."""

    def accuracy(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        classes = targets if targets.ndim == 1 else targets.argmax(dim=1)
        right = (outputs.argmax(dim=1) == classes).float()
        return torch.stack([right, torch.ones_like(right)]).sum(dim=1)

    return accuracy


def _balanced_weights(counts: list[int]) -> list[float]:
    """Weight of each class: items / (classes * items of the class), as scikit-learn's class_weight="balanced"."""
    return [sum(counts) / (len(counts) * max(count, 1)) for count in counts]


class _Loss(nn.Module):
    """Cross entropy, or focal loss (where there is a gamma), times the weight of the item's class.

    The weighted losses are divided by the number of items, not by the sum of weights: a batch of frequent classes
    alone then moves the weights of the model as little as it should.
    """

    def __init__(self, *, weights: list[float] | None, label_smoothing: float, focal_gamma: float | None):
        super().__init__()
        self.register_buffer("weights", None if weights is None else torch.tensor(weights))  # (classes,) float32
        self.label_smoothing = label_smoothing
        self.focal_gamma = focal_gamma

    def forward(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """(batch, classes) and (batch,) int64 or (batch, classes) float32 -> scalar."""
        logits = logits.float()  # bfloat16 is too coarse for a sum over classes
        if self.weights is None and self.focal_gamma is None:  # faster with the mean inside
            return functional.cross_entropy(logits, targets, label_smoothing=self.label_smoothing)
        losses = functional.cross_entropy(logits, targets, label_smoothing=self.label_smoothing, reduction="none")
        if self.focal_gamma is not None:
            losses = _focus(losses, self.focal_gamma)
        if self.weights is not None:
            # A product and a sum, not a matrix product: that may be done in less than float32.
            losses = losses * (self.weights[targets] if targets.ndim == 1 else (targets * self.weights).sum(dim=1))
        return losses.mean()


def _focus(losses: torch.Tensor, gamma: float) -> torch.Tensor:
    """Focal loss, arXiv:1708.02002 equation 4, of cross entropies -log(p_t): (1 - p_t)^gamma times each."""
    distance = -torch.expm1(-losses)  # 1 - p_t
    # Not down to 0, where the power has no finite slope for a gamma below 1.
    return distance.clamp(min=1e-7) ** gamma * losses

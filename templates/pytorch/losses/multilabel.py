"""What training makes small, and the figure shown beside it: several labels, each yes or no.

Both take logits; task.py makes probabilities of them, for predictions alone.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from .config import Config


def make_loss(config: Config, statistics: dict[str, Any]) -> nn.Module:
    """Loss of (logits (batch, labels), targets (batch, labels) float32, 0 or 1), the mean of all: a scalar, float32.

    `statistics`: of the train split's targets; "counts" are the items that have each label, of so many "items".
    """
    settings = config.compile
    balanced = settings.class_weight == "balanced"
    return _Loss(
        weights=_balanced_weights(statistics["counts"], statistics["items"]) if balanced else None,
        focal_gamma=settings.focal_gamma if settings.loss == "focal" else None,
    )


def make_metric(statistics: dict[str, Any]) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """Micro F1, of what the loss takes: (2 TP, 2 TP + FP + FN) as (2,) float32, to be added up, then divided.

    TP, FP, FN: labels that are rightly given, wrongly given, wrongly left out, of all items. Without any, F1 is 0.
    """

    def micro_f1(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        given = (outputs > 0).float()  # logit 0 is probability 0.5
        return torch.stack([2 * (given * targets).sum(), given.sum() + targets.sum()])

    return micro_f1


def _balanced_weights(counts: list[int], items: int) -> list[list[float]]:
    """Weights of 0 and of 1, for each label: items / (2 * items with it), as scikit-learn's class_weight="balanced"."""
    return [[items / (2 * max(number, 1)) for number in (items - count, count)] for count in counts]


class _Loss(nn.Module):
    """Cross entropy, or focal loss (where there is a gamma), times the weight of having or lacking the label.

    The weighted losses are divided by their number, not by the sum of weights: a batch of frequent labels alone then
    moves the weights of the model as little as it should.
    """

    def __init__(self, *, weights: list[list[float]] | None, focal_gamma: float | None):
        super().__init__()
        self.register_buffer("weights", None if weights is None else torch.tensor(weights))  # (labels, 2) float32
        self.focal_gamma = focal_gamma

    def forward(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """(batch, labels) and (batch, labels) float32 -> scalar."""
        logits = logits.float()  # bfloat16 is too coarse
        if self.weights is None and self.focal_gamma is None:  # faster with the mean inside
            return functional.binary_cross_entropy_with_logits(logits, targets)
        losses = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
        if self.focal_gamma is not None:
            losses = _focus(losses, self.focal_gamma)
        if self.weights is not None:
            losses = losses * torch.where(targets > 0, self.weights[:, 1], self.weights[:, 0])
        return losses.mean()


def _focus(losses: torch.Tensor, gamma: float) -> torch.Tensor:
    """Focal loss, arXiv:1708.02002 equation 4, of cross entropies -log(p_t): (1 - p_t)^gamma times each."""
    distance = -torch.expm1(-losses)  # 1 - p_t
    # Not down to 0, where the power has no finite slope for a gamma below 1.
    return distance.clamp(min=1e-7) ** gamma * losses

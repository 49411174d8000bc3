"""Binary cross-entropy or focal loss, and the accuracy shown while training. Both take logits."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .config import Config


def make_loss(config: Config, statistics: dict[str, Any]) -> nn.Module:
    """Make the loss of (logits (batch, 1), targets (batch,) int64 of 0 and 1): the mean, a float32 scalar.

    Args:
        config: names the loss, and whether classes are weighted.
        statistics: of the train split's targets; "counts" has the samples with 0 and with 1.
    """
    settings = config.compile
    return _Loss(
        weights=_balanced_weights(statistics["counts"]) if settings.class_weight == "balanced" else None,
        focal_gamma=settings.focal_gamma if settings.loss == "focal" else None,
    )


def make_metric(statistics: dict[str, Any]) -> Callable[[Tensor, Tensor], Tensor]:
    """Make the accuracy: the fraction of samples that are classified correctly.

    Returns:
        A function of (logits, targets): correct samples and all samples, (2,) float32. Add these up over batches, then
        divide.
    """

    def accuracy(outputs: Tensor, targets: Tensor) -> Tensor:
        predicted = outputs >= 0  # logit 0 is probability 0.5, a yes as in metrics.py
        correct = (predicted == (targets.view_as(outputs) > 0)).float().flatten()
        return torch.stack([correct, torch.ones_like(correct)]).sum(dim=1)

    return accuracy


def to_predictions(outputs: Tensor, statistics: dict[str, Any]) -> Tensor:
    """Turn logits (batch, 1) into probabilities of the positive class (batch,): for exported models."""
    return (outputs[:, 0] / statistics.get("temperature", 1)).sigmoid()


def _balanced_weights(counts: list[int]) -> list[float]:
    """Weight 0 and 1 by samples / (2 * samples with it), as scikit-learn's class_weight="balanced"."""
    return [sum(counts) / (2 * max(count, 1)) for count in counts]


class _Loss(nn.Module):
    """Binary cross-entropy, or focal loss if there is a gamma, times the weight of the sample's class.

    The weighted losses are divided by the number of samples, not by the sum of weights. So a batch of the frequent
    class alone changes the model little, as it should.
    """

    weights: Tensor | None  # (2,) float32

    def __init__(self, *, weights: list[float] | None, focal_gamma: float | None) -> None:
        super().__init__()
        self.register_buffer("weights", None if weights is None else torch.tensor(weights))
        self.focal_gamma = focal_gamma

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Compute the mean loss of logits (batch, 1) and targets (batch,) int64: a scalar."""
        logits = logits.float()  # bfloat16 is too coarse
        targets = targets.view_as(logits).float()
        if self.weights is None and self.focal_gamma is None:  # the mean inside is faster
            return functional.binary_cross_entropy_with_logits(logits, targets)
        losses = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
        if self.focal_gamma is not None:
            losses = _focus(losses, self.focal_gamma)
        if self.weights is not None:
            losses = losses * torch.where(targets > 0, self.weights[1], self.weights[0])
        return losses.mean()


def _focus(losses: Tensor, gamma: float) -> Tensor:
    """Turn cross-entropies -log(p_t) into focal losses, (1 - p_t)^gamma times each: arXiv:1708.02002, equation 4."""
    distance = -torch.expm1(-losses)  # 1 - p_t
    # Not down to 0: there the power has no finite slope if gamma is below 1.
    return distance.clamp(min=1e-7) ** gamma * losses

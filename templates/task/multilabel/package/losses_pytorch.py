"""Binary cross-entropy or focal loss, and the micro F1 shown while training. Both take logits."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .config import Config


def make_loss(config: Config, statistics: dict[str, Any]) -> nn.Module:
    """Make the loss of (logits, targets): the mean over the batch and the labels, a float32 scalar.

    Logits are (batch, labels); targets are (batch, labels) float32 of 0 and 1.

    Args:
        config: names the loss, and whether labels are weighted.
        statistics: of the train split's targets; "counts" has the samples with each label, out of "samples".
    """
    settings = config.compile
    balanced = settings.class_weight == "balanced"
    return _Loss(
        weights=_balanced_weights(statistics["counts"], statistics["samples"]) if balanced else None,
        focal_gamma=settings.focal_gamma if settings.loss == "focal" else None,
    )


def make_metric(statistics: dict[str, Any]) -> Callable[[Tensor, Tensor], Tensor]:
    """Make the micro F1 score: 2 TP / (2 TP + FP + FN) over all labels and samples.

    TP, FP and FN count labels that are correctly predicted, wrongly predicted and missed.

    Returns:
        A function of (logits, targets): numerator and denominator, (2,) float32. Add these up over batches, then
        divide.
    """

    def micro_f1(outputs: Tensor, targets: Tensor) -> Tensor:
        predicted = (outputs >= 0).float()  # logit 0 is probability 0.5, a yes as in metrics.py
        return torch.stack([2 * (predicted * targets).sum(), predicted.sum() + targets.sum()])

    return micro_f1


def to_predictions(outputs: Tensor, statistics: dict[str, Any]) -> Tensor:
    """Turn logits into probabilities by the logistic function, both (batch, labels): for exported models."""
    return (outputs / statistics.get("temperature", 1)).sigmoid()


def _balanced_weights(counts: list[int], samples: int) -> list[list[float]]:
    """Weight 0 and 1 of each label by samples / (2 * samples with it), as scikit-learn's class_weight="balanced"."""
    return [[samples / (2 * max(number, 1)) for number in (samples - count, count)] for count in counts]


class _Loss(nn.Module):
    """Binary cross-entropy, or focal loss if there is a gamma, times the weight of having or lacking the label.

    The weighted losses are divided by their number, not by the sum of weights. So a batch of frequent labels alone
    changes the model little, as it should.
    """

    weights: Tensor | None  # (labels, 2) float32

    def __init__(self, *, weights: list[list[float]] | None, focal_gamma: float | None) -> None:
        super().__init__()
        self.register_buffer("weights", None if weights is None else torch.tensor(weights))
        self.focal_gamma = focal_gamma

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Compute the mean loss of logits (batch, labels) and targets (batch, labels): a scalar."""
        logits = logits.float()  # bfloat16 is too coarse
        if self.weights is None and self.focal_gamma is None:  # the mean inside is faster
            return functional.binary_cross_entropy_with_logits(logits, targets)
        losses = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
        if self.focal_gamma is not None:
            losses = _focus(losses, self.focal_gamma)
        if self.weights is not None:
            losses = losses * torch.where(targets > 0, self.weights[:, 1], self.weights[:, 0])
        return losses.mean()


def _focus(losses: Tensor, gamma: float) -> Tensor:
    """Turn cross-entropies -log(p_t) into focal losses, (1 - p_t)^gamma times each: arXiv:1708.02002, equation 4."""
    distance = -torch.expm1(-losses)  # 1 - p_t
    # Not down to 0: there the power has no finite slope if gamma is below 1.
    return distance.clamp(min=1e-7) ** gamma * losses

"""Cross-entropy or focal loss, and the accuracy shown while training. Both take logits."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .config import Config


def make_loss(config: Config, statistics: dict[str, Any]) -> nn.Module:
    """Make the loss of (logits (batch, classes), targets): the mean over the batch, a float32 scalar.

    Targets are class ids (batch,) int64, or fractions of the classes (batch, classes) float32, such as one-hot.

    Args:
        config: names the loss, and whether classes are weighted.
        statistics: of the train split's targets; "counts" has the samples of each class.
    """
    settings = config.compile
    return _Loss(
        weights=_balanced_weights(statistics["counts"]) if settings.class_weight == "balanced" else None,
        label_smoothing=settings.label_smoothing if settings.loss == "cross_entropy" else 0.0,
        focal_gamma=settings.focal_gamma if settings.loss == "focal" else None,
    )


def make_metric(statistics: dict[str, Any]) -> Callable[[Tensor, Tensor], Tensor]:
    """Make the accuracy: the fraction of samples that are classified correctly.

    Returns:
        A function of (logits, targets): correct samples and all samples, (2,) float32. Add these up over batches, then
        divide.
    """

    def accuracy(outputs: Tensor, targets: Tensor) -> Tensor:
        classes = targets if targets.ndim == 1 else targets.argmax(dim=1)
        correct = (outputs.argmax(dim=1) == classes).float()
        return torch.stack([correct, torch.ones_like(correct)]).sum(dim=1)

    return accuracy


def to_predictions(outputs: Tensor, statistics: dict[str, Any]) -> Tensor:
    """Turn logits into probabilities by the softmax, both (batch, classes): for exported models."""
    return (outputs / statistics.get("temperature", 1)).softmax(dim=1)


def _balanced_weights(counts: list[int]) -> list[float]:
    """Weight each class by samples / (classes * samples of the class), as scikit-learn's class_weight="balanced"."""
    return [sum(counts) / (len(counts) * max(count, 1)) for count in counts]


class _Loss(nn.Module):
    """Cross-entropy, or focal loss if there is a gamma, times the weight of the sample's class.

    The weighted losses are divided by the number of samples, not by the sum of weights. So a batch of frequent classes
    alone changes the model little, as it should.
    """

    weights: Tensor | None  # (classes,) float32

    def __init__(self, *, weights: list[float] | None, label_smoothing: float, focal_gamma: float | None) -> None:
        super().__init__()
        self.register_buffer("weights", None if weights is None else torch.tensor(weights))
        self.label_smoothing = label_smoothing
        self.focal_gamma = focal_gamma

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Compute the mean loss, a scalar.

        Args:
            logits: (batch, classes).
            targets: class ids (batch,) int64, or fractions (batch, classes) float32.
        """
        logits = logits.float()  # bfloat16 is too coarse for a sum over classes
        if self.weights is None and self.focal_gamma is None:  # the mean inside is faster
            return functional.cross_entropy(logits, targets, label_smoothing=self.label_smoothing)
        losses = functional.cross_entropy(logits, targets, label_smoothing=self.label_smoothing, reduction="none")
        if self.focal_gamma is not None:
            losses = _focus(losses, self.focal_gamma)
        if self.weights is not None:
            if targets.ndim == 1:
                losses = losses * self.weights[targets]
            else:  # a product and a sum, not a matrix product: that may be done in less than float32
                losses = losses * (targets * self.weights).sum(dim=1)
        return losses.mean()


def _focus(losses: Tensor, gamma: float) -> Tensor:
    """Turn cross-entropies -log(p_t) into focal losses, (1 - p_t)^gamma times each: arXiv:1708.02002, equation 4."""
    distance = -torch.expm1(-losses)  # 1 - p_t
    # Not down to 0: there the power has no finite slope if gamma is below 1.
    return distance.clamp(min=1e-7) ** gamma * losses

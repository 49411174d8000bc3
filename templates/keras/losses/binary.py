"""What training makes small, and the figure shown beside it: yes or no.

Both take logits; task.py makes probabilities of them, for predictions alone.
"""

from typing import Any

import keras

from .config import Config


def make_loss(config: Config, statistics: dict[str, Any]) -> keras.losses.Loss:
    """Loss of (targets (batch,) int64, 0 or 1; logits (batch, 1)), the mean over the batch: a scalar, float32.

    `statistics`: of the train split's targets; "counts" are the items with 0 and with 1.
    """
    settings = config.compile
    return _Loss(
        weights=_balanced_weights(statistics["counts"]) if settings.class_weight == "balanced" else None,
        focal_gamma=settings.focal_gamma if settings.loss == "focal" else None,
    )


def make_metric(statistics: dict[str, Any]) -> keras.metrics.Metric:
    """Accuracy, of what the loss takes: the share of items that are right."""
    return keras.metrics.MeanMetricWrapper(_is_right, name="accuracy")


@keras.saving.register_keras_serializable()
def _is_right(targets: Any, logits: Any) -> Any:
    """(batch,) and (batch, 1) -> (batch, 1) bool."""
    targets = keras.ops.reshape(targets, keras.ops.shape(logits))
    return keras.ops.equal(logits > 0, targets > 0)  # logit 0 is probability 0.5


def _balanced_weights(counts: list[int]) -> list[float]:
    """Weight of 0 and of 1: items / (2 * items with it), as scikit-learn's class_weight="balanced"."""
    return [sum(counts) / (2 * max(count, 1)) for count in counts]


@keras.saving.register_keras_serializable()
class _Loss(keras.losses.Loss):
    """Cross entropy, or focal loss (where there is a gamma), times the weight of the item's class.

    The weighted losses are divided by the number of items, not by the sum of weights: a batch of the frequent class
    alone then moves the weights of the model as little as it should.
    """

    def __init__(self, *, weights: list[float] | None, focal_gamma: float | None, **options: Any):
        super().__init__(**options)
        self.weights, self.focal_gamma = weights, focal_gamma

    def call(self, targets: Any, logits: Any) -> Any:
        """(batch,) and (batch, 1), both float32 by now -> loss of each item (batch, 1)."""
        targets = keras.ops.reshape(targets, keras.ops.shape(logits))
        losses = keras.ops.binary_crossentropy(targets, logits, from_logits=True)
        if self.focal_gamma is not None:
            losses = _focus(losses, self.focal_gamma)
        if self.weights is not None:
            losses = losses * keras.ops.where(targets > 0, self.weights[1], self.weights[0])
        return losses

    def get_config(self) -> dict[str, Any]:
        """What the constructor takes, ready for JSON."""
        return {**super().get_config(), "weights": self.weights, "focal_gamma": self.focal_gamma}


def _focus(losses: Any, gamma: float) -> Any:
    """Focal loss, arXiv:1708.02002 equation 4, of cross entropies -log(p_t): (1 - p_t)^gamma times each.

    Keras' own computes with probabilities clipped at 1e-7, where an item that is quite wrong has no gradient.
    """
    distance = -keras.ops.expm1(-losses)  # 1 - p_t
    # Not down to 0, where the power has no finite slope for a gamma below 1.
    return keras.ops.power(keras.ops.maximum(distance, 1e-7), gamma) * losses

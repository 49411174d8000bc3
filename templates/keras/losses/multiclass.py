"""What training makes small, and the figure shown beside it: one of several classes.

Both take logits; task.py makes probabilities of them, for predictions alone.
"""

from typing import Any

import keras

from .config import Config


def make_loss(config: Config, statistics: dict[str, Any]) -> keras.losses.Loss:
    """Loss of (targets, logits (batch, classes)), the mean over the batch: a scalar, float32.

    Targets are class numbers (batch,) int64, or shares of the classes (batch, classes) float32, such as one-hot.
    `statistics`: of the train split's targets; "counts" are the items of each class.
    """
    settings = config.compile
    return _Loss(
        weights=_balanced_weights(statistics["counts"]) if settings.class_weight == "balanced" else None,
        label_smoothing=settings.label_smoothing if settings.loss == "cross_entropy" else 0.0,
        focal_gamma=settings.focal_gamma if settings.loss == "focal" else None,
    )


def make_metric(statistics: dict[str, Any]) -> keras.metrics.Metric:
    """Accuracy, of what the loss takes: the share of items that are right."""
    return keras.metrics.MeanMetricWrapper(_is_right, name="accuracy")


@keras.saving.register_keras_serializable()
def _is_right(targets: Any, logits: Any) -> Any:
    """(batch,) int or (batch, classes) and (batch, classes) -> (batch,) bool."""
    classes = targets if len(targets.shape) == 1 else keras.ops.argmax(targets, axis=1)
    return keras.ops.equal(keras.ops.argmax(logits, axis=1), keras.ops.cast(classes, "int32"))


def _balanced_weights(counts: list[int]) -> list[float]:
    """Weight of each class: items / (classes * items of the class), as scikit-learn's class_weight="balanced"."""
    return [sum(counts) / (len(counts) * max(count, 1)) for count in counts]


@keras.saving.register_keras_serializable()
class _Loss(keras.losses.Loss):
    """Cross entropy, or focal loss (where there is a gamma), times the weight of the item's class.

    The weighted losses are divided by the number of items, not by the sum of weights: a batch of frequent classes
    alone then moves the weights of the model as little as it should.
    """

    def __init__(
        self, *, weights: list[float] | None, label_smoothing: float, focal_gamma: float | None, **options: Any
    ):
        super().__init__(**options)
        self.weights, self.label_smoothing, self.focal_gamma = weights, label_smoothing, focal_gamma

    def call(self, targets: Any, logits: Any) -> Any:
        """(batch,) or (batch, classes) and (batch, classes), both float32 by now -> loss of each item (batch,)."""
        numbers = len(targets.shape) == 1
        if numbers and not self.label_smoothing:
            losses = keras.losses.sparse_categorical_crossentropy(targets, logits, from_logits=True)
        else:  # Keras smooths shares alone
            shares = keras.ops.one_hot(keras.ops.cast(targets, "int32"), logits.shape[1]) if numbers else targets
            losses = keras.losses.categorical_crossentropy(
                shares, logits, from_logits=True, label_smoothing=self.label_smoothing
            )
        if self.focal_gamma is not None:
            losses = _focus(losses, self.focal_gamma)
        if self.weights is not None:
            weights = keras.ops.convert_to_tensor(self.weights, "float32")  # (classes,)
            if numbers:
                losses = losses * keras.ops.take(weights, keras.ops.cast(targets, "int32"))
            else:  # a product and a sum, not a matrix product: that may be done in less than float32
                losses = losses * keras.ops.sum(targets * weights, axis=1)
        return losses

    def get_config(self) -> dict[str, Any]:
        """What the constructor takes, ready for JSON."""
        own = {"weights": self.weights, "label_smoothing": self.label_smoothing, "focal_gamma": self.focal_gamma}
        return {**super().get_config(), **own}


def _focus(losses: Any, gamma: float) -> Any:
    """Focal loss, arXiv:1708.02002 equation 4, of cross entropies -log(p_t): (1 - p_t)^gamma times each.

    Keras' own computes with probabilities clipped at 1e-7, where an item that is quite wrong has no gradient.
    """
    distance = -keras.ops.expm1(-losses)  # 1 - p_t
    # Not down to 0, where the power has no finite slope for a gamma below 1.
    return keras.ops.power(keras.ops.maximum(distance, 1e-7), gamma) * losses

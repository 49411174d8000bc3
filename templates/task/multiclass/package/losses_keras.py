"""Cross-entropy or focal loss, and the accuracy shown while training. Both take logits."""

from typing import Any

import keras

from .config import Config


def make_loss(config: Config, statistics: dict[str, Any]) -> keras.losses.Loss:
    """Make the loss of (targets, logits (batch, classes)): the mean over the batch, a float32 scalar.

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


def make_metric(statistics: dict[str, Any]) -> keras.metrics.Metric:
    """Make the accuracy: the fraction of samples that are classified correctly."""
    return keras.metrics.MeanMetricWrapper(_is_correct, name="accuracy")


def to_predictions(outputs: Any, statistics: dict[str, Any]) -> Any:
    """Turn logits into probabilities by the softmax, both (batch, classes): for exported models."""
    return keras.ops.softmax(outputs / statistics.get("temperature", 1), axis=1)


@keras.saving.register_keras_serializable()
def _is_correct(targets: Any, logits: Any) -> Any:
    """Compare targets (batch,) or (batch, classes) with logits (batch, classes): (batch,) bool."""
    classes = targets if len(targets.shape) == 1 else keras.ops.argmax(targets, axis=1)
    return keras.ops.equal(keras.ops.argmax(logits, axis=1), keras.ops.cast(classes, "int32"))


def _balanced_weights(counts: list[int]) -> list[float]:
    """Weight each class by samples / (classes * samples of the class), as scikit-learn's class_weight="balanced"."""
    return [sum(counts) / (len(counts) * max(count, 1)) for count in counts]


@keras.saving.register_keras_serializable()
class _Loss(keras.losses.Loss):
    """Cross-entropy, or focal loss if there is a gamma, times the weight of the sample's class.

    The weighted losses are divided by the number of samples, not by the sum of weights. So a batch of frequent classes
    alone changes the model little, as it should.
    """

    def __init__(
        self, *, weights: list[float] | None, label_smoothing: float, focal_gamma: float | None, **options: Any
    ) -> None:
        super().__init__(**options)
        self.weights = weights
        self.label_smoothing = label_smoothing
        self.focal_gamma = focal_gamma

    def call(self, targets: Any, logits: Any) -> Any:
        """Compute the loss of each sample (batch,).

        Args:
            targets: class ids (batch,), or fractions (batch, classes). Keras has made float32 of them.
            logits: (batch, classes) float32.
        """
        are_ids = len(targets.shape) == 1
        if are_ids and not self.label_smoothing:
            losses = keras.losses.sparse_categorical_crossentropy(targets, logits, from_logits=True)
        else:
            fractions = targets
            if are_ids:  # Keras smooths fractions alone
                fractions = keras.ops.one_hot(keras.ops.cast(targets, "int32"), logits.shape[1])
            losses = keras.losses.categorical_crossentropy(
                fractions, logits, from_logits=True, label_smoothing=self.label_smoothing
            )
        if self.focal_gamma is not None:
            losses = _focus(losses, self.focal_gamma)
        if self.weights is not None:
            weights = keras.ops.convert_to_tensor(self.weights, "float32")  # (classes,)
            if are_ids:
                losses = losses * keras.ops.take(weights, keras.ops.cast(targets, "int32"))
            else:  # a product and a sum, not a matrix product: that may be done in less than float32
                losses = losses * keras.ops.sum(targets * weights, axis=1)
        return losses

    def get_config(self) -> dict[str, Any]:
        """Return what the constructor takes, ready for JSON."""
        own = {"weights": self.weights, "label_smoothing": self.label_smoothing, "focal_gamma": self.focal_gamma}
        return {**super().get_config(), **own}


def _focus(losses: Any, gamma: float) -> Any:
    """Turn cross-entropies -log(p_t) into focal losses, (1 - p_t)^gamma times each: arXiv:1708.02002, equation 4.

    Keras' own focal loss clips probabilities at 1e-7, where a very wrong sample has no gradient.
    """
    distance = -keras.ops.expm1(-losses)  # 1 - p_t
    # Not down to 0: there the power has no finite slope if gamma is below 1.
    return keras.ops.power(keras.ops.maximum(distance, 1e-7), gamma) * losses

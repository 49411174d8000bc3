"""Binary cross-entropy or focal loss, and the accuracy shown while training. Both take logits."""

from typing import Any

import keras

from .config import Config


def make_loss(config: Config, statistics: dict[str, Any]) -> keras.losses.Loss:
    """Make the loss of (targets (batch,) int64 of 0 and 1, logits (batch, 1)): the mean, a float32 scalar.

    Args:
        config: names the loss, and whether classes are weighted.
        statistics: of the train split's targets; "counts" has the samples with 0 and with 1.
    """
    settings = config.compile
    return _Loss(
        weights=_balanced_weights(statistics["counts"]) if settings.class_weight == "balanced" else None,
        focal_gamma=settings.focal_gamma if settings.loss == "focal" else None,
    )


def make_metric(statistics: dict[str, Any]) -> keras.metrics.Metric:
    """Make the accuracy: the fraction of samples that are classified correctly."""
    return keras.metrics.MeanMetricWrapper(_is_correct, name="accuracy")


def to_predictions(outputs: Any, statistics: dict[str, Any]) -> Any:
    """Turn logits (batch, 1) into probabilities of the positive class (batch,): for exported models."""
    return keras.ops.sigmoid(outputs[:, 0] / statistics.get("temperature", 1))


@keras.saving.register_keras_serializable()
def _is_correct(targets: Any, logits: Any) -> Any:
    """Compare targets (batch,) with logits (batch, 1): (batch, 1) bool."""
    targets = keras.ops.reshape(targets, keras.ops.shape(logits))
    return keras.ops.equal(logits >= 0, targets > 0)  # logit 0 is probability 0.5, a yes as in metrics.py


def _balanced_weights(counts: list[int]) -> list[float]:
    """Weight 0 and 1 by samples / (2 * samples with it), as scikit-learn's class_weight="balanced"."""
    return [sum(counts) / (2 * max(count, 1)) for count in counts]


@keras.saving.register_keras_serializable()
class _Loss(keras.losses.Loss):
    """Binary cross-entropy, or focal loss if there is a gamma, times the weight of the sample's class.

    The weighted losses are divided by the number of samples, not by the sum of weights. So a batch of the frequent
    class alone changes the model little, as it should.
    """

    def __init__(self, *, weights: list[float] | None, focal_gamma: float | None, **options: Any) -> None:
        super().__init__(**options)
        self.weights = weights
        self.focal_gamma = focal_gamma

    def call(self, targets: Any, logits: Any) -> Any:
        """Compute the loss of each sample (batch, 1) from targets (batch,) and logits (batch, 1), float32 both."""
        targets = keras.ops.reshape(targets, keras.ops.shape(logits))
        losses = keras.ops.binary_crossentropy(targets, logits, from_logits=True)
        if self.focal_gamma is not None:
            losses = _focus(losses, self.focal_gamma)
        if self.weights is not None:
            losses = losses * keras.ops.where(targets > 0, self.weights[1], self.weights[0])
        return losses

    def get_config(self) -> dict[str, Any]:
        """Return what the constructor takes, ready for JSON."""
        return {**super().get_config(), "weights": self.weights, "focal_gamma": self.focal_gamma}


def _focus(losses: Any, gamma: float) -> Any:
    """Turn cross-entropies -log(p_t) into focal losses, (1 - p_t)^gamma times each: arXiv:1708.02002, equation 4.

    Keras' own focal loss clips probabilities at 1e-7, where a very wrong sample has no gradient.
    """
    distance = -keras.ops.expm1(-losses)  # 1 - p_t
    # Not down to 0: there the power has no finite slope if gamma is below 1.
    return keras.ops.power(keras.ops.maximum(distance, 1e-7), gamma) * losses

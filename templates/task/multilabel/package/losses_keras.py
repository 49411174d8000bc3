"""Binary cross-entropy or focal loss, and the micro F1 shown while training. Both take logits."""

from typing import Any

import keras

from .config import Config


def make_loss(config: Config, statistics: dict[str, Any]) -> keras.losses.Loss:
    """Make the loss of (targets, logits): the mean over the batch and the labels, a float32 scalar.

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


def make_metric(statistics: dict[str, Any]) -> keras.metrics.Metric:
    """Make the micro F1 score: 2 TP / (2 TP + FP + FN) over all labels and samples."""
    return _MicroF1(name="micro_f1")


def to_predictions(outputs: Any, statistics: dict[str, Any]) -> Any:
    """Turn logits into probabilities by the logistic function, both (batch, labels): for exported models."""
    return keras.ops.sigmoid(outputs / statistics.get("temperature", 1))


@keras.saving.register_keras_serializable()
class _MicroF1(keras.metrics.Metric):
    """2 TP / (2 TP + FP + FN), as keras.metrics.F1Score, which can't take logits.

    TP, FP and FN count labels that are correctly predicted, wrongly predicted and missed. If all are 0, so is F1.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.numerator = self.add_weight(name="numerator", initializer="zeros")
        self.denominator = self.add_weight(name="denominator", initializer="zeros")

    def update_state(self, targets: Any, logits: Any, sample_weight: Any = None) -> None:
        """Add targets and logits, both (batch, labels), weighted by (batch,)."""
        targets = keras.ops.cast(targets, "float32")
        predicted = keras.ops.cast(logits >= 0, "float32")  # logit 0 is probability 0.5, a yes as in metrics.py
        weights = 1.0 if sample_weight is None else keras.ops.expand_dims(sample_weight, 1)
        self.numerator.assign_add(2 * keras.ops.sum(weights * predicted * targets))
        self.denominator.assign_add(keras.ops.sum(weights * (predicted + targets)))

    def result(self) -> Any:
        """Compute micro F1 of all that was added."""
        return keras.ops.divide_no_nan(self.numerator, self.denominator)


def _balanced_weights(counts: list[int], samples: int) -> list[list[float]]:
    """Weight 0 and 1 of each label by samples / (2 * samples with it), as scikit-learn's class_weight="balanced"."""
    return [[samples / (2 * max(number, 1)) for number in (samples - count, count)] for count in counts]


@keras.saving.register_keras_serializable()
class _Loss(keras.losses.Loss):
    """Binary cross-entropy, or focal loss if there is a gamma, times the weight of having or lacking the label.

    The weighted losses are divided by their number, not by the sum of weights. So a batch of frequent labels alone
    changes the model little, as it should.
    """

    def __init__(self, *, weights: list[list[float]] | None, focal_gamma: float | None, **options: Any) -> None:
        super().__init__(**options)
        self.weights = weights
        self.focal_gamma = focal_gamma

    def call(self, targets: Any, logits: Any) -> Any:
        """Compute the loss of each sample (batch,) from targets and logits, both (batch, labels) float32."""
        losses = keras.ops.binary_crossentropy(targets, logits, from_logits=True)
        if self.focal_gamma is not None:
            losses = _focus(losses, self.focal_gamma)
        if self.weights is not None:
            weights = keras.ops.convert_to_tensor(self.weights, "float32")  # (labels, 2)
            losses = losses * keras.ops.where(targets > 0, weights[:, 1], weights[:, 0])
        return keras.ops.mean(losses, axis=1)

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

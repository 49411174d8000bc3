"""What training makes small, and the figure shown beside it: several labels, each yes or no.

Both take logits; task.py makes probabilities of them, for predictions alone.
"""

from typing import Any

import keras

from .config import Config


def make_loss(config: Config, statistics: dict[str, Any]) -> keras.losses.Loss:
    """Loss of (targets (batch, labels) float32, 0 or 1; logits (batch, labels)), the mean of all: a scalar, float32.

    `statistics`: of the train split's targets; "counts" are the items that have each label, of so many "items".
    """
    settings = config.compile
    balanced = settings.class_weight == "balanced"
    return _Loss(
        weights=_balanced_weights(statistics["counts"], statistics["items"]) if balanced else None,
        focal_gamma=settings.focal_gamma if settings.loss == "focal" else None,
    )


def make_metric(statistics: dict[str, Any]) -> keras.metrics.Metric:
    """Micro F1, of what the loss takes."""
    return _MicroF1(name="micro_f1")


@keras.saving.register_keras_serializable()
class _MicroF1(keras.metrics.Metric):
    """2 TP / (2 TP + FP + FN), as keras.metrics.F1Score, which can't take logits.

    TP, FP, FN: labels that are rightly given, wrongly given, wrongly left out, of all items. Without any, F1 is 0.
    """

    def __init__(self, **options: Any):
        super().__init__(**options)
        self.numerator = self.add_weight(name="numerator", initializer="zeros")
        self.denominator = self.add_weight(name="denominator", initializer="zeros")

    def update_state(self, targets: Any, logits: Any, sample_weight: Any = None) -> None:
        """Add (batch, labels) and (batch, labels), weighted by (batch,)."""
        targets = keras.ops.cast(targets, "float32")
        given = keras.ops.cast(logits > 0, "float32")  # logit 0 is probability 0.5
        weights = 1.0 if sample_weight is None else keras.ops.expand_dims(sample_weight, 1)
        self.numerator.assign_add(2 * keras.ops.sum(weights * given * targets))
        self.denominator.assign_add(keras.ops.sum(weights * (given + targets)))

    def result(self) -> Any:
        """Micro F1 of all that was added."""
        return keras.ops.divide_no_nan(self.numerator, self.denominator)


def _balanced_weights(counts: list[int], items: int) -> list[list[float]]:
    """Weights of 0 and of 1, for each label: items / (2 * items with it), as scikit-learn's class_weight="balanced"."""
    return [[items / (2 * max(number, 1)) for number in (items - count, count)] for count in counts]


@keras.saving.register_keras_serializable()
class _Loss(keras.losses.Loss):
    """Cross entropy, or focal loss (where there is a gamma), times the weight of having or lacking the label.

    The weighted losses are divided by their number, not by the sum of weights: a batch of frequent labels alone then
    moves the weights of the model as little as it should.
    """

    def __init__(self, *, weights: list[list[float]] | None, focal_gamma: float | None, **options: Any):
        super().__init__(**options)
        self.weights, self.focal_gamma = weights, focal_gamma

    def call(self, targets: Any, logits: Any) -> Any:
        """(batch, labels) and (batch, labels), both float32 by now -> loss of each item (batch,)."""
        losses = keras.ops.binary_crossentropy(targets, logits, from_logits=True)
        if self.focal_gamma is not None:
            losses = _focus(losses, self.focal_gamma)
        if self.weights is not None:
            weights = keras.ops.convert_to_tensor(self.weights, "float32")  # (labels, 2)
            losses = losses * keras.ops.where(targets > 0, weights[:, 1], weights[:, 0])
        return keras.ops.mean(losses, axis=1)

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

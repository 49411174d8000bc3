"""What training makes small, and the figure shown beside it: one number, or several.

The model gives standardised numbers, (target - mean) / deviation, so that each target counts the same.
"""

from typing import Any

import keras

from .config import Config


def make_loss(config: Config, statistics: dict[str, Any]) -> keras.losses.Loss:
    """Loss of (targets (batch, k) float32, in their units; outputs (batch, k), standardised): a scalar, float32.

    The mean over the batch and the targets. `statistics`: "mean" and "deviation" (k,) of the train split's targets.
    """
    settings = config.compile
    mean, deviation = statistics["mean"], statistics["deviation"]
    return _Loss(settings.loss, huber_delta=settings.huber_delta, mean=mean, deviation=deviation)


def make_metric(statistics: dict[str, Any]) -> keras.metrics.Metric:
    """Mean absolute error in the targets' units, of what the loss takes, over all targets."""
    mean, deviation = statistics["mean"], statistics["deviation"]
    return keras.metrics.MeanMetricWrapper(_absolute_error, name="mae", mean=mean, deviation=deviation)


@keras.saving.register_keras_serializable()
def _absolute_error(targets: Any, outputs: Any, *, mean: list[float], deviation: list[float]) -> Any:
    """(batch, k) and (batch, k), standardised -> (batch, k) float32."""
    mean = keras.ops.convert_to_tensor(mean, "float32")
    deviation = keras.ops.convert_to_tensor(deviation, "float32")
    return keras.ops.abs(keras.ops.cast(outputs, "float32") * deviation + mean - targets)


@keras.saving.register_keras_serializable()
class _Loss(keras.losses.Loss):
    """A loss of standardised numbers, which standardises the targets."""

    def __init__(self, loss: str, *, huber_delta: float, mean: list[float], deviation: list[float], **options: Any):
        super().__init__(**options)
        self.loss, self.huber_delta, self.mean, self.deviation = loss, huber_delta, mean, deviation

    def call(self, targets: Any, outputs: Any) -> Any:
        """(batch, k) and (batch, k), both float32 by now -> loss of each item (batch,)."""
        mean = keras.ops.convert_to_tensor(self.mean, "float32")
        deviation = keras.ops.convert_to_tensor(self.deviation, "float32")
        targets = (targets - mean) / deviation
        if self.loss == "mse":
            return keras.losses.mean_squared_error(targets, outputs)
        if self.loss == "mae":
            return keras.losses.mean_absolute_error(targets, outputs)
        return keras.losses.huber(targets, outputs, delta=self.huber_delta)

    def get_config(self) -> dict[str, Any]:
        """What the constructor takes, ready for JSON."""
        own = {"loss": self.loss, "huber_delta": self.huber_delta, "mean": self.mean, "deviation": self.deviation}
        return {**super().get_config(), **own}

"""Mean squared error, mean absolute error or Huber loss, and the mean absolute error shown while training.

Outputs and targets are standardized, (target - mean) / std (task.py): then each target counts the same.
"""

from typing import Any

import keras
import numpy as np

from .config import Config


def make_loss(config: Config, statistics: dict[str, Any]) -> keras.losses.Loss:
    """Make the loss of (targets, outputs), both standardized, (batch, k): the mean, a float32 scalar.

    Args:
        config: names the loss.
        statistics: of the train split's targets, which are standardized already.
    """
    return _Loss(config.compile.loss, huber_delta=config.compile.huber_delta)


def make_metric(statistics: dict[str, Any]) -> keras.metrics.Metric:
    """Make the mean absolute error over all targets: of one in its unit, of several in standard deviations of each."""
    std = statistics["std"]
    return keras.metrics.MeanMetricWrapper(_absolute_error, name="mae", unit=std if len(std) == 1 else [1.0])


def to_predictions(outputs: Any, statistics: dict[str, Any]) -> Any:
    """Turn standardized outputs into the units of the targets, both (batch, targets), in the dtype of the outputs.

    For exported models, which give float64 where float32 has too few digits.
    """
    mean, std = (np.array(statistics[name], outputs.dtype) for name in ("mean", "std"))  # (targets,)
    return outputs * std + mean


@keras.saving.register_keras_serializable()
def _absolute_error(targets: Any, outputs: Any, *, unit: list[float]) -> Any:
    """Compute |prediction - target| in units (batch, k) from targets and outputs, both standardized, (batch, k)."""
    scale = keras.ops.convert_to_tensor(unit, "float32")
    return keras.ops.abs(keras.ops.cast(outputs, "float32") - targets) * scale


@keras.saving.register_keras_serializable()
class _Loss(keras.losses.Loss):
    """Compare standardized targets with standardized outputs."""

    def __init__(self, loss: str, *, huber_delta: float, **options: Any) -> None:
        super().__init__(**options)
        self.loss = loss
        self.huber_delta = huber_delta

    def call(self, targets: Any, outputs: Any) -> Any:
        """Compute the loss of each sample (batch,) from targets and outputs, both (batch, k) float32."""
        if self.loss == "mse":
            return keras.losses.mean_squared_error(targets, outputs)
        if self.loss == "mae":
            return keras.losses.mean_absolute_error(targets, outputs)
        return keras.losses.huber(targets, outputs, delta=self.huber_delta)

    def get_config(self) -> dict[str, Any]:
        """Return what the constructor takes, ready for JSON."""
        return {**super().get_config(), "loss": self.loss, "huber_delta": self.huber_delta}

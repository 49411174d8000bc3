"""The model: a recurrent network for sequences. Put your own network here.

In: sequences as stored (batch, steps, features), any number type; padding is NaN. Out: (batch, outputs), which task.py
explains.
Normalisation is inside, so that training, evaluation and inference can't disagree about it.
"""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from .config import Config, UserError

CELLS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}


@keras.saving.register_keras_serializable()
class _FillPadding(keras.layers.Layer):
    """Puts 0 for padding, which is NaN and stands at the end, where no step after it can see it."""

    def call(self, steps: Any) -> Any:
        """(batch, steps, features) -> the same."""
        return keras.ops.where(keras.ops.isnan(steps), 0.0, steps)


@keras.saving.register_keras_serializable()
class _MaskedPooling(keras.layers.Layer):
    """Mean and maximum over the steps that are no padding."""

    def call(self, outputs: Any, inputs: Any) -> Any:
        """Outputs (batch, steps, units) and the inputs with NaN as padding -> (batch, 2 * units)."""
        present = keras.ops.cast(~keras.ops.isnan(inputs[:, :, :1]), outputs.dtype)  # (batch, steps, 1)
        mean = keras.ops.sum(outputs * present, axis=1) / keras.ops.sum(present, axis=1)
        largest = keras.ops.max(keras.ops.where(present > 0, outputs, -1.0), axis=1)  # a cell's outputs are above -1
        return keras.ops.concatenate([mean, largest], axis=1)


def build_model(
    input_shape: tuple[int, ...], num_outputs: int, config: Config, *, normalisation: tuple[np.ndarray, np.ndarray]
) -> keras.Model:
    """Recurrent layers; mean and maximum of the last one's outputs over the steps; linear. With random weights.

    normalisation: mean and deviation of each feature on the train split.
    """
    settings = config.model
    mean, deviation = normalisation
    padded = config.data.pad
    inputs = keras.Input((None, input_shape[1]) if padded else input_shape)
    outputs = keras.layers.Rescaling((1 / deviation).tolist(), (-mean / deviation).tolist(), dtype="float32")(inputs)
    if padded:
        outputs = _FillPadding()(outputs)
    for units in settings.units:
        outputs = CELLS[settings.cell](units, return_sequences=True)(outputs)  # -> (batch, steps, units)
    # The last step alone remembers the beginning badly; mean and maximum see every step.
    if padded:
        features = _MaskedPooling()(outputs, inputs)
    else:
        mean_outputs = keras.layers.GlobalAveragePooling1D()(outputs)
        largest_outputs = keras.layers.GlobalMaxPooling1D()(outputs)
        features = keras.layers.Concatenate()([mean_outputs, largest_outputs])  # -> (batch, 2 * units)
    features = keras.layers.Dropout(settings.dropout)(features)
    outputs = keras.layers.Dense(num_outputs, dtype="float32")(features)  # -> (batch, outputs)
    return keras.Model(inputs, outputs)


def save_model(model: keras.Model, path: Path) -> None:
    """Write the network, its weights and the state of its optimizer, whole or not at all."""
    part = path.with_name(f"{path.stem}.part.keras")
    model.save(part)
    part.replace(path)


def load_model(path: Path) -> keras.Model:
    """The model of `save_model`, for inference.

    Raises:
        UserError: the file is absent or damaged, or was made by another model.py.
    """
    if not path.is_file():
        raise UserError(f"There is no {path}: train first.")
    try:
        return keras.saving.load_model(path, compile=False)
    except Exception as error:  # of many kinds: the file may hold anything
        raise UserError(f"{path} is damaged, or was made by another model.py: train anew.") from error

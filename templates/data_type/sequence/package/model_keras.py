"""The model: a recurrent network for sequences. Put your own network here.

In: sequences as stored (batch, steps, features), any number type; padding is NaN. Out: (batch, outputs), see task.py.
Normalization is a part of the model, so that training, evaluation and inference can't disagree about it.
"""

from typing import Any

import keras
import numpy as np

from .config import Config
from .data_info import DataInfo

CELLS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}


@keras.saving.register_keras_serializable()
class _FillPadding(keras.layers.Layer):
    """Replace padding, which is NaN, by 0. It is at the end of a sequence, where no real step comes after it."""

    def call(self, steps: Any) -> Any:
        """Fill sequences (batch, steps, features)."""
        return keras.ops.where(keras.ops.isnan(steps), 0.0, steps)


@keras.saving.register_keras_serializable()
class _MaskedPooling(keras.layers.Layer):
    """Take mean and maximum over the steps that are no padding."""

    def call(self, outputs: Any, inputs: Any) -> Any:
        """Pool outputs (batch, steps, units) to (batch, 2 * units); the raw inputs show what is padding."""
        outputs = keras.ops.cast(outputs, "float32")  # sums over many steps lose digits in bfloat16
        present = keras.ops.cast(~keras.ops.isnan(inputs[:, :, :1]), "float32")  # (batch, steps, 1)
        lengths = keras.ops.sum(present, axis=1)  # (batch, 1)
        mean = keras.ops.sum(outputs * present, axis=1) / lengths  # (batch, units)
        maximum = keras.ops.max(keras.ops.where(present > 0, outputs, -1.0), axis=1)  # a cell's outputs are above -1
        return keras.ops.concatenate([mean, maximum], axis=1)


def build_model(info: DataInfo, config: Config) -> keras.Model:
    """Build the network with random weights and the normalization of the train split.

    Recurrent layers; mean and maximum of their outputs over the steps; linear.
    """
    settings = config.model
    mean = np.array(info.mean, np.float32)  # (features,)
    std = np.array(info.std, np.float32)
    padded = config.data.pad
    steps, num_features = info.input_shape
    inputs = keras.Input((None if padded else steps, num_features))
    # In two steps: x / std - mean / std would lose digits where the mean is large.
    outputs = keras.layers.Rescaling(1.0, (-mean).tolist(), dtype="float32")(inputs)
    outputs = keras.layers.Rescaling((1 / std).tolist(), dtype="float32")(outputs)
    if padded:
        outputs = _FillPadding()(outputs)
    for units in settings.units:
        outputs = CELLS[settings.cell](units, return_sequences=True)(outputs)  # (batch, steps, units)
    # The last step alone remembers the beginning badly; mean and maximum see every step.
    if padded:
        features = _MaskedPooling()(outputs, inputs)
    else:
        mean_outputs = keras.layers.GlobalAveragePooling1D()(outputs)  # (batch, units)
        max_outputs = keras.layers.GlobalMaxPooling1D()(outputs)
        features = keras.layers.Concatenate()([mean_outputs, max_outputs])  # (batch, 2 * units)
    features = keras.layers.Dropout(settings.dropout)(features)
    outputs = keras.layers.Dense(info.num_outputs, dtype="float32")(features)  # (batch, outputs)
    return keras.Model(inputs, outputs)

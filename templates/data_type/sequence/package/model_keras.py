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
class _Move(keras.layers.Layer):
    """Move sequences in time at random in training. Else make copies of them that are moved to both sides.

    Args:
        reach: steps by which they are moved at most.
        test_time_augmentation: make copies.
    """

    def __init__(self, reach: int, test_time_augmentation: bool, **options: Any) -> None:
        super().__init__(**options)
        self.reach = reach
        self.test_time_augmentation = test_time_augmentation
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, sequences: Any, training: bool = False) -> Any:
        """Change sequences (batch, steps, features) in training; else return (copies * batch, steps, features)."""
        return self.augment(sequences) if training else keras.ops.concatenate(self.make_copies(sequences))

    def augment(self, sequences: Any) -> Any:
        """Move each sequence by up to `reach` steps, chosen at random. The first or last step repeats."""
        if not self.reach:
            return sequences
        count = keras.ops.shape(sequences)[0]
        _, steps, features = sequences.shape
        by = keras.random.randint((count, 1), -self.reach, self.reach + 1, seed=self.seed_generator)
        places = keras.ops.clip(keras.ops.arange(steps) + by, 0, steps - 1)  # (batch, steps)
        # Of flat sequences: along an inner axis a backend may transpose the indices, and print a notice.
        values = places[:, :, None] * features + keras.ops.arange(features)  # (batch, steps, features)
        flat = (keras.ops.reshape(array, (-1, steps * features)) for array in (sequences, values))
        return keras.ops.reshape(keras.ops.take_along_axis(*flat, axis=1), (-1, steps, features))

    def make_copies(self, sequences: Any) -> list[Any]:
        """Copy sequences as they are, and moved to both sides: what training may have seen."""
        if not (self.reach and self.test_time_augmentation):
            return [sequences]
        steps = np.arange(sequences.shape[1])
        moved = [np.clip(steps + by, 0, len(steps) - 1) for by in (self.reach, -self.reach)]
        return [sequences, *(keras.ops.take(sequences, places, axis=1) for places in moved)]

    def get_config(self) -> dict[str, Any]:
        """Return what the constructor takes, ready for JSON."""
        return super().get_config() | {
            "reach": self.reach,
            "test_time_augmentation": self.test_time_augmentation,
        }


@keras.saving.register_keras_serializable()
class _MeanOverCopies(keras.layers.Layer):
    """Average the outputs of the copies of each sequence. In training there is one."""

    def call(self, outputs: Any, inputs: Any) -> Any:
        """Average outputs (copies * batch, outputs) to (batch, outputs); inputs (batch, ...) tell the batch."""
        count = keras.ops.shape(inputs)[0]
        return keras.ops.mean(keras.ops.reshape(outputs, (-1, count, outputs.shape[-1])), axis=0)


@keras.saving.register_keras_serializable()
class _FindSteps(keras.layers.Layer):
    """Tell real steps from padding, which is NaN at the end of a sequence."""

    def call(self, inputs: Any) -> Any:
        """Return (batch, steps, 1) for inputs (batch, steps, features): 1 for a real step, 0 for padding."""
        return keras.ops.cast(~keras.ops.isnan(inputs[:, :, :1]), "float32")


@keras.saving.register_keras_serializable()
class _FillPadding(keras.layers.Layer):
    """Replace padding, which is NaN, by 0. It is at the end of a sequence, where no real step comes after it."""

    def call(self, inputs: Any) -> Any:
        """Fill inputs (batch, steps, features)."""
        # A condition of another shape would be exported as a product with 0, and NaN stays NaN.
        return keras.ops.where(keras.ops.isnan(inputs), 0.0, inputs)


@keras.saving.register_keras_serializable()
class _MaskedPooling(keras.layers.Layer):
    """Take mean and maximum over the steps that are no padding."""

    def call(self, outputs: Any, present: Any) -> Any:
        """Pool outputs (batch, steps, units) to (batch, 2 * units), where present (batch, steps, 1) is 1."""
        # Sums over many steps lose digits in bfloat16.
        outputs, present = (keras.ops.cast(array, "float32") for array in (outputs, present))
        mean = keras.ops.sum(outputs * present, axis=1) / keras.ops.sum(present, axis=1)  # (batch, units)
        maximum = keras.ops.max(keras.ops.where(present > 0, outputs, -1.0), axis=1)  # a cell's outputs are above -1
        return keras.ops.concatenate([mean, maximum], axis=1)


def build_model(info: DataInfo, config: Config) -> keras.Model:
    """Build the network with random weights and the normalization of the train split.

    Convolutions, which halve the steps; recurrent layers; mean and maximum of their outputs over the steps; linear.

    In training sequences are moved in time at random. Else outputs are the mean over moved copies. Padded ones stay
    where they are: a short one could be moved out of sight.
    """
    settings = config.model
    mean = np.array(info.mean, np.float32)  # (features,)
    std = np.array(info.std, np.float32)
    padded = config.data.pad
    steps, num_features = info.input_shape
    reach = 0 if padded else round(settings.shift * steps)  # steps
    inputs = keras.Input((None if padded else steps, num_features))
    # In two steps: x / std - mean / std would lose digits where the mean is large.
    outputs = keras.layers.Rescaling(1.0, (-mean).tolist(), dtype="float32")(inputs)
    outputs = keras.layers.Rescaling((1 / std).tolist(), dtype="float32")(outputs)
    if padded:
        present = _FindSteps()(inputs)  # (batch, steps, 1)
        outputs = _FillPadding()(outputs)
    else:
        move = _Move(reach, settings.test_time_augmentation)
        outputs = move(outputs)  # (copies * batch, steps, features)
    for channels in settings.channels:
        outputs = keras.layers.Conv1D(channels, 3, padding="same")(outputs)
        # Of each step alone, so that padding has no part in it.
        outputs = keras.layers.LayerNormalization(epsilon=1e-5)(outputs)
        outputs = keras.layers.ReLU()(outputs)
        if padded:
            outputs = keras.layers.Multiply()([outputs, present])  # what stands in the place of padding is 0 again
            present = keras.layers.MaxPooling1D(2, padding="same")(present)
        outputs = keras.layers.MaxPooling1D(2, padding="same")(outputs)  # (..., half the steps, rounded up, channels)
    for units in settings.units:
        outputs = CELLS[settings.cell](units, return_sequences=True)(outputs)  # (..., steps, units)
    # The last step alone remembers the beginning badly; mean and maximum see every step.
    if padded:
        features = _MaskedPooling()(outputs, present)
    else:
        mean_outputs = keras.layers.GlobalAveragePooling1D()(outputs)  # (copies * batch, units)
        max_outputs = keras.layers.GlobalMaxPooling1D()(outputs)
        features = keras.layers.Concatenate()([mean_outputs, max_outputs])  # (copies * batch, 2 * units)
    features = keras.layers.Dropout(settings.dropout)(features)
    outputs = keras.layers.Dense(info.num_outputs, dtype="float32")(features)
    if not padded:
        outputs = _MeanOverCopies(dtype="float32")(outputs, inputs)  # (batch, outputs)
    return keras.Model(inputs, outputs)

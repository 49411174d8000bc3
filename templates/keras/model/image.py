"""The model: a convolutional network for pictures. Put your own network here.

In: pictures as stored (batch, height, width, channels), any number type. Out: (batch, outputs), which task.py explains.
Normalisation is inside, so that training, evaluation and inference can't disagree about it.
"""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from .config import Config, UserError


@keras.saving.register_keras_serializable()
class _Mirror(keras.layers.Layer):
    """Mirrors half of the pictures, chosen at random, in training; does nothing else."""

    def __init__(self, **options: Any):
        super().__init__(**options)
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, images: Any, training: bool = False) -> Any:
        """(batch, height, width, channels) -> the same."""
        if not training:
            return images
        mirrored = keras.random.uniform((keras.ops.shape(images)[0], 1, 1, 1), seed=self.seed_generator) < 0.5
        return keras.ops.where(mirrored, keras.ops.flip(images, axis=2), images)


def build_model(
    input_shape: tuple[int, ...], num_outputs: int, config: Config, *, normalisation: tuple[np.ndarray, np.ndarray]
) -> keras.Model:
    """Blocks of convolution, batch norm and ReLU, all but the last halving the resolution; mean over space; linear.

    With random weights; normalisation: mean and deviation of each channel on the train split.
    """
    settings = config.model
    mean, deviation = normalisation
    inputs = keras.Input(input_shape)
    images = keras.layers.Rescaling((1 / deviation).tolist(), (-mean / deviation).tolist(), dtype="float32")(inputs)
    if settings.flip:
        images = _Mirror()(images)
    for number, channels in enumerate(settings.channels, start=1):
        images = keras.layers.Conv2D(channels, 3, padding="same", use_bias=False)(images)
        if number < len(settings.channels):
            # -> (batch, height / 2, width / 2, channels); before batch norm and ReLU: a quarter of the work for these
            images = keras.layers.MaxPooling2D(2)(images)
        images = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(images)
        images = keras.layers.ReLU()(images)
    features = keras.layers.GlobalAveragePooling2D()(images)  # -> (batch, channels of the last block)
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

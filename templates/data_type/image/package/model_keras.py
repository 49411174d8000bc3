"""The model: a convolutional network for images. Put your own network here.

In: images as stored (batch, height, width, channels), any number type. Out: (batch, outputs), see task.py.
Normalization is a part of the model, so that training, evaluation and inference can't disagree about it.
"""

from typing import Any

import keras
import numpy as np

from .config import Config
from .data_info import DataInfo

LARGEST_MAP = 8  # pixels that the last block may have in height or width, whichever is less


@keras.saving.register_keras_serializable()
class _HorizontalFlip(keras.layers.Layer):
    """Mirror half of the images, chosen at random, in training alone."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, images: Any, training: bool = False) -> Any:
        """Flip images (batch, height, width, channels)."""
        if not training:
            return images
        batch = keras.ops.shape(images)[0]
        flipped = keras.random.uniform((batch, 1, 1, 1), seed=self.seed_generator) < 0.5
        return keras.ops.where(flipped, keras.ops.flip(images, axis=2), images)


def build_model(info: DataInfo, config: Config) -> keras.Model:
    """Build the network with random weights and the normalization of the train split.

    Blocks of convolution, batch norm and ReLU; mean over space; linear. All blocks but the last halve height and width,
    as long as both are above 1. Large images get more blocks, as wide as the last one: else the last one would
    see but a small part of them.
    """
    settings = config.model
    mean = np.array(info.mean, np.float32)  # (channels,)
    std = np.array(info.std, np.float32)
    height, width, _ = info.input_shape
    size = min(height, width)
    widths = list(settings.channels)
    while size // 2 ** (len(widths) - 1) > LARGEST_MAP:
        widths.append(widths[-1])
    inputs = keras.Input(tuple(info.input_shape))
    # In two steps: x / std - mean / std would lose digits where the mean is large.
    images = keras.layers.Rescaling(1.0, (-mean).tolist(), dtype="float32")(inputs)
    images = keras.layers.Rescaling((1 / std).tolist(), dtype="float32")(images)
    if settings.horizontal_flip:
        images = _HorizontalFlip()(images)
    for number, channels in enumerate(widths, start=1):
        images = keras.layers.Conv2D(channels, 3, padding="same", use_bias=False)(images)
        if number < len(widths) and size > 1:
            # Before batch norm and ReLU, which then have a quarter of the work.
            images = keras.layers.MaxPooling2D(2)(images)  # (batch, height / 2, width / 2, channels)
            size //= 2
        images = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(images)
        images = keras.layers.ReLU()(images)
    features = keras.layers.GlobalAveragePooling2D()(images)  # (batch, channels of the last block)
    features = keras.layers.Dropout(settings.dropout)(features)
    outputs = keras.layers.Dense(info.num_outputs, dtype="float32")(features)  # (batch, outputs)
    return keras.Model(inputs, outputs)

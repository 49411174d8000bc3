"""The model: a convolutional network for images, or a pretrained one (backbone.py). Put your own network here.

In: images as stored (batch, height, width, channels), any number type. Out: (batch, outputs), see task.py.
Normalization is a part of the model, so that training, evaluation and inference can't disagree about it.
"""

import math
from typing import Any

import keras
import numpy as np

from .backbone import build_backbone
from .config import Config, UserError
from .data_info import DataInfo

LARGEST_MAP = 8  # pixels that the last block may have in height or width, whichever is less


@keras.saving.register_keras_serializable()
class _Augment(keras.layers.Layer):
    """Mirror and move images at random in training. Else make copies of them that are mirrored and moved.

    Args:
        horizontal_flip: mirror them.
        reach: pixels down and right by which they are moved at most.
        test_time_augmentation: make copies.
    """

    def __init__(
        self, horizontal_flip: bool, reach: tuple[int, int], test_time_augmentation: bool, **options: Any
    ) -> None:
        super().__init__(**options)
        self.horizontal_flip = horizontal_flip
        self.reach = reach
        self.test_time_augmentation = test_time_augmentation
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, images: Any, training: bool = False) -> Any:
        """Change images (batch, height, width, channels) in training; else return (copies * batch, ...)."""
        return self.augment(images) if training else keras.ops.concatenate(self.make_copies(images))

    def augment(self, images: Any) -> Any:
        """Mirror half of the images, and move each by up to `reach`, chosen at random. At the edge pixels repeat."""
        count = keras.ops.shape(images)[0]
        if self.horizontal_flip:
            flipped = keras.random.uniform((count, 1, 1, 1), seed=self.seed_generator) < 0.5
            images = keras.ops.where(flipped, keras.ops.flip(images, axis=2), images)
        if not any(self.reach):
            return images
        shape = images.shape[1:]
        rows, columns = (  # (batch, height), (batch, width)
            keras.ops.clip(keras.ops.arange(size) + self._draw(count, reach), 0, size - 1)
            for size, reach in zip(shape, self.reach, strict=False)
        )
        # Of flat images: along an inner axis a backend may transpose the indices, and print a notice.
        pixels = rows[:, :, None] * shape[1] + columns[:, None, :]  # (batch, height, width)
        values = pixels[..., None] * shape[2] + keras.ops.arange(shape[2])  # (batch, height, width, channels)
        flat = (keras.ops.reshape(array, (-1, math.prod(shape))) for array in (images, values))
        return keras.ops.reshape(keras.ops.take_along_axis(*flat, axis=1), (-1, *shape))

    def _draw(self, count: Any, reach: int) -> Any:
        """Draw by how many pixels each image is moved, (batch, 1)."""
        return keras.random.randint((count, 1), -reach, reach + 1, seed=self.seed_generator)

    def make_copies(self, images: Any) -> list[Any]:
        """Copy images as they are, moved to two corners, and all of these mirrored: what training may have seen."""
        if not self.test_time_augmentation:
            return [images]
        copies = [images]
        if any(self.reach):
            for sign in (1, -1):
                moved = images
                for axis, reach in enumerate(self.reach, start=1):
                    size = images.shape[axis]
                    moved = keras.ops.take(moved, np.clip(np.arange(size) + sign * reach, 0, size - 1), axis=axis)
                copies.append(moved)
        if self.horizontal_flip:
            copies += [keras.ops.flip(copy, axis=2) for copy in copies]
        return copies

    def get_config(self) -> dict[str, Any]:
        """Return what the constructor takes, ready for JSON."""
        names = ("horizontal_flip", "reach", "test_time_augmentation")
        return super().get_config() | {name: getattr(self, name) for name in names}


@keras.saving.register_keras_serializable()
class _MeanOverCopies(keras.layers.Layer):
    """Average the outputs of the copies of each image. In training there is one."""

    def call(self, outputs: Any, inputs: Any) -> Any:
        """Average outputs (copies * batch, outputs) to (batch, outputs); inputs (batch, ...) tell the batch."""
        count = keras.ops.shape(inputs)[0]
        return keras.ops.mean(keras.ops.reshape(outputs, (-1, count, outputs.shape[-1])), axis=0)


def build_model(info: DataInfo, config: Config) -> keras.Model:
    """Build the network with random weights: features of each image, and a linear layer on them, the head.

    In training images are mirrored and moved at random. Else outputs are the mean over mirrored and moved copies.
    """
    settings = config.model
    height, width, _ = info.input_shape
    reach = round(settings.shift * height), round(settings.shift * width)  # pixels
    inputs = keras.Input(tuple(info.input_shape))
    augment = _Augment(settings.horizontal_flip, reach, settings.test_time_augmentation, dtype="float32")
    images = augment(inputs)  # (copies * batch, height, width, channels)
    if settings.backbone == "none":
        features = _compute_features(images, info, settings.channels)  # (copies * batch, features)
    else:
        features = build_backbone(info, config)(images)
    features = keras.layers.Dropout(settings.dropout)(features)
    outputs = keras.layers.Dense(info.num_outputs, dtype="float32")(features)  # (copies * batch, outputs)
    outputs = _MeanOverCopies(dtype="float32")(outputs, inputs)  # (batch, outputs)
    return keras.Model(inputs, outputs)


def _compute_features(images: Any, info: DataInfo, channels: list[int]) -> Any:
    """Normalize images by the train split, and apply blocks of convolution, batch norm and ReLU.

    All blocks but the last halve height and width, as long as both are above 1. Large images get more blocks,
    as wide as the last one: else the last one would see but a small part of them.

    Returns:
        Mean and maximum over space (batch, 2 * channels of the last block).
    """
    mean = np.array(info.mean, np.float32)  # (channels,)
    std = np.array(info.std, np.float32)
    size = min(info.input_shape[:2])
    widths = list(channels)
    if not widths:
        raise UserError("model.channels is empty: give the channels of one block at least.")
    while size // 2 ** (len(widths) - 1) > LARGEST_MAP:
        widths.append(widths[-1])
    # In two steps: x / std - mean / std would lose digits where the mean is large.
    images = keras.layers.Rescaling(1.0, (-mean).tolist(), dtype="float32")(images)
    images = keras.layers.Rescaling((1 / std).tolist(), dtype="float32")(images)
    for number, width in enumerate(widths, start=1):
        images = keras.layers.Conv2D(width, 3, padding="same", use_bias=False)(images)
        if number < len(widths) and size > 1:
            # Before batch norm and ReLU, which then have a quarter of the work.
            images = keras.layers.MaxPooling2D(2)(images)  # (batch, height / 2, width / 2, channels)
            size //= 2
        images = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(images)
        images = keras.layers.ReLU()(images)
    mean_features = keras.layers.GlobalAveragePooling2D()(images)
    max_features = keras.layers.GlobalMaxPooling2D()(images)
    return keras.layers.Concatenate()([mean_features, max_features])

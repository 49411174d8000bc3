"""Networks of keras.applications that are trained on ImageNet, without their last layers: what `model.backbone` names.

In: images as stored (batch, height, width, 1 or 3 channels). Out: features (batch, width).
What such a network asks for is done here: the range of the pixels, its scale and offset, three channels, a least size.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from .config import Config, UserError
from .data_info import DataInfo

# Pixels that height and width have at least; smaller images are scaled up. These networks halve both five times: of 28
# pixels a single place would be left. They also know things best in the size of their training: arXiv:1906.06423.
LEAST_SIZE = 64
MOMENTUM = 0.9  # of the statistics of batch norm: larger ones, as in long trainings, would lag behind a short one
FOLDER = "https://storage.googleapis.com/tensorflow/keras-applications"


@dataclass(frozen=True)
class _Network:
    """A network, what pixels from 0 to 255 are multiplied by and added to for it, and its published weights."""

    build: Callable[..., keras.Model]
    options: dict[str, Any]
    scale: float
    offset: list[float]  # of red, green and blue
    file: str  # in FOLDER
    md5: str


RAW = {"include_preprocessing": False}  # it would be done in the precision of the other layers
NETWORKS = {
    "mobilenet_v3_small": _Network(
        keras.applications.MobileNetV3Small,
        RAW,
        1 / 127.5,
        [-1.0, -1.0, -1.0],
        "mobilenet_v3/weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5",
        "d3e8ec802a04aa4fc771ee12a9a9b836",
    ),
    "mobilenet_v3_large": _Network(
        keras.applications.MobileNetV3Large,
        RAW,
        1 / 127.5,
        [-1.0, -1.0, -1.0],
        "mobilenet_v3/weights_mobilenet_v3_large_224_1.0_float_no_top_v2.h5",
        "07fb09a5933dd0c8eaafa16978110389",
    ),
    "efficientnet_v2_s": _Network(
        keras.applications.EfficientNetV2S,
        RAW,
        1 / 128,
        [-1.0, -1.0, -1.0],
        "efficientnet_v2/efficientnetv2-s_notop.h5",
        "af0682fb74e8c54910f2d4393339c070",
    ),
    "resnet50": _Network(
        keras.applications.ResNet50,
        {},
        1.0,
        [-123.68, -116.779, -103.939],
        "resnet/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "4d473c1dd8becc155b73f8504c6f6626",
    ),
}
BLUE_FIRST = "conv1_conv"  # the first layer of ResNet50, whose published weights are for blue, green and red


def build_backbone(info: DataInfo, config: Config) -> Callable[[Any], Any]:
    """Build the network of the settings with random weights, as a function from images to features.

    Its layers become layers of the model, as those of one's own network are: devices find batch norm among them.

    Raises:
        UserError: images are neither gray nor RGB.
    """
    channels = info.input_shape[-1]
    if channels not in (1, 3):
        raise UserError(
            f"model.backbone {config.model.backbone} takes gray or RGB images, and these have {channels} channels: set"
            " model.backbone to none."
        )
    network = NETWORKS[config.model.backbone]
    size = find_size(info)
    low, high = find_range(info)

    def compute(images: Any) -> Any:
        """Compute features (batch, width); a gray image becomes three equal channels."""
        if channels == 1:
            images = keras.layers.Concatenate(dtype="float32")([images] * 3)  # (batch, height, width, 3)
        images = keras.layers.Rescaling(1.0, -low, dtype="float32")(images)
        images = keras.layers.Rescaling(network.scale * 255 / (high - low), network.offset, dtype="float32")(images)
        if images.shape[1:3] != size:
            # Not the layer for it, after which an exported batch norm would compute as in training.
            images = keras.ops.image.resize(images, size, interpolation="bilinear")
        backbone = network.build(include_top=False, weights=None, input_tensor=images, **network.options)
        for layer in backbone.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.momentum = MOMENTUM
        return keras.layers.GlobalAveragePooling2D()(backbone.output)

    return compute


def find_weights_url(name: str) -> tuple[str, str]:
    """Find where the weights of a network are published, and the MD5 of the file."""
    network = NETWORKS[name]
    return f"{FOLDER}/{network.file}", f"md5:{network.md5}"


def load_backbone(model: keras.Model, name: str, path: Path) -> None:
    """Give the network inside a model the weights of the published file.

    Raises:
        UserError: they do not fit.
    """
    network = NETWORKS[name]
    try:
        source = network.build(include_top=False, weights=str(path), input_shape=(224, 224, 3), **network.options)
        for layer in source.layers:
            weights = layer.get_weights()
            if layer.name == BLUE_FIRST:
                weights[0] = weights[0][:, :, ::-1]  # (height, width, 3 channels, outputs)
            if weights:
                model.get_layer(layer.name).set_weights(weights)
    except Exception as error:  # of many kinds: the file may hold anything
        raise UserError(f"{path} does not hold the weights of {name}: remove it, so that it is got anew.") from error


def find_range(info: DataInfo) -> tuple[float, float]:
    """Find which values are black and white: 0 and 255, or of other arrays the least and largest in training."""
    low, high = min(info.min), max(info.max)
    has_8_bits = low >= 0 and 1 < high <= 255
    return (0.0, 255.0) if has_8_bits or low == high else (low, high)


def find_size(info: DataInfo) -> tuple[int, int]:
    """Find height and width in the network, in the same proportion as those of the images."""
    height, width, _ = info.input_shape
    factor = max(1.0, LEAST_SIZE / min(height, width))
    return round(factor * height), round(factor * width)

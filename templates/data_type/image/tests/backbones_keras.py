"""What the tests of backbones need of the framework: its library, a file of weights as it is published, and weights."""

from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import numpy as np
import pytest

NETWORKS = {"mobilenet_v3_small": keras.applications.MobileNetV3Small}


def import_library() -> None:
    """Keras has these networks itself."""


def shrink(patch: pytest.MonkeyPatch, backbone: ModuleType) -> None:
    """Let a small network stand for all: those of hundreds take long to compile."""
    for name, network in backbone.NETWORKS.items():
        patch.setitem(backbone.NETWORKS, name, replace(network, build=_build_small, options={}))


def _build_small(*, input_tensor: Any, **_: Any) -> keras.Model:
    """Build a network with the parameters of keras.applications."""
    maps = keras.layers.Conv2D(8, 8, strides=8)(input_tensor)  # (batch, height / 8, width / 8, 8)
    maps = keras.layers.BatchNormalization()(maps)
    maps = keras.layers.Dropout(0.5, noise_shape=(None, 1, 1, 1))(maps)  # stochastic depth, as EfficientNet has it
    return keras.Model(keras.utils.get_source_inputs(input_tensor), keras.layers.ReLU()(maps))


def write_weights(folder: Path, name: str) -> Path:
    """Write random weights of a network without its last layers, as they are published; return the path."""
    path = folder / f"{name}.weights.h5"
    network = NETWORKS[name](include_top=False, weights=None, include_preprocessing=False, input_shape=(224, 224, 3))
    network.save_weights(path)
    return path


def split_weights(model: keras.Model) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Copy weights and statistics of batch norm by name: of all that comes before the head, and of the head."""
    *body, head = [
        {f"{number} {weight.name}": keras.ops.convert_to_numpy(weight).copy() for weight in layer.weights}
        for number, layer in enumerate(model.layers)
        if layer.weights
    ]
    return {name: weight for weights in body for name, weight in weights.items()}, head

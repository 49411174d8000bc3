"""Networks of torchvision that are trained on ImageNet, without their last layers: what `model.backbone` names.

In: images as stored (batch, height, width, 1 or 3 channels). Out: features (batch, width).
What such a network asks for is done here: the range of the pixels, their mean and std, three channels, a least size.
"""

import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from .config import Config, UserError
from .data_info import DataInfo

# Pixels that height and width have at least; smaller images are scaled up. These networks halve both five times: of 28
# pixels a single place would be left. They also know things best in the size of their training: arXiv:1906.06423.
LEAST_SIZE = 64
MOMENTUM = 0.1  # of the statistics of batch norm: smaller ones, as in long trainings, would lag behind a short one


class Backbone(nn.Module):
    """A network without its last layers, for images as stored; `width` features are the mean over space."""

    mean: Tensor  # (3,), of ImageNet, in the units of these images
    std: Tensor

    def __init__(self, name: str, info: DataInfo) -> None:
        super().__init__()
        models = _import_models()
        preset = models.get_model_weights(name).DEFAULT.transforms()
        low, high = find_range(info)
        self.register_buffer("mean", low + torch.tensor(preset.mean) * (high - low))
        self.register_buffer("std", torch.tensor(preset.std) * (high - low))
        self.size = find_size(info)
        self.network = models.get_model(name, weights=None)
        top = "fc" if hasattr(self.network, "fc") else "classifier"
        layers = getattr(self.network, top).modules()
        self.width: int = next(layer.in_features for layer in layers if isinstance(layer, nn.Linear))
        setattr(self.network, top, nn.Identity())
        for layer in self.network.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.momentum = MOMENTUM

    def forward(self, images: Tensor) -> Tensor:
        """Compute features (batch, width); a gray image becomes three equal channels."""
        images = (images.float() - self.mean) / self.std  # (batch, height, width, 3)
        images = images.permute(0, 3, 1, 2)  # (batch, 3, height, width)
        if images.shape[2:] != self.size:
            images = nn.functional.interpolate(images, size=self.size, mode="bilinear", align_corners=False)
        return self.network(images)


def build_backbone(info: DataInfo, config: Config) -> Backbone:
    """Build the network of the settings with random weights.

    Raises:
        UserError: torchvision is missing, or images are neither gray nor RGB.
    """
    channels = info.input_shape[-1]
    if channels not in (1, 3):
        raise UserError(
            f"model.backbone {config.model.backbone} takes gray or RGB images, and these have {channels} channels: set"
            " model.backbone to none."
        )
    return Backbone(config.model.backbone, info)


def find_weights_url(name: str) -> tuple[str, str]:
    """Find where the weights of a network are published, and the SHA-256 of the file, or its first digits."""
    url: str = _import_models().get_model_weights(name).DEFAULT.url
    return url, f"sha256:{Path(url).stem.rpartition('-')[2]}"


def load_backbone(model: nn.Module, name: str, path: Path) -> None:
    """Give the network inside a model the weights of the published file.

    Raises:
        UserError: they do not fit.
    """
    (backbone,) = (module for module in model.modules() if isinstance(module, Backbone))
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        expected = backbone.network.state_dict()
        backbone.network.load_state_dict({key: state[key] for key in expected})
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


def _import_models() -> Any:
    """Import the networks of torchvision.

    Raises:
        UserError: it is missing, or made for another PyTorch.
    """
    try:
        from torchvision import models
    except (ImportError, RuntimeError) as error:  # RuntimeError: made for a PyTorch with other operations
        build = torch.__version__.partition("+")[2]  # such as cpu, of PyTorch's own index
        index = f" --extra-index-url https://download.pytorch.org/whl/{build}" if build else ""
        raise UserError(
            f"model.backbone needs torchvision, made for PyTorch {torch.__version__} ({error}):"
            f' {sys.executable} -m pip install --editable ".[backbone]"{index}'
        ) from error
    return models

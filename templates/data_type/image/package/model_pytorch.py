"""The model: a convolutional network for images. Put your own network here.

In: images as stored (batch, height, width, channels), any number type. Out: (batch, outputs), see task.py.
Normalization is a part of the model, so that training, evaluation and inference can't disagree about it.
"""

import torch
from torch import Tensor, nn

from .config import Config
from .data_info import DataInfo

LARGEST_MAP = 8  # pixels that the last block may have in height or width, whichever is less


class Network(nn.Module):
    """Blocks of convolution, batch norm and ReLU; mean over space; linear.

    All blocks but the last halve height and width, as long as both are above 1. Large images get more blocks,
    as wide as the last one: else the last one would see but a small part of them.
    """

    mean: Tensor  # (channels,), of the train split
    std: Tensor

    def __init__(self, info: DataInfo, config: Config) -> None:
        super().__init__()
        settings = config.model
        self.register_buffer("mean", torch.tensor(info.mean))
        self.register_buffer("std", torch.tensor(info.std))
        self.horizontal_flip = settings.horizontal_flip
        layers: list[nn.Module] = []
        height, width, in_channels = info.input_shape
        size = min(height, width)
        widths = list(settings.channels)
        while size // 2 ** (len(widths) - 1) > LARGEST_MAP:
            widths.append(widths[-1])
        for number, channels in enumerate(widths, start=1):
            layers.append(nn.Conv2d(in_channels, channels, 3, padding=1, bias=False))
            if number < len(widths) and size > 1:
                layers.append(nn.MaxPool2d(2))  # before batch norm and ReLU, which then have a quarter of the work
                size //= 2
            layers.append(nn.BatchNorm2d(channels))
            layers.append(nn.ReLU())
            in_channels = channels
        self.blocks = nn.Sequential(*layers)
        self.dropout = nn.Dropout(settings.dropout)
        self.head = nn.Linear(in_channels, info.num_outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Compute outputs (batch, outputs) from images (batch, height, width, channels)."""
        if self.training and self.horizontal_flip:
            flipped = torch.rand(len(inputs), 1, 1, 1, device=inputs.device) < 0.5
            inputs = torch.where(flipped, inputs.flip(2), inputs)
        images = (inputs.float() - self.mean) / self.std
        images = images.permute(0, 3, 1, 2)  # (batch, channels, height, width); in memory still channels last: faster
        maps = self.blocks(images)  # (batch, channels of the last block, smaller height, smaller width)
        features = maps.mean(dim=(2, 3))  # (batch, channels of the last block)
        return self.head(self.dropout(features))


def build_model(info: DataInfo, config: Config) -> nn.Module:
    """Build the network with random weights and the normalization of the train split."""
    network = Network(info, config)
    # The stubs of PyTorch leave memory_format out.
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

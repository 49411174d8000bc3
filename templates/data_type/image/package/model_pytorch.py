"""The model: a convolutional network for images, or a pretrained one (backbone.py). Put your own network here.

In: images as stored (batch, height, width, channels), any number type. Out: (batch, outputs), see task.py.
Normalization is a part of the model, so that training, evaluation and inference can't disagree about it.
"""

import torch
from torch import Tensor, nn

from .backbone import build_backbone
from .config import Config, UserError
from .data_info import DataInfo

LARGEST_MAP = 8  # pixels that the last block may have in height or width, whichever is less


class Network(nn.Module):
    """Features of each image, and a linear layer on them: the head.

    In training images are mirrored and moved at random. Else outputs are the mean over mirrored and moved copies.
    """

    def __init__(self, info: DataInfo, config: Config) -> None:
        super().__init__()
        settings = config.model
        height, width, _ = info.input_shape
        self.horizontal_flip = settings.horizontal_flip
        self.reach = round(settings.shift * height), round(settings.shift * width)  # pixels
        self.test_time_augmentation = settings.test_time_augmentation
        self.features = Blocks(info, config) if settings.backbone == "none" else build_backbone(info, config)
        self.dropout = nn.Dropout(settings.dropout)
        self.head = nn.Linear(self.features.width, info.num_outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Compute outputs (batch, outputs) from images (batch, height, width, channels)."""
        copies = [self.augment(inputs)] if self.training else self.make_copies(inputs)
        features = self.features(torch.cat(copies))  # (copies * batch, features)
        outputs = self.head(self.dropout(features))  # (copies * batch, outputs)
        return outputs.unflatten(0, (len(copies), -1)).mean(dim=0)

    def augment(self, images: Tensor) -> Tensor:
        """Mirror half of the images, and move each by up to `reach`, chosen at random. At the edge pixels repeat."""
        count, height, width, _ = images.shape
        device = images.device
        if self.horizontal_flip:
            flipped = torch.rand(count, 1, 1, 1, device=device) < 0.5
            images = torch.where(flipped, images.flip(2), images)
        if any(self.reach):
            down, right = (torch.randint(-reach, reach + 1, (count, 1), device=device) for reach in self.reach)
            rows = (torch.arange(height, device=device) + down).clamp(0, height - 1)  # (batch, height)
            columns = (torch.arange(width, device=device) + right).clamp(0, width - 1)  # (batch, width)
            numbers = torch.arange(count, device=device)[:, None, None]
            images = images[numbers, rows[:, :, None], columns[:, None, :]]
        return images

    def make_copies(self, images: Tensor) -> list[Tensor]:
        """Copy images as they are, moved to two corners, and all of these mirrored: what training may have seen."""
        if not self.test_time_augmentation:
            return [images]
        _, height, width, _ = images.shape
        copies = [images]
        if any(self.reach):
            for sign in (1, -1):
                rows = (torch.arange(height, device=images.device) + sign * self.reach[0]).clamp(0, height - 1)
                columns = (torch.arange(width, device=images.device) + sign * self.reach[1]).clamp(0, width - 1)
                copies.append(images[:, rows][:, :, columns])
        if self.horizontal_flip:
            copies += [copy.flip(2) for copy in copies]
        return copies


class Blocks(nn.Module):
    """Blocks of convolution, batch norm and ReLU; `width` features are mean and maximum over space.

    All blocks but the last halve height and width, as long as both are above 1. Large images get more blocks,
    as wide as the last one: else the last one would see but a small part of them.
    """

    mean: Tensor  # (channels,), of the train split
    std: Tensor

    def __init__(self, info: DataInfo, config: Config) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(info.mean))
        self.register_buffer("std", torch.tensor(info.std))
        height, width, in_channels = info.input_shape
        layers: list[nn.Module] = []
        size = min(height, width)
        widths = list(config.model.channels)
        if not widths:
            raise UserError("model.channels is empty: give the channels of one block at least.")
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
        self.layers = nn.Sequential(*layers)
        self.width = 2 * in_channels

    def forward(self, images: Tensor) -> Tensor:
        """Compute features (batch, width) from images (batch, height, width, channels)."""
        images = (images.float() - self.mean) / self.std
        images = images.permute(0, 3, 1, 2)  # (batch, channels, height, width); in memory still channels last: faster
        maps = self.layers(images)  # (batch, channels of the last block, smaller height, smaller width)
        return torch.cat([maps.mean(dim=(2, 3)), maps.amax(dim=(2, 3))], dim=1)


def build_model(info: DataInfo, config: Config) -> nn.Module:
    """Build the network with random weights and the normalization of the train split."""
    network = Network(info, config)
    # The stubs of PyTorch leave memory_format out.
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

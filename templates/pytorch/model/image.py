"""The model: a convolutional network for pictures. Put your own network here.

In: pictures as stored (batch, height, width, channels), any number type. Out: (batch, outputs), which task.py explains.
Normalisation is inside, so that training, evaluation and inference can't disagree about it.
"""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from .config import Config, ModelSettings, UserError


class ConvolutionalNetwork(nn.Module):
    """Blocks of convolution, batch norm and ReLU, all but the last halving the resolution; mean over space; linear."""

    def __init__(self, input_shape: tuple[int, ...], num_outputs: int, settings: ModelSettings):
        super().__init__()
        self.arguments = {"input_shape": input_shape, "num_outputs": num_outputs, "settings": asdict(settings)}
        self.register_buffer("mean", torch.zeros(input_shape[-1]))
        self.register_buffer("deviation", torch.ones(input_shape[-1]))
        self.flip = settings.flip
        layers, before = [], input_shape[-1]
        for number, channels in enumerate(settings.channels, start=1):
            layers += [nn.Conv2d(before, channels, 3, padding=1, bias=False)]
            if number < len(settings.channels):
                layers += [nn.MaxPool2d(2)]  # before batch norm and ReLU: a quarter of the work for these
            layers += [nn.BatchNorm2d(channels), nn.ReLU()]
            before = channels
        self.blocks = nn.Sequential(*layers)
        self.dropout = nn.Dropout(settings.dropout)
        self.head = nn.Linear(settings.channels[-1], num_outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """(batch, height, width, channels) -> (batch, outputs)."""
        if self.training and self.flip:
            mirrored = torch.rand(len(inputs), 1, 1, 1, device=inputs.device) < 0.5
            inputs = torch.where(mirrored, inputs.flip(2), inputs)
        images = (inputs.float() - self.mean) / self.deviation
        images = images.permute(
            0, 3, 1, 2
        )  # -> (batch, channels, height, width); in memory still channels last: faster
        features = self.blocks(images).mean(dim=(2, 3))  # -> (batch, channels of the last block)
        return self.head(self.dropout(features))


def build_model(
    input_shape: tuple[int, ...], num_outputs: int, config: Config, *, normalisation: tuple[np.ndarray, np.ndarray]
) -> nn.Module:
    """A model with random weights; normalisation: mean and deviation of each channel on the train split."""
    model = ConvolutionalNetwork(input_shape, num_outputs, config.model)
    model.mean.copy_(torch.from_numpy(normalisation[0]))
    model.deviation.copy_(torch.from_numpy(normalisation[1]))
    return model.to(memory_format=torch.channels_last)


def save_model(model: nn.Module, path: Path) -> None:
    """Write the weights and what is needed to build the model again, whole or not at all."""
    part = path.with_name(path.name + ".part")
    torch.save({"arguments": model.arguments, "weights": model.state_dict()}, part)
    part.replace(path)


def load_model(path: Path) -> nn.Module:
    """The model of `save_model`, on the CPU, in inference mode.

    Raises:
        UserError: the file is absent or damaged, or was made by another model.py.
    """
    if not path.is_file():
        raise UserError(f"There is no {path}: train first.")
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
        arguments = saved["arguments"]
        settings = ModelSettings(**arguments["settings"])
        model = ConvolutionalNetwork(arguments["input_shape"], arguments["num_outputs"], settings)
        model.load_state_dict(saved["weights"])
    except Exception as error:  # of many kinds: the file may hold anything
        raise UserError(f"{path} is damaged, or was made by another model.py: train anew.") from error
    return model.eval()

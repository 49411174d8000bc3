"""The model: a dense network for vectors. Put your own network here.

In: vectors as stored (batch, features), any number type. Out: (batch, outputs), which task.py explains.
Normalisation is inside, so that training, evaluation and inference can't disagree about it.
"""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from .config import Config, ModelSettings, UserError


class DenseNetwork(nn.Module):
    """Hidden layers of linear, batch norm, ReLU and dropout; linear."""

    def __init__(self, input_shape: tuple[int, ...], num_outputs: int, settings: ModelSettings):
        super().__init__()
        self.arguments = {"input_shape": input_shape, "num_outputs": num_outputs, "settings": asdict(settings)}
        self.register_buffer("mean", torch.zeros(input_shape[-1]))
        self.register_buffer("deviation", torch.ones(input_shape[-1]))
        layers = []
        for before, units in zip([input_shape[-1], *settings.units], settings.units, strict=False):
            layers += [nn.Linear(before, units, bias=False), nn.BatchNorm1d(units), nn.ReLU()]
            layers += [nn.Dropout(settings.dropout)]
        self.hidden = nn.Sequential(*layers)
        self.head = nn.Linear(settings.units[-1], num_outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """(batch, features) -> (batch, outputs)."""
        features = (inputs.float() - self.mean) / self.deviation
        return self.head(self.hidden(features))


def build_model(
    input_shape: tuple[int, ...], num_outputs: int, config: Config, *, normalisation: tuple[np.ndarray, np.ndarray]
) -> nn.Module:
    """A model with random weights; normalisation: mean and deviation of each feature on the train split."""
    model = DenseNetwork(input_shape, num_outputs, config.model)
    model.mean.copy_(torch.from_numpy(normalisation[0]))
    model.deviation.copy_(torch.from_numpy(normalisation[1]))
    return model


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
        model = DenseNetwork(arguments["input_shape"], arguments["num_outputs"], settings)
        model.load_state_dict(saved["weights"])
    except Exception as error:  # of many kinds: the file may hold anything
        raise UserError(f"{path} is damaged, or was made by another model.py: train anew.") from error
    return model.eval()

"""The model: a dense network for vectors. Put your own network here.

In: vectors as stored (batch, features), any number type. Out: (batch, outputs), see task.py.
Normalization is a part of the model, so that training, evaluation and inference can't disagree about it.
"""

import torch
from torch import Tensor, nn

from .config import Config
from .data_info import DataInfo


class Network(nn.Module):
    """Hidden layers of linear, batch norm, ReLU and dropout; then linear."""

    mean: Tensor  # (features,), of the train split
    std: Tensor

    def __init__(self, info: DataInfo, config: Config) -> None:
        super().__init__()
        settings = config.model
        self.register_buffer("mean", torch.tensor(info.mean))
        self.register_buffer("std", torch.tensor(info.std))
        layers: list[nn.Module] = []
        in_features = info.input_shape[-1]
        for units in settings.units:
            layers.append(nn.Linear(in_features, units, bias=False))
            layers.append(nn.BatchNorm1d(units))
            layers.append(nn.ReLU())
            layers.append(nn.Dropout(settings.dropout))
            in_features = units
        self.hidden = nn.Sequential(*layers)
        self.head = nn.Linear(in_features, info.num_outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Compute outputs (batch, outputs) from vectors (batch, features)."""
        features = (inputs.float() - self.mean) / self.std
        features = self.hidden(features)  # (batch, units of the last layer)
        return self.head(features)


def build_model(info: DataInfo, config: Config) -> nn.Module:
    """Build the network with random weights and the normalization of the train split."""
    return Network(info, config)

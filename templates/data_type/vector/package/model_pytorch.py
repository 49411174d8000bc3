"""The model: an ensemble of dense networks for vectors. Put your own network here.

In: vectors as stored (batch, features), any number type. Out: (batch, outputs), see task.py.
Scaling and encoding are a part of the model, so that training, evaluation and inference can't disagree about them.
"""

import numpy as np
import torch
from torch import Tensor, nn

from .config import Config
from .data_info import DataInfo

CLIP = 3  # the limit of a scaled feature
HUGE = 1e6  # far beyond that limit, and its square is a float32


class Network(nn.Module):
    """Dense networks that share their hidden layers: TabM-mini, arXiv:2410.24210, here with batch norm.

    Each member multiplies the features by numbers of its own, and has an output layer of its own. In training each
    answers for itself, so that they learn different things. The mean of their outputs is the output of the model.
    """

    center: Tensor  # (features,), of the train split
    scale: Tensor

    def __init__(self, info: DataInfo, config: Config) -> None:
        super().__init__()
        settings = config.model
        self.members = settings.members
        scaling = info.preprocessing["scaling"]
        self.register_buffer("center", torch.tensor(scaling["center"]))
        self.register_buffer("scale", torch.tensor(scaling["scale"]))
        edges = scaling["edges"] if settings.piecewise_linear else []
        self.parts = Parts(edges) if any(edges) else None
        in_features = len(self.center) + sum(len(values) - 1 for values in edges if values)
        signs = torch.randint(0, 2, (self.members, in_features)) * 2.0 - 1
        # One network alone learns without: its first layer can do the same. That saves a third of the layer's time.
        self.adapters = nn.Parameter(signs, requires_grad=self.members > 1)
        layers: list[nn.Module] = []
        for units in settings.units:
            layers.append(nn.Linear(in_features, units, bias=False))
            layers.append(nn.BatchNorm1d(units))
            layers.append(nn.ReLU())
            layers.append(nn.Dropout(settings.dropout))
            in_features = units
        self.hidden = nn.Sequential(*layers)
        self.head = Heads(self.members, in_features, info.num_outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Compute outputs (batch, outputs) from vectors (batch, features).

        In training (batch * members, outputs): all answers to the first vector, then those to the second.
        """
        features = self.encode(inputs.float())  # (batch, encoded)
        features = features[:, None] * self.adapters  # (batch, members, encoded)
        features = self.hidden(features.flatten(0, 1))  # (batch * members, units of the last layer)
        outputs = self.head(features.unflatten(0, (-1, self.members)))  # (batch, members, outputs)
        return outputs.flatten(0, 1) if self.training else outputs.mean(dim=1)

    def encode(self, inputs: Tensor) -> Tensor:
        """Scale features (batch, features), limit them smoothly to -3 and 3 (RealMLP, arXiv:2407.04491), add parts."""
        features = ((inputs - self.center) / self.scale).clamp(-HUGE, HUGE)
        features = features * (1 + (features / CLIP).square()).rsqrt()
        return features if self.parts is None else torch.cat([features, self.parts(inputs)], dim=1)


class Heads(nn.Module):
    """The output layer of each member."""

    def __init__(self, members: int, units: int, outputs: int) -> None:
        super().__init__()
        limit = units**-0.5  # as nn.Linear
        self.kernel = nn.Parameter(torch.empty(members, units, outputs).uniform_(-limit, limit))
        self.bias = nn.Parameter(torch.zeros(members, outputs))

    def forward(self, features: Tensor) -> Tensor:
        """Turn features (batch, members, units) into outputs (batch, members, outputs)."""
        return torch.einsum("bmu,muo->bmo", features, self.kernel) + self.bias


class Parts(nn.Module):
    """Piecewise linear encoding, arXiv:2203.05556, equation 1: which part of each interval lies below."""

    column: Tensor  # (intervals,): the feature that an interval belongs to, where it begins, and how long it is
    low: Tensor
    width: Tensor

    def __init__(self, edges: list[list[float]]) -> None:
        super().__init__()
        for name, values in find_intervals(edges).items():
            self.register_buffer(name, torch.from_numpy(values))

    def forward(self, inputs: Tensor) -> Tensor:
        """Encode vectors (batch, features): (batch, intervals) from 0 to 1."""
        return ((inputs[:, self.column] - self.low) / self.width).clamp(0, 1)


def find_intervals(edges: list[list[float]]) -> dict[str, np.ndarray]:
    """List the intervals between the edges of all features.

    Returns:
        The feature of each interval (intervals,) int64, where it begins and how long it is, both float32.
    """
    return {
        "column": np.repeat(np.arange(len(edges)), [max(0, len(values) - 1) for values in edges]),
        "low": np.array([low for values in edges for low in values[:-1]], np.float32),
        "width": np.array([width for values in edges for width in np.diff(values)], np.float32),
    }


def build_model(info: DataInfo, config: Config) -> nn.Module:
    """Build the network with random weights and the scaling of the train split."""
    return Network(info, config)

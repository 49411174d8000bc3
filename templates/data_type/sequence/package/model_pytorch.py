"""The model: a recurrent network for sequences. Put your own network here.

In: sequences as stored (batch, steps, features), any number type; padding is NaN. Out: (batch, outputs), see task.py.
Normalization is a part of the model, so that training, evaluation and inference can't disagree about it.
"""

import torch
from torch import Tensor, nn

from .config import Config
from .data_info import DataInfo

CELLS = {"lstm": nn.LSTM, "gru": nn.GRU}


class Network(nn.Module):
    """Recurrent layers; mean and maximum of their outputs over the steps; linear."""

    mean: Tensor  # (features,), of the train split
    std: Tensor

    def __init__(self, info: DataInfo, config: Config) -> None:
        super().__init__()
        settings = config.model
        self.padded = config.data.pad
        self.register_buffer("mean", torch.tensor(info.mean))
        self.register_buffer("std", torch.tensor(info.std))
        cell = CELLS[settings.cell]
        self.layers = nn.ModuleList()
        in_features = info.input_shape[-1]
        for units in settings.units:
            self.layers.append(cell(in_features, units, batch_first=True))
            in_features = units
        self.dropout = nn.Dropout(settings.dropout)
        self.head = nn.Linear(2 * in_features, info.num_outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Compute outputs (batch, outputs) from sequences (batch, steps, features)."""
        outputs = (inputs.float() - self.mean) / self.std
        if self.padded:
            padding = outputs.isnan()[:, :, :1]  # (batch, steps, 1)
            outputs = outputs.masked_fill(padding, 0)  # at the end of a sequence, where no real step comes after it
        for layer in self.layers:
            outputs, _ = layer(outputs)  # (batch, steps, units)
        # The last step alone remembers the beginning badly; mean and maximum see every step.
        if self.padded:
            lengths = (~padding).sum(dim=1)  # (batch, 1)
            mean = outputs.masked_fill(padding, 0).sum(dim=1) / lengths  # (batch, units)
            maximum = outputs.masked_fill(padding, -torch.inf).amax(dim=1)
        else:
            mean = outputs.mean(dim=1)
            maximum = outputs.amax(dim=1)
        features = torch.cat([mean, maximum], dim=1)  # (batch, 2 * units)
        return self.head(self.dropout(features))


def build_model(info: DataInfo, config: Config) -> nn.Module:
    """Build the network with random weights and the normalization of the train split."""
    return Network(info, config)

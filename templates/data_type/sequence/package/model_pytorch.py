"""The model: a recurrent network for sequences. Put your own network here.

In: sequences as stored (batch, steps, features), any number type; padding is NaN. Out: (batch, outputs), see task.py.
Normalization is a part of the model, so that training, evaluation and inference can't disagree about it.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from .config import Config
from .data_info import DataInfo

CELLS = {"lstm": nn.LSTM, "gru": nn.GRU}


class Network(nn.Module):
    """Convolutions, which halve the steps; recurrent layers; mean and maximum of their outputs over the steps; linear.

    In training sequences are moved in time at random. Else outputs are the mean over moved copies. Padded ones stay
    where they are: a short one could be moved out of sight.
    """

    mean: Tensor  # (features,), of the train split
    std: Tensor

    def __init__(self, info: DataInfo, config: Config) -> None:
        super().__init__()
        settings = config.model
        steps, in_features = info.input_shape
        self.padded = config.data.pad
        self.reach = 0 if self.padded else round(settings.shift * steps)  # steps
        self.test_time_augmentation = settings.test_time_augmentation
        self.register_buffer("mean", torch.tensor(info.mean))
        self.register_buffer("std", torch.tensor(info.std))
        self.convolutions = nn.ModuleList()
        self.norms = nn.ModuleList()
        for channels in settings.channels:
            self.convolutions.append(nn.Conv1d(in_features, channels, 3, padding=1))
            self.norms.append(nn.LayerNorm(channels))  # of each step alone, so that padding has no part in it
            in_features = channels
        cell = CELLS[settings.cell]
        self.layers = nn.ModuleList()
        for units in settings.units:
            self.layers.append(cell(in_features, units, batch_first=True))
            in_features = units
        self.dropout = nn.Dropout(settings.dropout)
        self.head = nn.Linear(2 * in_features, info.num_outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Compute outputs (batch, outputs) from sequences (batch, steps, features)."""
        copies = [self.augment(inputs)] if self.training else self.make_copies(inputs)
        outputs = (torch.cat(copies).float() - self.mean) / self.std  # (copies * batch, steps, features)
        if self.padded:
            padding = outputs.isnan()[:, :, :1]  # (batch, steps, 1)
            outputs = outputs.masked_fill(padding, 0)  # at the end of a sequence, where no real step comes after it
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            outputs = convolution(outputs.transpose(1, 2)).transpose(1, 2)  # (..., steps, channels)
            outputs = norm(outputs).relu()
            if self.padded:
                outputs = outputs.masked_fill(padding, 0)
                padding = padding[:, ::2]
            outputs = functional.max_pool1d(outputs.transpose(1, 2), 2, ceil_mode=True).transpose(1, 2)
        for layer in self.layers:
            outputs, _ = layer(outputs)  # (..., steps, units)
        # The last step alone remembers the beginning badly; mean and maximum see every step.
        if self.padded:
            lengths = (~padding).sum(dim=1)  # (batch, 1)
            mean = outputs.masked_fill(padding, 0).sum(dim=1) / lengths  # (batch, units)
            maximum = outputs.masked_fill(padding, -torch.inf).amax(dim=1)
        else:
            mean = outputs.mean(dim=1)
            maximum = outputs.amax(dim=1)
        features = torch.cat([mean, maximum], dim=1)  # (copies * batch, 2 * units)
        outputs = self.head(self.dropout(features))
        return outputs.unflatten(0, (len(copies), -1)).mean(dim=0)

    def augment(self, sequences: Tensor) -> Tensor:
        """Move each sequence by up to `reach` steps, chosen at random. The first or last step repeats."""
        if not self.reach:
            return sequences
        count, steps, _ = sequences.shape
        by = torch.randint(-self.reach, self.reach + 1, (count, 1), device=sequences.device)
        places = (torch.arange(steps, device=sequences.device) + by).clamp(0, steps - 1)  # (batch, steps)
        return sequences[torch.arange(count, device=sequences.device)[:, None], places]

    def make_copies(self, sequences: Tensor) -> list[Tensor]:
        """Copy sequences as they are, and moved to both sides: what training may have seen."""
        if not (self.reach and self.test_time_augmentation):
            return [sequences]
        steps = torch.arange(sequences.shape[1], device=sequences.device)
        moved = [(steps + by).clamp(0, len(steps) - 1) for by in (self.reach, -self.reach)]
        return [sequences, *(sequences[:, places] for places in moved)]


def build_model(info: DataInfo, config: Config) -> nn.Module:
    """Build the network with random weights and the normalization of the train split."""
    return Network(info, config)

"""The model: a recurrent network for sequences. Put your own network here.

In: sequences as stored (batch, steps, features), any number type; padding is NaN. Out: (batch, outputs), which task.py
explains.
Normalisation is inside, so that training, evaluation and inference can't disagree about it.
"""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from .config import Config, ModelSettings, UserError

CELLS = {"lstm": nn.LSTM, "gru": nn.GRU}


class RecurrentNetwork(nn.Module):
    """Recurrent layers; mean and maximum of the last one's outputs over the steps; linear."""

    def __init__(self, input_shape: tuple[int, ...], num_outputs: int, settings: ModelSettings, padded: bool):
        super().__init__()
        shapes = {"input_shape": input_shape, "num_outputs": num_outputs, "padded": padded}
        self.arguments = {**shapes, "settings": asdict(settings)}
        self.padded = padded
        self.register_buffer("mean", torch.zeros(input_shape[-1]))
        self.register_buffer("deviation", torch.ones(input_shape[-1]))
        widths = zip([input_shape[-1], *settings.units], settings.units, strict=False)
        cell = CELLS[settings.cell]
        self.layers = nn.ModuleList(cell(before, units, batch_first=True) for before, units in widths)
        self.dropout = nn.Dropout(settings.dropout)
        self.head = nn.Linear(2 * settings.units[-1], num_outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """(batch, steps, features) -> (batch, outputs)."""
        outputs = (inputs.float() - self.mean) / self.deviation
        if self.padded:
            padding = outputs.isnan()[:, :, :1]  # (batch, steps, 1); at the end, where no step after it can see it
            outputs = outputs.masked_fill(padding, 0)
        for layer in self.layers:
            outputs, _ = layer(outputs)  # -> (batch, steps, units)
        # The last step alone remembers the beginning badly; mean and maximum see every step.
        if self.padded:
            mean = outputs.masked_fill(padding, 0).sum(dim=1) / (~padding).sum(dim=1)
            features = torch.cat([mean, outputs.masked_fill(padding, -torch.inf).amax(dim=1)], dim=1)
        else:
            features = torch.cat([outputs.mean(dim=1), outputs.amax(dim=1)], dim=1)  # -> (batch, 2 * units)
        return self.head(self.dropout(features))


def build_model(
    input_shape: tuple[int, ...], num_outputs: int, config: Config, *, normalisation: tuple[np.ndarray, np.ndarray]
) -> nn.Module:
    """A model with random weights; normalisation: mean and deviation of each feature on the train split."""
    model = RecurrentNetwork(input_shape, num_outputs, config.model, config.data.pad)
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
        model = RecurrentNetwork(**{**arguments, "settings": settings})
        model.load_state_dict(saved["weights"])
    except Exception as error:  # of many kinds: the file may hold anything
        raise UserError(f"{path} is damaged, or was made by another model.py: train anew.") from error
    return model.eval()

"""What to compute on: accelerator, precision.

One code path for all machines: the settings choose, and where the chosen accelerator is absent the CPU takes over.
"""

from functools import cache
from typing import TYPE_CHECKING

import torch
from torch import nn

from .config import Config

if TYPE_CHECKING:
    from lightning_fabric import Fabric

FUSED = True  # optimizers can update all weights in one pass


def find_device(config: Config) -> torch.device:
    """The device of the settings, or the CPU, with one line of warning, where there is none such."""
    if config.hardware.accelerator == "apple":
        if torch.backends.mps.is_available():
            return torch.device("mps")
        _warn_of_missing_metal()
    return torch.device("cpu")


@cache  # once in a command, however often the device is asked for
def _warn_of_missing_metal() -> None:
    print("Warning: no Metal that PyTorch can use was found: going on with the CPU. The doctor command says more.")


def set_up(config: Config) -> "Fabric":
    """Seed everything and choose the device for training, in float32.

    Fabric moves model and batches to the device; it is imported here, because that takes seconds that prediction can
    do without.
    """
    from lightning_fabric import Fabric, seed_everything

    seed_everything(config.seed, verbose=False)
    return Fabric(accelerator=find_device(config).type, devices=1, precision="32-true")


def prepare_model(model: nn.Module, config: Config, fabric: "Fabric") -> nn.Module:
    """The model as this hardware wants it: as it is."""
    return model


def free_memory(device: torch.device) -> int:
    """Bytes that data may take on the device; 0 on the CPU, where it is already."""
    if device.type != "mps":
        return 0
    return torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()


def describe_device(config: Config) -> dict[str, str]:
    """What PyTorch sees, and what training will use, for the doctor command."""
    device = find_device(config)
    rows = {
        "PyTorch": torch.__version__,
        "Metal": "not found" if not torch.backends.mps.is_available() else "found",
        "threads": str(torch.get_num_threads()),
        "training will use": f"{device.type}, float32",
    }
    if device.type == "mps":
        rows["memory of the GPU"] = f"{torch.mps.recommended_max_memory() / 1e9:.0f} GB, shared with the processor"
    elif config.hardware.accelerator == "apple":
        rows["why no Metal"] = _explain_missing_metal()
    return rows


def _explain_missing_metal() -> str:
    """Why PyTorch can't use the GPU of a Mac, and the cure."""
    if not torch.backends.mps.is_built():
        return "this PyTorch was built without it: on a Mac with an Apple chip, install it with a Python for arm64"
    return "this macOS is too old for it: update to macOS 14 or newer"

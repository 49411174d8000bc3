"""What to compute on: the GPU of an Apple chip, by Metal, or the CPU.

The settings choose. Where the chosen accelerator is absent, the CPU takes over.
"""

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from .config import Config

if TYPE_CHECKING:
    from lightning_fabric import Fabric

FUSED = True  # optimizers update all weights in one pass


def find_device(config: Config) -> torch.device:
    """Find the device of the settings. Without one, print a warning and return the CPU."""
    if config.hardware.accelerator == "apple":
        if torch.backends.mps.is_available():
            return torch.device("mps")
        _warn_of_missing_metal()
    return torch.device("cpu")


@cache  # so that it is printed once in a command
def _warn_of_missing_metal() -> None:
    """Warn that there is no Metal."""
    print("Warning: no Metal that PyTorch can use was found: going on with the CPU. The doctor command says more.")


def set_up(config: Config) -> "Fabric":
    """Seed everything and choose the device for training, in float32.

    Fabric moves model and batches to the device. It is imported here, because that takes seconds that prediction can
    do without.
    """
    from lightning_fabric import Fabric, seed_everything

    seed_everything(config.seed, verbose=False)
    return Fabric(accelerator=find_device(config).type, devices=1, precision="32-true")


def prepare_model(model: nn.Module, config: Config, fabric: "Fabric") -> nn.Module:
    """Hand the model to Fabric, which moves it to the device."""
    return fabric.setup_module(model)


def seed_dropout(fabric: "Fabric", seed: int, epoch: int, step: int) -> None:
    """Seed dropout and augmentation from a step on. A sum would give seed 0 in epoch 1 what seed 1 has in epoch 0."""
    mixed = np.random.SeedSequence([seed, epoch, step, fabric.global_rank]).generate_state(1)
    torch.manual_seed(int(mixed[0]))


def free_memory(device: torch.device) -> int:
    """Count the bytes that data may take on the device: 0 on the CPU, where it is already."""
    if device.type != "mps":
        return 0
    return torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()


def describe_device(config: Config) -> dict[str, str]:
    """Describe what PyTorch finds and what training will use, for the doctor command: name -> value."""
    device = find_device(config)
    rows = {
        "PyTorch": torch.__version__,
        "Metal": "found" if torch.backends.mps.is_available() else "not found",
        "threads": str(torch.get_num_threads()),
        "training will use": f"{device.type}, float32",
    }
    if device.type == "mps":
        rows["memory of the GPU"] = f"{torch.mps.recommended_max_memory() / 1e9:.0f} GB, shared with the processor"
    elif config.hardware.accelerator == "apple":
        rows["why no Metal"] = _explain_missing_metal()
    return rows


def _explain_missing_metal() -> str:
    """Explain why PyTorch can't use Metal, with the cure."""
    if not torch.backends.mps.is_built():
        return "this PyTorch was built without it: on a Mac with an Apple chip, install it with a Python for arm64"
    return "this macOS is too old for it: update to macOS 14 or newer"

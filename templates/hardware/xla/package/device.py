"""What to compute on: a TPU, by XLA, or the CPU.

The settings choose. Where the chosen accelerator is absent, the CPU takes over.
"""

import importlib.metadata
import importlib.util
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from .config import Config

if TYPE_CHECKING:
    from lightning_fabric import Fabric

FUSED = False  # XLA merges the updates of all weights itself


@cache  # so that the warning is printed once in a command
def _has_tpu() -> bool:
    """Look for a TPU, and warn if there is none."""
    try:
        import torch_xla.runtime

        if torch_xla.runtime.device_type() == "TPU":
            return True
    except (ImportError, RuntimeError):  # not installed; or without a device
        pass
    print("Warning: no TPU that PyTorch can use was found: going on with the CPU. The doctor command says more.")
    return False


def find_device(config: Config) -> torch.device:
    """Find the device of the settings, and set its precision. Without one, print a warning and return the CPU."""
    if config.hardware.accelerator != "tpu" or not _has_tpu():
        return torch.device("cpu")
    import torch_xla.backends

    # Weights stay float32: the 8 bits of bfloat16 would lose the small steps of an optimizer. Products are bfloat16, as
    # in the hardware ("default"), or are put together from several of these ("highest").
    torch_xla.backends.set_mat_mul_precision("default" if config.hardware.precision == "bfloat16" else "highest")
    return torch.device("xla")


def set_up(config: Config) -> "Fabric":
    """Seed everything and choose the device for training.

    Fabric moves model and batches to the device, and marks the end of each step. XLA compiles a step as a whole, once
    for each batch size: there are two, which differ by one. Fabric is imported here, because that takes seconds that
    prediction can do without.
    """
    from lightning_fabric import Fabric, seed_everything

    device = find_device(config)
    seed_everything(config.seed, verbose=False)
    return Fabric(accelerator="cpu" if device.type == "cpu" else "tpu", devices=1, precision="32-true")


def prepare_model(model: nn.Module, config: Config, fabric: "Fabric") -> nn.Module:
    """Hand the model to Fabric, which moves it to the device."""
    return fabric.setup_module(model)


def seed_dropout(fabric: "Fabric", seed: int, epoch: int, step: int) -> None:
    """Seed dropout and augmentation from a step on. A sum would give seed 0 in epoch 1 what seed 1 has in epoch 0."""
    mixed = np.random.SeedSequence([seed, epoch, step, fabric.global_rank]).generate_state(1)
    torch.manual_seed(int(mixed[0]))
    if fabric.device.type == "xla":
        import torch_xla

        torch_xla.manual_seed(int(mixed[0]))  # XLA has a generator of its own


def free_memory(device: torch.device) -> int:
    """Return 0 bytes for data on the device: slicing batches there would make XLA compile more."""
    return 0


def describe_device(config: Config) -> dict[str, str]:
    """Describe what PyTorch finds and what training will use, for the doctor command: name -> value."""
    device = find_device(config)
    rows = {
        "PyTorch": torch.__version__,
        "torch_xla": importlib.metadata.version("torch_xla") if importlib.util.find_spec("torch_xla") else "none",
        "TPU": "none" if device.type == "cpu" else "found",
        "threads": str(torch.get_num_threads()),
        "training will use": f"1 core, {config.hardware.precision}" if device.type == "xla" else "cpu, float32",
    }
    if config.hardware.accelerator == "tpu" and device.type == "cpu":
        rows["why no TPU"] = _explain_missing_tpu()
    return rows


def _explain_missing_tpu() -> str:
    """Explain why PyTorch can't use a TPU, with the cure."""
    if not importlib.util.find_spec("torch_xla"):
        return "torch_xla is not installed: make setup installs it on Linux with an x86 processor"
    return "this machine has none: in Colab, choose a TPU under Runtime, Change runtime type"

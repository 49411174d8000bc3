"""What to compute on: accelerator, precision.

One code path for all machines: the settings choose, and where the chosen accelerator is absent the CPU takes over.
"""

import importlib.metadata
import importlib.util
from functools import cache
from typing import TYPE_CHECKING

import torch
from torch import nn

from .config import Config

if TYPE_CHECKING:
    from lightning_fabric import Fabric

FUSED = False  # XLA merges the updates of an optimizer itself


@cache  # once in a command: warns where there is none
def _has_tpu() -> bool:
    try:
        import torch_xla.runtime

        if torch_xla.runtime.device_type() == "TPU":
            return True
    except (ImportError, RuntimeError):  # not installed; or without a device
        pass
    print("Warning: no TPU that PyTorch can use was found: going on with the CPU. The doctor command says more.")
    return False


def find_device(config: Config) -> torch.device:
    """The device of the settings, or the CPU, with one line of warning, where there is none such."""
    return torch.device("xla" if config.hardware.accelerator == "tpu" and _has_tpu() else "cpu")


def set_up(config: Config) -> "Fabric":
    """Seed everything and choose device and precision for training.

    Fabric moves model and batches to the device, and ends each step, which XLA compiles as a whole, once for each
    shape of a batch: there are two, because sizes differ by one at most. It is imported here, because that takes
    seconds that prediction can do without.
    """
    from lightning_fabric import Fabric, seed_everything

    device = find_device(config)
    seed_everything(config.seed, verbose=False)
    if device.type == "cpu":
        return Fabric(accelerator="cpu", devices=1, precision="32-true")
    import torch_xla.backends

    # Weights stay in float32: the 8 bits of bfloat16 lose the small steps of an optimizer. Products are in bfloat16, as
    # the hardware has them ("default"), or put together from several of these ("highest").
    torch_xla.backends.set_mat_mul_precision("default" if config.hardware.precision == "bfloat16" else "highest")
    return Fabric(accelerator="tpu", devices=1, precision="32-true")


def prepare_model(model: nn.Module, config: Config, fabric: "Fabric") -> nn.Module:
    """The model as this hardware wants it: as it is."""
    return model


def free_memory(device: torch.device) -> int:
    """Bytes that data may take on the device: 0, so that every batch travels, and its shape is all that XLA sees."""
    return 0


def describe_device(config: Config) -> dict[str, str]:
    """What PyTorch sees, and what training will use, for the doctor command."""
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
    """Why PyTorch can't use a TPU, and the cure."""
    if not importlib.util.find_spec("torch_xla"):
        return "torch_xla is not installed: make setup installs it on Linux with an x86 processor"
    return "this machine has none: in Colab, choose a TPU under Runtime, Change runtime type"

"""What to compute on: accelerator, precision, and how many GPUs.

One code path for all machines: the settings choose, and where the chosen accelerator is absent the CPU takes over.
"""

import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from .config import Config, UserError

if TYPE_CHECKING:
    from lightning_fabric import Fabric

FUSED = True  # optimizers can update all weights in one pass


def find_device(config: Config) -> torch.device:
    """The device of the settings, or the CPU, with one line of warning, where there is none such."""
    if config.hardware.accelerator == "gpu":
        if torch.cuda.is_available():
            return torch.device("cuda")
        _warn_of_missing_gpu()
    return torch.device("cpu")


@cache  # once in a command, however often the device is asked for
def _warn_of_missing_gpu() -> None:
    print("Warning: no GPU that PyTorch can use was found: going on with the CPU. The doctor command says more.")


def set_up(config: Config) -> "Fabric":
    """Seed everything and choose device and precision for training; start a process for each further GPU.

    Fabric moves model and batches to the device, and lets the processes share them; it is imported here, because that
    takes seconds that prediction can do without. Of the processes only the first one speaks.

    Raises:
        UserError: the settings ask for more GPUs than there are.
    """
    from lightning_fabric import Fabric, seed_everything

    if os.environ.get("LOCAL_RANK", "0") != "0":
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115  # until the process ends
    device = find_device(config)
    if device.type == "cuda":
        torch.set_float32_matmul_precision("high")  # TF32: 10 bits of mantissa in products, float32 in sums
    seed_everything(config.seed, verbose=False)
    precision = "bf16-mixed" if _find_precision(config, device) == "bfloat16" else "32-true"
    fabric = Fabric(accelerator=device.type, devices=_count_devices(config, device), precision=precision)
    fabric.launch()
    return fabric


def prepare_model(model: nn.Module, config: Config, fabric: "Fabric") -> nn.Module:
    """The model as this hardware wants it: batch norm over the batches of all GPUs; compiled, if so set."""
    if fabric.world_size > 1:
        model = nn.SyncBatchNorm.convert_sync_batchnorm(model)
    return torch.compile(model) if config.hardware.compile else model


def free_memory(device: torch.device) -> int:
    """Bytes that data may take on the device; 0 on the CPU, where it is already."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else 0


def _count_devices(config: Config, device: torch.device) -> int:
    """How many devices share each batch: one CPU, or as many GPUs as the settings say."""
    if device.type == "cpu":
        return 1
    if config.hardware.devices > torch.cuda.device_count():
        raise UserError(
            f"hardware.devices is {config.hardware.devices}, and there are {torch.cuda.device_count()} GPUs: lower it,"
            " or set 0 for all."
        )
    return config.hardware.devices or torch.cuda.device_count()


def _find_precision(config: Config, device: torch.device) -> str:
    """bfloat16 does not pay on CPUs, of which few have it in hardware, and older GPUs lack it."""
    able = device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 0)
    return config.hardware.precision if able else "float32"

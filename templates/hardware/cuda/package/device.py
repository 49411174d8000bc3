"""What to compute on: accelerator, precision, and how many GPUs.

The settings choose. Where the chosen accelerator is absent, the CPU takes over.
"""

import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from .config import Config, UserError, counted

if TYPE_CHECKING:
    from lightning_fabric import Fabric

FUSED = True  # optimizers update all weights in one pass


def find_device(config: Config) -> torch.device:
    """Find the device of the settings. Without one, print a warning and return the CPU."""
    if config.hardware.accelerator == "gpu":
        if torch.cuda.is_available():
            return torch.device("cuda")
        _warn_of_missing_gpu()
    return torch.device("cpu")


@cache  # so that it is printed once in a command
def _warn_of_missing_gpu() -> None:
    """Warn that there is no GPU."""
    print("Warning: no GPU that PyTorch can use was found: going on with the CPU. The doctor command says more.")


def set_up(config: Config) -> "Fabric":
    """Seed everything, choose device and precision for training, and start a process for each further GPU.

    Fabric moves model and batches to the device, and connects the processes. It is imported here, because that takes
    seconds that prediction can do without. Only the first process prints.

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
    fabric = Fabric(
        accelerator=device.type,
        devices=_count_devices(config, device),
        precision="bf16-mixed" if _find_precision(config, device) == "bfloat16" else "32-true",
    )
    fabric.launch()
    return fabric


def prepare_model(model: nn.Module, config: Config, fabric: "Fabric") -> nn.Module:
    """Let batch norm see the batches of all GPUs, compile by the settings, and hand the model to Fabric."""
    if fabric.world_size > 1:
        model = nn.SyncBatchNorm.convert_sync_batchnorm(model)
    if config.hardware.jit:
        model = torch.compile(model)  # type: ignore[assignment]  # of a module it makes a module
    return fabric.setup_module(model)


def seed_dropout(fabric: "Fabric", seed: int, epoch: int, step: int) -> None:
    """Seed dropout and augmentation from a step on. A sum would give seed 0 in epoch 1 what seed 1 has in epoch 0."""
    mixed = np.random.SeedSequence([seed, epoch, step, fabric.global_rank]).generate_state(1)
    torch.manual_seed(int(mixed[0]))


def free_memory(device: torch.device) -> int:
    """Count the bytes that data may take on the device: 0 on the CPU, where it is already."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else 0


def _count_devices(config: Config, device: torch.device) -> int:
    """Count the devices that share each batch: one CPU, or as many GPUs as the settings say."""
    if device.type == "cpu":
        return 1
    if config.hardware.devices > torch.cuda.device_count():
        raise UserError(
            f"hardware.devices is {config.hardware.devices}, and this machine has"
            f" {counted(torch.cuda.device_count(), 'GPU')}: lower it, or set 0 for all."
        )
    return config.hardware.devices or torch.cuda.device_count()


def _find_precision(config: Config, device: torch.device) -> str:
    """Choose float32 where bfloat16 is slow: on CPUs, and on GPUs older than compute capability 8.0."""
    if device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 0):
        return config.hardware.precision
    return "float32"

"""What to compute on: accelerator and precision.

One code path for all machines: the settings choose, and where the chosen accelerator is absent the CPU takes over.
"""

from functools import cache
from typing import TYPE_CHECKING

import torch

from .config import Config

if TYPE_CHECKING:
    from lightning_fabric import Fabric


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
    """Seed everything and choose device and precision for training.

    Fabric moves model and batches to the device and scales to several; it is imported here, because that takes seconds
    that prediction can do without.
    """
    from lightning_fabric import Fabric, seed_everything

    device = find_device(config)
    on_gpu = device.type == "cuda"
    if on_gpu:
        torch.set_float32_matmul_precision("high")  # TF32: 10 bits of mantissa in products, float32 in sums
    # bfloat16 does not pay on CPUs: few have it in hardware
    mixed = on_gpu and config.hardware.precision == "bfloat16" and torch.cuda.is_bf16_supported()
    seed_everything(config.seed, verbose=False)
    return Fabric(accelerator=device.type, devices=1, precision="bf16-mixed" if mixed else "32-true")


def describe_device(config: Config) -> dict[str, str]:
    """What PyTorch sees, and what training will use, for the doctor command."""
    device = find_device(config)
    gpus = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    return {
        "PyTorch": torch.__version__,
        "CUDA of this build": torch.version.cuda or "none: a build for CPUs",
        "GPUs": ", ".join(gpus) or "none",
        "threads": str(torch.get_num_threads()),
        "training will use": f"{device.type}, {config.hardware.precision if device.type == 'cuda' else 'float32'}",
    }

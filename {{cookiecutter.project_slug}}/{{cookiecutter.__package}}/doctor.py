"""What this machine offers, and whether training can run on it."""

import os
import platform
import shutil
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from . import fetch
from .config import Config, UserError
from .device import describe_device
from .monitor import peak_memory_mb


def main(config: Config) -> None:
    """Print what is there, and what `train` will use.

    Raises:
        UserError: training can't run; the message says why and what to do.
    """
    free = shutil.disk_usage(".").free / 1e9  # bytes -> GB
    table = Table(title="This machine", show_header=False)
    table.add_row("system", f"{platform.system()} {platform.release()}, {platform.machine()}")
    table.add_row("Python", f"{platform.python_version()} in {sys.prefix}")
    table.add_row("processor cores", str(os.cpu_count()))
    table.add_row("free disk space", f"{free:.1f} GB")
    for name, value in describe_device(config).items():
        table.add_row(name, value)
    table.add_row("memory used so far", f"{peak_memory_mb() or 'unknown'} MB, most of it the framework")
    table.add_row("data", describe_data(config))
    Console(highlight=False, markup=False).print(table)  # paths may hold brackets
    if config.data.source != "fashion_mnist" and not Path(config.data.source).exists():
        raise UserError(f"{config.data.source} is missing: put your data there, or correct data.source in config.yaml.")
    if free < 1:
        raise UserError(f"Only {free:.1f} GB of disk space is left: make room for data and checkpoints.")
    print("Training can run.")


def describe_data(config: Config) -> str:
    """Whether the data is at hand, in words."""
    if config.data.source != "fashion_mnist":
        return f"{config.data.source}: {'there' if Path(config.data.source).exists() else 'MISSING'}"
    folder = Path(config.data.folder)
    present = [name for name in fetch.FILES if (folder / name).is_file() or (folder / f"{name}.gz").is_file()]
    if len(present) == len(fetch.FILES):
        return f"Fashion-MNIST is in {folder}"
    return f"Fashion-MNIST is not yet in {folder}: the data command fetches it"

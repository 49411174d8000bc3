"""The doctor: what this machine offers, and whether training can run on it."""

import os
import platform
import shutil
import sys
from pathlib import Path

from jsonargparse import ArgumentParser
from rich.console import Console
from rich.table import Table

from .config import Config, UserError, add_settings
from .data import fashion_mnist
from .device import describe_device


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of the command `doctor`."""
    add_settings(parser)


def main(config: Config) -> None:
    """Print the versions and devices that were found, and what training will use.

    Raises:
        UserError: training can't run; the message says why, and what to do.
    """
    free = shutil.disk_usage(".").free / 1e9  # bytes -> GB
    rows = {
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "Python": f"{platform.python_version()} in {sys.prefix}",
        "CPU cores": str(os.cpu_count()),
        "free disk space": f"{free:.1f} GB",
        **describe_device(config),
        "data": describe_data(config),
    }
    table = Table(title="This machine", show_header=False)
    for name, value in rows.items():
        table.add_row(name, value)
    Console(highlight=False, markup=False).print(table)  # paths may hold brackets
    if config.data.source != "fashion_mnist" and not Path(config.data.source).exists():
        raise UserError(f"{config.data.source} is missing: put your data there, or correct data.source in config.yaml.")
    if free < 1:
        raise UserError(f"Only {free:.1f} GB of disk space is left: make room for data and checkpoints.")
    print("Training can run.")


def describe_data(config: Config) -> str:
    """Describe whether the data is there, in words."""
    if config.data.source != "fashion_mnist":
        return f"{config.data.source}: {'found' if Path(config.data.source).exists() else 'MISSING'}"
    folder = Path(config.data.data_dir)
    for name in fashion_mnist.FILES:
        if not (folder / name).is_file() and not (folder / f"{name}.gz").is_file():
            return f"Fashion-MNIST is not in {folder} yet: the data command downloads it"
    return f"Fashion-MNIST: found in {folder}"

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
from .data import demo
from .device import describe_device
from .training.weights import find_weights


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
        **describe_weights(config),
    }
    table = Table(title="This machine", show_header=False)
    for name, value in rows.items():
        table.add_row(name, value)
    Console(highlight=False, markup=False).print(table)  # paths may hold brackets
    if config.data.source != demo.SOURCE and not Path(config.data.source).exists():
        raise UserError(f"{config.data.source} is missing: put your data there, or correct data.source in config.yaml.")
    if config.training.weights:
        find_weights(config.training.weights)  # raises UserError where there are none
    if free < 1:
        raise UserError(f"Only {free:.1f} GB of disk space is left: make room for data and checkpoints.")
    print("Training can run.")


def describe_data(config: Config) -> str:
    """Describe whether the data is there, in words."""
    if config.data.source != demo.SOURCE:
        return f"{config.data.source}: {'found' if Path(config.data.source).exists() else 'MISSING'}"
    if not demo.has_demo(config.data):
        return f"{demo.NAME} is not in {config.data.data_dir} yet: the data command downloads it"
    return f"{demo.NAME}: found in {config.data.data_dir}"


def describe_weights(config: Config) -> dict[str, str]:
    """Name the weights from which training will start, and whether they are there; nothing for random ones."""
    if not config.training.weights:
        return {}
    try:
        return {"starting weights": f"{find_weights(config.training.weights)}: found"}
    except UserError:
        return {"starting weights": f"{config.training.weights}: MISSING"}

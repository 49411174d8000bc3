"""Run a command of a PyTorch project on the CPU as if it were a TPU; then print what XLA compiled and executed.

cd PROJECT; python train_by_xla.py PACKAGE COMMAND [OPTION...]
"""

import importlib
import sys

import torch_xla.runtime
from lightning_fabric.accelerators import xla
from torch_xla.debug import metrics


def main(package: str, *arguments: str) -> int:
    # Fabric asks whether there is a TPU, and so does the project: both are told that there is.
    xla.XLAAccelerator.is_available = staticmethod(lambda: True)
    xla.XLAAccelerator.auto_device_count = staticmethod(lambda: 1)
    torch_xla.runtime.device_type = lambda: "TPU"
    status = importlib.import_module(f"{package}.__main__").main(list(arguments))
    print("compiled", metrics.metric_data("CompileTime")[0], "executed", metrics.metric_data("ExecuteTime")[0])
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

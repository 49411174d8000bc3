"""PyTorch for TPUs, on the CPU that torch_xla can stand in for one with.

torch_xla fits one version of PyTorch alone, of which an index may have no build without CUDA: 8 GB. So this runs only
when asked for:  TEST_XLA=1 make test ARGS=tests/test_xla.py
"""

import os
import re

import pytest
from conftest import DATA_TYPES, KEPT, run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("TEST_XLA" not in os.environ, reason="installs up to 8 GB; TEST_XLA=1 asks for it"),
]

# Fabric asks whether there is a TPU, and so does the project: both are told that there is.
TRAIN = """
import sys
from lightning_fabric.accelerators import xla
xla.XLAAccelerator.is_available = staticmethod(lambda: True)
xla.XLAAccelerator.auto_device_count = staticmethod(lambda: 1)
import torch_xla.runtime
torch_xla.runtime.device_type = lambda: "TPU"
from {package}.__main__ import main
status = main(sys.argv[1:])
from torch_xla.debug import metrics
print("compiled", metrics.metric_data("CompileTime")[0], "executed", metrics.metric_data("ExecuteTime")[0])
sys.exit(status)
"""


@pytest.mark.parametrize("data_type", DATA_TYPES)
def test_pytorch_trains_by_xla(bake, data_type):
    project = bake(framework="pytorch", data_type=data_type, hardware="tpu", project_slug=f"xla-{data_type}")
    venv = KEPT / "pytorch-xla"
    run(["make", "setup", f"VENV={venv}"], cwd=project)
    code = TRAIN.format(package=f"xla_{data_type}")
    train = ["train", "--data.source", "tests/sample.npz", "--training.batch_size", "32", "--training.epochs"]
    options = {"cwd": project, "env": {**os.environ, "PJRT_DEVICE": "CPU"}}
    output = run([venv / "bin" / "python", "-c", code, *train, "6"], **options)
    assert "Trained 6 epochs" in output and "on xla:0" in output
    # Two shapes of a batch to train, which meet two states of the optimizer; one to validate, and one to predict.
    compiled, executed = map(int, re.search(r"compiled (\d+) executed (\d+)", output).groups())
    assert compiled <= 8 and executed >= 6 * (6 + 1)
    resumed = run([venv / "bin" / "python", "-c", code, *train, "7", "--resume"], **options)
    assert "epoch  7/7" in resumed and "epoch  6/7" not in resumed
    assert "this model" in run([venv / "bin" / "python", "-c", code, "evaluate"], **options)

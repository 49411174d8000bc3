"""PyTorch for TPUs, on the CPU that torch_xla can stand in for one with.

torch_xla fits one version of PyTorch alone, of which an index may have no build without CUDA: 8 GB. So this runs only
when asked for:  TEST_XLA=1 make test ARGS=tests/test_xla.py
"""

import os
import re

import pytest
from conftest import DATA_TYPES, KEPT, run, run_script

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("TEST_XLA" not in os.environ, reason="installs up to 8 GB; TEST_XLA=1 asks for it"),
]


@pytest.mark.parametrize("data_type", DATA_TYPES)
def test_pytorch_trains_by_xla(bake, data_type):
    project = bake(framework="pytorch", data_type=data_type, hardware="tpu", project_slug=f"xla-{data_type}")
    venv = KEPT / "pytorch-xla"
    run(["make", "setup", f"VENV={venv}"], cwd=project)

    def by_xla(*arguments: str) -> str:
        words = [f"xla_{data_type}", *arguments]
        return run_script(venv / "bin" / "python", "train_by_xla.py", *words, cwd=project, PJRT_DEVICE="CPU")

    train = ["train", "--data.source", "tests/sample.npz", "--training.batch_size", "32", "--training.epochs"]
    output = by_xla(*train, "6")
    assert "Trained 6 epochs" in output and "on xla:0" in output
    # Two shapes of a batch to train, which meet two states of the optimizer; one to validate, and one to predict.
    compiled, executed = map(int, re.search(r"compiled (\d+) executed (\d+)", output).groups())
    assert compiled <= 8 and executed >= 6 * (6 + 1)
    resumed = by_xla(*train, "7", "--resume")
    assert "epoch  7/7" in resumed and "epoch  6/7" not in resumed
    assert "this model" in by_xla("evaluate")

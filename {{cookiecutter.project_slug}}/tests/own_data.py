"""Helpers for tests with own data: commands as a user types them, and the splits that settings lead to."""

import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from {{ cookiecutter.__package }} import metrics, task  # noqa: F401  # tests take them from here
from {{ cookiecutter.__package }}.__main__ import main
from {{ cookiecutter.__package }}.config import Config, UserError, load_config
from {{ cookiecutter.__package }}.data import Splits, inputs, load_splits, plots  # noqa: F401  # as above
from {{ cookiecutter.__package }}.data.samples import DiskArray, Samples
from {{ cookiecutter.__package }}.evaluation import {{ "clips, " if cookiecutter.data_type == "audio" else "" }}importance  # noqa: F401  # as above


def settings(source: str | Path, **data: Any) -> Config:
    """Load config.yaml with another source and other settings of the data section."""
    return load_config(data__source=source, **{f"data__{name}": value for name, value in data.items()})


def load(source: str | Path, **data: Any) -> Splits:
    """Load the splits of a source. The targets must suit the task; 0 and 1 suit every task."""
    return load_splits(settings(source, **data))


def read(source: str | Path, **data: Any) -> Samples:
    """Read the samples of a source. Their targets may be anything."""
    return inputs.read_samples(Path(source), settings(source, **data).data)


def read_new(path: str | Path, preprocessing: dict[str, Any], **data: Any) -> np.ndarray | DiskArray:
    """Read the inputs of a file to predict."""
    return inputs.read_new(Path(path), preprocessing, settings("", **data).data)


def encode_targets(columns: dict[Any, Any], names: list[str] | None = None) -> tuple[np.ndarray, list[str]]:
    """Encode columns of targets: y (n, ...), and the names of classes, labels or targets."""
    return task.encode_targets(pd.DataFrame(columns), lambda row: f"sample {row}", names)


def unfit_targets(columns: dict[Any, Any], names: list[str] | None = None) -> str:
    """Return the message with which targets are refused."""
    with pytest.raises(UserError) as error:
        encode_targets(columns, names)
    return str(error.value)


def answer(*arguments: str | Path) -> str:
    """Run a command that must succeed, and return what it prints."""
    status, printed, error = _run(arguments)
    assert status == 0, error
    return printed


def refusal(*arguments: str | Path) -> str:
    """Run a command that must be refused, and return its message of one sentence. It must leave no file behind."""
    before = sorted(Path().rglob("*"))
    status, _, error = _run(arguments)
    assert status in (1, 2)
    assert error.startswith("Error: ")
    assert error.count("\n") == 1, error
    assert sorted(Path().rglob("*")) == before
    return error


def refused(source: str | Path, **data: Any) -> str:
    """Return the message with which the command `data` refuses a source."""
    return refusal("data", f"--data.source={source}", *(f"--data.{name}={value}" for name, value in data.items()))


def _run(arguments: tuple[str | Path, ...]) -> tuple[int, str, str]:
    """Run a command, and return its exit status, what it prints, and what it prints as errors."""
    with redirect_stdout(io.StringIO()) as printed, redirect_stderr(io.StringIO()) as error:
        status = main([str(argument) for argument in arguments])
    return status, printed.getvalue(), error.getvalue()


def near_truth(y: np.ndarray, target_names: list[str]) -> np.ndarray:
    """Make predictions (n, ...) as this task has them, which fit their targets y (n, ...)."""
    kind = np.unique(task.stratify_by(y), return_inverse=True)[1].reshape(-1)
    x = np.eye(kind.max() + 1, dtype=np.float32)[kind]
    *_, (*_, linear) = task.make_baselines(0, is_small=True, has_units=False).values()
    return task.predict_baseline(linear.fit(x, y), x, target_names)


def new_outputs(splits: Splits, x: np.ndarray, **changes: Any) -> np.ndarray:
    """Compute the outputs (n, num_outputs) of a new network, whose random weights are the same each time.

    changes: settings that differ from config.yaml, such as model__dropout=0.
    """
    # Here, because most tests with own data need no framework.
    from {{ cookiecutter.__package }}.device import set_up
    from {{ cookiecutter.__package }}.model import build_model
    from {{ cookiecutter.__package }}.training.checkpoint import run_model

    config = load_config(**changes)
    set_up(config)
    return run_model(build_model(splits.info, config), x, config)

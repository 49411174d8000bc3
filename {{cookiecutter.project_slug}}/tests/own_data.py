"""What tests of data of one's own need: commands as a user types them, and the splits that settings lead to."""

import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from {{ cookiecutter.__package }} import sources, task
from {{ cookiecutter.__package }}.__main__ import main
from {{ cookiecutter.__package }}.config import Config, UserError, load_config
from {{ cookiecutter.__package }}.data import Splits, load_splits
from {{ cookiecutter.__package }}.files import Items, Rows


def settings(source: str | Path, **data: Any) -> Config:
    """The settings in config.yaml, but for this source and these settings of the data section."""
    return load_config(data__source=source, **{f"data__{name}": value for name, value in data.items()})


def load(source: str | Path, **data: Any) -> Splits:
    """The splits of a source; the targets must suit the task: 0 and 1 suit every one."""
    return load_splits(settings(source, **data))


def read(source: str | Path, **data: Any) -> Items:
    """The items of a source; their targets may be anything."""
    return sources.read(Path(source), settings(source, **data).data)


def read_new(path: str | Path, rules: dict[str, Any], **data: Any) -> np.ndarray | Rows:
    """The inputs of a file to predict, by the rules of a training."""
    return sources.read_new(Path(path), rules, settings("", **data).data)


def unfit(path: str | Path, rules: dict[str, Any], **data: Any) -> str:
    """The sentence with which a file to predict is refused."""
    with pytest.raises(UserError) as error:
        read_new(path, rules, **data)
    return str(error.value)


def predict(run: str, x: np.ndarray) -> np.ndarray:
    """Predictions by the best model of a run, to all digits."""
    from {{ cookiecutter.__package }}.predict import predict  # takes seconds to import, and few tests need it

    return predict(Path("runs", run), x)


def encode_targets(columns: dict[Any, Any], names: list[str] | None = None) -> tuple[np.ndarray, list[str]]:
    """Columns of targets as the task takes them, and the names of classes, labels or targets."""
    return task.encode(pd.DataFrame(columns), lambda row: f"item {row}", names)


def unfit_targets(columns: dict[Any, Any], names: list[str] | None = None) -> str:
    """The sentence with which targets are refused."""
    with pytest.raises(UserError) as error:
        encode_targets(columns, names)
    return str(error.value)


def answer(*arguments: str | Path) -> str:
    """What a command prints, which must succeed."""
    status, printed, error = _run(arguments)
    assert status == 0, error
    return printed


def refusal(*arguments: str | Path) -> str:
    """The one sentence with which a command is refused; it must leave no file behind."""
    before = sorted(Path().rglob("*"))
    status, _, error = _run(arguments)
    assert status in (1, 2)
    assert error.startswith("Error: ")
    assert error.count("\n") == 1, error
    assert sorted(Path().rglob("*")) == before
    return error


def refused(source: str | Path, **data: Any) -> str:
    """The sentence with which the `data` command refuses a source."""
    return refusal("data", f"--data.source={source}", *(f"--data.{name}={value}" for name, value in data.items()))


def _run(arguments: tuple[str | Path, ...]) -> tuple[int, str, str]:
    with redirect_stdout(io.StringIO()) as printed, redirect_stderr(io.StringIO()) as error:
        status = main([str(argument) for argument in arguments])
    return status, printed.getvalue(), error.getvalue()

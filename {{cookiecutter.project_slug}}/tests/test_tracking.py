"""Tracking: what the libraries are told, by a stand-in for each, and what is said if one is missing or fails."""

import sys
from pathlib import Path
from typing import Any

import pytest

from {{ cookiecutter.__package }} import environment
from {{ cookiecutter.__package }}.config import Config, UserError
from {{ cookiecutter.__package }}.data import Splits
from {{ cookiecutter.__package }}.runs import start_run
from {{ cookiecutter.__package }}.task import METRIC
from {{ cookiecutter.__package }}.training import tracking, train
from {{ cookiecutter.__package }}.training.checkpoint import Progress
from {{ cookiecutter.__package }}.training.monitor import Monitor

# A module that notes its calls; a function that BROKEN names raises.
STAND_IN = """
from types import SimpleNamespace

CALLS, BROKEN = [], []

def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    def call(*arguments, **options):
        if name in BROKEN:
            raise RuntimeError("no connection")
        CALLS.append((name, arguments, options))
        return SimpleNamespace(info=SimpleNamespace(run_id="first"))
    return call
"""
ROW = {"loss": 1.0, METRIC: 0.5, "val_loss": 0.9, f"val_{METRIC}": 0.6, "learning_rate": 0.1}


@pytest.fixture
def library(config: Config, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Put a stand-in for a library in the place of the real one, and let the settings name it."""
    name = request.param
    monkeypatch.delitem(sys.modules, name, raising=False)
    folder = tmp_path / "libraries"
    folder.mkdir()
    (folder / f"{name}.py").write_text(STAND_IN, encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))
    config.training.tracking = name
    module = tracking.importlib.import_module(name)
    yield module
    del sys.modules[name]


@pytest.mark.parametrize("library", ["mlflow", "wandb", "trackio"], indirect=True)
def test_settings_and_epochs_are_handed_over(config: Config, splits: Splits, library: Any) -> None:
    run = start_run(config, splits.info)
    with Monitor(run, config.training, Progress(), steps=1) as monitor:
        monitor.end_epoch(**ROW)
    with Monitor(run, config.training, Progress(epochs=1), steps=1) as monitor:  # a resumed run goes on in the same one
        monitor.end_epoch(**ROW)
    names = [name for name, _, _ in library.CALLS]
    calls = {name: (arguments, options) for name, arguments, options in library.CALLS}  # the last ones
    if library.__name__ == "mlflow":
        resumed = ["set_experiment", "start_run", "log_metrics", "end_run"]
        assert names == ["set_experiment", "start_run", "log_params", "log_metrics", "end_run", *resumed]
        assert library.CALLS[1][2] == {"run_id": None, "run_name": "001"}
        assert calls["start_run"][1]["run_id"] == "first"
        assert calls["end_run"] == (("FINISHED",), {})
        settings = calls["log_params"][0][0]
    else:
        assert names == 2 * ["init", "log", "finish"]
        first, second = (options for name, _, options in library.CALLS if name == "init")
        assert (first["resume"], second["resume"]) == ("never", "allow")
        assert first.get("id") == second.get("id")
        assert first["name"] == "001"
        settings = first["config"]
    assert settings["training.epochs"] == 2
    (values,), options = calls["log_metrics" if library.__name__ == "mlflow" else "log"]
    assert options == {"step": 2}
    assert {**ROW, "seconds": values["seconds"]} == values


@pytest.mark.parametrize("library", ["mlflow", "wandb", "trackio"], indirect=True)
def test_a_library_that_fails_does_not_end_training(
    config: Config, splits: Splits, library: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    library.BROKEN += ["log", "log_metrics"]
    with Monitor(start_run(config, splits.info), config.training, Progress(), steps=1) as monitor:
        for _ in range(2):
            monitor.end_epoch(**ROW)
    name = library.__name__
    assert capsys.readouterr().out.count(f"Warning: {name} failed, and gets no more epochs") == 1
    library.BROKEN += ["init", "start_run"]
    with pytest.raises(UserError, match=rf"training\.tracking: {name} did not start: no connection"):
        Monitor(start_run(config, splits.info), config.training, Progress(), steps=1).__enter__()


@pytest.mark.parametrize("name", ["mlflow", "wandb", "trackio"])
def test_a_missing_library_is_named_first(config: Config, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(environment, "find_spec", lambda name: None)
    config.training.tracking = name
    with pytest.raises(UserError, match=rf'needs {name}: .* pip install --editable "\.\[{name}\]"'):
        train.train_model(config)
    assert not Path("runs").exists()

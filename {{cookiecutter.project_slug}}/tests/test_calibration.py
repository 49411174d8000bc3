"""Calibration: a run has that of its best checkpoint, or a sentence says that it has not."""

from pathlib import Path

import numpy as np
import pytest

from {{ cookiecutter.__package }}.config import Config, UserError
from {{ cookiecutter.__package }}.data import Splits
from {{ cookiecutter.__package }}.evaluation import evaluate
from {{ cookiecutter.__package }}.inference import answers, export, predict, serve
from {{ cookiecutter.__package }}.runs import hash_best, is_outdated, load_run
from {{ cookiecutter.__package }}.storage import read_json, write_json
from {{ cookiecutter.__package }}.task import NEEDS_CALIBRATION
from {{ cookiecutter.__package }}.training import calibration, train
from {{ cookiecutter.__package }}.training.monitor import Monitor

WARNING = (
    "Warning: probabilities and decisions of runs/001 are not calibrated on its best checkpoint, because training was"
    " interrupted or goes on: run evaluate --run runs/001 first, or train --resume --run 001.\n"
)
DONE = "runs/001 is calibrated now, on the validation split, because training was interrupted or goes on.\n"
RUN = Path("runs", "001")


@pytest.fixture(autouse=True)
def chosen(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Choose a threshold, as a larger validation split would. Nothing is drawn."""
    statistics = {"threshold": 0.3} if NEEDS_CALIBRATION else {}
    monkeypatch.setattr(calibration, "choose_threshold", lambda y, predictions, metric: statistics)
    monkeypatch.setattr(evaluate, "write_documents", lambda *_: ("", ""))
    return statistics


def interrupt(config: Config, epoch: int, *, resume: bool = False) -> None:
    """Train, and interrupt training after an epoch; each epoch is the best so far."""
    saved, end_epoch = Monitor.saved, Monitor.end_epoch

    def stop(self: Monitor) -> None:
        saved(self)
        if self.progress.epochs == epoch:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Monitor, "saved", stop)
        patch.setattr(Monitor, "end_epoch", lambda *place, **row: end_epoch(*place, **row) or True)
        train.train_and_calibrate(config, resume=resume)


def count_warnings(splits: Splits, capsys: pytest.CaptureFixture[str]) -> int:
    """Predict, and count the warnings that are printed."""
    capsys.readouterr()
    predict.predict(RUN, splits.test.x[:5])
    return capsys.readouterr().out.count(WARNING)


def test_an_interrupted_run_is_calibrated_by_evaluate(
    config: Config, splits: Splits, chosen: dict[str, float], capsys: pytest.CaptureFixture[str]
) -> None:
    interrupt(config, 1)
    assert load_run()[2].target_statistics == splits.target_statistics
    assert count_warnings(splits, capsys) == NEEDS_CALIBRATION
    predict.main()
    assert capsys.readouterr().out.count(WARNING) == NEEDS_CALIBRATION
    exported = RUN / "model.onnx"
    exported.touch()
    assert not is_outdated(exported, RUN)
    evaluate.main()
    assert capsys.readouterr().out.count(DONE) == NEEDS_CALIBRATION
    statistics = load_run()[2].target_statistics
    assert statistics.keys() - splits.target_statistics.keys() == ({"temperature", *chosen} if chosen else set())
    assert read_json(RUN / "metrics.json")["test"].get("threshold", 0.3) == 0.3  # not each task has one
    assert count_warnings(splits, capsys) == 0
    assert is_outdated(exported, RUN) == NEEDS_CALIBRATION
    evaluate.main()
    assert DONE not in capsys.readouterr().out


def test_what_a_finished_run_has_is_not_that_of_weights_that_come_later(
    config: Config, splits: Splits, capsys: pytest.CaptureFixture[str]
) -> None:
    config.training.epochs = 1
    train.train_and_calibrate(config)
    before = hash_best(RUN)
    config.training.epochs = 9
    interrupt(config, 2, resume=True)
    assert hash_best(RUN) != before
    assert count_warnings(splits, capsys) == NEEDS_CALIBRATION
    config.training.epochs = 3
    train.train_and_calibrate(config, resume=True)
    assert count_warnings(splits, capsys) == 0
    written = (RUN / "data.json").stat().st_mtime_ns
    train.train_and_calibrate(config, resume=True)
    assert (RUN / "data.json").stat().st_mtime_ns == written  # exports are of this calibration


def test_runs_of_earlier_versions_are_calibrated_where_they_have_ended(
    config: Config, splits: Splits, capsys: pytest.CaptureFixture[str]
) -> None:
    config.training.epochs = 1
    train.train_and_calibrate(config)
    content = read_json(RUN / "data.json")
    del content["calibrated_on"]
    write_json(RUN / "data.json", content)
    assert count_warnings(splits, capsys) == 0
    (RUN / "training.json").unlink()
    assert count_warnings(splits, capsys) == NEEDS_CALIBRATION


def test_export_and_service_warn(
    config: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("uvicorn", reason="the extra serve is not installed")
    interrupt(config, 1)
    folder, config, info = load_run()
    service = answers.Service(folder, config, info, None, (), np.dtype(np.float32), 1)

    def stop(*_: object) -> None:
        raise UserError("That is enough.")

    monkeypatch.setattr(export, "load_float32", stop)
    monkeypatch.setattr(serve, "load_service", lambda *_: service)
    monkeypatch.setattr(serve, "make_app", lambda *_: None)
    monkeypatch.setattr(serve, "_is_loopback", stop)
    for module, options in ((export, {}), (serve, {"port": 0})):
        monkeypatch.setattr(module, "require_packages", lambda *_: None)
        capsys.readouterr()
        with pytest.raises(UserError, match="enough"):
            module.main(**options)
        assert capsys.readouterr().out.count(WARNING) == NEEDS_CALIBRATION

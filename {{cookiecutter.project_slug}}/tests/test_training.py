"""Training as a whole: repeatable, resumable, and what is saved is what was trained."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from {{ cookiecutter.__package }} import train
from {{ cookiecutter.__package }}.config import Config, UserError
from {{ cookiecutter.__package }}.data import Splits
from {{ cookiecutter.__package }}.monitor import Monitor, read_history
from {{ cookiecutter.__package }}.predict import predict
from {{ cookiecutter.__package }}.runs import resume_run, start_run
from {{ cookiecutter.__package }}.task import METRIC


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a test leaves its run for the next."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture
def trained(config: Config, kept: Path) -> Path:
    """A run of two epochs, the same for all tests of this file: training takes most of their time."""
    if not list(kept.iterdir()):
        shutil.copytree(train.main(config), kept / "trained")
    return kept / "trained"


def test_same_seed_same_model(config: Config, splits: Splits, trained: Path) -> None:
    again = train.main(config)
    other = train.main(replace(config, seed=config.seed + 1))
    np.testing.assert_array_equal(predict(trained, splits.test.x), predict(again, splits.test.x))
    assert not np.allclose(predict(trained, splits.test.x), predict(other, splits.test.x))


def test_a_resumed_run_ends_like_an_unbroken_one(
    config: Config, splits: Splits, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(self: Monitor, number: int, **_: float) -> None:
        if len(self.history) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(train, "SHOW_EVERY", 1)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Monitor, "step", interrupt)
        train.main(config)
    assert len(read_history(Path("runs/001"))) == 1
    resumed = train.main(config, resume=True)
    assert len(read_history(resumed)) == 2
    np.testing.assert_array_equal(predict(trained, splits.test.x), predict(resumed, splits.test.x))


def test_resuming_with_another_model_is_refused(config: Config, splits: Splits) -> None:
    start_run(config, splits)
    config.training.epochs += 1  # may change
    config.data.memory_mb = 0  # this too
    assert resume_run(config, splits) == Path("runs/001")
    config.model.dropout = 0.5 if config.model.dropout != 0.5 else 0.4
    with pytest.raises(UserError, match="restore that"):
        resume_run(config, splits)


def test_a_run_is_never_overwritten(config: Config, splits: Splits) -> None:
    assert start_run(config, splits) == Path("runs/001")
    assert start_run(config, splits) == Path("runs/002")
    config.run = "002"
    with pytest.raises(UserError, match="exists"):
        start_run(config, splits)


def test_predictions_do_not_depend_on_the_other_rows(splits: Splits, trained: Path) -> None:
    whole = predict(trained, splits.test.x)
    assert len(whole) == 100
    order = np.random.default_rng(0).permutation(len(whole))
    np.testing.assert_allclose(predict(trained, splits.test.x[order]), whole[order], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(predict(trained, splits.test.x[:1]), whole[:1], rtol=1e-4, atol=1e-5)


def test_damaged_checkpoints_are_named(splits: Splits, trained: Path, tmp_path: Path) -> None:
    run = shutil.copytree(trained, tmp_path / "damaged")
    for checkpoint in run.glob("best.*"):
        checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    with pytest.raises(UserError, match="damaged"):
        predict(run, splits.test.x)


def test_early_stopping_follows_the_validation_loss(tmp_path: Path) -> None:
    row = {"loss": 1.0, METRIC: 0.5, f"val_{METRIC}": 0.5, "learning_rate": 0.1}
    course = ((1.0, True, False), (0.5, True, False), (0.6, False, False), (0.7, False, True))
    with Monitor(tmp_path, epochs=9, steps=1, patience=2) as monitor:
        for val_loss, improved, stop in course:
            assert monitor.end_epoch(val_loss=val_loss, **row) is improved
            assert monitor.should_stop is stop
    assert Monitor(tmp_path, epochs=9, steps=1, patience=2, done=4).best["epoch"] == 2


def test_a_loss_that_is_no_number_ends_training(tmp_path: Path) -> None:
    row = {METRIC: 0.1, "val_loss": 1.0, f"val_{METRIC}": 0.1, "learning_rate": 0.1}
    with Monitor(tmp_path, epochs=1, steps=1, patience=1) as monitor, pytest.raises(UserError, match="learning_rate"):
        monitor.end_epoch(loss=float("nan"), **row)

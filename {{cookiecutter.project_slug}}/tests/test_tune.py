"""Tuning: which ranges are taken, and a study that is broken off, resumed and shared. Training is a stand-in."""

import csv
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import load_without_test

from {{ cookiecutter.__package }} import environment
from {{ cookiecutter.__package }}.config import Config, UserError, load_config
from {{ cookiecutter.__package }}.data.plots import save_figure
from {{ cookiecutter.__package }}.runs import list_runs
from {{ cookiecutter.__package }}.training import study, tune
from {{ cookiecutter.__package }}.training.study import make_space

RATES = {"low": 1e-4, "high": 1, "log": True}
FOLDER = Path("runs/tune-default")


@pytest.fixture
def small(config: Config, monkeypatch: pytest.MonkeyPatch) -> Config:
    """Search two settings, with a training that is best at a learning rate of 0.01, at once."""
    pytest.importorskip("optuna", reason="the extra tune is not installed")
    monkeypatch.setattr(tune, "train_model", pretend_to_train)
    monkeypatch.setattr(study, "save_figure", lambda figure, path: None)  # takes most of the time
    monkeypatch.setattr(tune, "load_splits", load_without_test)
    training = replace(config.training, epochs=4)
    ranges = {"compile.learning_rate": RATES, "training.batch_size": {"choices": [16, 64]}}
    return replace(config, training=training, tune=ranges)


def pretend_to_train(config: Config, *, watch: Any, runs: Path) -> None:
    """Report losses as training does, and leave checkpoints."""
    folder = runs / config.run
    folder.mkdir()
    for name in ("best.x", "last.x"):
        (folder / name).touch()
    loss = abs(math.log10(config.compile.learning_rate) + 2) + config.training.batch_size / 1000
    for epoch in range(1, config.training.epochs + 1):
        watch({"epoch": epoch, "val_loss": loss + 1 / epoch})


def read_table(folder: Path = FOLDER) -> list[dict[str, str]]:
    """Read table.csv, in the order of the trials, without the seconds."""
    with (folder / "table.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [{**row, "seconds": ""} for row in sorted(rows, key=lambda row: int(row["trial"]))]


def test_a_study_finds_better_settings(
    small: Config, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study, "save_figure", save_figure)
    tune.main(small, trials=12, journal=True)
    rows = read_table()
    assert [int(row["trial"]) for row in rows] == list(range(12))
    assert float(rows[0]["compile.learning_rate"]) == small.compile.learning_rate  # today's settings
    assert int(rows[0]["training.batch_size"]) == 32
    states = [row["state"] for row in rows]
    assert "pruned" in states[5:]
    assert set(states[:5]) == {"complete"}

    best = min((row for row in rows if row["state"] == "complete"), key=lambda row: float(row["val_loss"]))
    found = load_config(FOLDER / "best.yaml")
    assert found.compile.learning_rate == float(best["compile.learning_rate"])
    assert abs(math.log10(found.compile.learning_rate) + 2) < abs(math.log10(small.compile.learning_rate) + 2)
    assert len(str(found.compile.learning_rate)) < 9  # rounded
    assert replace(found, compile=small.compile, training=small.training) == small  # all other settings
    output = capsys.readouterr().out
    assert f"The lowest validation loss: {float(best['val_loss']):.4f}; with today's settings" in output
    assert (FOLDER / "tune.png").stat().st_size > 10_000

    kept = [path.parent.name for path in sorted(FOLDER.glob("*/*.x"))]
    assert kept == 2 * [f"{int(best['trial']):03d}"]  # checkpoints of the others are gone
    assert list_runs() == []  # the newest run is one of the user's


def test_a_better_trial_that_ends_meanwhile_keeps_its_checkpoints(
    small: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    tune.main(small, trials=2, journal=True)
    shared = tune.open_study(FOLDER, small, journal=True)
    find = tune.best_trial

    def find_while_another_ends(trials: list[Any]) -> Any:
        best = find(trials)
        (FOLDER / "002").mkdir()
        (FOLDER / "002" / "best.x").touch()
        shared.tell(shared.ask(make_space(small)), 0.0)
        return best

    monkeypatch.setattr(tune, "best_trial", find_while_another_ends)
    tune.keep_best_weights(shared, FOLDER)
    assert (FOLDER / "002" / "best.x").is_file()


def test_a_study_in_two_calls_is_that_of_one_call(small: Config) -> None:
    tune.main(small, trials=6, name="whole", journal=True)
    for trials in (3, 6, 6):
        tune.main(small, trials=trials)
    assert read_table() == read_table(Path("runs/tune-whole"))
    tune.main(replace(small, seed=1), trials=2, name="other", journal=True)
    assert read_table()[1] != read_table(Path("runs/tune-other"))[1]


@pytest.mark.parametrize("journal", [False, True])
def test_killed_trials_are_closed_and_tried_again(
    small: Config, monkeypatch: pytest.MonkeyPatch, journal: bool
) -> None:
    tune.main(small, trials=4, name="whole", journal=True)

    def interrupt(config: Config, **_: Any) -> None:
        raise KeyboardInterrupt

    tune.main(small, trials=2, journal=journal)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt) as stop:
        patch.setattr(tune, "train_model", interrupt)
        tune.main(small, trials=4)
    assert stop.value.args[1] == f"the same command goes on with {FOLDER}"
    # And one whose process was killed, of which nobody holds the lock.
    tune.open_study(FOLDER, small, journal=journal).ask(make_space(small))
    tune.main(small, trials=4)
    rows = read_table()
    assert [row["state"] for row in rows] == ["complete", "complete", "fail", "fail", "complete", "complete"]
    same = [{**row, "trial": ""} for row in rows if row["state"] == "complete"]
    assert same == [{**row, "trial": ""} for row in read_table(Path("runs/tune-whole"))]


def test_failed_trials_are_noted(small: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(config: Config, *, watch: Any, runs: Path) -> None:
        if config.run != "000":
            raise MemoryError("too large")
        pretend_to_train(config, watch=watch, runs=runs)

    monkeypatch.setattr(tune, "train_model", fail)
    tune.main(small, trials=3, journal=True)
    assert [row["error"] for row in read_table()] == ["", *2 * ["MemoryError: too large"]]
    monkeypatch.setattr(tune, "train_model", lambda config, **_: 1 / 0)
    for _ in range(2):  # with today's settings it must run
        with pytest.raises(ZeroDivisionError):
            tune.main(small, trials=3, name="broken", journal=True)


def test_several_processes_share_a_journal(small: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    def be_joined(config: Config, *, watch: Any, runs: Path) -> None:
        if config.run == "001":  # while this trial runs, another process begins and ends the others
            tune.main(small, trials=4, journal=True)
        pretend_to_train(config, watch=watch, runs=runs)

    monkeypatch.setattr(tune, "train_model", be_joined)
    tune.main(small, trials=4, journal=True)
    rows = read_table()
    assert [row["state"] for row in rows] == 4 * ["complete"]
    assert len({row["compile.learning_rate"] for row in rows}) == 4  # each has a seed of its own


def test_what_does_not_belong_to_a_study_is_refused(small: Config) -> None:
    tune.main(small, trials=1)
    with pytest.raises(UserError, match=r"was begun with training.epochs 4, and now it is 5: restore that"):
        tune.main(replace(small, training=replace(small.training, epochs=5)))
    with pytest.raises(UserError, match="was begun with tune "):
        tune.main(replace(small, tune={"compile.learning_rate": RATES}))
    with pytest.raises(UserError, match="is in SQLite"):
        tune.main(small, journal=True)
    with tune.FileLock(FOLDER / ".lock"), pytest.raises(UserError, match="is being written by another process"):
        tune.main(small)
    with pytest.raises(UserError, match="is a path"):
        tune.main(small, name="a/b")
    with pytest.raises(UserError, match="--trials can't be 0"):
        tune.main(small, trials=0)
    Path("runs/tune-run").mkdir()
    Path("runs/tune-run/config.yaml").touch()
    with pytest.raises(UserError, match="is a run"):
        tune.main(small, name="run")


@pytest.mark.parametrize(
    ("name", "wanted", "message"),
    [
        ("compile.rate", {"choices": [1]}, "tune names 'compile.rate', and there is no such setting"),
        ("data.validation_fraction", {"low": 0.1, "high": 0.2}, "tune can't search data.validation_fraction"),
        ("compile.loss", {"choices": ["other"]}, "tune can't search compile.loss"),
        ("compile.learning_rate", {"low": 0.1}, "tune needs low and high of compile.learning_rate"),
        ("compile.learning_rate", {"low": 0.1, "high": 1, "step": 2}, "tune needs low and high"),
        ("compile.learning_rate", {"low": 1, "high": 0.1}, "is empty: low is 1.0 and high 0.1"),
        ("compile.learning_rate", {"low": 0, "high": 0.1}, "compile.learning_rate can't be 0.0: it must be above 0"),
        ("compile.learning_rate", {"low": 0.1, "high": 1}, "is 0.004 today, and its range in tune is 0.1 to 1.0"),
        ("compile.learning_rate", {"low": 0.1, "high": 1, "log": 3}, "log of compile.learning_rate in tune can't be 3"),
        ("compile.weight_decay", {"low": 0, "high": 1, "log": True}, "begins at 0.0, where none by orders of"),
        ("compile.optimizer", {"low": 0, "high": 1}, "which is no number: give choices"),
        ("compile.optimizer", {"choices": ["adam", "hope"]}, "compile.optimizer can't be hope: it must be one of"),
        ("training.batch_size", {"low": 1, "high": 64}, "training.batch_size can't be 1: it must be at least 2"),
        ("training.batch_size", {"low": 2.5, "high": 64}, "training.batch_size can't be 2.5: it must be a whole"),
    ],
)
def test_wrong_ranges(config: Config, name: str, wanted: dict[str, Any], message: str) -> None:
    pytest.importorskip("optuna", reason="the extra tune is not installed")
    with pytest.raises(UserError) as error:
        make_space(replace(config, tune={name: wanted}))
    assert message in str(error.value)


def test_the_ranges_of_the_project_are_right(config: Config) -> None:
    pytest.importorskip("optuna", reason="the extra tune is not installed")
    assert set(make_space(config)) == set(config.tune) > {"compile.learning_rate", "model.dropout"}
    with pytest.raises(UserError, match="There is nothing to search"):
        make_space(replace(config, tune={}))


def test_the_missing_package_is_named(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r'needs optuna: .* pip install --editable "\.\[tune\]"'):
        tune.main(config)

"""Training as a whole: it can be repeated and resumed, and what is saved is what was trained."""

import errno
import os
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import load_without_test
from filelock import FileLock
from framework import last_weights, read_epoch

from {{ cookiecutter.__package }}.__main__ import main
from {{ cookiecutter.__package }}.config import Config, UserError
from {{ cookiecutter.__package }}.data import Split, Splits, load_splits
from {{ cookiecutter.__package }}.evaluation import compare, evaluate
from {{ cookiecutter.__package }}.inference import predict as predict_command
from {{ cookiecutter.__package }}.inference.predict import predict
from {{ cookiecutter.__package }}.runs import read_history, resume_run, start_run, write_history
from {{ cookiecutter.__package }}.signals import SIGNALS
from {{ cookiecutter.__package }}.storage import read_json, write_json
from {{ cookiecutter.__package }}.task import METRIC
from {{ cookiecutter.__package }}.training import train
from {{ cookiecutter.__package }}.training.batches import Batches
from {{ cookiecutter.__package }}.training.checkpoint import Progress
from {{ cookiecutter.__package }}.training.like import compare_with_repeated
from {{ cookiecutter.__package }}.training.monitor import Monitor, adapt_patience


def train_run(config: Config, *, resume: bool = False) -> Path:
    """Train; the folder of the run."""
    trained = train.train_model(config, resume=resume)
    assert trained
    return trained[0]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder in which a test leaves its run for the next."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture
def trained(config: Config, kept: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Train for two epochs, once for all tests of this file: training takes most of their time.

    There is no test split to look at, once its samples are counted.
    """
    if not (kept / "trained").is_dir():
        with monkeypatch.context() as patch:
            patch.setattr(train, "load_splits", load_without_test)
            shutil.copytree(train_run(config), kept / "trained")
        shutil.rmtree("runs")
    return kept / "trained"


def test_a_run_knows_what_its_numbers_depend_on(trained: Path) -> None:
    assert read_json(trained / "training.json")["threads"] >= 1


def test_same_seed_same_model(config: Config, splits: Splits, trained: Path) -> None:
    again = train_run(config)
    other = train_run(replace(config, seed=config.seed + 1))
    np.testing.assert_array_equal(predict(trained, splits.test.x), predict(again, splits.test.x))
    assert not np.allclose(predict(trained, splits.test.x), predict(other, splits.test.x))


def test_neighboring_seeds_and_epochs_share_no_order() -> None:
    rows = np.arange(100.0, dtype=np.float32)
    orders = set()
    for seed in range(3):
        batches = Batches(Split(rows[:, np.newaxis], rows), batch_size=10, shuffle=True, seed=seed)
        for batches.epoch in range(3):
            orders.add(tuple(np.concatenate(read_epoch(batches)).tolist()))
    assert len(orders) == 9


@pytest.mark.parametrize(("samples", "batch_size"), [(2, 2), (3, 2), (5, 2), (9, 8), (21, 64)])
def test_batches_of_training_hold_several_samples_each_once(samples: int, batch_size: int) -> None:
    rows = np.arange(samples, dtype=np.float32)
    batches = read_epoch(Batches(Split(rows[:, np.newaxis], rows), batch_size=batch_size, shuffle=True))
    assert all(len(set(batch.tolist())) == len(batch) >= 2 for batch in batches)
    assert set(np.concatenate(batches).tolist()) == set(range(samples))


def test_a_single_sample_to_train_on_is_refused() -> None:
    one = Split(np.zeros((1, 1), np.float32), np.zeros(1, np.float32))
    with pytest.raises(UserError, match="The train split has one sample"):
        Batches(one, batch_size=2, shuffle=True)
    assert len(Batches(one, batch_size=2, shuffle=False)) == 1


@pytest.fixture
def long(config: Config) -> Config:
    """Take batches so small that an epoch has 23 steps: a checkpoint may be written after 20."""
    config.training.batch_size = 8
    return config


@pytest.fixture
def unbroken(long: Config, kept: Path) -> Path:
    """Train so, without a break, once for all tests of this file."""
    if not (kept / "unbroken").is_dir():
        shutil.copytree(train_run(long), kept / "unbroken")
        shutil.rmtree("runs")
    return kept / "unbroken"


def assert_same_training(run: Path, expected: Path) -> None:
    """Compare all epochs, and the last weights with the optimizer's state: the best epoch may be the first one."""
    for row, expected_row in zip(read_history(run), read_history(expected), strict=True):
        assert {**row, "seconds": 0} == {**expected_row, "seconds": 0}
    weights, expected_weights = last_weights(run), last_weights(expected)
    assert weights.keys() == expected_weights.keys()
    for name, values in expected_weights.items():
        np.testing.assert_array_equal(weights[name], values, err_msg=name)


@pytest.mark.parametrize("place", [(1, 0), (1, 20)], ids=["after_an_epoch", "in_an_epoch"])
def test_a_resumed_run_ends_like_an_unbroken_one(
    long: Config, splits: Splits, unbroken: Path, monkeypatch: pytest.MonkeyPatch, place: tuple[int, int]
) -> None:
    saved = Monitor.saved

    def interrupt(self: Monitor) -> None:
        saved(self)
        if (self.progress.epochs, self.progress.steps) == place:
            raise KeyboardInterrupt

    long.training.save_minutes = 1e-9
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt) as stop:
        patch.setattr(Monitor, "saved", interrupt)
        train_run(long)
    words = "after step 20 of epoch 2" if place[1] else "after epoch 1"
    assert stop.value.args == (signal.SIGINT, f"train --resume --run 001 goes on {words}")
    assert len(read_history(Path("runs/001"))) == 1
    resumed = train_run(long, resume=True)
    assert_same_training(resumed, unbroken)
    np.testing.assert_array_equal(predict(unbroken, splits.test.x), predict(resumed, splits.test.x))


def test_a_signal_saves_the_state_of_the_moment(
    long: Config, unbroken: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [f"--data.source={long.data.source}", "--training.batch_size=8", "--training.epochs=2"]
    with monkeypatch.context() as patch:
        patch.setattr(Monitor, "step", lambda *_, **__: signal.raise_signal(signal.SIGTERM))
        assert main(["train", *options, "--hardware.accelerator=cpu"]) == 128 + signal.SIGTERM
    assert capsys.readouterr().err == "\nInterrupted: train --resume --run 001 goes on after step 20 of epoch 1.\n"
    assert_same_training(train_run(long, resume=True), unbroken)


@pytest.mark.parametrize("number", SIGNALS)
def test_signals_end_training_when_it_has_been_saved(config: Config, tmp_path: Path, number: int) -> None:
    handler = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt) as stop, Monitor(tmp_path, config.training, Progress(), steps=9) as monitor:
        assert not monitor.save_is_due
        signal.raise_signal(number)
        assert monitor.save_is_due
        monitor.progress.steps = 5
        monitor.saved()
    assert stop.value.args == (number, f"train --resume --run {tmp_path.name} goes on after step 5 of epoch 1")
    assert signal.getsignal(number) is handler


def test_a_signal_that_is_ignored_stays_so(config: Config, tmp_path: Path) -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)  # as nohup does with SIGHUP, which Windows lacks
    try:
        with Monitor(tmp_path, config.training, Progress(), steps=9) as monitor:
            signal.raise_signal(signal.SIGTERM)
            assert not monitor.save_is_due
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_second_signal_interrupts_at_once(config: Config, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt) as stop, Monitor(tmp_path, config.training, Progress(), steps=9):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
    assert stop.value.args == (signal.SIGINT, f"train --resume --run {tmp_path.name} starts anew")


def test_a_run_killed_while_its_first_checkpoint_was_written_starts_anew(config: Config, trained: Path) -> None:
    run = shutil.copytree(trained, Path("runs/001"))
    (last,) = run.glob("last.*")
    last.unlink()
    write_history(run, read_history(run)[:1])  # which comes before the checkpoint
    train_run(config, resume=True)
    for row, expected in zip(read_history(run), read_history(trained), strict=True):
        assert {**row, "seconds": 0} == {**expected, "seconds": 0}


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="only Linux says which file is open")
def test_a_full_disk_names_the_good_checkpoint(config: Config, monkeypatch: pytest.MonkeyPatch, trained: Path) -> None:
    def is_full(file: int) -> None:
        path = Path(f"/proc/self/fd/{file}").readlink()
        if path.name.startswith(f".{name}.part") and (end == "starts anew" or list(path.parent.glob("last.*"))):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", is_full)
        for name, end in (
            ("best", "starts anew"),
            ("last", "goes on after epoch 1"),
            ("training", "goes on after epoch 2"),
        ):
            with pytest.raises(UserError, match=rf"No space left on device: .*{name}\.") as full:
                train_run(config, resume=True)
            assert str(full.value).endswith(f"Once that is put right, train --resume --run 001 {end}.")
            assert not list(Path("runs/001").glob(".*part*"))
    assert_same_training(train_run(config, resume=True), trained)


def test_data_that_goes_while_it_is_read_is_named(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path("folder")
    folder.mkdir()
    with np.load(config.data.source) as arrays:
        for name, array in arrays.items():
            np.save(folder / f"{name}.npy", array)
    config.data.source = str(folder)
    config.data.max_memory_mb = 0
    config.training.batch_size = 4
    monkeypatch.setattr(Monitor, "step", lambda *_, **__: (folder / "x_train.npy").unlink(missing_ok=True))
    with pytest.raises(UserError, match=r"x_train\.npy was changed .*train --resume --run 001 starts anew\."):
        train_run(config)


def test_resuming_with_another_model_is_refused(config: Config, splits: Splits) -> None:
    start_run(config, splits.info)
    config.training.epochs += 1  # may change
    config.data.max_memory_mb = 0  # this too
    assert resume_run(config, splits.info) == Path("runs/001")
    config.model.dropout = 0.5 if config.model.dropout != 0.5 else 0.4
    with pytest.raises(UserError, match="restore that"):
        resume_run(config, splits.info)


def test_the_same_command_can_be_given_again(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    config.run = "job"
    for words in ("There is nothing to resume: a new run starts.", "runs/job is finished: 2 epochs."):
        run = train_run(config, resume=True)
        assert words in capsys.readouterr().out
    assert [path.name for path in Path("runs").iterdir()] == [run.name] == ["job"]


@pytest.mark.parametrize("fault", ["more", "order", "targets"])
def test_changed_data_is_refused(config: Config, splits: Splits, trained: Path, fault: str) -> None:
    with np.load(config.data.source) as arrays:
        changed = dict(arrays)
    if fault == "more":
        changed |= {name: np.concatenate([changed[name], changed[name][:10]]) for name in ("x_train", "y_train")}
    elif fault == "order":
        changed |= {name: changed[name][::-1] for name in ("x_test", "y_test")}
    else:
        changed["y_train"] = changed["y_train"][::-1]
    np.savez("changed.npz", **changed)
    run = shutil.copytree(trained, Path("runs/001"))
    settings = (run / "config.yaml").read_text(encoding="utf-8")
    (run / "config.yaml").write_text(settings.replace(config.data.source, "changed.npz"), encoding="utf-8")
    config.data.source = "changed.npz"
    expected = "split had" if fault == "more" else "are others, or in another order"
    for command in (lambda: resume_run(config, load_splits(config).info), evaluate.main, predict_command.main):
        with pytest.raises(UserError, match=expected):
            command()


def test_another_network_is_refused(config: Config, splits: Splits, trained: Path) -> None:
    run = shutil.copytree(trained, Path("runs/001"))
    code = run / "model.py"
    code.write_text(f"# a comment\n{code.read_text(encoding='utf-8')}", encoding="utf-8")
    assert len(predict(run, splits.test.x)) == 100
    code.write_text(f"{code.read_text(encoding='utf-8')}\nchanged = 1\n", encoding="utf-8")
    for command in (lambda: resume_run(config, splits.info), lambda: predict(run, splits.test.x)):
        with pytest.raises(UserError, match=r"model\.py has changed"):
            command()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("last", None, "is missing, and runs/001/history.csv has epochs"),
        ("history.csv", None, "has 0 epochs and the checkpoint 2"),
        ("history.csv", "epoch,loss\n1", "history.csv is corrupt"),
        ("data.json", "", "data.json is corrupt or missing"),
        ("data.json", "{}", "data.json is corrupt or missing"),
        ("data.json", "[]", "data.json is corrupt or missing"),
        ("model.py", "def", "model.py is corrupt or missing"),
        ("model.py", None, "model.py is corrupt or missing"),
    ],
)
def test_half_a_run_is_not_resumed(config: Config, trained: Path, name: str, content: str | None, message: str) -> None:
    run = shutil.copytree(trained, Path("runs/001"))
    (path,) = run.glob(f"{name}*")
    path.unlink() if content is None else path.write_text(content, encoding="utf-8")
    config.training.epochs = 3
    with pytest.raises(UserError, match=message):
        train_run(config, resume=True)


def test_a_run_that_is_being_trained_is_not_resumed(config: Config, trained: Path) -> None:
    run = shutil.copytree(trained, Path("runs/001"))
    config.training.epochs = 3
    lock = FileLock(run / ".lock")
    with lock, pytest.raises(UserError, match="is being trained by another process"):
        train_run(config, resume=True)
    assert len(read_history(train_run(config, resume=True))) == 3


def test_a_run_is_repeated_with_its_settings(
    config: Config, trained: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(trained, "runs/first")
    environment = read_json(trained / "environment.json")
    write_json(Path("runs/first/environment.json"), environment | {"python": "2.7.18"})
    monkeypatch.setattr(train, "compare_on_validation", lambda *_: None)
    assert main(["train", "--like", "first", "--training.epochs=3"]) == 1
    assert "leave --training.epochs=3 out" in capsys.readouterr().err
    assert main(["train", "--like", "first", "--resume"]) == 1
    assert "leave --resume out" in capsys.readouterr().err
    assert main(["train", "--like", "first", "--run", "second"]) == 0
    printed = capsys.readouterr().out
    assert "runs/second repeats runs/first: all 2 epochs have the same numbers." in printed
    assert f"  python: 2.7.18 -> {environment['python']}\n" in printed

    history = read_history(Path("runs/first"))
    history[1]["val_loss"] *= 2
    write_history(Path("runs/first"), history)
    info = read_json(trained / "data.json")
    info["digests"]["train"]["inputs"] = "other"
    write_json(Path("runs/first/data.json"), info)
    Path("runs/first/environment.json").unlink()
    compare_with_repeated("first", Path("runs/second"))
    printed = capsys.readouterr().out
    assert "runs/second has other numbers than runs/first from epoch 2 on." in printed
    assert "inputs of the train split are others" in printed
    assert "environment.json is missing" in printed


def test_trainings_that_start_at_once_have_runs_of_their_own(config: Config, splits: Splits) -> None:
    info = splits.info
    with ThreadPoolExecutor(8) as threads:
        runs = list(threads.map(lambda _: start_run(config, info), range(8)))
    assert len(set(runs)) == 8


def test_runs_are_compared(
    config: Config, trained: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match="There is no run 'third'"):
        compare.main(["third"])
    shutil.copytree(trained, "runs/first")
    config.compile.learning_rate /= 2
    config.run = "second"
    train.train_model(config)
    with monkeypatch.context() as patch:
        patch.setattr(evaluate, "write_documents", lambda *_: ("", ""))
        evaluate.main("second")
    rows = {row["run"]: row for row in compare.main(["first", "second"])}
    assert "Written: reports/runs.csv and reports/runs.png" in capsys.readouterr().out
    assert rows["first"]["compile.learning_rate"] == 2 * rows["second"]["compile.learning_rate"]
    assert rows["first"]["test"] is None
    assert rows["second"]["test_low"] <= rows["second"]["test"] <= rows["second"]["test_high"]
    assert not any(name.startswith("data.") for name in rows["first"])
    assert Path("reports/runs.csv").read_text(encoding="utf-8").count("\n") == 3
    assert Path("reports/runs.png").is_file()
    assert [row["run"] for row in compare.main(["first"])] == ["first"]
    capsys.readouterr()
    (best,) = Path("runs/second").glob("best.*")
    best.touch()  # as after more epochs
    assert compare.main(["second"])[0]["test"] is None
    assert "Left out: the test metrics of runs/second, trained further since." in capsys.readouterr().out


def test_a_run_is_never_overwritten(config: Config, splits: Splits) -> None:
    assert start_run(config, splits.info) == Path("runs/001")
    assert start_run(config, splits.info) == Path("runs/002")
    config.run = "002"
    with pytest.raises(UserError, match="exists"):
        start_run(config, splits.info)


def test_predictions_do_not_depend_on_the_other_samples(splits: Splits, trained: Path) -> None:
    whole = predict(trained, splits.test.x)
    assert len(whole) == 100
    order = np.random.default_rng(0).permutation(len(whole))
    np.testing.assert_allclose(predict(trained, splits.test.x[order]), whole[order], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(predict(trained, splits.test.x[:1]), whole[:1], rtol=1e-4, atol=1e-5)


def test_corrupt_checkpoints_are_named(splits: Splits, trained: Path, tmp_path: Path) -> None:
    run = shutil.copytree(trained, tmp_path / "corrupt")
    for checkpoint in run.glob("best.*"):
        checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    with pytest.raises(UserError, match="corrupt"):
        predict(run, splits.test.x)


def test_early_stopping_follows_the_validation_loss(config: Config, tmp_path: Path) -> None:
    row = {"loss": 1.0, METRIC: 0.5, f"val_{METRIC}": 0.5, "learning_rate": 0.1}
    settings = replace(config.training, epochs=9, early_stopping_patience=2)
    course = ((1.0, True, False), (0.5, True, False), (0.6, False, False), (0.7, False, True))
    with Monitor(tmp_path, settings, Progress(), steps=1) as monitor:
        for val_loss, improved, stop in course:
            assert monitor.end_epoch(val_loss=val_loss, **row) is improved
            assert monitor.should_stop is stop
    assert Monitor(tmp_path, settings, Progress(epochs=4), steps=1).best["epoch"] == 2


def test_few_validation_samples_never_stop_training(config: Config) -> None:
    settings = replace(config.training, epochs=9, early_stopping_patience=2)
    assert adapt_patience(settings, 100) == settings
    assert adapt_patience(settings, 99).early_stopping_patience == 9


@pytest.mark.parametrize("name", ["loss", "val_loss"])
def test_a_loss_that_is_no_number_ends_training(config: Config, tmp_path: Path, name: str) -> None:
    row = {"loss": 1.0, METRIC: 0.1, "val_loss": 1.0, f"val_{METRIC}": 0.1, "learning_rate": 0.1, name: float("nan")}
    monitor = Monitor(tmp_path, config.training, Progress(), steps=1)
    with monitor, pytest.raises(UserError, match=f"The {name} of"):
        monitor.end_epoch(**row)

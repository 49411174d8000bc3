"""Series of runs: seeds share their splits, folds validate each sample once, and a break loses nothing."""

import math
import shutil
import statistics
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from own_data import refusal

from {{ cookiecutter.__package }} import baseline
from {{ cookiecutter.__package }}.__main__ import main
from {{ cookiecutter.__package }}.config import Config, UserError, save_config
from {{ cookiecutter.__package }}.data import Splits, load_splits
from {{ cookiecutter.__package }}.data.splits import cut_into_folds, group_folds, stratified_folds
from {{ cookiecutter.__package }}.evaluation import compare, evaluate, report
from {{ cookiecutter.__package }}.metrics import SHOWN, format_metric
from {{ cookiecutter.__package }}.runs import load_run, lock_run, read_history, resume_run
from {{ cookiecutter.__package }}.storage import read_json
from {{ cookiecutter.__package }}.training import series, train
from {{ cookiecutter.__package }}.training.monitor import Monitor
from {{ cookiecutter.__package }}.training.series import MODEL, mean_and_std, train_series

FIRST = next(iter(SHOWN))


def settings(config: Config, **data: Any) -> Config:
    """Change settings of the data."""
    return replace(config, data=replace(config.data, **data))


def rows_of(splits: Splits, name: str) -> list[bytes]:
    """Return the samples of a split as what tells them apart."""
    return [sample.tobytes() for sample in splits.named[name].x]


def test_each_sample_validates_once_and_the_test_split_stays(config: Config, splits: Splits) -> None:
    folds = [load_splits(settings(config, folds=3, fold=fold)) for fold in (1, 2, 3)]
    everything = sorted(rows_of(splits, "train") + rows_of(splits, "validation"))
    assert sorted(row for fold in folds for row in rows_of(fold, "validation")) == everything
    for fold in folds:
        assert sorted(rows_of(fold, "train") + rows_of(fold, "validation")) == everything
        assert rows_of(fold, "test") == rows_of(splits, "test")
    again = load_splits(settings(config, folds=3, fold=2)).info
    assert again.digests == folds[1].info.digests
    other = load_splits(settings(config, folds=3, fold=2, seed=1)).info
    assert other.digests["validation"] != again.digests["validation"]
    assert other.digests["test"] == again.digests["test"]  # the source gives it


def test_a_test_split_that_is_held_out_is_the_same_in_all_folds(config: Config, sample: Path) -> None:
    with np.load(sample) as arrays:
        np.savez("whole.npz", x=arrays["x_train"], y=arrays["y_train"], class_names=arrays["class_names"])
    config.data.source = "whole.npz"
    tests = [load_splits(settings(config, **fold)).info.digests["test"] for fold in ({}, {"folds": 4, "fold": 4})]
    assert tests[0] == tests[1]


def test_folds_have_the_same_classes_and_sizes() -> None:
    classes = np.repeat([0, 1, 2, 3], [50, 23, 9, 1])
    fold = stratified_folds(classes, folds=5, seed=0)
    counts = np.array([[np.sum((fold == number) & (classes == label)) for label in range(4)] for number in range(1, 6)])
    assert counts.sum() == len(classes)
    assert np.ptp(counts, axis=0).max() <= 1
    assert np.ptp(counts.sum(axis=1)) <= 1
    np.testing.assert_array_equal(fold, stratified_folds(classes, folds=5, seed=0))
    assert (fold != stratified_folds(classes, folds=5, seed=1)).any()


def test_groups_stay_whole_in_folds_of_about_the_same_size() -> None:
    group = np.repeat([f"patient {number}" for number in range(12)], [30, 20, 10, 10, 10, 8, 7, 5, 5, 5, 5, 5])
    fold = group_folds(group, folds=4, seed=0)
    assert all(len(set(fold[group == name])) == 1 for name in set(group))
    assert np.bincount(fold)[1:].tolist() == [30, 30, 30, 30]
    np.testing.assert_array_equal(fold, group_folds(group, folds=4, seed=0))
    assert (fold != group_folds(group, folds=4, seed=1)).any()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"folds": 3, "split_by": "time"}, "data.split_by is time"),
        ({"folds": 3, "split_by": "group"}, "no group is known"),
        ({"folds": 201}, "200 samples can't be cut into 201 folds"),
        ({"folds": 1}, "at least 2 folds"),
        ({"folds": 3, "fold": 4}, "data.folds is 3 and data.fold 4"),
        ({"folds": 0, "fold": 1}, "data.folds is 0 and data.fold 1"),
    ],
)
def test_folds_that_make_no_sense_are_refused(config: Config, data: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_splits(settings(config, **{"fold": 1, **data}))


def test_fewer_groups_than_folds_are_refused(config: Config) -> None:
    samples: Any = SimpleNamespace(group=np.array(["a", "a", "b"]))
    with pytest.raises(UserError, match="2 groups can't be cut into 3 folds"):
        cut_into_folds(np.arange(3), samples, np.zeros(3), settings(config, split_by="group", folds=3, fold=1))


def test_a_validation_split_of_the_source_is_no_matter_of_folds(config: Config, sample: Path) -> None:
    with np.load(sample) as arrays:
        content = dict(arrays)
    content |= {"x_validation": content["x_test"], "y_validation": content["y_test"]}
    np.savez("given.npz", **content)
    with pytest.raises(UserError, match="which samples are for validation"):
        load_splits(settings(config, source="given.npz", folds=2, fold=1))


@pytest.fixture
def short(config: Config) -> Config:
    """Let config.yaml say what a training of a second needs, so that commands need no options."""
    config.training.epochs = 1
    save_config(config, Path("config.yaml"))
    return config


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder in which a test leaves its runs for the others."""
    return tmp_path_factory.mktemp("series")


@pytest.fixture
def seeds(short: Config, kept: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Config:
    """Train two seeds, once for all tests of this file, with a break in the second one. Their runs are in runs/."""
    if not (kept / "runs").is_dir():
        saved = Monitor.saved

        def interrupt(self: Monitor) -> None:
            saved(self)
            if self.run.name == "001-2":
                raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(Monitor, "saved", interrupt)
            assert main(["train", "--repeats", "2"]) == 130
        assert "Interrupted: the same command with --resume goes on with runs/001." in capsys.readouterr().err
        assert refusal("evaluate").startswith("Error: runs/001 has 1 of 2 seeds: train --repeats 2 --run 001 --resume")
        first = Path("runs/001-1/training.json").stat().st_mtime_ns
        assert main(["train", "--repeats", "2", "--resume"]) == 0
        assert Path("runs/001-1/training.json").stat().st_mtime_ns == first
        shutil.copytree(".", kept, dirs_exist_ok=True)
        (kept / "printed").write_text(capsys.readouterr().out, encoding="utf-8")
    shutil.copytree(kept, ".", dirs_exist_ok=True)
    return short


def test_seeds_share_their_splits_and_end_like_runs_alone(seeds: Config) -> None:
    runs = [load_run(f"001-{number}") for number in (1, 2)]
    assert [config.seed for _, config, _ in runs] == [seeds.seed, seeds.seed + 1]
    assert runs[0][2].digests == runs[1][2].digests
    alone, _ = train.train_model(replace(seeds, seed=seeds.seed + 1))
    assert alone == Path("runs/002")
    (row,), (expected,) = read_history(runs[1][0]), read_history(alone)
    assert {**row, "seconds": 0} == {**expected, "seconds": 0}


def test_mean_and_std_of_seeds_are_printed_and_kept(seeds: Config) -> None:
    content = read_json(Path("runs/001/series.json"))
    values = [scores[MODEL][FIRST] for scores in content["runs"].values()]
    assert content["validation"][MODEL][FIRST] == {"mean": statistics.mean(values), "std": statistics.stdev(values)}
    rule = next(iter(content["validation"]))  # a baseline
    assert content["validation"][rule][FIRST]["std"] == 0  # all seeds have the same
    printed = Path("printed").read_text(encoding="utf-8")
    assert [line.split()[0] for line in printed.splitlines() if "seed " in line] == ["runs/001-1", "runs/001-2"]
    assert "mean and ± standard deviation of 2 seeds" in printed
    assert "epoch  1" not in printed  # the epochs of each run are not


def test_a_metric_that_is_not_defined_stays_so() -> None:
    assert mean_and_std([1.0, 3.0]) == {"mean": 2.0, "std": math.sqrt(2)}
    assert mean_and_std([0.1] * 3) == {"mean": 0.1, "std": 0.0}
    assert all(math.isnan(value) for value in mean_and_std([1.0, math.nan]).values())


def test_all_runs_of_a_series_are_evaluated(
    seeds: Config, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (evaluate, report):  # figures take most of the time
        monkeypatch.setattr(module, "draw_figures", lambda *_: {})
    monkeypatch.setattr(report, "draw_worst", lambda *_: "")
    alone = report.describe_series(Path("runs/001-1"))
    assert alone["sentence"] == "One of 2 seeds: evaluate --run 001 gives their mean and standard deviation."
    summary = evaluate.main()  # the newest run belongs to the series
    assert "Test split: mean and ± standard deviation of 2 seeds" in capsys.readouterr().out
    values = [read_json(Path(f"runs/001-{number}/metrics.json"))["test"][FIRST] for number in (1, 2)]
    assert summary[MODEL][FIRST] == {"mean": statistics.mean(values), "std": statistics.stdev(values)}
    assert read_json(Path("runs/001/series.json"))["test"] == summary
    spread = series.format_spread(**summary[MODEL][FIRST])
    for number, value in zip((1, 2), values, strict=True):
        page = Path(f"runs/001-{number}/report.html").read_text(encoding="utf-8")
        sentence = f"Mean of 2 seeds: {SHOWN[FIRST]} {spread} (this run {format_metric(value)})."
        assert sentence in page
        assert sentence in Path(f"runs/001-{number}/MODEL_CARD.md").read_text(encoding="utf-8")

    rows = {row["run"]: row for row in compare.main(["001"])}
    assert next(iter(rows)) == "001"
    assert set(rows) == {"001", "001-1", "001-2"}
    assert rows["001"]["test"] == statistics.mean(values)
    assert rows["001"]["test_std"] == statistics.stdev(values)
    assert (rows["001"]["seed"], rows["001-2"]["seed"]) == (None, seeds.seed + 1)
    assert "standard deviation" in capsys.readouterr().out
    (best,) = Path("runs/001-2").glob("best.*")
    best.touch()  # as after more epochs
    assert series.read_test_scores(series.load_series(Path("runs/001"))) == []


def test_a_series_gets_more_seeds_but_not_fewer(seeds: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal("train", "--repeats", "3", "--resume", "--training.epochs", "2").startswith(
        "Error: runs/001 was begun with training.epochs 1, and now it is 2"
    )
    trained: list[int] = []
    monkeypatch.setattr(series, "train_one", lambda config, *_, **__: trained.append(config.seed) or {MODEL: scores})
    monkeypatch.setattr(series, "print_run", lambda *_: None)
    scores = dict.fromkeys(SHOWN, 0.5)
    assert main(["train", "--repeats", "4", "--resume"]) == 0
    assert trained == [seeds.seed + 2, seeds.seed + 3]
    assert refusal("train", "--repeats", "3", "--resume") == (
        "Error: runs/001 was begun with --repeats 4: resume it with that.\n"
    )
    shutil.rmtree("runs/001-2")
    assert main(["train", "--repeats", "4", "--resume"]) == 0
    assert trained[2:] == [seeds.seed + 1, seeds.seed + 2, seeds.seed + 3]  # what has no folder is trained again


def test_a_series_whose_data_has_changed_is_not_resumed(seeds: Config) -> None:
    with np.load(seeds.data.source) as arrays:
        content = dict(arrays)
    np.savez("changed.npz", **{**content, "x_test": content["x_test"][::-1]})
    path = Path("runs/001/settings.yaml")
    begun = path.read_text(encoding="utf-8").replace(str(seeds.data.source), "changed.npz")
    path.write_text(begun, encoding="utf-8")
    sentence = refusal("train", "--repeats", "2", "--resume", "--data.source", "changed.npz")
    assert "The data of runs/001-1 has changed since" in sentence


def test_what_is_no_series_is_refused(seeds: Config) -> None:
    assert "runs/001-1 is one run" in refusal("train", "--repeats", "2", "--resume", "--run", "001-1")
    assert "go on with --repeats 2" in refusal("train", "--folds", "2", "--resume", "--run", "001")
    assert "001 is a series of runs: name one of them, such as 001-1" in refusal("predict", "--run", "001")
    assert "runs/001 exists" in refusal("train", "--repeats", "2", "--run", "001")
    Path("runs/own-2").mkdir()
    assert "runs/own-2 exists" in refusal("train", "--repeats", "2", "--run", "own")
    Path("runs/001/series.json").write_text("{", encoding="utf-8")
    assert "series.json is corrupt" in refusal("evaluate")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--repeats", "2", "--folds", "2"], "--repeats and --folds exclude each other"),
        (["--repeats", "2", "--like", "none"], "There is no run 'none'"),
        (["--repeats", "1"], "--repeats can't be 1: it must be at least 2"),
        (["--folds", "0"], "--folds can't be 0: it must be at least 2"),
        (["--folds", "many"], "folds"),
        (["--folds", "300"], "200 samples can't be cut into 300 folds"),
        (["--folds", "2", "--data.split_by", "time"], "data.split_by is time"),
        (["--repeats", "2", "--run", "a/b"], "is a path"),
    ],
)
def test_mistakes_leave_nothing_behind(short: Config, options: list[str], message: str) -> None:
    assert message in refusal("train", *options)


def test_like_excludes_a_series(seeds: Config) -> None:
    assert "--config runs/001-1/config.yaml" in refusal("train", "--folds", "2", "--like", "001-1")


def test_several_processes_train_one_run_each() -> None:
    series.require_one_process((0, 1))
    with pytest.raises(UserError, match="2 processes can't train several runs in one command"):
        series.require_one_process((1, 2))


def test_a_fault_before_the_first_run_leaves_no_series(short: Config) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise UserError("The network is wrong.")

    with pytest.raises(UserError, match="The network is wrong"):
        train_series(short, "repeats", 2, fail, resume=False)
    assert not list(Path("runs").glob("*"))


def test_a_series_that_another_process_trains_is_left_to_it(short: Config) -> None:
    folder = Path("runs/001")
    folder.mkdir(parents=True)
    save_config(short, folder / "settings.yaml")
    series.Series(folder, "repeats", 2).save()
    with lock_run(folder):
        assert "runs/001 is being trained by another process" in refusal("train", "--repeats", "2", "--resume")


def test_a_full_disk_says_how_to_go_on(seeds: Config) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError("No space left on device")

    sentence = "No space left on device. Once that is put right, the same command with --resume goes on with runs/001."
    with pytest.raises(UserError, match=sentence):
        train_series(seeds, "repeats", 3, fail, resume=True)


def test_folds_are_trained_evaluated_and_can_be_resumed(
    short: Config, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(baseline, "MAX_BOOSTED", 0)  # it takes most of the time
    monkeypatch.setattr(evaluate, "write_documents", lambda *_: None)
    assert main(["train", "--folds", "2", "--run", "parts"]) == 0
    printed = capsys.readouterr().out
    assert "mean and ± standard deviation of 2 folds" in printed
    assert "Fitting" not in printed  # the baselines of each fold
    runs = [load_run(f"parts-{number}") for number in (1, 2)]
    assert [(config.data.folds, config.data.fold) for _, config, _ in runs] == [(2, 1), (2, 2)]
    assert [info.num_samples for *_, info in runs] == [{"train": 100, "validation": 100, "test": 100}] * 2
    summary = evaluate.main("parts")  # checks that the data is that of each run
    assert set(summary[MODEL]) == set(SHOWN)
    results = report.collect_results(Path("runs/parts-2"), load_splits(runs[1][1]))
    assert "validation: fold 2 of 2" in results["facts"]["splits"]
    assert [name for name, _ in results["series"]["rows"]] == ["parts-1", "parts-2", "mean ± standard deviation"]
    config = runs[1][1]
    assert resume_run(config, load_splits(config).info) == Path("runs/parts-2")
    assert "with data.folds 2, and now it is 0" in refusal("train", "--resume", "--run", "parts-2")

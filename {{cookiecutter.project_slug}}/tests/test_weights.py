"""Weights of another run to start from: what is taken, what is not, what is refused, and what is warned of."""

import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from {{ cookiecutter.__package }}.__main__ import main
from {{ cookiecutter.__package }}.config import Config, UserError, save_config
from {{ cookiecutter.__package }}.data import Splits, inputs, load_splits
from {{ cookiecutter.__package }}.data_info import DataInfo, save_info
from {{ cookiecutter.__package }}.evaluation.report import describe_start
from {{ cookiecutter.__package }}.model import build_model
from {{ cookiecutter.__package }}.runs import read_history
from {{ cookiecutter.__package }}.storage import read_json, write_json
from {{ cookiecutter.__package }}.training import train
from {{ cookiecutter.__package }}.training.checkpoint import load_model, run_model
from {{ cookiecutter.__package }}.training.weights import Start, find_weights, load_start, save_start

RUN = Path("runs/base")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder in which the first test leaves its run for the others."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture
def base(config: Config, kept: Path) -> Path:
    """Train the run to start from, once for all tests of this file, and name it in the settings."""
    if not (kept / "base").is_dir():
        config.run = "base"
        train.train_model(config)
        shutil.copytree(RUN, kept / "base")
    if not RUN.is_dir():
        shutil.copytree(kept / "base", RUN)
    config.run = ""
    config.training.weights = "runs/base"
    return RUN


def start(config: Config, info: DataInfo) -> tuple[Any, Start]:
    """Build a model and load the weights of the settings: the model, and what a run keeps of it."""
    model = build_model(info, config)
    found = load_start(model, info, config)
    assert found
    return model, found


def test_a_run_starts_where_another_has_ended(config: Config, splits: Splits, base: Path) -> None:
    x = splits.test.x[:20]
    ended = run_model(load_model(base), x, config)
    for name in ("base", "runs/base", str(find_weights("base"))):
        config.training.weights = name
        model, found = start(config, splits.info)
        np.testing.assert_array_equal(run_model(model, x, config), ended)
        assert (found.head, found.warning) == ("kept", "")
        assert Path(found.weights) == find_weights("base")
        assert len(found.weights_sha256) == 64


def test_normalization_is_that_of_the_new_data(config: Config, splits: Splits, base: Path) -> None:
    """So data in other units gives the same outputs."""
    if splits.train.x.dtype == np.int16:
        pytest.skip("recordings have one unit")
    with np.load(config.data.source) as arrays:
        others = {
            name: 1000 * array.astype(np.float32) + 7 if name[0] == "x" else array for name, array in arrays.items()
        }
    np.savez("others.npz", **others)
    config.data.source = "others.npz"
    others_splits = load_splits(config)
    model, _ = start(config, others_splits.info)
    ended = run_model(load_model(base), splits.test.x[:20], config)
    outputs = run_model(model, others_splits.test.x[:20], config)
    np.testing.assert_allclose(outputs, ended, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("fault", ["names", "number"])
def test_the_head_is_random_for_other_targets(
    config: Config, splits: Splits, base: Path, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    names = [f"{fault} {name}" for name in splits.info.target_names]
    info = replace(splits.info, target_names=names)
    if fault == "number":
        info = replace(info, target_names=[*names, "one more"], num_outputs=info.num_outputs + 1)
    model, found = start(config, info)
    assert found.head == "random"
    assert "all but the head, which is random: runs/base " in capsys.readouterr().out
    outputs = run_model(model, splits.test.x[:20], config)
    assert outputs.shape == (20, info.num_outputs)
    if fault == "names":
        assert not np.allclose(outputs, run_model(load_model(base), splits.test.x[:20], config))


def with_digests(info: DataInfo, **inputs: str) -> DataInfo:
    """Change the hash of the inputs of splits."""
    return replace(
        info,
        digests={
            name: {**values, "inputs": inputs.get(name, values["inputs"])} for name, values in info.digests.items()
        },
    )


def test_samples_that_the_other_run_has_learned_are_warned_of(config: Config, splits: Splits, base: Path) -> None:
    info = splits.info

    def warning(new: DataInfo, **data: Any) -> str:
        return start(replace(config, data=replace(config.data, **data)), new)[1].warning

    assert warning(info) == ""
    changed = warning(load_splits(replace(config, data=replace(config.data, seed=1))).info, seed=1)
    assert changed.startswith("runs/base may have been trained on samples that are now in the validation split, whose")
    assert changed.endswith("data.seed has changed.")
    both = with_digests(info, validation="a", test="b")
    assert "in the validation and test split" in warning(both, folds=3, fold=1)
    assert warning(both, folds=3, fold=1).endswith("data.folds, data.fold have changed.")
    assert warning(with_digests(info, test="b")).endswith("the source has changed.")
    learned = with_digests(info, test=info.digests["train"]["inputs"])
    assert warning(learned).startswith("runs/base was trained on the samples that are now the test split")
    elsewhere = with_digests(info, train="a", validation="b", test="c")
    assert warning(elsewhere, source="elsewhere.npz") == ""  # nothing is known of these


def test_the_run_before_the_other_one_counts_too(config: Config, splits: Splits, base: Path) -> None:
    config.data.seed = 1
    info = load_splits(config).info
    second = shutil.copytree(base, Path("runs/second"))
    save_info(info, second / "data.json")
    config.training.weights = "runs/base"
    save_config(config, second / "config.yaml")
    save_start(second, start(config, info)[1])
    config.training.weights = "runs/second"
    assert start(config, info)[1].warning.startswith("runs/base may have been trained on samples that are now in the")
    shutil.rmtree(base)
    assert start(config, info)[1].warning == ""  # it is not known any more


@pytest.mark.parametrize("fault", ["run", "epoch", "data", "weights", "shape", "network"])
def test_weights_that_do_not_fit_are_refused(config: Config, splits: Splits, base: Path, fault: str) -> None:
    info, best = splits.info, find_weights("base")
    message = {
        "run": "training.weights: There is no run 'none': there are base.",
        "epoch": "training.weights: runs/base has no best epoch yet",
        "data": "data.json or config.yaml of runs/base is corrupt",
        "weights": f"{best} holds no ",
        "shape": "are for samples of the shape",
        "network": r"of another network: .*these differ from now: model\.",
    }[fault]
    if fault == "run":
        config.training.weights = "none"
    elif fault == "epoch":
        best.unlink()
    elif fault == "data":
        (base / "data.json").write_text("{}", encoding="utf-8")
    elif fault == "weights":
        best.write_bytes(best.read_bytes()[:1000])
    elif fault == "shape":
        save_info(replace(info, input_shape=[7, *info.input_shape]), base / "data.json")
    else:
        name = next(name for name, value in asdict(config.model).items() if isinstance(value, list))
        setattr(config.model, name, [8, 8])
    with pytest.raises(UserError, match=message):
        start(config, info)
    assert [path.name for path in Path("runs").iterdir()] == ["base"]


def test_a_run_keeps_where_it_started_and_resumes_without_it(config: Config, base: Path) -> None:
    config.training.epochs, config.compile.learning_rate = 1, 1e-4  # not far from where it starts
    trained = train.train_model(config)
    assert trained
    run, _ = trained
    found = read_json(run / "environment.json")["start"]
    assert found["head"] == "kept"
    assert describe_start(found) == {"starting_weights": str(find_weights("base"))}
    # Better from the first epoch on than the other run was in its own.
    assert read_history(run)[0]["loss"] < read_history(base)[0]["loss"]
    shutil.rmtree(base)
    config.training.epochs = 2
    train.train_model(config, resume=True)
    assert len(read_history(run)) == 2
    assert read_json(run / "environment.json")["start"] == found


def test_the_doctor_looks_for_the_weights(config: Config, base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["doctor", f"--data.source={config.data.source}", "--hardware.accelerator=cpu"]
    assert main([*options, "--training.weights=base"]) == 0
    assert "starting weights" in capsys.readouterr().out
    assert main([*options, "--training.weights=none"]) == 1
    output = capsys.readouterr()
    assert "none: MISSING" in output.out
    assert output.err == "Error: training.weights: There is no run 'none': there are base.\n"


def test_other_inputs_are_warned_of(
    config: Config, splits: Splits, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = read_json(base / "data.json")
    content["preprocessing"]["names of the test"] = ["length", "width"]
    write_json(base / "data.json", content)
    monkeypatch.setattr(inputs, "feature_names", lambda known: known.get("names of the test", ["length", "height"]))
    warning = start(config, splits.info)[1].warning
    assert warning == "the weights of runs/base are for the input width where this data has height."

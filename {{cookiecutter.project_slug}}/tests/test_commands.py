"""The commands, from the first to the last, as a user types them."""

import json
from pathlib import Path

import numpy as np
import pytest

from {{ cookiecutter.__package }}.__main__ import main
from {{ cookiecutter.__package }}.config import Config
from {{ cookiecutter.__package }}.metrics import SHOWN


def test_the_life_of_a_project(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    settings = [f"--data.source={config.data.source}", "--training.epochs=2", "--training.batch_size=32"]
    settings += ["--hardware.accelerator=cpu"]
    for command in ("doctor", "data", "stats", "baseline", "train"):
        assert main([command, *settings]) == 0, command
    assert main(["evaluate"]) == 0

    statistics = json.loads(Path("reports/stats.json").read_text(encoding="utf-8"))
    assert statistics["splits"]["train"]["items"] == 180
    report = json.loads(Path("reports/baseline.json").read_text(encoding="utf-8"))
    baselines = report["baselines"]
    assert report["best"] != next(iter(baselines))  # which is the rule that looks at no input
    metrics = json.loads(Path("runs/001/metrics.json").read_text(encoding="utf-8"))
    assert metrics["test"]["items"] == 100
    low, high = metrics["test"]["interval"]
    assert low < metrics["test"][next(iter(SHOWN))] < high
    assert set(metrics["baselines"]) == set(baselines)
    figures = {path.stem for path in Path().rglob("*.png")}
    assert figures >= {"examples", "balance", "overview", "learning_curves", "mistakes"}

    Path("runs/001/training.json").unlink()  # as after a training that was broken off
    assert main(["evaluate"]) == 0

    input_shape = json.loads(Path("runs/001/data.json").read_text(encoding="utf-8"))["input_shape"]
    with np.load(config.data.source) as sample:
        np.savez("mine.npz", x=sample["x_test"][:3].reshape(3, *input_shape))
    capsys.readouterr()
    assert main(["predict", "mine.npz", "--output", "mine.csv"]) == 0
    assert len(Path("mine.csv").read_text(encoding="utf-8").splitlines()) == 4
    assert "mine.npz 2: " in capsys.readouterr().out
    assert main(["predict"]) == 0
    assert len(Path("runs/001/predictions.csv").read_text(encoding="utf-8").splitlines()) == 101


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--training.epochs", "many"], "training.epochs"),
        (["train", "--compile.loss", "hope"], "compile.loss can't be hope: it must be one of"),
        (["train", "--compile.metric", "hope"], "compile.metric can't be hope: it must be one of"),
        (["train", "--data.source", "absent.npz"], "absent.npz"),
        (["doctor", "--data.source", "absent.npz"], "absent.npz is missing"),
        (["train", "--resume"], "Nothing was trained yet"),
        (["evaluate"], "Nothing was trained yet"),
        (["evaluate", "--run", "none"], "no run"),
        (["fly"], "fly"),
    ],
)
def test_mistakes_are_answered_in_a_sentence(
    config: Config, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(arguments) != 0
    answer = capsys.readouterr().err
    assert message in answer
    assert "Traceback" not in answer
    assert not list(Path("runs").glob("*"))


def test_outside_of_the_project_the_missing_file_is_named(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    Path("config.yaml").unlink()
    assert main(["data"]) != 0
    assert "There is no config.yaml here" in capsys.readouterr().err


def test_a_setting_that_does_not_exist_is_named(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path("config.yaml")
    path.write_text(path.read_text(encoding="utf-8").replace("epochs:", "epoch:"), encoding="utf-8")
    assert main(["data"]) != 0
    assert "epoch" in capsys.readouterr().err

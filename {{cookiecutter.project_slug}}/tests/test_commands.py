"""The commands, from the first to the last, as a user types them."""

import csv
import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from {{ cookiecutter.__package }}.__main__ import main
from {{ cookiecutter.__package }}.config import Config
from {{ cookiecutter.__package }}.data import load_splits
from {{ cookiecutter.__package }}.inference import predict
from {{ cookiecutter.__package }}.metrics import SHOWN
from {{ cookiecutter.__package }}.training import train


def test_the_life_of_a_project(
    config: Config, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[Config] = []
    monkeypatch.setattr(train, "load_splits", lambda config: loaded.append(config) or load_splits(config))
    settings = [f"--data.source={config.data.source}", "--training.epochs=2", "--training.batch_size=32"]
    settings += ["--hardware.accelerator=cpu"]
    for command in ("doctor", "data", "stats", "baseline", "train"):
        assert main([command, *settings]) == 0, command
    assert len(loaded) == 1  # training loads the data once, and its last table needs it again
    assert main(["evaluate"]) == 0

    statistics = json.loads(Path("reports/stats.json").read_text(encoding="utf-8"))
    assert statistics["splits"]["train"]["samples"] == 180
    report = json.loads(Path("reports/baseline.json").read_text(encoding="utf-8"))
    baselines = report["baselines"]
    assert report["best"] != next(iter(baselines))  # the first one is a rule that ignores the input
    metrics = json.loads(Path("runs/001/metrics.json").read_text(encoding="utf-8"))
    assert metrics["test"]["samples"] == 100
    low, high = metrics["test"]["intervals"][next(iter(SHOWN))]
    assert low < metrics["test"][next(iter(SHOWN))] < high
    assert set(metrics["baselines"]) == set(baselines)
    figures = {path.stem for path in Path().rglob("*.png")}
    assert figures >= {"examples", "balance", "overview", "learning_curves", "mistakes"}

    assert metrics["test_evaluations"] == 1

    Path("runs/001/training.json").unlink()  # as after a training that was interrupted
    assert main(["evaluate"]) == 0
    metrics = json.loads(Path("runs/001/metrics.json").read_text(encoding="utf-8"))
    assert metrics["test_evaluations"] == 2
    assert "was evaluated 2 times" in Path("runs/001/report.html").read_text(encoding="utf-8")

    input_shape = json.loads(Path("runs/001/data.json").read_text(encoding="utf-8"))["input_shape"]
    with np.load(config.data.source) as sample:
        np.savez("mine.npz", x=sample["x_test"][:3].reshape(3, *input_shape))
    capsys.readouterr()
    assert main(["predict", "mine.npz", "--output", "mine.csv"]) == 0
    assert len(Path("mine.csv").read_text(encoding="utf-8").splitlines()) == 4
    assert "3 predictions by" in capsys.readouterr().out
    check_ways_to_predict(monkeypatch, capsys)
    assert main(["predict"]) == 0
    assert len(Path("runs/001/predictions.csv").read_text(encoding="utf-8").splitlines()) == 101


def check_ways_to_predict(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Predict the samples of mine.npz in several ways; all agree with mine.csv."""
    with Path("mine.csv").open(encoding="utf-8", newline="") as file:
        expected = list(csv.DictReader(file))

    def check_lines(text: str, source: str) -> None:
        lines = [json.loads(line) for line in text.splitlines()]
        assert [(line["source"], line["sample"]) for line in lines] == [(source, number) for number in range(3)]
        for line, row in zip(lines, expected, strict=True):
            for name, value in line["prediction"].items():
                if isinstance(value, str):
                    assert value == row[name]
                else:
                    assert value == pytest.approx(float(row[name]), rel=1e-4, abs=2e-4)

    assert main(["predict", "mine.npz", "--output", "mine.jsonl"]) == 0
    check_lines(Path("mine.jsonl").read_text(encoding="utf-8"), "mine.npz")
    capsys.readouterr()
    with monkeypatch.context() as patch:  # neither how samples are joined nor what stands beside them matters
        patch.setattr(predict, "BLOCK", 1)
        patch.setattr(predict, "blocks", lambda x: (x[row : row + 1] for row in range(len(x))))
        patch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(Path("mine.npz").read_bytes())))
        assert main(["predict", "-", "--output", "-", "--format", "jsonl"]) == 0
    check_lines(capsys.readouterr().out, "-")  # and nothing but the predictions
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO()))
    assert main(["predict", "-"]) == 1
    assert "Nothing came through standard input" in capsys.readouterr().err
    assert main(["predict", "mine.npz", "--top", "0"]) == 1
    assert "--top is 0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--training.epochs", "many"], "training.epochs"),
        (["train", "--compile.loss", "hope"], "compile.loss can't be hope: it must be one of"),
        (["train", "--compile.primary_metric", "hope"], "compile.primary_metric can't be hope: it must be one of"),
        (["train", "--data.source", "absent.npz"], "absent.npz"),
        (["doctor", "--data.source", "absent.npz"], "absent.npz is missing"),
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

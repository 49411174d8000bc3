"""Keras on several devices and in several processes: the same training as in one, of which the first process speaks."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import SCRIPTS, free_port, run_script

pytestmark = pytest.mark.slow

# 24 steps in which no chance has a part. 166 samples to train are seven batches of 22, and 12 samples left over. 34 to
# validate are two batches, of which the second is not full.
SETTINGS = """
    --data.source tests/sample.npz --data.validation_fraction 0.17 --training.batch_size 22 --training.epochs 3
    --compile.optimizer sgd --compile.schedule constant --compile.learning_rate 0.02 --model.dropout 0
    --hardware.accelerator cpu
""".split()
# Rounding in float32 grows from step to step where batch norm and maxima follow each other, whatever the devices.
DOUBLE = {"KERAS_HOME": ".", "JAX_ENABLE_X64": "1"}  # there lies keras.json
# A part is computed in float32 all the same: losses differ by 1e-8. In eight steps a mistake moves weights by far more.
FEW_STEPS = "--training.epochs 1 --compile.learning_rate 0.002".split()
TWO_CPUS = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"}


class Project:
    """A project of its own for a test, and how its commands are started."""

    def __init__(self, folder: Path, venv: Path):
        self.folder, self.package, self.python = folder, folder.name.replace("-", "_"), str(venv / "bin" / "python")
        shutil.rmtree(folder / "runs", ignore_errors=True)

    def start(self, *arguments: str, script: str = "", **variables: str) -> subprocess.Popen:
        """Start a command, or a script that gets the package and it, with more variables of the environment."""
        what = [str(SCRIPTS / script), self.package] if script else ["-m", self.package]
        environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": "."} | variables
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen([self.python, *what, *arguments], cwd=self.folder, env=environment, **pipes)

    def run(self, *arguments: str, **options: str) -> str:
        """A command that has to succeed; what it printed."""
        ((output, _),) = self.finish(self.start(*arguments, **options))
        return output

    def start_two(self, *arguments: str, first: tuple[str, ...] = (), **variables: str) -> list[subprocess.Popen]:
        """Start two processes that train together; `first`: what the first one alone is told."""
        address = f"127.0.0.1:{free_port()}"
        variables |= {"KERAS_DISTRIBUTION_JOB_ADDRESSES": address, "KERAS_DISTRIBUTION_NUM_PROCESSES": "2"}
        return [
            self.start(*arguments, *more, KERAS_DISTRIBUTION_PROCESS_ID=str(number), **variables)
            for number, more in enumerate((first, ()))
        ]

    @staticmethod
    def finish(*processes: subprocess.Popen) -> list[tuple[str, str]]:
        """Wait for processes that have to succeed; what they printed, on stdout and on stderr."""
        printed = [process.communicate(timeout=600) for process in processes]
        for process, (output, errors) in zip(processes, printed, strict=True):
            assert process.returncode == 0, f"{output}\n{errors}"
        return printed

    def weights(self, run: str, tmp_path: Path) -> dict[str, np.ndarray]:
        """All weights after the last step, by name."""
        run_script(self.python, "read_weights.py", f"runs/{run}/last.keras", tmp_path / f"{run}.npz", cwd=self.folder)
        with np.load(tmp_path / f"{run}.npz") as arrays:
            return dict(arrays)

    def history(self, run: str) -> list[dict[str, float]]:
        """The rows of history.csv."""
        with (self.folder / "runs" / run / "history.csv").open(newline="") as file:
            return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]

    def wait_for_an_epoch(self, run: str) -> None:
        """Wait until the first epoch of a run is kept."""
        for _ in range(1200):
            if (self.folder / "runs" / run / "last.keras").is_file():
                return
            time.sleep(0.1)
        raise AssertionError(f"There is no epoch in {run}.")


@pytest.fixture
def make_project(bake, environment):
    def make(data_type: str, hardware: str, *, name: str, double: bool = False) -> Project:
        slug = f"{name}-keras-{data_type}-{hardware}"
        project = bake(framework="keras", data_type=data_type, hardware=hardware, project_slug=slug)
        if double:
            (project / "keras.json").write_text('{"floatx": "float64"}', encoding="utf-8")
            for module in ("device", "model"):
                path = project / slug.replace("-", "_") / f"{module}.py"
                path.write_text(path.read_text(encoding="utf-8").replace('"float32"', '"float64"'), encoding="utf-8")
        return Project(project, environment("keras", hardware))

    return make


def options_of(data_type: str) -> list[str]:
    unchanged = [] if data_type == "vector" else "--model.shift 0 --model.test_time_augmentation false".split()
    return [*SETTINGS, *unchanged, *(["--model.horizontal_flip", "false"] if data_type == "image" else [])]


def assert_same_training(project: Project, one: str, other: str, tmp_path: Path) -> None:
    before, after = project.weights(one, tmp_path), project.weights(other, tmp_path)
    assert before.keys() == after.keys()
    assert len(before) > 4
    for name, values in before.items():
        np.testing.assert_allclose(values, after[name], rtol=1e-4, atol=1e-6, err_msg=name)
    for first, second in zip(project.history(one), project.history(other), strict=True):
        assert {**first, "seconds": 0} == pytest.approx({**second, "seconds": 0}, rel=1e-5)


def assert_validation_is_exact(project: Project, run: str) -> None:
    """The figure of the best epoch is scikit-learn's, of the predictions: every sample counts once."""
    project.run("evaluate", "--run", run)
    metrics = json.loads((project.folder / "runs" / run / "metrics.json").read_text(encoding="utf-8"))
    best = min(project.history(run), key=lambda row: row["val_loss"])
    assert metrics["validation"]["samples"] == 34
    assert metrics["validation"]["accuracy"] == pytest.approx(best["val_accuracy"], rel=1e-6)
    assert metrics["validation"]["log_loss"] == pytest.approx(best["val_loss"], rel=1e-4)


# Vectors: batch norm, and several answers to a sample. Sequences: masks. The others are slow, and have nothing more.
@pytest.mark.parametrize("data_type", ["vector", "sequence"], ids=lambda name: f"keras-{name}")
def test_two_processes_or_devices_train_as_one_does(make_project, tmp_path, data_type):
    project = make_project(data_type, "cluster", name="shared", double=True)
    train = ["train", *options_of(data_type), *FEW_STEPS]
    project.run(*train, "--run", "one", **DOUBLE)
    project.run(*train, "--run", "devices", "--hardware.devices", "2", **DOUBLE, **TWO_CPUS)
    assert_same_training(project, "one", "devices", tmp_path)
    if data_type == "vector":  # processes share a batch as devices do
        (spoken, _), (silence, _) = project.finish(*project.start_two(*train, "--run", "processes", **DOUBLE))
        assert_same_training(project, "one", "processes", tmp_path)
        assert_validation_is_exact(project, "processes")
        assert "2 x cpu" in spoken
        assert not silence
        assert {path.name for path in (project.folder / "runs").iterdir()} == {"one", "devices", "processes"}


def test_keras_data_on_disk_trains_as_in_memory(make_project, tmp_path):
    """Batches are read ahead, and none of another epoch or twice."""
    project = make_project("vector", "cluster", name="disk", double=True)
    train = ["train", *options_of("vector"), "--compile.learning_rate", "0.002"]
    project.run(*train, "--run", "memory", **DOUBLE)
    project.run(*train, "--run", "disk", "--data.max_memory_mb", "0", **DOUBLE)
    assert_same_training(project, "memory", "disk", tmp_path)


def test_two_devices_of_tensorflow_train_as_one_does_keras(make_project, tmp_path):
    project = make_project("image", "cpu", name="mirrored", double=True)  # with batch norm
    train = ["train", *options_of("image"), *FEW_STEPS]
    project.run(*train, "--run", "one", **DOUBLE)
    two = ["--run", "two", "--hardware.devices", "2"]
    assert "2 x CPU" in project.run(*train, *two, script="train_on_two_cpus.py", **DOUBLE)
    assert_same_training(project, "one", "two", tmp_path)
    assert_validation_is_exact(project, "two")


def test_several_devices_of_tensorflow_shorten_no_gradient(make_project):
    project = make_project("vector", "cpu", name="clipped")
    clipped = ["train", *options_of("vector"), "--compile.clip_norm", "1"]
    process = project.start(*clipped, "--hardware.devices", "2", script="train_on_two_cpus.py")
    output, errors = process.communicate(timeout=600)
    assert process.returncode == 1, output
    assert "Error: compile.clip_norm does not go with several devices in TensorFlow" in errors
    assert "on CPU:0" in project.run(*clipped, "--hardware.devices", "1", script="train_on_two_cpus.py")


def test_every_device_of_tensorflow_draws_its_own_dropout(make_project):
    project = make_project("vector", "cpu", name="dropout")
    # Two epochs of two steps on two devices, and the first one again.
    assert project.run(script="draw_dropout_keras.py").strip() == str([1] * 4 + [2] * 4)


@pytest.mark.parametrize("lost", [0, 1], ids=["keras-first", "keras-second"])
def test_without_one_process_the_other_ends_and_training_can_go_on(make_project, lost):
    project = make_project("vector", "cluster", name=f"lost-{lost}")
    train = ["train", *options_of("vector"), "--run", "broken"]
    processes = project.start_two(*train, "--training.epochs", "100000", "--training.early_stopping_patience", "100000")
    project.wait_for_an_epoch("broken")
    processes[lost].send_signal(signal.SIGKILL)
    start = time.monotonic()
    _, errors = processes[1 - lost].communicate(timeout=120)
    processes[lost].communicate()
    assert time.monotonic() - start < 90
    assert processes[1 - lost].returncode != 0
    (sentence,) = re.findall("Error: Another process of this training has ended.*", errors)
    assert "train --resume" in sentence
    if lost == 1:  # to go on is the same, whichever was lost
        done = len(project.history("broken"))
        project.finish(*project.start_two(*train, "--resume", "--training.epochs", str(done + 2)))
        assert len(project.history("broken")) == done + 2


def test_an_error_of_the_first_process_ends_the_other_keras(make_project):
    project = make_project("vector", "cluster", name="error")
    processes = project.start_two("train", *options_of("vector"), first=("--data.source", "absent.npz"))
    printed = [process.communicate(timeout=120) for process in processes]
    assert all(process.returncode for process in processes)
    assert "absent.npz" in printed[0][1]
    assert "Another process" not in printed[0][1]
    assert "Error: Another process of this training has ended" in printed[1][1]


PREFIX = "KERAS_DISTRIBUTION"
WRONG = [  # variables of the environment, options, and the sentence
    ({f"{PREFIX}_PROCESS_ID": "1"}, [], f"{PREFIX}_JOB_ADDRESSES"),
    (
        {f"{PREFIX}_JOB_ADDRESSES": "localhost:12345", f"{PREFIX}_NUM_PROCESSES": "2", f"{PREFIX}_PROCESS_ID": "2"},
        [],
        f"{PREFIX}_PROCESS_ID is 2",
    ),
    (
        {f"{PREFIX}_JOB_ADDRESSES": "localhost", f"{PREFIX}_NUM_PROCESSES": "2", f"{PREFIX}_PROCESS_ID": "0"},
        [],
        f"{PREFIX}_JOB_ADDRESSES is localhost",
    ),
    ({}, ["--hardware.devices", "3"], "hardware.devices is 3"),
    (
        {},
        ["--hardware.devices", "2", "--training.batch_size", "21"],
        "2 devices can't share batches of 21 samples",
    ),
]


def test_wrong_variables_and_too_many_devices_are_named_keras(make_project):
    project = make_project("vector", "cluster", name="refused")
    cases = [[variables, ["train", *options_of("vector"), *options]] for variables, options, _ in WRONG]
    found = json.loads(project.run(json.dumps(cases), script="refuse.py", **TWO_CPUS))
    for (status, errors), (_, _, sentence) in zip(found, WRONG, strict=True):
        assert status == 1
        assert errors.count("Error: ") == 1 and sentence in errors
    assert not (project.folder / "runs").exists()

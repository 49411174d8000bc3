"""Every variant trains on the example data through make and learns; its own tests and hooks pass."""

import csv
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from conftest import FRAMEWORKS, HARDWARE, KEPT, SCRIPTS, combinations, each, run, run_script

pytestmark = pytest.mark.slow

# One epoch, beside baselines of a part of the samples: so that every variant trains in time. What they reach with their
# defaults, `make results` says.
QUICK = "--training.epochs 1 --data.max_memory_mb 5"
# Of sound half of the variants train, by other voices than those of the test: there baselines are weak, so that few
# epochs do. Its network is that of images behind the spectrogram.
OF_SOUND = "pytorch-audio-multiclass keras-audio-binary keras-audio-multilabel pytorch-audio-regression".split()
SOUND_OPTIONS = "--data.split_by group --data.test_fraction 0.34 --data.validation_fraction 0.25 --training.epochs 6"
# How fast a voice is played is hard to tell of a voice that was not heard, and slow to learn from changed recordings.
SAME_VOICES = "--model.noise 0 --model.coloring 0 --model.time_mask 0 --model.frequency_mask 0 --training.epochs 6"
# A part of the work of the default networks, which `make results` trains.
NARROW = {
    "image": f"{QUICK} --model.channels [8,32] --model.test_time_augmentation false",
    "vector": f"{QUICK} --model.members 2",
    "sequence": f"{QUICK} --model.channels [32] --model.units [32] --model.test_time_augmentation false",
    "audio": SOUND_OPTIONS,
}
# At least so much accuracy or micro F1, at most so large a mean absolute error (degrees, of sound percent), and better
# than baselines.
FLOOR = {
    "multiclass": {"image": 0.8, "vector": 0.85, "sequence": 0.79, "audio": 0.5},
    "binary": {"image": 0.92, "vector": 0.93, "sequence": 0.92, "audio": 0.6},
    "multilabel": {"image": 0.94, "vector": 0.95, "sequence": 0.94, "audio": 0.5},
    "regression": {"image": 9, "vector": 4, "sequence": 6, "audio": 6},
}
# Of these the test split decides, of the others the validation split: evaluate takes as long as the training.
EVALUATED = """
    keras-image-multiclass-cpu pytorch-vector-multiclass-cpu keras-sequence-regression-cpu pytorch-audio-regression-cpu
""".split()


@pytest.fixture
def make(bake, environment, answers):
    """Run a target in the project of the answers, in the shared environment, on the shared data."""
    project = bake(**answers, project_slug=str(answers))
    venv = environment(answers["framework"], answers["hardware"])
    # Pretend that the project is installed, which takes ten seconds, and gigabytes for CUDA. The fixture `environment`
    # installs one.
    (venv / f".{str(answers).replace('-', '_')}-ready").touch()

    def make(target: str, *options: str) -> str:
        return run(["make", target, f"VENV={venv}", f"ARGS={' '.join(options)}"], cwd=project)

    make.project, make.venv = project, venv
    return make


TRAINED = [
    answers
    for answers in combinations(hardware=["cpu"])
    if answers["data_type"] != "audio" or str(answers).removesuffix("-cpu") in OF_SOUND
]


@pytest.mark.parametrize("answers", TRAINED, ids=str)
def test_trains_and_evaluates(make, answers):
    task, data_type = answers["task"], answers["data_type"]
    options = SAME_VOICES if (data_type, task) == ("audio", "regression") else NARROW[data_type]
    output = make("train", f"--data.data_dir {KEPT / 'data'}", options)
    assert "GPU" not in output
    if str(answers) in EVALUATED:
        make("evaluate")
        metrics = read_metrics(make.project)
        name = metrics["primary_metric"]
        score = metrics["test"][name]
        baselines = [scores[name] for scores in metrics["baselines"].values()]
    else:
        name, score = best_of_validation(make.project)
        found = json.loads((make.project / "reports" / "baseline.json").read_text(encoding="utf-8"))
        baselines = [scores["validation"][name] for scores in found["baselines"].values()]
    if task == "regression":
        assert score < min(baselines)
        assert score <= FLOOR[task][data_type]
    else:
        assert score > max(baselines)
        assert score >= FLOOR[task][data_type]


@each(task=["multiclass"], data_type=["vector"], hardware=HARDWARE[1:])
def test_trains_on_the_cpu_where_the_accelerator_is_missing(make):
    lines = "make train ARGS='--data.source tests/sample.npz --training.epochs 1'\nmake doctor"
    package = make.project.name.replace("-", "_")
    output = run_script(make.venv / "bin" / "python", "run_commands.py", package, cwd=make.project, stdin=lines)
    trained, asked = output.split("make doctor")
    warnings = re.findall("^Warning: no (GPU|TPU|Metal) that .* can use was found", trained, re.MULTILINE)
    assert len(warnings) == 1, trained
    assert re.search("why no (GPU|TPU|Metal)", asked)
    assert "Training can run." in asked


def best_of_validation(project: Path) -> tuple[str, float]:
    """Name and best value of the metric beside the loss, of the validation split."""
    (path,) = (project / "runs").glob("*/history.csv")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    (name,) = (column for column in rows[0] if column.startswith("val_") and column != "val_loss")
    best = min if name == "val_mae" else max
    return name.removeprefix("val_"), best(float(row[name]) for row in rows)


def read_metrics(project: Path) -> dict:
    (path,) = (project / "runs").glob("*/metrics.json")
    return json.loads(path.read_text(encoding="utf-8"))


# Each framework with each data type, each task twice or more, each hardware, and each library that does the work.
# PyTorch's CPU build runs the code for all hardware, so one project of a data type will do. It runs all tests.
ALL_TESTS = """
    pytorch-image-multilabel-cluster pytorch-vector-regression-gpu pytorch-sequence-binary-tpu
    pytorch-audio-multiclass-apple
""".split()
# Tests of files that know nothing of the data type: they run with vectors, which are the fastest.
OF_EVERY_DATA_TYPE = """
    aids array_files config fashion_mnist report series start tracking tune weights
""".split()
# Keras starts slower, and most files of its projects are those of PyTorch's. So only these run, beside the three that
# know the hardware and the network: what the twins decide, once, and with each library that does the work.
OF_KERAS = "environment model network".split()
MORE_TESTS = {
    "keras-image-regression-cpu": "backbone calibration export training",  # TensorFlow
    "keras-vector-multilabel-cpu": "aids start weights",
    "keras-vector-multilabel-cluster": "export training",  # JAX
    "keras-vector-multiclass-apple": "export training",  # PyTorch
    "keras-sequence-multiclass-gpu": "",
    "keras-sequence-regression-tpu": "",
    "keras-audio-binary-cpu": "export",  # of a spectrogram
}
# Of the tests of training those that know neither network nor hardware: they run where all tests do.
OF_EVERY_NETWORK = """
    runs_are_compared a_run_is_repeated_with_its_settings the_same_command_can_be_given_again
    a_run_that_is_being_trained_is_not_resumed changed_data_is_refused half_a_run_is_not_resumed
    trainings_that_start_at_once_have_runs_of_their_own a_run_is_never_overwritten
""".split()
OWN_TESTS = [answers for answers in combinations() if str(answers) in (*ALL_TESTS, *MORE_TESTS)]


@pytest.mark.parametrize("answers", OWN_TESTS, ids=str)
def test_project_passes_its_own_tests(make, answers, monkeypatch):
    if answers["framework"] == "keras":
        options = [f"tests/test_{name}.py" for name in (*OF_KERAS, *MORE_TESTS[str(answers)].split())]
    elif answers["data_type"] == "vector":
        options = []
    else:
        options = [f"--ignore tests/test_{name}.py" for name in OF_EVERY_DATA_TYPE]
    if (answers["framework"], answers["data_type"]) != ("pytorch", "vector"):
        options += [f"--deselect tests/test_training.py::test_{name}" for name in OF_EVERY_NETWORK]
    assert " passed" in make("test", *options)
    monkeypatch.setenv("MYPY_CACHE_DIR", str(make.venv / "mypy_cache"))  # what it learned of the libraries
    make("lint")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_data_statistics_and_baselines_import_no_framework(bake, environment, framework):
    project = bake(framework=framework, project_slug=f"imports-{framework}")
    python = environment(framework) / "bin" / "python"
    run_script(python, "run_without_framework.py", f"imports_{framework}", cwd=project)


@pytest.mark.parametrize(("framework", "library"), [("pytorch", "torch"), ("keras", "tensorflow")])
def test_missing_framework_is_named(bake, environment, framework, library):
    project = bake(framework=framework, project_slug=f"imports-{framework}")
    command = [environment(framework) / "bin" / "python", SCRIPTS / "run_with_missing.py", library]
    done = subprocess.run(
        [*command, f"imports_{framework}", "doctor"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project)},
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert re.search(f"^Error: .*{library}.*: use the environment of make setup", done.stderr, re.MULTILINE)
    assert "Traceback" not in done.stderr


@each(task=["multiclass"], data_type=["vector"], hardware=["gpu", "cluster"])
def test_doctor_says_what_the_driver_sees(make, answers, tmp_path, monkeypatch):
    smi = tmp_path / "nvidia-smi"
    smi.write_text("#!/bin/sh\necho NVIDIA T4, 15360 MiB, 580.65.06\n", encoding="utf-8")
    smi.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert "NVIDIA T4, 15360 MiB, 580.65.06" in make("doctor")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_hooks_of_the_project_find_nothing(bake, environment, framework):
    project = bake(framework=framework, project_slug=f"hooks-{framework}")
    run_hooks(project, environment(framework) / "bin" / "pre-commit")


def run_hooks(folder: Path, pre_commit: Path) -> None:
    """Run all hooks of pre-commit on all files."""
    run(["git", "add", "--all"], cwd=folder)
    run([pre_commit, "run", "--all-files"], cwd=folder)

"""Every variant trains on Fashion-MNIST through make and learns; its own tests and hooks pass."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from conftest import BACKENDS, FRAMEWORKS, HARDWARE, KEPT, SCRIPTS, combinations, each, run, run_script

pytestmark = pytest.mark.slow

EPOCHS = 2  # where one is too few to be better than the best baseline by more than chance
# At least so much accuracy or micro F1, at most so large a mean absolute error (degrees), and better than baselines.
FLOOR = {
    "multiclass": {"image": 0.86, "vector": 0.86, "sequence": 0.85},
    "binary": {"image": 0.94, "vector": 0.94, "sequence": 0.94},
    "multilabel": {"image": 0.96, "vector": 0.96, "sequence": 0.95},
    "regression": {"image": 5, "vector": 6, "sequence": 6},
}


@pytest.fixture
def make(bake, environment, answers):
    """Run a target in the project of the answers, in the shared environment, on the shared data."""
    project = bake(**answers, project_slug=str(answers))
    venv = environment(answers["framework"], answers["hardware"])
    if answers["hardware"] != "cpu":
        # Pretend that the project is installed: CUDA is gigabytes, and the CPU's packages do what is tested here.
        (venv / f".{str(answers).replace('-', '_')}-ready").touch()

    def make(target: str, *options: str) -> str:
        return run(["make", target, f"VENV={venv}", f"ARGS={' '.join(options)}"], cwd=project)

    make.project, make.venv = project, venv
    return make


@each(hardware=["cpu"])
def test_trains_and_evaluates(make, answers):
    task, data_type = answers["task"], answers["data_type"]
    epochs = EPOCHS if task == "multiclass" or data_type == "sequence" else 1
    output = make("train", f"--data.data_dir {KEPT / 'data'}", f"--training.epochs {epochs}")
    assert "GPU" not in output
    make("evaluate")
    metrics = read_metrics(make.project)
    name = metrics["primary_metric"]
    score = metrics["test"][name]
    baselines = [scores[name] for scores in metrics["baselines"].values()]
    if task == "regression":
        assert score < min(baselines)
        assert score <= FLOOR[task][data_type]
    else:
        assert score > max(baselines)
        assert score >= FLOOR[task][data_type]


@each(task=["multiclass"], data_type=["vector"], hardware=HARDWARE[1:])
def test_trains_on_the_cpu_where_the_accelerator_is_missing(make):
    output = make("train", f"--data.data_dir {KEPT / 'data'}", "--training.epochs 1")
    assert len(re.findall("^Warning: no (GPU|TPU|Metal) that .* can use was found", output, re.MULTILINE)) == 1, output
    make("evaluate")
    assert read_metrics(make.project)["test"]["accuracy"] > 0.83
    output = make("doctor")
    assert re.search("why no (GPU|TPU|Metal)", output)
    assert "Training can run." in output


def read_metrics(project: Path) -> dict:
    (path,) = (project / "runs").glob("*/metrics.json")
    return json.loads(path.read_text(encoding="utf-8"))


# Each framework, data type and task twice or more, and each library that does the work.
OWN_TESTS = """
    pytorch-image-multilabel-cpu pytorch-vector-regression-cpu pytorch-sequence-binary-cpu pytorch-vector-multiclass-gpu
    pytorch-image-regression-cluster pytorch-vector-binary-apple pytorch-sequence-multiclass-tpu
    keras-image-regression-cpu keras-vector-multilabel-cpu keras-sequence-multiclass-cpu keras-image-binary-gpu
    keras-image-multilabel-cluster keras-sequence-regression-tpu keras-vector-multiclass-apple
""".split()


# Own tests of what depends on the hardware. The others run with cpu, where both frameworks have each data type here.
BY_HARDWARE = "commands config environment model start training".split()


@pytest.mark.parametrize("answers", [answers for answers in combinations() if str(answers) in OWN_TESTS], ids=str)
def test_project_passes_its_own_tests(make, answers):
    names = [] if answers["hardware"] == "cpu" else list(BY_HARDWARE)
    if (answers["framework"], answers["hardware"]) in BACKENDS:
        names.append("export")  # by another library than the one that trains
    assert " passed" in make("test", *(f"tests/test_{name}.py" for name in names))
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

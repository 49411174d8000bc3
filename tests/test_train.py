"""Every variant trains on Fashion-MNIST through make and learns; its own tests and hooks pass."""

import json
from pathlib import Path

import pytest
from conftest import FRAMEWORKS, KEPT, each, run

pytestmark = pytest.mark.slow

# Test accuracy after so few epochs; the linear baseline reaches 0.84. The gpu variants do here what the cpu ones do, so
# that one epoch is enough to see that they do it.
EPOCHS = {"cpu": 2, "gpu": 1}
FLOOR = {
    "cpu": {"image": 0.86, "vector": 0.86, "sequence": 0.85},
    "gpu": {"image": 0.82, "vector": 0.83, "sequence": 0.78},
}


@pytest.fixture
def make(bake, environment, answers):
    """Run a target in the project of the answers, in the shared environment, on the shared data."""
    project = bake(**answers, project_slug=str(answers))
    venv = environment(answers["framework"])
    if answers["hardware"] == "gpu":
        # Pretend that the project is installed: CUDA is gigabytes, and the CPU's packages do what is tested here.
        (venv / f".{str(answers).replace('-', '_')}-ready").touch()

    def make(target: str, *options: str) -> str:
        return run(["make", target, f"VENV={venv}", f"ARGS={' '.join(options)}"], cwd=project)

    make.project, make.venv = project, venv
    return make


@each()
def test_trains_and_evaluates(make, answers):
    hardware = answers["hardware"]
    output = make("train", f"--data.folder {KEPT / 'data'}", f"--training.epochs {EPOCHS[hardware]}")
    warnings = [line for line in output.splitlines() if "GPU" in line]
    assert len(warnings) == (1 if hardware == "gpu" else 0), output  # the environment's builds are for CPUs

    make("evaluate")
    (run_folder,) = (make.project / "runs").iterdir()
    test = json.loads((run_folder / "metrics.json").read_text(encoding="utf-8"))["test"]
    assert FLOOR[hardware][answers["data_type"]] <= test["accuracy"] <= 1


@each(hardware=["cpu"])
def test_project_passes_its_own_tests(make):
    assert " passed" in make("test")
    make("lint")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_statistics_and_baselines_import_no_framework(bake, environment, framework):
    project = bake(framework=framework, project_slug=f"imports-{framework}")
    code = """
import sys
from imports_{}.__main__ import main
assert main(["stats", "--data.source", "tests/sample.npz"]) == 0
assert main(["baseline", "--data.source", "tests/sample.npz"]) == 0
assert "sklearn" in sys.modules
assert not {{"torch", "lightning_fabric", "keras", "tensorflow", "jax"}} & set(sys.modules)
"""
    run([environment(framework) / "bin" / "python", "-c", code.format(framework)], cwd=project)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_hooks_of_the_project_find_nothing(bake, environment, framework):
    project = bake(framework=framework, project_slug=f"hooks-{framework}")
    run_hooks(project, environment(framework) / "bin" / "pre-commit")


def run_hooks(folder: Path, pre_commit: Path) -> None:
    """Run all hooks of pre-commit on all files."""
    run(["git", "add", "--all"], cwd=folder)
    run([pre_commit, "run", "--all-files"], cwd=folder)

"""What goes wrong on purpose: processes that are killed, and a disk that is full. docs/trust.md has the numbers."""

import json
import os
import re
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import FRAMEWORKS, run, run_script

pytestmark = pytest.mark.slow

KILLS = {"pytorch": 20, "keras": 5}  # make drills: 200
FULL = {
    "pytorch": ("4m", "12m"),
    "keras": ("4m", "16m"),
}  # before the first checkpoint, and before the second, is whole


@pytest.fixture
def make_project(bake, environment):
    def make(framework: str, name: str) -> tuple[Path, Path, str]:
        """A project, the Python of its environment, and its package."""
        project = bake(framework=framework, data_type="vector", project_slug=f"{name}-{framework}")
        return project, environment(framework) / "bin" / "python", project.name.replace("-", "_")

    return make


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_killed_trainings_end_like_an_undisturbed_one(make_project, framework):
    project, python, package = make_project(framework, "killed")
    printed = run_script(python, "kill_and_resume.py", package, KILLS[framework], cwd=project, OMP_NUM_THREADS="1")
    kills = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    assert len(kills) == KILLS[framework]
    assert len({kill["way"] for kill in kills}) == 5
    assert [kill for kill in kills if kill["difference"] != 0] == []


@pytest.fixture
def small_disk():
    """Mount a file system of some size, and let it grow; only root can."""
    mounted = []

    @contextmanager
    def mount(folder: Path, size: str):
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False
        )
        if done.returncode:
            pytest.skip("only root can mount a small disk")
        mounted.append(folder)
        yield lambda larger: run(["mount", "-o", f"remount,size={larger}", folder])

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.skipif(os.name == "nt", reason="Windows mounts otherwise")
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_training_goes_on_after_a_full_disk(make_project, small_disk, framework, tmp_path):
    project, python, package = make_project(framework, "full")
    options = "--data.source tests/sample.npz --training.batch_size 32 --training.epochs 3 --hardware.accelerator cpu"
    command = [str(python), "-m", package, "train", *options.split(), "--run", "full"]
    system = {**os.environ, "TMPDIR": str(tmp_path)}
    with small_disk(project / "runs", FULL[framework][0]) as resize:
        for size, place in zip(FULL[framework], ("starts anew", "goes on after epoch 1"), strict=True):
            resize(size)
            full = subprocess.run([*command, "--resume"], cwd=project, env=system, text=True, capture_output=True)
            assert full.returncode == 1
            (sentence,) = [line for line in full.stderr.splitlines() if line.startswith("Error: ")]
            assert re.search(
                r"No space left on device: '\S+'\. Once that is put right, train --resume --run ", sentence
            )
            assert sentence.endswith(f"full {place}.")
            assert "Traceback" not in full.stderr
            assert not list((project / "runs" / "full").glob(".*part*"))
            assert not [path for path in tmp_path.rglob("*") if path.is_file()]
        resize("1g")
        run([*command, "--resume"], cwd=project, env=system)
        assert len((project / "runs" / "full" / "history.csv").read_text(encoding="utf-8").splitlines()) == 4

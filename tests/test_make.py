"""The Makefile of a project: what it says, and how it makes the environment. Nothing is downloaded here."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import each, run

TARGETS = "setup doctor data stats baseline train evaluate predict notebook test lint clean".split()

# Stands for python3: `-m venv FOLDER` puts a copy of itself there, everything else is noted and succeeds, but for
# `-m pip install --editable` while a file named `fail` is there, and `import jupyterlab` before the extra is installed.
FAKE_PYTHON = """#!/bin/sh
echo "$@" >> "{log}"
case "$*" in
    *"-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
    *"import jupyterlab"*) grep -q "install --editable .\\[notebook]" "{log}" ;;
    *"install --editable"*) test ! -e "{log}.fail" ;;
esac
"""
# Stands for an interpreter of another version.
OTHER_PYTHON = """#!/bin/sh
exec {python} -c 'import sys; sys.version_info = (3, {minor}); exec(sys.argv[2])' "$@"
"""
FAKE_CONDA = """#!/bin/sh
echo "$(basename "$0") $*" >> "{log}"
mkdir -p "$5/bin" && cp "{python}" "$5/bin/python"
"""


@pytest.fixture
def project(bake, tmp_path):
    """A project of the test's own."""
    folder = tmp_path / "project"
    run(["cp", "-r", bake(), folder])
    return folder


@pytest.fixture
def programs(tmp_path):
    """A folder for programs that come first on PATH."""
    folder = tmp_path / "programs"
    folder.mkdir()
    return folder


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log"


def add_program(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def make(project: Path, *arguments: str, path: Path | None = None) -> subprocess.CompletedProcess:
    """Run make with the system's programs alone, so that a real conda can't be found."""
    search = os.pathsep.join([*([str(path)] if path else []), "/usr/bin", "/bin"])
    return subprocess.run(
        ["make", *arguments], cwd=project, env={"PATH": search}, text=True, capture_output=True, check=False
    )


@each()
def test_make_alone_lists_the_targets_in_order(bake, answers):
    lines = make(bake(**answers)).stdout.splitlines()
    assert [line.split()[0] for line in lines] == TARGETS
    assert all(len(line.split()) > 3 and len(line) < 90 for line in lines)


@pytest.mark.parametrize("command", TARGETS[1:8])
def test_target_is_one_command(project, programs, log, command):
    python = add_program(programs / "fake", FAKE_PYTHON.format(log=log))
    assert make(project, command, f"PYTHON3={python}", "ARGS=--one 1").returncode == 0
    assert log.read_text().splitlines()[-1] == f"-m fashion_mnist {command} --one 1"
    log.unlink()
    assert make(project, command, f"PYTHON3={python}").returncode == 0
    assert log.read_text() == f"-m fashion_mnist {command}\n"  # the environment is there: nothing else runs


def test_notebook_installs_jupyter_once(project, programs, log):
    python = add_program(programs / "fake", FAKE_PYTHON.format(log=log))
    for _ in range(2):
        assert make(project, "notebook", f"PYTHON3={python}", "ARGS=--no-browser").returncode == 0
    calls = log.read_text().splitlines()
    assert calls.count("-m jupyterlab notebooks/explore.ipynb --no-browser") == 2
    assert calls.count("-m pip install --editable .[notebook]") == 1


def test_interrupted_setup_is_done_again(project, programs, log):
    python = add_program(programs / "fake", FAKE_PYTHON.format(log=log))
    fail = Path(f"{log}.fail")
    fail.touch()
    assert make(project, "train", f"PYTHON3={python}").returncode != 0
    assert "fashion_mnist train" not in log.read_text()
    log.unlink()
    fail.unlink()
    assert make(project, "train", f"PYTHON3={python}").returncode == 0
    calls = log.read_text()
    assert "-m venv" not in calls  # the part that was finished
    assert "install --editable" in calls
    assert "fashion_mnist train" in calls


def test_setup_is_done_again_when_the_dependencies_change(project, programs, log):
    python = add_program(programs / "fake", FAKE_PYTHON.format(log=log))
    assert make(project, "setup", f"PYTHON3={python}").returncode == 0
    log.unlink()
    os.utime(project / "pyproject.toml", (2**32, 2**32))
    assert make(project, "setup", f"PYTHON3={python}").returncode == 0
    assert "install --editable" in log.read_text()


def test_two_projects_can_share_an_environment(bake, programs, log, tmp_path):
    python = add_program(programs / "fake", FAKE_PYTHON.format(log=log))
    projects = [bake(), bake(project_slug="other")]
    for _ in range(2):
        for folder in projects:
            assert make(folder, "doctor", f"PYTHON3={python}", f"VENV={tmp_path / 'shared'}").returncode == 0
    calls = log.read_text().splitlines()
    assert sum("-m venv" in call for call in calls) == 1
    assert sum("install --editable" in call for call in calls) == 2
    assert not any((folder / ".venv").exists() for folder in projects)


@pytest.mark.parametrize("installed", [["conda"], ["conda", "mamba"], ["conda", "mamba", "micromamba"]], ids=len)
def test_conda_makes_the_environment(project, programs, log, tmp_path, installed):
    python = add_program(tmp_path / "fake", FAKE_PYTHON.format(log=log))
    for name in installed:
        add_program(programs / name, FAKE_CONDA.format(log=log, python=python))
    assert make(project, "train", path=programs).returncode == 0
    calls = log.read_text().splitlines()
    assert calls[0] == f"{installed[-1]} env create --yes --prefix {project / '.venv'} --file environment.yml"
    assert calls[-1] == "-m fashion_mnist train"


@pytest.mark.parametrize("minor", [10, 15])
def test_unfit_python_is_refused_in_one_sentence(project, programs, minor):
    add_program(programs / "python3", OTHER_PYTHON.format(python=sys.executable, minor=minor))
    done = make(project, "train", path=programs)
    assert done.returncode != 0
    sentence, *rest = done.stderr.splitlines()
    assert sentence.startswith(f"Python 3.11 to 3.14 is needed and python3 is 3.{minor}:")
    assert all(line.startswith("make") for line in rest)
    assert not (project / ".venv").exists()


def test_clean_leaves_what_was_made_with_effort(project):
    for name in ("data/raw/x", "reports/x", "runs/1/x", "build/x", "fashion_mnist/__pycache__/x", ".ruff_cache/x"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).touch()
    assert make(project, "clean").returncode == 0
    assert all((project / name).exists() for name in ("data/raw/x", "reports/x", "runs/1/x"))
    assert not any((project / name).exists() for name in ("build", "fashion_mnist/__pycache__", ".ruff_cache"))

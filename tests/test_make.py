"""The Makefile of a project: what it says, and how it makes the environment. Nothing is downloaded here."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import SCRIPTS, each, run

TARGETS = """
    setup doctor data stats baseline train tune overfit lr-find profile evaluate compare predict export serve load web
    notebook test lint lock clean
""".split()

# Programs that stand for python3, uv and conda; they note their calls.
FAKES = SCRIPTS / "make"
PYTHON3 = f"PYTHON3={FAKES / 'python3'}"
# Stands for an interpreter of another version.
OTHER_PYTHON = """#!/bin/sh
exec {python} -c 'import sys; sys.version_info = (3, {minor}); exec(sys.argv[2])' "$@"
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
def log(tmp_path, monkeypatch):
    """The file in which these programs note their calls."""
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    return tmp_path / "log"


def make(project: Path, *arguments: str, path: Path | None = None) -> subprocess.CompletedProcess:
    """Run make with the system's programs alone; without `path` there is neither conda nor uv among them."""
    search = os.pathsep.join([*([str(path)] if path else []), "/usr/bin", "/bin"])
    command = ["make", *([] if path else ["CONDA=", "UV="]), *arguments]
    environ = {"PATH": search, "FAKE_PYTHON": str(FAKES / "python3"), "LOG": os.environ.get("LOG", os.devnull)}
    return subprocess.run(command, cwd=project, env=environ, text=True, capture_output=True, check=False)


@each()
def test_make_alone_lists_the_targets_in_order(bake, answers):
    lines = make(bake(**answers)).stdout.splitlines()
    assert [line.split()[0] for line in lines] == TARGETS
    assert all(len(line.split()) > 3 and len(line) < 90 for line in lines)


@pytest.mark.parametrize("command", "doctor data stats baseline train evaluate compare predict".split())
def test_target_is_one_command(project, log, command):
    assert make(project, command, PYTHON3, "ARGS=--one 1").returncode == 0
    assert log.read_text().splitlines()[-1] == f"-m fashion_mnist {command} --one 1"
    log.unlink()
    assert make(project, command, PYTHON3).returncode == 0
    assert log.read_text() == f"-m fashion_mnist {command}\n"  # the environment is there: nothing else runs


def test_notebook_installs_jupyter_once(project, log):
    for _ in range(2):
        assert make(project, "notebook", PYTHON3, "ARGS=--no-browser").returncode == 0
    calls = log.read_text().splitlines()
    assert calls.count("-m jupyterlab notebooks/explore.ipynb --no-browser") == 2
    assert calls.count("-m pip install --editable .[notebook]") == 1


@pytest.mark.parametrize("command", ["serve", "load"])
def test_the_service_installs_its_packages_once(project, log, command):
    for _ in range(2):
        assert make(project, command, PYTHON3, "ARGS=--run 001").returncode == 0
    calls = log.read_text().splitlines()
    assert calls.count(f"-m fashion_mnist {command} --run 001") == 2
    assert calls.count("-m pip install --editable .[serve]") == 1


def test_interrupted_setup_is_done_again(project, log):
    fail = Path(f"{log}.fail")
    fail.touch()
    assert make(project, "train", PYTHON3).returncode != 0
    assert "fashion_mnist train" not in log.read_text()
    log.unlink()
    fail.unlink()
    assert make(project, "train", PYTHON3).returncode == 0
    calls = log.read_text()
    assert "-m venv" not in calls  # the part that was finished
    assert "install --editable" in calls
    assert "fashion_mnist train" in calls


def test_setup_is_done_again_when_the_dependencies_change(project, log):
    assert make(project, "setup", PYTHON3).returncode == 0
    log.unlink()
    os.utime(project / "pyproject.toml", (2**32, 2**32))
    assert make(project, "setup", PYTHON3).returncode == 0
    assert "install --editable" in log.read_text()


def test_pip_installs_the_tools_too_once_it_can(project, log):
    assert make(project, "setup", PYTHON3).returncode == 0
    pip = [line.removeprefix("-m pip install ") for line in log.read_text().splitlines() if "pip install" in line]
    assert pip[0] == "pip>=25.1"  # before --group
    assert pip[-1] == "--editable .[cpu] --group dev"


def test_two_projects_can_share_an_environment(bake, log, tmp_path):
    projects = [bake(), bake(project_slug="other")]
    for _ in range(2):
        for folder in projects:
            assert make(folder, "doctor", PYTHON3, f"VENV={tmp_path / 'shared'}").returncode == 0
    calls = log.read_text().splitlines()
    assert sum("-m venv" in call for call in calls) == 1
    assert sum("install --editable" in call for call in calls) == 2
    assert not any((folder / ".venv").exists() for folder in projects)


@pytest.mark.parametrize("installed", [["conda"], ["conda", "mamba"], ["conda", "mamba", "micromamba"]], ids=len)
def test_conda_makes_the_environment(project, programs, log, installed):
    for name in installed:
        shutil.copy(FAKES / "conda", programs / name)
    assert make(project, "train", path=programs).returncode == 0
    calls = log.read_text().splitlines()
    assert calls[0] == f"{installed[-1]} env create --yes --prefix {project / '.venv'} --file environment.yml"
    assert calls[-1] == "-m fashion_mnist train"


@pytest.fixture
def tools(programs, log) -> Path:
    """A folder with uv, conda and python3; each notes its calls."""
    for name in ("python3", "uv", "conda"):
        shutil.copy(FAKES / name, programs / name)
    return programs


def test_uv_makes_the_environment_where_there_is_no_conda(project, tools, log, tmp_path):
    (tools / "conda").unlink()
    assert make(project, "train", path=tools).returncode == 0
    assert log.read_text().splitlines() == ["uv sync --inexact", "-m fashion_mnist train"]
    assert (project / ".venv" / "bin" / "python").exists()
    log.unlink()
    assert make(project, "setup", f"VENV={tmp_path / 'other'}", "PYTHON3=python3.12", path=tools).returncode == 0
    assert log.read_text() == "uv sync --inexact --python python3.12\n"
    assert (tmp_path / "other" / "bin" / "python").exists()


def test_uv_brings_jupyter(project, tools, log):
    (tools / "conda").unlink()
    assert make(project, "notebook", path=tools).returncode == 0
    calls = log.read_text().splitlines()
    assert calls.index("uv sync --inexact --extra notebook") < calls.index("-m jupyterlab notebooks/explore.ipynb")
    assert not any("pip" in call for call in calls)


@pytest.mark.parametrize("first, left_out", [("conda", []), ("uv", ["CONDA="]), ("-m venv", ["CONDA=", "UV="])])
def test_tools_can_be_left_out(project, tools, log, first, left_out):
    assert make(project, "setup", *left_out, path=tools).returncode == 0
    calls = [line for line in log.read_text().splitlines() if re.match("conda|uv|-m venv", line)]
    assert [call.startswith(first) for call in calls] == [True]


@pytest.mark.parametrize(
    "tool, other, again", [("uv", "conda", "uv sync"), ("conda", "uv", "-m pip install --editable")]
)
def test_an_environment_stays_with_the_tool_that_made_it(project, tools, log, tmp_path, tool, other, again):
    (tools / other).rename(tmp_path / other)
    assert make(project, "setup", path=tools).returncode == 0
    (tmp_path / other).rename(tools / other)  # it comes later, and the first one may be out of reach
    if tool == "conda":
        (tools / "conda").unlink()
    os.utime(project / "pyproject.toml", (2**32, 2**32))
    log.unlink()
    assert make(project, "setup", path=tools).returncode == 0
    calls = log.read_text().splitlines()
    assert calls[-1].startswith(again)
    assert not any(call.startswith(other) for call in calls)


EXPORT = "export --quiet --no-emit-project --output-file requirements.lock"


def test_uv_locks(project, tools, log):
    assert make(project, "lock", "CONDA=", "ARGS=--upgrade", path=tools).returncode == 0
    assert log.read_text().splitlines()[-2:] == ["uv lock --upgrade", f"uv {EXPORT}"]


def test_pip_brings_uv_to_lock_once(project, log):
    for _ in range(2):
        assert make(project, "lock", PYTHON3).returncode == 0
    calls = log.read_text().splitlines()
    assert calls[-2:] == ["-m uv lock", f"-m uv {EXPORT}"]
    assert calls.count("-m pip install uv") == 1


def test_setup_is_done_again_with_what_was_locked(project, log):
    assert make(project, "setup", PYTHON3).returncode == 0
    assert "requirements.lock" not in log.read_text()
    (project / "requirements.lock").touch()
    os.utime(project / "requirements.lock", (2**32, 2**32))
    log.unlink()
    assert make(project, "setup", PYTHON3).returncode == 0
    (locked, *later) = (line for line in log.read_text().splitlines() if "torch" in line or "requirement" in line)
    assert locked.endswith("--requirement requirements.lock")
    assert later  # the ranges, which the locked versions satisfy


@pytest.mark.parametrize("minor", [10, 15])
def test_unfit_python_is_refused_in_one_sentence(project, programs, minor):
    python3 = programs / "python3"
    python3.write_text(OTHER_PYTHON.format(python=sys.executable, minor=minor), encoding="utf-8")
    python3.chmod(0o755)
    done = make(project, "train", "CONDA=", "UV=", path=programs)
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

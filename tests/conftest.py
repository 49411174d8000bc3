"""What the tests share: the combinations of answers, projects written once, one environment a backend.

Environments, data and pre-commit's hooks are kept in build/tests, so that a second run of the tests is faster.
`make clean` removes them.
"""

import itertools
import json
import os
import socket
import subprocess
import tempfile
import tomllib
from functools import cache
from pathlib import Path

import pytest
from filelock import FileLock
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
KEPT = ROOT / "build" / "tests"
ANSWERS = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
FRAMEWORKS, DATA_TYPES, TASKS, HARDWARE, LICENCES = (
    ANSWERS[question] for question in ("framework", "data_type", "task", "hardware", "licence")
)


class Answers(dict):
    """Answers by question, of the framework, the data type, the task and the hardware."""

    def __str__(self) -> str:
        return "-".join(self.values())  # such as keras-image-binary-cpu: the id of a test, and a slug


def combinations(**chosen: list[str]) -> list[Answers]:
    """Every combination of the choices; `chosen` narrows some of them."""
    choices = {"framework": FRAMEWORKS, "data_type": DATA_TYPES, "task": TASKS, "hardware": HARDWARE} | chosen
    return [Answers(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())]


def each(*args, **chosen):
    """Parametrize a test with every combination."""
    return pytest.mark.parametrize("answers", combinations(**chosen), ids=str)


def pytest_collection_modifyitems(items):
    """Where tests run in parallel, those that share a project or an environment run one after the other."""
    for item in items:
        answers = getattr(item, "callspec", None) and item.callspec.params.get("answers")
        framework = next((name for name in FRAMEWORKS if name in item.name), None)
        if item.get_closest_marker("slow"):
            hardware = answers["hardware"] if isinstance(answers, Answers) else item.module.__name__
            group = framework and BACKENDS.get((framework, hardware), f"{framework}-{hardware}")
        else:
            group = isinstance(answers, Answers) and "-".join(list(answers.values())[1:])
        if group:
            item.add_marker(pytest.mark.xdist_group(group))


def text_files(project: Path) -> dict[str, str]:
    """Every text file of a project by its path, without git's own."""
    texts = {}
    for path in sorted(project.rglob("*")):
        name = path.relative_to(project).as_posix()
        if path.is_file() and not name.startswith(".git/") and path.suffix not in (".npz", ".png"):
            texts[name] = path.read_text(encoding="utf-8")
    return texts


@pytest.fixture(scope="session", autouse=True)
def settings(tmp_path_factory):
    """Let cookiecutter leave its copies of the hooks where pytest cleans up, and pip not wait for lost servers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("temporary")))
        patch.setenv("PIP_RETRIES", os.environ.get("PIP_RETRIES", "0"))
        patch.setenv("PRE_COMMIT_HOME", str(KEPT / "pre-commit"))
        for name in ("MAKEFLAGS", "MAKELEVEL", "VENV", "ARGS", "PYTHON3"):  # of the make that runs the tests
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def bake(cookies_session):
    """Write a project, once for equal answers; a test that changes it asks for a slug of its own."""

    @cache
    def bake(**answers: str) -> Path:
        result = cookies_session.bake(extra_context=answers)
        assert result.exception is None, result.exception
        return result.project_path

    return bake


TORCH_INDEX = "https://download.pytorch.org/whl/cpu"
# Keras runs on TensorFlow, and by hardware on another library. PyTorch's CPU build runs the code for all hardware.
BACKENDS = {("keras", "apple"): "keras-torch", ("keras", "tpu"): "keras-jax", ("keras", "cluster"): "keras-jax"}


@pytest.fixture(scope="session")
def environment(bake):
    """The environment that all projects of a framework and its backend share, made as a user makes one."""

    @cache
    def environment(framework: str, hardware: str = "cpu") -> Path:
        name = BACKENDS.get((framework, hardware), framework)
        venv = KEPT / name
        made_for = {"keras-torch": "apple", "keras-jax": "tpu"}.get(name, "cpu")
        project = bake(framework=framework, hardware=made_for, project_slug=f"set-up-{name}")
        KEPT.mkdir(parents=True, exist_ok=True)
        with FileLock(KEPT / f"{name}.lock"):
            if made_for != "cpu":
                install_without_accelerator(project, venv, made_for)
            run(["make", "setup", f"VENV={venv}"], cwd=project)
            if not (venv / "bin" / "jupyter-execute").exists():  # nbclient's; for the tests of the notebook
                run([venv / "bin" / "python", "-m", "pip", "install", "nbclient", "ipykernel"])
        return venv

    return environment


def install_without_accelerator(project: Path, venv: Path, hardware: str) -> None:
    """Install what the extra brings on macOS: on Linux it would bring gigabytes for GPUs or TPUs that are not here."""
    about = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    extra = [Requirement(line) for line in about["project"]["optional-dependencies"][hardware]]
    macos = {"sys_platform": "darwin", "platform_machine": "arm64"}
    plain = [f"{part.name}{part.specifier}" for part in extra if not part.marker or part.marker.evaluate(macos)]
    python = venv / "bin" / "python"
    if not python.exists():
        run(["make", "environment", f"VENV={venv}"], cwd=project)
    for torch in (line for line in plain if line.startswith("torch")):
        run([python, "-m", "pip", "install", "--no-deps", "--extra-index-url", TORCH_INDEX, torch])
    run([python, "-m", "pip", "install", *plain, "--editable", f"{project}[dev]"])
    (package,) = about["tool"]["setuptools"]["packages"]
    (venv / f".{package}-ready").touch()  # so that make leaves it at that


def run(command: list, **options) -> str:
    """Run a command that has to succeed; what it printed."""
    options = {"text": True, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT} | options
    done = subprocess.run([str(part) for part in command], check=False, **options)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}"
    return done.stdout


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]

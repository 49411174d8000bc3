"""What the tests share: the combinations of answers, projects written once, one environment a framework.

Environments, data and pre-commit's hooks are kept in build/tests, so that a second run of the tests is faster.
`make clean` removes them.
"""

import itertools
import json
import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest
from filelock import FileLock

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
    """Where tests run in parallel, those of one framework run one after the other: they share its environment."""
    for item in items:
        framework = next((name for name in FRAMEWORKS if name in item.name), None)
        if item.get_closest_marker("slow") and framework:
            item.add_marker(pytest.mark.xdist_group(framework))


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


@pytest.fixture(scope="session")
def environment(bake):
    """The environment that all projects of a framework share, made as a user makes one."""

    @cache
    def environment(framework: str) -> Path:
        venv = KEPT / framework
        project = bake(framework=framework, project_slug=f"set-up-{framework}")
        KEPT.mkdir(parents=True, exist_ok=True)
        with FileLock(KEPT / f"{framework}.lock"):
            run(["make", "setup", f"VENV={venv}"], cwd=project)
        return venv

    return environment


def run(command: list, **options) -> str:
    """Run a command that has to succeed; what it printed."""
    options = {"text": True, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT} | options
    done = subprocess.run([str(part) for part in command], check=False, **options)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}"
    return done.stdout

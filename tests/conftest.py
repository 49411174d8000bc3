"""What the tests share: the combinations of answers, projects written once, one environment a backend.

Environments, data and pre-commit's hooks are kept in build/tests, so that a second run of the tests is faster.
`make clean` removes them.
"""

import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import tomllib
from functools import cache
from pathlib import Path

import pytest
from filelock import FileLock
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
KEPT = ROOT / "build" / "tests"
SCRIPTS = Path(__file__).parent / "scripts"  # what the tests run in other environments
ANSWERS = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
FRAMEWORKS, DATA_TYPES, TASKS, HARDWARE, LICENSES = (
    ANSWERS[question] for question in ("framework", "data_type", "task", "hardware", "license")
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


# Quick tests that run what Windows lacks: make, scripts for a shell, or hadolint.
NOT_ON_WINDOWS = re.compile(r"test_make\.py|test_make_alone|test_linter|test_notebook\.py::test_(colab|jupyter)")


# Modules whose tests share projects with those of another one.
SHARED = {"test_web": "test_report"}


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups, in the same hook
def pytest_collection_modifyitems(items):
    """Where tests run in parallel, those that share a project or an environment run one after the other.

    The longest of these groups come first, so that at the end no process waits for another one.
    """
    items.sort(key=lambda item: item.module.__name__ != "test_train")
    for item in items:
        if sys.platform == "win32" and NOT_ON_WINDOWS.search(item.nodeid):
            item.add_marker(pytest.mark.skip(reason="it runs what Windows lacks"))
        answers = getattr(item, "callspec", None) and item.callspec.params.get("answers")
        framework = next((name for name in FRAMEWORKS if name in item.name), None)
        if item.get_closest_marker("slow"):
            name = item.module.__name__
            hardware = answers["hardware"] if isinstance(answers, Answers) else SHARED.get(name, name)
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


def section(project: Path, title: str) -> str:
    """A section of the README of a project, up to the next one."""
    readme = (project / "README.md").read_text(encoding="utf-8")
    start = readme.index(f"\n## {title}\n")
    return readme[start : readme.index("\n## ", start + 1)]


@pytest.fixture(scope="session", autouse=True)
def settings(tmp_path_factory):
    """Let cookiecutter leave its copies of the hooks where pytest cleans up, and pip not wait for lost servers."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as in the background; what tests start would ignore it too
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("temporary")))
        patch.setenv("PIP_RETRIES", os.environ.get("PIP_RETRIES", "0"))
        patch.setenv("PRE_COMMIT_HOME", str(KEPT / "pre-commit"))
        # Much of the time goes into starting Python. What is imported is compiled once, where no project is changed by
        # it; pip would compile all (for it 0 stands for --no-compile).
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        patch.setenv("PYTHONPYCACHEPREFIX", str(KEPT / "bytecode"))
        patch.setenv("PIP_NO_COMPILE", "0")
        for name in ("MAKELEVEL", "VENV", "ARGS", "PYTHON3"):  # of the make that runs the tests
            patch.delenv(name, raising=False)
        if "PYTEST_XDIST_WORKER" in os.environ:  # as many threads as cores in each process wait for one another
            for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
                patch.setenv(name, "1")
        patch.setenv("MAKEFLAGS", "-- UV=")  # pip fills what the tests share; uv has tests of its own
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
            if made_for == "tpu":
                install_without_accelerator(project, venv, made_for)
            run(["make", "setup", f"VENV={venv}"], cwd=project)
            if not all((venv / "bin" / name).exists() for name in ("jupyter-execute", "hypothesis")):
                # For the tests of the notebook, and for those with broken files.
                run([venv / "bin" / "python", "-m", "pip", "install", "nbclient", "ipykernel", "hypothesis>=6.130"])
            if not any(venv.glob("lib/*/site-packages/soundfile.py")):  # what projects for sound need beside the others
                sound = bake(framework=framework, data_type="audio", project_slug=f"set-up-{name}-audio")
                about = tomllib.loads((sound / "pyproject.toml").read_text(encoding="utf-8"))["project"]
                needed = [line for line in about["dependencies"] if line.startswith("soundfile")]
                run([venv / "bin" / "python", "-m", "pip", "install", *needed])
            extras = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
            if framework == "pytorch" and not any(venv.glob("lib/*/site-packages/torchvision/__init__.py")):
                # Alone: its own dependencies are there, and another index could have other builds of them.
                wanted = extras["optional-dependencies"]["backbone"]
                run([venv / "bin" / "python", "-m", "pip", "install", "--no-deps", *wanted])
            for extra, program in (("export", "onnxruntime_test"), ("serve", "fastapi"), ("tune", "optuna")):
                if made_for == "cpu" and not (venv / "bin" / program).exists():
                    run([venv / "bin" / "python", "-m", "pip", "install", *extras["optional-dependencies"][extra]])
        return venv

    return environment


def install_without_accelerator(project: Path, venv: Path, hardware: str) -> None:
    """Install what the extra brings on macOS: on Linux it would bring gigabytes for a TPU that is not here."""
    about = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    extra = [Requirement(line) for line in about["project"]["optional-dependencies"][hardware]]
    macos = {"sys_platform": "darwin", "platform_machine": "arm64"}
    plain = [f"{part.name}{part.specifier}" for part in extra if not part.marker or part.marker.evaluate(macos)]
    python = venv / "bin" / "python"
    if not python.exists():
        run(["make", "environment", f"VENV={venv}"], cwd=project)
    run([python, "-m", "pip", "install", *plain, *about["dependency-groups"]["dev"], "--editable", project])
    (venv / f".{package_name(about)}-ready").touch()  # so that make leaves it at that


def package_name(about: dict) -> str:
    """The Python package of a project, by its pyproject.toml."""
    return about["tool"]["setuptools"]["packages"]["find"]["include"][0]


def run(command: list, **options) -> str:
    """Run a command that has to succeed; what it printed."""
    options = {"text": True, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT} | options
    done = subprocess.run([str(part) for part in command], check=False, **options)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}"
    return done.stdout


def run_script(python: Path, name: str, *arguments: object, cwd: Path, stdin: str = "", **variables: str) -> str:
    """Run a file of tests/scripts in a folder, whose package it can import; what it printed."""
    environ = {**os.environ, "PYTHONPATH": str(cwd), **variables}
    return run([python, SCRIPTS / name, *arguments], cwd=cwd, env=environ, input=stdin)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture(scope="session")
def trained(bake, environment):
    """A project of a variant, such as pytorch-image-multiclass, trained on its sample; its Python and its package."""

    @cache
    def trained(variant: str) -> tuple[Path, Path, str]:
        framework, data_type, task = variant.split("-")
        project = bake(framework=framework, data_type=data_type, task=task, project_slug=f"report-{variant}")
        python = environment(framework) / "bin" / "python"
        package = project.name.replace("-", "_")
        run_script(python, "write_sample_of_task.py", package, "sample.npz", cwd=project)
        options = ["--data.source", "sample.npz", "--training.epochs", 2, "--training.batch_size", 32]
        run([python, "-m", package, "train", *options], cwd=project)
        return project, python, package

    return trained


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Chromium without a window."""
    if not shutil.which("chromedriver"):
        pytest.skip("needs Chromium and ChromeDriver")
    from selenium import webdriver
    from selenium.common.exceptions import WebDriverException

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome")
    for name in ("headless=new", "no-sandbox", "disable-gpu", "no-first-run", "disable-background-networking"):
        options.add_argument(f"--{name}")
    options.add_argument("--disable-dev-shm-usage")  # containers have little of it
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('browser')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    try:
        driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    except WebDriverException as error:
        pytest.skip(f"Chromium does not start here: {error.msg}")
    yield driver
    driver.quit()


PHONE, DESKTOP = 390, 1280  # pixels


def open_page(browser, url: str, width: int, scheme: str) -> None:
    """Open a page in a window of a width, in a light or a dark scheme. What was logged before is forgotten."""
    # A window has a least width of its own, so the size of the page is set.
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width == PHONE}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    browser.get_log("performance")
    browser.get(url)


def requests(browser) -> set[str]:
    """The addresses that the page asked for, without those that hold their content."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    sent = [message["params"]["request"]["url"] for message in messages if message["method"].endswith("WillBeSent")]
    # chrome: what Chromium itself asks for, in the tab that was open before.
    return {url for url in sent if not url.startswith(("data:", "chrome:", "chrome-untrusted:"))}

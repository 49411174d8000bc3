"""The Dockerfile of a project for GPUs, and the container for editors: right for the project, and without mistakes."""

import json
import re
import sys
import tomllib
from pathlib import Path

import pytest
from conftest import each, package_name, run
from packaging.specifiers import SpecifierSet

each_image = each(data_type=["vector"], task=["multiclass"], hardware=["gpu", "cluster"])


@pytest.fixture
def project(bake, answers):
    return bake(**answers)


@pytest.fixture
def steps(project) -> list[tuple[str, str]]:
    """The instructions of the Dockerfile with their arguments, each in one line."""
    lines = (project / "Dockerfile").read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if line and not line.startswith("#"))
    return [tuple(step.split(maxsplit=1)) for step in re.sub(r"\s*\\\n\s*", " ", text).splitlines()]


def about(project: Path) -> dict:
    return tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))


@each_image
def test_linter_finds_nothing(project):
    hadolint = Path(sys.executable).parent / "hadolint"
    run([hadolint, "--failure-threshold", "style", project / "Dockerfile"])


@each_image
def test_image_has_a_version_that_the_project_takes(project, steps):
    ((_, image),) = (step for step in steps if step[0] == "FROM")
    version = re.fullmatch(r"python:(3\.\d+)-slim", image)
    assert version[1] in SpecifierSet(about(project)["project"]["requires-python"])


@each_image
def test_image_has_the_packages_of_the_hardware(project, steps, answers):
    assert [words for _, words in steps if "pip install" in words and f'".[{answers["hardware"]}]"' in words]
    assert answers["hardware"] in about(project)["project"]["optional-dependencies"]


@each_image
def test_packages_are_installed_before_the_code_is_copied(project, steps):
    """So an edit does not install them again; what the build needs is there, empty."""
    names = [name for name, _ in steps]
    copies = [words for name, words in steps if name == "COPY"]
    assert copies == ["pyproject.toml ./", "--chown=$UID . ."]
    ((number, install),) = ((number, words) for number, (_, words) in enumerate(steps) if "pip install" in words)
    assert names.index("COPY") < number < len(names) - names[::-1].index("COPY") - 1
    settings = about(project)
    package = package_name(settings)
    needed = {settings["project"]["readme"], *settings["project"]["license-files"], f"{package}/__init__.py"}
    assert set(re.search(r"touch ([^&]+)", install)[1].split()) == needed
    assert f"mkdir {package} " in install
    assert all((project / name).is_file() for name in needed)


@each_image
def test_container_runs_a_command_without_being_root(project, steps):
    settings = dict(steps)  # of equal instructions the last, which holds
    assert settings["ARG"] == "UID=1000"
    assert settings["USER"] == "$UID"
    *python, package = json.loads(settings["ENTRYPOINT"])
    assert python == ["python", "-m"]
    assert (project / package / "__main__.py").is_file()
    assert json.loads(settings["CMD"]) == ["--help"]
    writable = {"data", "reports", "runs"}
    assert set(re.search(r"mkdir ([\w ]+) &&", settings["RUN"])[1].split()) == writable
    text = (project / "Dockerfile").read_text(encoding="utf-8")
    assert set(re.findall(rf"--volume \./(\w+):{settings['WORKDIR']}/\1\b", text)) == writable


@each_image
def test_image_leaves_out_what_git_does(project):
    ignored, by_git = (
        {line.removeprefix("**/").strip("/").replace("!/", "!") for line in lines if line and not line.startswith("#")}
        for lines in ((project / name).read_text().splitlines() for name in (".dockerignore", ".gitignore"))
    )
    assert ignored == by_git | {".git"}


@each(data_type=["vector"], task=["multiclass"])
def test_container_of_editors(project, answers):
    settings = json.loads((project / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    version = re.fullmatch(r"mcr\.microsoft\.com/devcontainers/python:(3\.\d+)", settings["image"])
    assert version[1] in SpecifierSet(about(project)["project"]["requires-python"])
    assert settings["postCreateCommand"] == "make setup"
    makefile = (project / "Makefile").read_text(encoding="utf-8")
    folder = re.search(r"^VENV \?= (.+)$", makefile, re.MULTILINE)[1]
    editor = settings["customizations"]["vscode"]["settings"]
    assert editor["python.defaultInterpreterPath"] == f"{folder}/bin/python"
    gpu = {"gpu": "optional"} if answers["hardware"] in ("gpu", "cluster") else None
    assert settings.get("hostRequirements") == gpu

"""CONTRIBUTING.md's "add a data type" and "add a task", word for word, in a copy of this repository."""

import json
import re
import shutil
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from conftest import DATA_TYPES, FRAMEWORKS, ROOT, TASKS, run, text_files
from jsonschema import Draft202012Validator

SLUG = "toy-project"
PROJECT = ROOT / "{{cookiecutter.project_slug}}"


@pytest.fixture
def copy(tmp_path) -> Path:
    """The files of this repository that git knows, or will with the next commit."""
    names = run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT).splitlines()
    for name in names:
        if (ROOT / name).is_file():
            target = tmp_path / "copy" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
    return tmp_path / "copy"


def add_answer(copy: Path, question: str, alike: str, section: str) -> None:
    """Add the answer `toy` as CONTRIBUTING.md says, with a setting of its own."""
    folder = shutil.copytree(copy / "templates" / question / alike, copy / "templates" / question / "toy")

    path = copy / "cookiecutter.json"
    asked = json.loads(path.read_text(encoding="utf-8"))
    asked[question].append("toy")
    asked["__prompts__"][question]["toy"] = "Toy: to try things with"
    path.write_text(json.dumps(asked), encoding="utf-8")

    with (folder / f"settings_{section}.py").open("a", encoding="utf-8") as file:
        file.write("shade: Fraction  # how dark the toy is\n")
    with (folder / f"config_{section}.yaml").open("a", encoding="utf-8") as file:
        file.write("shade: 0.5\n")
    run([sys.executable, "tests/test_schema.py"], cwd=copy)


def check_projects(copy: Path, tmp_path: Path, section: str, **answers: str) -> None:
    """Write a project with each framework; each must be whole, clean and know the new setting."""
    for framework in FRAMEWORKS:
        chosen = [f"{question}={answer}" for question, answer in {"framework": framework, **answers}.items()]
        baking = [sys.executable, "-m", "cookiecutter", ".", "--no-input", "--default-config"]
        run([*baking, f"--output-dir={tmp_path / framework}", f"project_slug={SLUG}", *chosen], cwd=copy)
        project = tmp_path / framework / SLUG
        texts = text_files(project)
        assert {"toy_project/model.py", "toy_project/task.py", "tests/test_inputs.py", "tests/test_task.py"} <= set(
            texts
        )
        for name, text in texts.items():
            own_template = name.endswith(("report.html", "model_card.md"))  # which a project fills itself
            assert own_template or not re.search(r"\{%|cookiecutter", text), name
            if name.endswith(".py"):
                compile(text, name, "exec")
        tomllib.loads(texts["pyproject.toml"])
        json.loads(texts["notebooks/explore.ipynb"])
        run([sys.executable, "-m", "ruff", "check", "--no-cache", "."], cwd=project)
        run([sys.executable, "-m", "ruff", "format", "--no-cache", "--diff", "."], cwd=project)

        schema, settings = json.loads(texts["config.schema.json"]), yaml.safe_load(texts["config.yaml"])
        Draft202012Validator(schema).validate(settings)
        assert settings[section]["shade"] == 0.5
        assert schema["properties"][section]["properties"]["shade"]["description"] == "how dark the toy is"
        reading = "from toy_project.config import load_config; print(load_config())"
        assert "shade=0.5" in run([sys.executable, "-c", reading], cwd=project)


@pytest.mark.parametrize("alike", DATA_TYPES)
def test_add_a_data_type(copy, tmp_path, alike):
    add_answer(copy, "data_type", alike, "model")
    check_projects(copy, tmp_path, "model", data_type="toy")


@pytest.mark.parametrize("alike", [TASKS[0], TASKS[-1]])
def test_add_a_task(copy, tmp_path, alike):
    add_answer(copy, "task", alike, "compile")
    check_projects(copy, tmp_path, "compile", task="toy")


def test_paths_that_are_named_exist():
    """Of how to add something: what stands between backquotes and looks like a file or a folder."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Add\n")[2]
    named = {name for name in re.findall(r"`([^`\s]+)`", text) if re.search(r"/|\.(py|md|json|yaml|toml|yml)$", name)}
    assert len(named) > 20
    places = [ROOT, PROJECT, PROJECT / "{{cookiecutter.__package}}"]
    places += [path for path in (ROOT / "templates").rglob("*") if path.is_dir()]
    for name in named:
        pattern = re.sub(r"<\w+>", "*", name)
        found = [path for place in places for path in (*place.glob(pattern), *place.glob(with_condition(pattern)))]
        assert found, name


def with_condition(name: str) -> str:
    """The pattern of a file whose name holds a condition."""
    folder, slash, file = name.rpartition("/")
    return f"{folder}{slash}{{% if * %}}{file}{{% endif %}}"

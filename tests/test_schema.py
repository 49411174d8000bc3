"""config.schema.json of each project: what its config.py says, and what its config.yaml keeps to.

After a change of settings, write its parts in templates/ anew: `.venv/bin/python tests/test_schema.py`.
"""

import importlib
import json
import os
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest
import yaml
from conftest import DATA_TYPES, FRAMEWORKS, HARDWARE, ROOT, TASKS, each
from cookiecutter.main import cookiecutter
from jsonschema import Draft202012Validator

WHOLE = ROOT / "{{cookiecutter.project_slug}}" / "config.schema.json"
# Each section that differs by answers: the file of a part, and what includes it.
FOLDERS = {"data": "data_type", "model": "data_type", "compile": "task"}
HARDWARE_PARTS = ("{hardware}_{framework}", "{hardware}", "gpu")


@contextmanager
def package_of(project: Path):
    """Import from the package of a project, whose name is the same in all of them."""
    with patch.dict(os.environ), patch.object(sys, "path", [str(project), *sys.path]):
        try:
            yield lambda name: importlib.import_module(f"fashion_mnist.{name}")
        finally:
            for name in [name for name in sys.modules if name.split(".")[0] == "fashion_mnist"]:
                del sys.modules[name]


def as_text(schema: dict) -> str:
    """The schema as storage.write_json writes it."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


@each()
def test_schema_is_what_the_settings_are(bake, answers):
    project = bake(**answers)
    with package_of(project) as module:
        made = module("config_schema").make_schema()
    Draft202012Validator.check_schema(made)
    stored = (project / "config.schema.json").read_text(encoding="utf-8")
    assert stored == as_text(made), "write the parts anew: .venv/bin/python tests/test_schema.py"


@each()
def test_config_yaml_keeps_to_the_schema(bake, answers):
    project = bake(**answers)
    text = (project / "config.yaml").read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=config.schema.json\n")
    assert not list(validator(project).iter_errors(yaml.safe_load(text)))


def validator(project: Path) -> Draft202012Validator:
    return Draft202012Validator(json.loads((project / "config.schema.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("section", "name", "value", "message"),
    [
        ("training", "epochs", 0, "0 is less than the minimum of 1"),
        ("training", "epochs", "many", "'many' is not of type 'integer'"),
        ("training", "epoch", 3, "'epoch' was unexpected"),
        ("compile", "loss", "hope", "'hope' is not one of ['cross_entropy', 'focal']"),
        ("compile", "learning_rate", 0, "0 is less than or equal to the minimum of 0"),
        ("data", "validation_fraction", 1, "1 is greater than or equal to the maximum of 1"),
        ("model", "dropout", 1.5, "1.5 is greater than the maximum of 1"),
        ("model", "channels", [16, 0], "0 is less than the minimum of 1"),
        ("data", "target_column", 7, "7 is not valid under any of the given schemas"),
        ("data", "source", None, "'source' is a required property"),
    ],
)
def test_wrong_settings_are_found(bake, section, name, value, message):
    project = bake()
    settings = yaml.safe_load((project / "config.yaml").read_text(encoding="utf-8"))
    if value is None:
        del settings[section][name]
    else:
        settings[section][name] = value
    (error,) = validator(project).iter_errors(settings)
    assert message in error.message


def test_every_section_is_explained(bake):
    project = bake()
    sections = json.loads((project / "config.schema.json").read_text(encoding="utf-8"))["properties"]
    assert sections["training"]["description"] == "How long to train, and when to stop (training/train.py)."
    assert sections["model"]["properties"]["channels"]["description"].startswith("of the convolutional blocks")


def write_parts() -> None:
    """Write the parts of the schema, and the file that includes them, by the settings as they are now."""
    base = {"framework": FRAMEWORKS[0], "data_type": DATA_TYPES[0], "task": TASKS[0], "hardware": HARDWARE[0]}
    answers = [{**base, "data_type": name} for name in DATA_TYPES] + [{**base, "task": name} for name in TASKS]
    answers += [{**base, "framework": framework, "hardware": name} for framework in FRAMEWORKS for name in HARDWARE]
    with tempfile.TemporaryDirectory() as folder:
        for number, answer in enumerate(answers):
            project = Path(
                cookiecutter(
                    str(ROOT),
                    no_input=True,
                    default_config=True,
                    accept_hooks=False,
                    output_dir=f"{folder}/{number}",
                    extra_context=answer,
                )
            )
            with package_of(project) as module:
                schema = module("config_schema").make_schema()
            for section, path in part_files(answer).items():
                path.write_text(as_text(schema["properties"][section]), encoding="utf-8")
                schema["properties"][section] = section
    WHOLE.write_text(with_includes(as_text(schema)), encoding="utf-8")


def part_files(answer: dict[str, str]) -> dict[str, Path]:
    """The file of each part for some answers."""
    files = {name: ROOT / "templates" / kind / answer[kind] / f"schema_{name}.json" for name, kind in FOLDERS.items()}
    folder = ROOT / "templates" / "hardware"
    names = (pattern.format(**answer) for pattern in HARDWARE_PARTS)
    name = next(name for name in names if (folder / f"settings_{name}.py").is_file())
    return {**files, "hardware": folder / f"schema_{name}.json"}


def with_includes(text: str) -> str:
    """Put Jinja in the place of each part."""
    sources = {name: f'"{kind}/" ~ cookiecutter.{kind} ~ "/schema_{name}.json"' for name, kind in FOLDERS.items()}
    names = (
        '"hardware/schema_' + pattern.replace("{", '" ~ cookiecutter.').replace("}", ' ~ "') + '.json"'
        for pattern in HARDWARE_PARTS
    )
    sources["hardware"] = f"[{', '.join(names)}]"
    for name, source in sources.items():
        include = f"{{% filter trim | indent(4) %}}{{% include {source} %}}{{% endfilter %}}"
        comma = "\n" if name == "hardware" else ""  # Jinja takes the end of a line that ends with a tag
        text = text.replace(f'"{name}": "{name}"', f'"{name}": {include}{comma}')
    return text


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))  # cookiecutter.json names hooks/answers.py
    write_parts()

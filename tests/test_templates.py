"""The Python files in templates/ are whole, and free of Jinja, so that an editor and ruff can read them."""

import ast
import re

import pytest
from conftest import ANSWERS, FRAMEWORKS, ROOT, combinations
from jinja2 import Environment

TEMPLATES = ROOT / "templates"
PROJECT = ROOT / "{{cookiecutter.project_slug}}"
FILES = sorted(TEMPLATES.rglob("*.py"))
DEMOS = ("fashion_mnist", "spoken_digits")  # example data
SECOND_ANSWER = re.compile(rf"_({'|'.join([*FRAMEWORKS, *DEMOS])})\.py$")
INCLUDE = re.compile(r"{% include (.+?) %}")
CONDITION = re.compile(r"{% if .+? %}(.+){% endif %}")  # in the name of a file
ALONE = {  # what one answer has and others do not, and stubs with a condition in their name include
    "image": """
        package/backbone_keras.py package/backbone_pytorch.py package/training/start_keras.py
        package/training/start_pytorch.py tests/backbones_keras.py tests/backbones_pytorch.py
    """.split(),
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(TEMPLATES).as_posix())
def test_is_plain_python(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\{\{|\{%|\{#", text)
    ast.parse(text)


def test_frameworks_have_the_same_files():
    first, second = (
        {path.relative_to(TEMPLATES / "framework" / name) for path in (TEMPLATES / "framework" / name).rglob("*.py")}
        for name in FRAMEWORKS
    )
    # The package's __init__ sets the backend of Keras, which depends on the hardware.
    assert {path for path in first if path.name != "__init__.py"} == second != set()


@pytest.mark.parametrize("question", ["data_type", "task"])
def test_answers_have_the_same_files(question):
    """So that to add an answer is to copy a folder."""
    folders = [TEMPLATES / question / answer for answer in ANSWERS[question]]
    files = [
        {path.relative_to(folder).as_posix() for path in folder.rglob("*.py")} - set(ALONE.get(folder.name, []))
        for folder in folders
    ]
    assert all(found == files[0] for found in files)
    for framework in FRAMEWORKS:  # twins are neighbors
        assert any(name.endswith(f"_{framework}.py") for name in files[0])


def test_every_stub_includes_the_file_of_its_own_path():
    """A stub at package/data/inputs.py includes a file whose path ends in package/data/inputs.py."""
    paths = [path for path in PROJECT.rglob("*.py*") if CONDITION.sub(r"\1", path.name).endswith(".py")]
    stubs = {path: path.read_text(encoding="utf-8") for path in paths}
    stubs = {path: text for path, text in stubs.items() if text.startswith("{% include")}
    assert len(stubs) >= 12
    included = set()
    for path, text in stubs.items():
        place = path.relative_to(PROJECT).as_posix().replace("{{cookiecutter.__package}}", "package")
        place = CONDITION.sub(r"\1", place)
        for answers in combinations():
            first = included_files(INCLUDE.search(text)[1], answers)[0]
            assert SECOND_ANSWER.sub(".py", first).endswith("/" + place), (path, first)
        included |= {name for answers in combinations() for name in included_files(INCLUDE.search(text)[1], answers)}
    whole = {path.relative_to(TEMPLATES).as_posix() for path in FILES}
    parts = {name for name in whole if "/shared/" in name or re.search(r"/settings_\w+\.py$", name)}
    assert whole - parts == included  # none lies about that no project gets


def included_files(expression: str, answers: dict) -> list[str]:
    """The files that an include may take, in the order in which they are tried; the first one that is there counts."""
    backend = Environment().from_string(ANSWERS["__backend"]).render(cookiecutter=answers)
    values = {"cookiecutter": {**answers, "__backend": backend}}
    found = Environment().compile_expression(expression)(**values)
    names = [found] if isinstance(found, str) else found
    return [name for name in names if (TEMPLATES / name).is_file()][:1]


SHARED_BY_DATA_TYPES = ("save_figure", "draw_balance", "draw_examples")  # of plots.py
SHARED_BY_TASKS = ("format_metric",)  # of metrics.py
SHARED_BY_DEMOS = ("read_demo", "has_demo")  # of the file of each example; its targets are the task's


@pytest.mark.parametrize(
    ("question", "file", "names"),
    [
        ("data_type", "plots.py", SHARED_BY_DATA_TYPES),
        ("task", "metrics.py", SHARED_BY_TASKS),
        *(("task", f"demo_{name}.py", SHARED_BY_DEMOS) for name in DEMOS),
    ],
)
def test_what_answers_share_is_the_same_text(question, file, names):
    """Each project sees it once; here it stands in each folder, so that every file is whole."""
    found = [functions(path, names) for path in sorted((TEMPLATES / question).glob(f"*/package/**/{file}"))]
    assert len(found) == len(ANSWERS[question])
    assert all(texts == found[0] for texts in found)
    assert len(found[0]) == len(names)


def functions(path, names) -> dict[str, str]:
    """The text of some functions of a file."""
    text = path.read_text(encoding="utf-8")
    nodes = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef) and node.name in names]
    return {node.name: ast.get_source_segment(text, node) for node in nodes}

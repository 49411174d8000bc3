"""The Python files in templates/ are whole, and free of Jinja, so that an editor and ruff can read them."""

import ast
import re

import pytest
from conftest import FRAMEWORKS, ROOT

APART = ("device", "backend", "__init__.py")
FILES = sorted((ROOT / "templates").rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT / "templates").as_posix())
def test_is_plain_python(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\{\{|\{%|\{#", text)
    ast.parse(text)


def test_frameworks_have_the_same_files():
    first, second = (
        {path.relative_to(ROOT / "templates" / framework) for path in (ROOT / "templates" / framework).rglob("*.py")}
        for framework in FRAMEWORKS
    )
    # But for what depends on the hardware too: Keras has a backend, PyTorch has none.
    first, second = ({path for path in paths if path.parts[0] not in APART} for paths in (first, second))
    assert first == second != set()

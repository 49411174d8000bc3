"""Broken files of every kind are read, or refused in one sentence: 2,000 inputs here, 100,000 by `make fuzz`."""

import os

import pytest
from conftest import KEPT, run_script

pytestmark = pytest.mark.slow

COUNT = int(os.environ.get("FUZZ", "2000"))


@pytest.mark.parametrize(
    ("data_type", "task"),
    [("vector", "multiclass"), ("sequence", "regression"), ("image", "binary"), ("audio", "multiclass")],
)
def test_broken_files_end_in_a_sentence(bake, environment, data_type, task):
    slug = f"fuzz-{data_type}"
    project = bake(framework="pytorch", data_type=data_type, task=task, project_slug=slug)
    python = environment("pytorch") / "bin" / "python"
    folder = KEPT.parent / "fuzz"  # inputs that break it are left there
    printed = run_script(python, "fuzz.py", slug.replace("-", "_"), data_type, COUNT // 4, folder, cwd=project)
    print(printed)  # shown by make fuzz
    assert "inputs in" in printed

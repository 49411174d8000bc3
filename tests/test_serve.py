"""The service of a project answers what its schema allows, and refuses all else: schemathesis makes up requests."""

import json
import os

import numpy as np
import pandas as pd
import pytest
from conftest import KEPT, run, run_script
from filelock import FileLock

pytestmark = pytest.mark.slow

N = 40
FILES = {"image": "fuzz.npz", "vector": "fuzz.csv", "sequence": "fuzz.csv"}
SETTINGS = {
    "image": {"shape": [3, 2, 1]},
    "vector": {"target_column": "y"},
    "sequence": {"target_column": "y", "sequence_column": "name", "pad": True},
}


@pytest.fixture(scope="session")
def schemathesis(environment):
    """A folder with schemathesis, apart from the environments: it is a plugin of pytest too, and slow to start."""
    folder = KEPT / "schemathesis"
    with FileLock(KEPT / "schemathesis.lock"):
        if not (folder / "schemathesis").is_dir():
            pip = [environment("pytorch") / "bin" / "python", "-m", "pip", "install", "--target", folder]
            run([*pip, "schemathesis>=4.32,<5"])
    return folder


@pytest.mark.parametrize(
    ("framework", "data_type", "task"),
    [("pytorch", "image", "multiclass"), ("keras", "vector", "binary"), ("pytorch", "sequence", "binary")],
)
def test_requests_of_every_kind(bake, environment, schemathesis, framework, data_type, task):
    slug = f"fuzz-{framework}-{data_type}"
    project = bake(framework=framework, data_type=data_type, task=task, project_slug=slug)
    write_source(project / FILES[data_type], data_type)
    arguments = [FILES[data_type], "uint8" if data_type == "image" else "float32", json.dumps(SETTINGS[data_type])]
    paths = os.pathsep.join(map(str, (project, project / "tests", schemathesis)))
    python = environment(framework) / "bin" / "python"
    output = run_script(python, "fuzz_service.py", *arguments, cwd=project, PYTHONPATH=paths)
    statuses = json.loads(output.splitlines()[-1])
    assert statuses["200"] >= 5
    assert statuses["422"] >= 20
    assert sum(statuses.values()) >= 100


def write_source(path, data_type):
    """Write samples with two classes: small, since requests are made up number by number."""
    random = np.random.default_rng(0)
    if data_type == "image":
        np.savez(path, x=random.integers(0, 256, (N, 3, 2, 1), dtype=np.uint8), y=np.arange(N) % 2)
        return
    table = pd.DataFrame({"age": np.arange(N, dtype=float), "color": ["red", "blue"] * (N // 2)})
    table["y"] = np.arange(N) // 2 % 2
    if data_type == "sequence":
        rows = [(name, *random.normal(size=2), name % 2) for name in range(N) for _ in range(2 + name % 2)]
        table = pd.DataFrame(rows, columns=["name", "a", "b", "y"])
    table.to_csv(path, index=False)

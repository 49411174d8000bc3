"""Rare classes: with 50 items of one class for each of the other, weighted loss finds more of the rare one."""

import json

import pytest
from conftest import KEPT, run

pytestmark = pytest.mark.slow

COMMON, RARE = 0, 6  # T-shirt and shirt, which look alike
# Class numbers of Fashion-MNIST, whose files are there once any project has trained.
MAKE_FILE = """
import numpy as np
from pathlib import Path
from {package}.fetch import raw_files

files = raw_files(Path({data!r}))
arrays = {{}}
for part, name, sizes in (("train", "train", (5000, 100)), ("test", "t10k", (1000, 1000))):
    x = np.frombuffer(files[name + "-images-idx3-ubyte"], np.uint8, offset=16).reshape(-1, 784)
    labels = np.frombuffer(files[name + "-labels-idx1-ubyte"], np.uint8, offset=8)
    rows = [np.flatnonzero(labels == label)[:size] for label, size in zip(({common}, {rare}), sizes)]
    arrays["x_" + part] = x[np.concatenate(rows)]
    arrays["y_" + part] = np.repeat([0, 1], [len(part) for part in rows])
np.savez("rare.npz", class_names=["T-shirt", "shirt"], **arrays)
"""


@pytest.mark.parametrize(("framework", "task"), [("pytorch", "multiclass"), ("keras", "binary")])
def test_weights_lift_macro_recall(bake, environment, framework, task):
    slug = f"rare-{framework}-{task}"
    project = bake(framework=framework, data_type="vector", task=task, project_slug=slug)
    python = environment(framework) / "bin" / "python"
    package = slug.replace("-", "_")
    code = MAKE_FILE.format(package=package, data=str(KEPT / "data"), common=COMMON, rare=RARE)
    run([python, "-c", code], cwd=project)
    settings = ["--data.source", "rare.npz", "--training.epochs", "5"]

    assert "Imbalanced: for 4,500 items of T-shirt there are 90 of shirt." in " ".join(
        run([python, "-m", package, "stats", *settings], cwd=project).split()
    )
    recall = {}
    for weights in ("none", "balanced"):
        options = ["--compile.class_weight", weights, "--compile.metric", "macro_recall", "--run", weights]
        run([python, "-m", package, "train", *settings, *options], cwd=project)
        run([python, "-m", package, "evaluate", "--run", weights], cwd=project)
        metrics = json.loads((project / "runs" / weights / "metrics.json").read_text(encoding="utf-8"))
        recall[weights] = metrics["test"]["macro_recall"]
    assert recall["balanced"] > recall["none"] + 0.05, recall

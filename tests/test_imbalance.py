"""Rare classes: with 50 samples of one class for each of the other, weighted loss finds more of the rare one."""

import json

import pytest
from conftest import KEPT, run_script

pytestmark = pytest.mark.slow

COMMON, RARE = 0, 6  # T-shirt and shirt, which look alike: their numbers in Fashion-MNIST


@pytest.mark.parametrize(("framework", "task"), [("pytorch", "multiclass"), ("keras", "binary")])
def test_weights_lift_macro_recall(bake, environment, framework, task):
    slug = f"rare-{framework}-{task}"
    project = bake(framework=framework, data_type="vector", task=task, project_slug=slug)
    python = environment(framework) / "bin" / "python"
    package = slug.replace("-", "_")
    run_script(python, "write_rare_classes.py", package, KEPT / "data", COMMON, RARE, cwd=project)
    settings = "--data.source rare.npz --training.epochs 5 --model.members 1 --model.units [128]"
    commands = [f"make stats ARGS='{settings}'"]
    for weights in ("none", "balanced"):
        options = f"--compile.class_weight {weights} --compile.primary_metric macro_recall --run {weights}"
        commands += [f"make train ARGS='{settings} {options}'", f"make evaluate ARGS='--run {weights}'"]
    output = run_script(python, "run_commands.py", package, cwd=project, stdin="\n".join(commands))

    assert "Imbalanced: for 4,500 samples of class 0 there are 90 of class 6." in " ".join(output.split())
    recall = {}
    for weights in ("none", "balanced"):
        metrics = json.loads((project / "runs" / weights / "metrics.json").read_text(encoding="utf-8"))
        recall[weights] = metrics["test"]["macro_recall"]
    assert recall["balanced"] > recall["none"] + 0.05, recall

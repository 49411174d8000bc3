"""Studies that train: trials are ended early in both frameworks, and the processes of an array share a study."""

import csv
import os
import re
import subprocess

import pytest
from conftest import FRAMEWORKS, run

pytestmark = pytest.mark.slow

# A learning rate learns nothing: with this seed it is that of trial 6 alone, after the five that are never ended early.
RANGES = "tune:\n  compile.learning_rate: {choices: [0.003, 0.005, 0.0000001]}\n  model.dropout: {low: 0, high: 0.6}\n"
OPTIONS = "--seed 6 --data.source tests/sample.npz --training.epochs 2 --training.batch_size 64".split()


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_trials_end_early(bake, environment, framework):
    """In PyTorch by the script for SLURM, as two processes of an array."""
    hardware, data_type = ("cluster", "sequence") if framework == "pytorch" else ("cpu", "vector")
    project = bake(framework=framework, data_type=data_type, hardware=hardware, project_slug=f"tune-{framework}")
    config = project / "config.yaml"
    text = config.read_text(encoding="utf-8")
    config.write_text(re.sub(r"(?s)tune:.*?\n\n", f"{RANGES}\n", text), encoding="utf-8")
    (project / ".venv").symlink_to(environment(framework))
    package = [".venv/bin/python", "-m", project.name.replace("-", "_")]

    search = [*package, "tune", "--name", "job-7", *OPTIONS]
    if hardware == "cluster":
        environ = {**os.environ, "SLURM_SUBMIT_DIR": str(project), "SLURM_ARRAY_JOB_ID": "7"}
        pipes = {"text": True, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        words = ["bash", "tune.slurm", "--trials", "6", *OPTIONS]
        processes = [subprocess.Popen(words, cwd=project, env=environ, **pipes) for _ in range(2)]
        outputs = [process.communicate(timeout=200)[0] for process in processes]
        assert [process.returncode for process in processes] == [0, 0], outputs
    output = run([*search, "--trials", 7], cwd=project)
    assert re.search("^trial   6 .*  ended after epoch 2  learning_rate 1e-07", output, re.MULTILINE), output

    with (project / "runs" / "tune-job-7" / "table.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert sorted(int(row["trial"]) for row in rows) == list(range(7))
    assert [row["state"] for row in rows].count("complete") >= 5
    again = ["train", "--config", "runs/tune-job-7/best.yaml", "--training.epochs", 1]
    assert "Written: runs/001" in run([*package, *again], cwd=project)

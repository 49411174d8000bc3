"""Own data in every layout: the commands of a project's README, from the files to predictions, on real data."""

import json
import os
import re
import sys

import pytest
from conftest import ROOT, run, run_script, section

sys.path.insert(0, str(ROOT / "benchmarks"))
from own_data import CASES

pytestmark = pytest.mark.slow

# Which framework trains makes no difference to how files are read. Keras, which starts slower, has one case of each
# data type. These run with the command for statistics and baselines, which `train` fits too. The first case runs as a
# user types it, the others in one process each.
FIRST = {case.data_type: name for name, case in reversed(CASES.items())}
TYPED = next(iter(CASES))
# `make formats` goes through these too. Here they would show nothing that the others do not.
LEFT_OUT = (
    "wine, folder of npy",
    "digits, train and test folders",
    "digits as numbers, table of files",
    "spoken digits, table of files, by speaker",
    "length of spoken digits, npz",
    "JapaneseVowels, class folders of CSV",
)
TURNS = [("keras" if name in FIRST.values() else "pytorch", name) for name in CASES if name not in LEFT_OUT]
# A part of the work of `make formats`, which says what the default networks reach.
SHORTER = {
    "image": "--model.channels [16,32] --model.test_time_augmentation false",
    "audio": "--training.epochs 12 --model.noise 0 --model.coloring 0 --model.time_mask 0 --model.frequency_mask 0",
}


@pytest.mark.parametrize(("framework", "name"), TURNS)
def test_layout(bake, environment, framework, name):
    case = CASES[name]
    slug = re.sub(r"\W+", "-", f"own {framework} {name}".lower())
    project = bake(framework=framework, data_type=case.data_type, task=case.task, project_slug=slug)
    venv = environment(framework)
    (venv / f".{slug.replace('-', '_')}-ready").touch()  # pretend that it is installed
    case.write(project / "data")

    commands = "".join(re.findall(r"```sh\n(.*?)```", section(project, "Use your own data"), flags=re.DOTALL))
    # The files and options of this case in place of those of the README.
    commands = re.sub(r"--inspect data/\S+", f"--inspect data/{case.source} {case.inspect}", commands)
    options = f"{case.train} {SHORTER.get(case.data_type, '')}".strip()
    commands = re.sub(r'train ARGS="[^"]*"', f'train ARGS="{options}"', commands)
    commands = re.sub(r"data/new\.\w+", f"data/{case.new}", commands)
    if name == TYPED:
        environ = {**os.environ, "VENV": str(venv), "PATH": f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}"}
        run(["sh", "-ec", commands], cwd=project, env=environ)
    else:
        if name not in FIRST.values():
            commands = commands.replace("make stats baseline\n", "")
        run_script(venv / "bin" / "python", "run_commands.py", slug.replace("-", "_"), cwd=project, stdin=commands)

    metrics = json.loads((project / "runs" / "001" / "metrics.json").read_text(encoding="utf-8"))
    score = metrics["test"][metrics["primary_metric"]]
    assert score <= case.floor if case.task == "regression" else score >= case.floor
    rule = next(iter(metrics["baselines"].values()))[metrics["primary_metric"]]
    assert score < rule if case.task == "regression" else score > rule
    assert len((project / "runs" / "001" / "predictions.csv").read_text(encoding="utf-8").splitlines()) > 1

"""Bake projects for the benchmarks, with one environment a framework, all under build/."""

import json
import os
import subprocess
from pathlib import Path

from cookiecutter.main import cookiecutter

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build"
SHARED_DATA = f"--data.data_dir {BUILD / 'fashion-mnist'}"
ANSWERS = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))


def variants() -> list[tuple[str, str]]:
    """Every framework with every data type."""
    return [(framework, data_type) for framework in ANSWERS["framework"] for data_type in ANSWERS["data_type"]]


def bake(framework: str, data_type: str, task: str = "multiclass") -> Path:
    """The folder of a new project `<framework>-<data type>-<task>`, over an older one of the same name."""
    answers = {"framework": framework, "data_type": data_type, "task": task}
    answers["project_name"] = " ".join(answers.values())
    return Path(
        cookiecutter(str(ROOT), no_input=True, extra_context=answers, output_dir=BUILD, overwrite_if_exists=True)
    )


def make(project: Path, framework: str, *targets: str, arguments: str = "", quiet: bool = False) -> None:
    """Run make in a project, in the environment that all projects of the framework share; data is shared by all."""
    command = ["make", *targets, f"VENV={BUILD / ('env-' + framework)}", f"ARGS={arguments or SHARED_DATA}"]
    output = subprocess.DEVNULL if quiet else None
    subprocess.run(command, cwd=project, check=True, env={**os.environ, "PIP_RETRIES": "0"}, stdout=output)


def python(framework: str) -> Path:
    """The interpreter of the framework's environment."""
    return BUILD / f"env-{framework}" / "bin" / "python"

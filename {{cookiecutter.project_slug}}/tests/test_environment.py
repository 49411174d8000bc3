"""environment.json: what a run ran on."""

import json
import subprocess
from importlib import metadata
from pathlib import Path

from {{ cookiecutter.__package }}.config import Config
from {{ cookiecutter.__package }}.data import Splits
from {{ cookiecutter.__package }}.environment import describe_code
from {{ cookiecutter.__package }}.runs import start_run


def test_a_run_keeps_its_environment(config: Config, splits: Splits) -> None:
    run = start_run(config, splits.info)
    environment = json.loads((run / "environment.json").read_text(encoding="utf-8"))
    assert environment["packages"]["numpy"] == metadata.version("numpy")
    assert environment["device"]["threads"]
    assert environment["device"]["training will use"]
    assert {"python", "platform", "CPU cores", "git"} <= set(environment)


def test_the_commit_of_the_code_is_named_and_whether_it_changed(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        user = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        command = ["git", "-C", tmp_path, *user, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    assert describe_code(tmp_path / "absent") is None
    git("init")
    assert describe_code(tmp_path) is None  # nothing is committed
    (tmp_path / "model.py").write_text("first", encoding="utf-8")
    git("add", "model.py")
    git("commit", "--message", "first")
    assert describe_code(tmp_path) == {"commit": git("rev-parse", "HEAD"), "dirty": False}
    (tmp_path / "model.py").write_text("second", encoding="utf-8")
    assert describe_code(tmp_path) == {"commit": git("rev-parse", "HEAD"), "dirty": True}

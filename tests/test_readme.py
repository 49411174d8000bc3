"""Every command in the README of a project runs, in the order in which a reader meets them."""

import os
import re
import signal
import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager, suppress
from itertools import groupby
from pathlib import Path

import pytest
from conftest import FRAMEWORKS, free_port, run, run_script, section

pytestmark = pytest.mark.slow

PREDICTIONS = "predictions.csv"  # what one of the commands writes; of three samples


# Commands of the story of a run, and those without make or a pipe, are the same in both frameworks: with PyTorch alone.
STORY = re.compile(
    r"--(?:resume|like|repeats|folds|training\.weights)\b|overfit|lr-find|profile|compare|tune|longer|^readme-"
)

# The other commands run in one process, one after the other. That make starts each alone, test_train.py shows.
NEEDS_A_SHELL = re.compile(r"^(?!make )|^make (?:serve|load)\b")


@pytest.mark.parametrize(("framework", "data_type"), [("pytorch", "image"), ("keras", "vector")])
def test_commands_of_the_project(bake, environment, framework, data_type, tmp_path):
    project = bake(framework=framework, data_type=data_type, project_slug=f"readme-{framework}-{data_type}")
    venv = environment(framework)
    train_quickly(project)
    python = venv / "bin" / "python"
    readme = (project / "README.md").read_text(encoding="utf-8")
    readme = readme.replace(section(project, "Use your own data"), "")  # see test_own_data.py
    blocks = re.findall(r"```sh\n(.*?)```", readme, flags=re.DOTALL)
    commands = [line for block in blocks for line in block.splitlines()]
    assert len(commands) >= 9
    if framework == "keras":
        commands = [command for command in commands if not STORY.search(command)]
    words = " ".join(line for line in commands if "predict" in line)
    files = sorted(set(re.findall(r"\w+\.(?:npz|csv|png|jpg)", words)) - {PREDICTIONS})
    (arrays,) = (name for name in files if name.endswith(".npz"))
    run_script(python, "write_new_files.py", data_type, *files, cwd=project)
    environ = activate(venv)
    port = str(free_port())
    shorter = {"8080": port, "--trials 30": "--trials 2", "epochs 30": "epochs 3", "--seconds 10": "--seconds 2"}
    for long, short in shorter.items():
        commands = [command.replace(long, short) for command in commands]
    with ExitStack() as services:
        for in_shell, together in groupby(commands, lambda command: bool(NEEDS_A_SHELL.search(command))):
            if not in_shell:
                package, lines = project.name.replace("-", "_"), "\n".join(together)
                run_script(python, "run_commands.py", package, cwd=project, stdin=lines)
                continue
            for command in together:
                if command.startswith("make serve"):
                    services.enter_context(serving(command, project, environ, port))
                else:
                    run(["sh", "-c", command], cwd=project, env=environ)
    assert framework == "keras" or (project / "runs" / "longer" / "metrics.json").is_file()
    assert len((project / PREDICTIONS).read_text(encoding="utf-8").splitlines()) == 4
    snippet = tmp_path / "snippet.py"
    snippet.write_text(re.search(r"```python\n(.*?)```", readme, flags=re.DOTALL)[1], encoding="utf-8")
    run_script(python, "run_snippet.py", snippet, arrays, cwd=project)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_commands_for_two_terminals(bake, environment, framework):
    project = bake(framework=framework, data_type="vector", hardware="cluster", project_slug=f"terminals-{framework}")
    train_quickly(project)
    block = re.search(r"```sh\n(.*?)```", section(project, "Hardware"), flags=re.DOTALL)[1]
    block = block.replace("29500", str(free_port()))
    before = "".join(line + "\n" for line in block.splitlines() if line.startswith("export "))
    commands = [before + line for line in block.splitlines() if not line.startswith("export ")]
    assert len(commands) == 2
    options = {"cwd": project, "env": activate(environment(framework, "cluster")), "text": True}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    terminals = [subprocess.Popen(["sh", "-c", command], **options, **pipes) for command in commands]
    outputs = [terminal.communicate(timeout=200)[0] for terminal in terminals]
    assert [terminal.returncode for terminal in terminals] == [0, 0], "\n".join(outputs)
    assert "on 2 x cpu" in outputs[0] and "Written: runs/001" in outputs[0]
    assert "epoch" not in outputs[1]


@contextmanager
def serving(command: str, project: Path, environ: dict[str, str], port: str):
    """Run a command that ends by Ctrl-C alone, while the block goes on; wait until it answers."""
    service = subprocess.Popen(["sh", "-c", command], cwd=project, env=environ, start_new_session=True)
    try:
        for _ in range(300):
            with suppress(OSError), socket.create_connection(("127.0.0.1", int(port)), timeout=1):
                break
            assert service.poll() is None
            time.sleep(0.2)
        yield
    finally:
        os.killpg(service.pid, signal.SIGINT)
        service.wait(60)


def train_quickly(project: Path) -> None:
    """Set the project to the sample, and to two epochs."""
    config = project / "config.yaml"
    text = config.read_text(encoding="utf-8").replace("source: fashion_mnist", "source: tests/sample.npz")
    config.write_text(re.sub(r"epochs: \d+", "epochs: 2", text), encoding="utf-8")


def activate(venv: Path) -> dict[str, str]:
    """The variables of a shell in which the environment is activated, and which make uses too."""
    return {**os.environ, "VENV": str(venv), "PATH": f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}"}

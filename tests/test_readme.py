"""Every command in the README of a project runs, in the order in which a reader meets them."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from conftest import FRAMEWORKS, free_port, run

pytestmark = pytest.mark.slow

# The files that the section on prediction speaks of, made from the sample.
MAKE_FILES = """
import numpy as np
x = np.load("tests/sample.npz")["x_test"][:3]
np.savez("items.npz", x=x.reshape(-1, *{shape}))
for name in ("one.csv", "other.csv", "items.csv"):
    np.savetxt(name, x.reshape(3, 784) if name == "items.csv" else x[0], fmt="%d", delimiter=",")
if {images}:
    from PIL import Image
    Image.fromarray(x[0]).save("photo.png")
    Image.fromarray(x[1]).convert("RGB").resize((90, 60)).save("other.jpg")
"""


@pytest.mark.parametrize(
    ("framework", "data_type", "shape"),
    [("pytorch", "image", (28, 28, 1)), ("keras", "vector", (784,)), ("keras", "sequence", (28, 28))],
)
def test_commands_of_the_project(bake, environment, framework, data_type, shape):
    project = bake(framework=framework, data_type=data_type, project_slug=f"readme-{framework}-{data_type}")
    venv = environment(framework)
    train_quickly(project)
    code = MAKE_FILES.format(shape=shape, images=data_type == "image")
    run([venv / "bin" / "python", "-c", code], cwd=project)

    readme = (project / "README.md").read_text(encoding="utf-8")
    own = readme[readme.index("## Use your own data") : readme.index("## Predict")]  # see test_own_data.py
    readme = readme.replace(own, "")
    blocks = re.findall(r"```sh\n(.*?)```", readme, flags=re.DOTALL)
    commands = [line for block in blocks for line in block.splitlines()]
    assert len(commands) >= 9
    environ = activate(venv)
    for command in commands:
        run(["sh", "-c", command], cwd=project, env=environ)
    assert (project / "runs" / "longer" / "metrics.json").is_file()
    assert len((project / "predictions.csv").read_text(encoding="utf-8").splitlines()) == 4
    python = re.search(r"```python\n(from pathlib.*?)```", readme, flags=re.DOTALL)[1]
    check = "\nassert predictions.shape == (3, 10), predictions.shape"
    load = "import numpy\ninputs = numpy.load('items.npz')['x']\n"
    run([venv / "bin" / "python", "-c", load + python + check], cwd=project)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_commands_for_two_terminals(bake, environment, framework):
    project = bake(framework=framework, data_type="vector", hardware="cluster", project_slug=f"terminals-{framework}")
    train_quickly(project)
    readme = (project / "README.md").read_text(encoding="utf-8")
    section = readme[readme.index("## Hardware") : readme.index("## Tests")]
    block = re.search(r"```sh\n(.*?)```", section, flags=re.DOTALL)[1].replace("29500", str(free_port()))
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


def train_quickly(project: Path) -> None:
    """Set the project to the sample, and to two epochs."""
    config = project / "config.yaml"
    text = config.read_text(encoding="utf-8").replace("source: fashion_mnist", "source: tests/sample.npz")
    config.write_text(re.sub(r"epochs: \d+", "epochs: 2", text), encoding="utf-8")


def activate(venv: Path) -> dict[str, str]:
    """The variables of a shell in which the environment is activated, and which make uses too."""
    return {**os.environ, "VENV": str(venv), "PATH": f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}"}

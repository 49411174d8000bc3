"""The notebook: whole and clean for every combination, at home in Jupyter and in Colab, and it runs to its end."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import SCRIPTS, combinations, each, run, run_script

ACCELERATORS = {  # as Colab writes them into a notebook
    "gpu": {"accelerator": "GPU", "colab": {"gpuType": "T4"}},
    "cluster": {"accelerator": "GPU", "colab": {"gpuType": "T4"}},
    "tpu": {"accelerator": "TPU", "colab": {"gpuType": "V5E1"}},
}
SECTIONS = "Scope Environment Data Statistics Baselines Model Training Evaluation Inference Export What".split()


def read(project: Path) -> dict:
    return json.loads((project / "notebooks" / "explore.ipynb").read_text(encoding="utf-8"))


def source(notebook: dict, name: str) -> str:
    """What is in the cell of that id."""
    (cell,) = (cell for cell in notebook["cells"] if cell["id"] == name)
    return "".join(cell["source"])


@each()
def test_notebook_is_whole_and_empty(bake, answers):
    notebook = read(bake(**answers))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    about = notebook["metadata"]
    assert about.pop("kernelspec")["name"] == "python3"
    assert about.pop("language_info")["name"] == "python"
    assert about == ACCELERATORS.get(answers["hardware"], {})

    names = [cell["id"] for cell in notebook["cells"]]
    assert len(set(names)) == len(names)
    for cell in notebook["cells"]:
        code = {"execution_count", "outputs"} if cell["cell_type"] == "code" else set()
        assert cell["cell_type"] in ("code", "markdown")
        assert cell.keys() == {"cell_type", "id", "metadata", "source"} | code
        assert re.fullmatch(r"[a-z-]{2,30}", cell["id"])
        assert cell["metadata"] == {}
        lines = cell["source"]
        assert all(line.endswith("\n") for line in lines[:-1]) and lines[-1].strip() and not lines[-1].endswith("\n")
        if code:
            assert (cell["execution_count"], cell["outputs"]) == (None, [])
            compile("".join(line for line in lines if not line.startswith("%")), cell["id"], "exec")
            written = [line for line in lines if line.strip()]
            assert len(written) <= 10 or cell["id"] == "set-up", f"{cell['id']} is a wall of code"
    headings = re.findall(r"^## (\d+)\. (\w+)", "\n".join(source(notebook, name) for name in names), flags=re.MULTILINE)
    assert headings == [(str(number), word) for number, word in enumerate(SECTIONS, start=1)]


@each()
def test_notebook_trains_on_one_device(bake, answers):
    """With PyTorch several would need a process each, which a notebook can't start. Some hardware has one only."""
    one = answers["hardware"] == "apple" or (answers["framework"], answers["hardware"]) == ("pytorch", "tpu")
    assert ("hardware__devices=1" in source(read(bake(**answers)), "environment-doctor")) != one


def test_badges_lead_to_the_notebook(bake):
    project = bake(github_username="Some-Group", project_slug="badge-in_two")
    place = "https://colab.research.google.com/github/Some-Group/badge-in_two/blob/main/notebooks/explore.ipynb"
    readme = (project / "README.md").read_text(encoding="utf-8")
    notebook = read(project)
    for text in (readme, source(notebook, notebook["cells"][0]["id"])):
        assert re.findall(r"\]\((https://colab\.research\.google\.com/github/\S+)\)", text.split("## ")[0]) == [place]
    assert 'REPOSITORY = "https://github.com/Some-Group/badge-in_two"' in source(notebook, "set-up")


@each(framework=["pytorch"], data_type=["image"], task=["multiclass"])
def test_notebook_without_a_username_has_no_badge(bake, answers):
    title = source(read(bake(**answers)), "title")
    assert "badge" not in title and "REPOSITORY" in title


@pytest.fixture
def set_up(bake, tmp_path):
    """Run the set-up cell of a username in a folder; GitHub's `some-group` is the folder tmp_path/github.

    The interpreter that the cell is to call notes what pip is asked for, and installs nothing.
    """
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "$@" >> "$(dirname "$0")/asked"\n', encoding="utf-8")
    python.chmod(0o755)
    github = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{tmp_path / 'github'}/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/some-group/",
    }

    def set_up(folder: Path, *, colab: bool, username: str = "some-group") -> subprocess.CompletedProcess:
        folder.mkdir(exist_ok=True, parents=True)
        notebook = read(bake(github_username=username, project_slug="set-up-cell"))
        cell = tmp_path / "cell.py"
        cell.write_text(source(notebook, "set-up").replace("%matplotlib", "#"), encoding="utf-8")
        command = [sys.executable, SCRIPTS / "set_up_notebook.py", cell, python, "colab" if colab else "jupyter"]
        options = {"capture_output": True, "text": True, "env": {**os.environ, **github}}
        return subprocess.run(command, check=False, cwd=folder, **options)

    return set_up


def test_colab_gets_the_project_and_keeps_its_own_framework(set_up, tmp_path):
    origin = tmp_path / "github" / "set-up-cell"
    origin.mkdir(parents=True)
    (origin / "config.yaml").touch()
    git = ["git", "-C", origin, "-c", "user.name=test", "-c", "user.email=test@localhost"]
    run(["git", "init", "--quiet", origin])
    run([*git, "add", "--all"])
    run([*git, "commit", "--quiet", "-m", "x"])
    project = tmp_path / "content" / "set-up-cell"
    for _ in range(2):  # the second time after a restart: the project is there
        done = set_up(tmp_path / "content", colab=True)
        assert done.stdout == f"{project} {project}\n", done.stderr
    # No extra, in which the framework would be.
    assert (tmp_path / "asked").read_text(encoding="utf-8") == f"-m pip install --quiet --editable {project}\n" * 2
    assert set_up(project, colab=True).stdout == f"{project} {project}\n"  # run again without a restart
    assert len((tmp_path / "asked").read_text(encoding="utf-8").splitlines()) == 2


def test_colab_says_what_to_do_where_the_project_is_private_or_absent(set_up, tmp_path):
    done = set_up(tmp_path / "content", colab=True)
    assert done.returncode == 1
    sentence = done.stderr.splitlines()[-1]
    assert sentence.startswith("https://github.com/some-group/set-up-cell can't be cloned: push")
    assert not list((tmp_path / "content").iterdir())
    assert not (tmp_path / "asked").exists()


def test_colab_says_what_to_do_where_no_username_was_given(set_up, tmp_path):
    done = set_up(tmp_path / "content", colab=True, username="")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "Set REPOSITORY above to the address of the project's repository, and run this cell again."
    ]
    assert not (tmp_path / "asked").exists()


@pytest.mark.parametrize("inside", [".", "notebooks"])
def test_jupyter_goes_to_the_folder_of_the_project(set_up, tmp_path, inside):
    project = tmp_path / "project"
    (project / "notebooks").mkdir(parents=True)
    (project / "config.yaml").touch()
    assert set_up(project / inside, colab=False).stdout == f"{project} {project}\n"
    assert not (tmp_path / "asked").exists()


def test_jupyter_outside_a_project_is_refused(set_up, tmp_path):
    done = set_up(tmp_path / "elsewhere", colab=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("There is no config.yaml in this folder or above: ")


EPOCHS = 10
FLOOR = {"multiclass": 0.5, "binary": 0.8, "multilabel": 0.8, "regression": 17}  # regression: degrees, at most
FIGURES = {
    "multiclass": "confusion_matrix",
    "binary": "confusion_matrix",
    "multilabel": "probabilities",
    "regression": "errors",
}
# Each framework, data type and task once or more, and Keras with each library that does the work but TensorFlow.
RUN = """
    pytorch-vector-multilabel-tpu pytorch-sequence-binary-cluster pytorch-audio-multiclass-cpu
    keras-image-regression-tpu keras-vector-multiclass-apple
""".split()


@pytest.mark.slow
@pytest.mark.parametrize("answers", [answers for answers in combinations() if str(answers) in RUN], ids=str)
def test_notebook_runs_from_top_to_bottom(bake, environment, answers, tmp_path):
    project = bake(**answers, project_slug=f"notebook-{answers}")
    python = environment(answers["framework"], answers["hardware"]) / "bin" / "python"
    config, notebook = project / "config.yaml", project / "notebooks" / "explore.ipynb"
    example, batch_size = ("spoken_digits", 64) if answers["data_type"] == "audio" else ("fashion_mnist", 128)
    replace(config, f"source: {example}", "source: data/sample.npz")
    replace(config, f"batch_size: {batch_size}", "batch_size: 16")
    config.write_text(narrow(config.read_text(encoding="utf-8")), encoding="utf-8")
    replace(notebook, "EPOCHS = 3 ", f"EPOCHS = {EPOCHS} ")
    run_script(python, "write_sample.py", project.name.replace("-", "_"), cwd=project)
    # Kernels and settings of the person who runs the tests stay out of it.
    own = {"JUPYTER_DATA_DIR": str(tmp_path / "jupyter"), "IPYTHONDIR": str(tmp_path / "ipython")}
    run_script(python, "execute_notebook.py", cwd=project, **own)

    executed = json.loads((project / "reports" / "executed.ipynb").read_text(encoding="utf-8"))
    outputs = {cell["id"]: cell["outputs"] for cell in executed["cells"] if cell["cell_type"] == "code"}
    drawn = {name for name, found in outputs.items() if any("image/png" in output.get("data", {}) for output in found)}
    assert drawn >= {
        *("data-examples", "statistics-balance", "statistics-overview", "compile-schedule"),
        *("training-curves", "evaluation-figure", "inference-mistakes"),
    }
    noise = [output for found in outputs.values() for output in found if output.get("name") == "stderr"]
    if answers["framework"] == "pytorch":  # Keras' backend gives a notice that can't be switched off
        assert not noise

    metrics = json.loads((project / "runs" / "001" / "metrics.json").read_text(encoding="utf-8"))
    name = metrics["primary_metric"]
    assert "".join(outputs["evaluation-metric"][0]["text"]) == f"test {name}: {metrics['test'][name]:.4f}\n"
    assert f'"{FIGURES[answers["task"]]}.png"' in source(executed, "evaluation-figure")
    # A rule that looks at no input, the first of the baselines, misses the floor, as an untrained model does.
    rule = next(iter(metrics["baselines"].values()))
    floor = FLOOR[answers["task"]]
    if answers["task"] == "regression":
        assert metrics["test"][name] <= floor < rule[name]
    else:
        assert metrics["test"][name] >= floor > rule[name]


def narrow(settings: str) -> str:
    """Let the networks of images and sequences do a part of their work."""
    settings = re.sub(r"channels: \[16, 48, 96, 128\]", "channels: [16, 32, 64]", settings)
    return settings.replace("test_time_augmentation: true", "test_time_augmentation: false")


def replace(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{path.name}: {before}"
    path.write_text(text.replace(before, after), encoding="utf-8")

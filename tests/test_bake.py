"""What is written for each combination of answers: the right files, clean, and the same where they should be."""

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import yaml
from conftest import ANSWERS, FRAMEWORKS, LICENSES, combinations, each, run, text_files
from jinja2 import Environment

SAME = """
    __main__.py baseline.py config.py config_schema.py data/__init__.py data/array_files.py data/arrays.py data/dates.py
    data/demo.py data/describe.py data/download.py data/inputs.py data/inspection.py data/labels.py
    data/number_formats.py data/plots.py data/samples.py data/splits.py data/stats.py data/tables.py data/text_tables.py
    data_info.py doctor.py environment.py evaluation/__init__.py evaluation/card.py evaluation/compare.py
    evaluation/evaluate.py evaluation/importance.py evaluation/intervals.py evaluation/plots.py evaluation/report.html
    evaluation/report.py inference/__init__.py inference/answers.py inference/cpp/CMakeLists.txt
    inference/cpp/predict.cpp inference/cpp_files.py inference/export.py inference/load.py inference/page/answer.js
    inference/page/index.html inference/page/model.js inference/page/page.js inference/page/samples.js
    inference/page/style.css inference/predict.py inference/ranges.py inference/serve.py inference/web.py metrics.py
    py.typed runs.py signals.py storage.py task.py training/__init__.py training/calibration.py
    training/events.py training/like.py
    training/lr_find.py training/monitor.py training/overfit.py training/profile.py training/series.py training/study.py
    training/tracking.py training/tune.py training/weights.py
""".split()
SAME_BY_DATA_TYPE = {
    "image": ["data/fashion_mnist.py", "data/folders.py", "data/pretrained.py"],
    "vector": """
        data/columns.py data/fashion_mnist.py data/offsets.py evaluation/permutation.py inference/page/text.js
    """.split(),
    "sequence": """
        data/columns.py data/fashion_mnist.py data/folders.py data/offsets.py evaluation/permutation.py
        inference/page/text.js
    """.split(),
    "audio": ["data/folders.py", "data/spoken_digits.py", "evaluation/clips.py", "spectrogram.py"],
}
TWINS = """
    fashion_mnist/__init__.py fashion_mnist/compile.py fashion_mnist/device.py fashion_mnist/losses.py
    fashion_mnist/evaluation/model_card.md fashion_mnist/inference/formats.py fashion_mnist/inference/runtimes.py
    fashion_mnist/model.py fashion_mnist/training/batches.py fashion_mnist/training/checkpoint.py
    fashion_mnist/training/start.py fashion_mnist/training/steps.py fashion_mnist/training/train.py tests/framework.py
""".split()
TWINS_BY_DATA_TYPE = {"image": ["fashion_mnist/backbone.py", "tests/backbones.py"]}
AROUND = """
    .devcontainer/devcontainer.json .editorconfig .gitattributes .github/dependabot.yml .github/workflows/ci.yml
    .gitignore .pre-commit-config.yaml CITATION.cff LICENSE Makefile README.md config.schema.json config.yaml
    data/README.md docs/scope.md environment.yml notebooks/explore.ipynb pyproject.toml
""".split()
AROUND_BY_HARDWARE = {
    "gpu": ["Dockerfile", ".dockerignore"],
    "cluster": ["Dockerfile", ".dockerignore", "train.slurm", "tune.slurm"],
}
TESTS = """
    tests/test_aids.py
    tests/conftest.py tests/own_data.py tests/sample.npz tests/serving.py tests/small.py tests/test_answers.py
    tests/test_array_files.py tests/test_baseline.py tests/test_calibration.py
    tests/test_commands.py tests/test_config.py tests/test_data.py tests/test_describe.py tests/test_environment.py
    tests/test_export.py tests/test_importance.py tests/test_inputs.py tests/test_inspection.py
    tests/test_intervals.py tests/test_labels.py tests/test_model.py tests/test_network.py tests/test_report.py
    tests/test_series.py
    tests/test_serve.py tests/test_start.py tests/test_task.py tests/test_tracking.py tests/test_training.py
    tests/test_tune.py tests/test_weights.py tests/test_web.py
""".split()
TESTS_BY_DATA_TYPE = {  # others: fashion_mnist
    "image": ["tests/test_backbone.py", "tests/test_fashion_mnist.py"],
    "audio": ["tests/test_spectrogram.py", "tests/test_spoken_digits.py"],
}
BY_FRAMEWORK = """
    .github/workflows/ci.yml Dockerfile Makefile README.md docs/scope.md environment.yml notebooks/explore.ipynb
    pyproject.toml train.slurm
""".split()


@each()
def test_files(bake, answers):
    project = bake(**answers)
    expected = {f"fashion_mnist/{name}" for name in SAME} | set(TWINS) | set(AROUND) | set(TESTS)
    expected |= set(AROUND_BY_HARDWARE.get(answers["hardware"], []))
    expected |= {f"fashion_mnist/{name}" for name in SAME_BY_DATA_TYPE[answers["data_type"]]}
    expected |= set(TWINS_BY_DATA_TYPE.get(answers["data_type"], []))
    expected |= set(TESTS_BY_DATA_TYPE.get(answers["data_type"], ["tests/test_fashion_mnist.py"]))
    if answers["task"] != "regression":
        expected |= {"fashion_mnist/probabilities.py", "tests/test_probabilities.py"}
    found = {path.relative_to(project).as_posix() for path in project.rglob("*") if not path.is_dir()}
    assert {name for name in found if not name.startswith(".git/")} == expected
    assert list(project.parent.iterdir()) == [project]  # nothing beside the project


OWN_TEMPLATES = ("evaluation/report.html", "evaluation/model_card.md")  # which a project fills itself


@each()
def test_text_is_clean(bake, answers):
    for name, text in text_files(bake(**answers)).items():
        if name.endswith(OWN_TEMPLATES):
            continue
        without_github = text.replace("${{", "")
        assert not re.search(r"\{\{|\{%|\{#|cookiecutter", without_github), name
        assert name.endswith("py.typed") or (text.endswith("\n") and not text.endswith("\n\n")), name
        assert not re.search(r"[ \t]\n", text) and "\r" not in text, name
        assert "\n\n\n\n" not in text, name


@each()
def test_files_can_be_read(bake, answers):
    for name, text in text_files(bake(**answers)).items():
        read_text(text, Path(name).suffix)


@cache  # most files are the same in many projects
def read_text(text: str, suffix: str) -> None:
    """Parse a text by its suffix."""
    if suffix == ".py":
        compile(text, suffix, "exec")
    elif suffix == ".toml":
        tomllib.loads(text)
    elif suffix in (".yml", ".yaml", ".cff"):
        yaml.safe_load(text)


@each()
def test_ruff_finds_nothing(bake, answers):
    ruff = [sys.executable, "-m", "ruff"]
    run([*ruff, "check", "--no-cache", "."], cwd=bake(**answers))
    run([*ruff, "format", "--no-cache", "--diff", "."], cwd=bake(**answers))


@each(framework=FRAMEWORKS[:1], hardware=["cpu"])
def test_ruff_finds_nothing_where_the_name_is_long(bake, answers):
    project = bake(**answers, project_slug="a-name-as-long-as-they-come-in-teams")
    ruff = [sys.executable, "-m", "ruff"]
    run([*ruff, "check", "--no-cache", "."], cwd=project)
    run([*ruff, "format", "--no-cache", "--diff", "."], cwd=project)


SOUND = r"spectrogram|\bmel\b|soundfile|spoken|waveform|\baudio\b"
OTHERS = {
    "cuda": r"keras|tensorflow|\bjax|\bmps\b|xla(?!bel)|torchrun|slurm",
    "cluster": r"keras|tensorflow|\bjax|\bmps\b|xla(?!bel)",
    "mps": r"keras|tensorflow|\bjax|cuda|xla(?!bel)|torchrun|slurm",
    "xla": r"keras|tensorflow|\bjax|torch\.cuda|\bmps\b|torchrun|slurm",
    "tensorflow": r"torch|lightning|\bjax|\bmps\b|slurm",
    "torch": r"tensorflow|lightning|\bjax|slurm",
    "jax": r"torch|lightning|tensorflow|\bmps\b",
    "image": f"lstm|gru|dense network|recurrent network|{SOUND}",
    "vector": rf"lstm|gru|conv\w*[12]d|pillow|\bpil\b|convolutional|recurrent network|{SOUND}",
    "sequence": rf"conv\w*2d|pillow|\bpil\b|convolutional|dense network|{SOUND}",
    "audio": r"lstm|\bgru|pillow|\bpil\b|(?-i:Fashion-MNIST)|clothing|dense network|recurrent network",
    # Of the tasks, what is written in lower case and as a whole word: names of losses, metrics and rules.
    "multiclass": r"binary_cross_entropy|\bmse\b|\bhuber|micro_f1|roc_auc|\brmse\b|multilabel",
    "binary": r"[^_]cross_entropy\b(?!_)|\bmse\b|\bhuber|micro_f1|label_smoothing|\brmse\b|multilabel|multiclass",
    "multilabel": r"\bmse\b|\bhuber|roc_auc|label_smoothing|\brmse\b|multiclass",
    "regression": r"cross.entropy|focal|micro_f1|roc_auc|label_smoothing|class_weight|multilabel|multiclass|softmax"
    "|cleanlab",
}

EXPORTS = "README.md pyproject.toml fashion_mnist/inference/formats.py fashion_mnist/inference/runtimes.py".split()


@each()
def test_nothing_of_what_was_not_chosen(bake, answers):
    for name, text in text_files(bake(**answers)).items():
        choices = [backend(answers), answers["data_type"], answers["task"]]
        if name.endswith("/demo.py"):  # lists published results of all kinds of networks
            choices.remove(answers["data_type"])
        if name in EXPORTS and answers["framework"] == "keras":  # by TensorFlow, whatever trains
            text = re.sub(r"(?i)tensorflow", "", text)
        if name.endswith("/backbone.py"):  # weights of Keras, for each library that does the work
            text = text.replace("googleapis.com/tensorflow/", "")
        for choice in choices:
            found = [line for line in set(text.splitlines()) if speaks_of_another(line, choice)]
            assert not found, f"{name} of a {choice} project says: {found[0]}"


@cache  # most lines are the same in many projects
def speaks_of_another(line: str, choice: str) -> bool:
    """Whether a line speaks of another choice."""
    return bool(re.search(rf"(?i){OTHERS[choice]}", f"\n{line}"))


def backend(answers: dict[str, str]) -> str:
    """Which library does the work, on which hardware: the value of the hidden variable."""
    return Environment().from_string(ANSWERS["__backend"]).render(cookiecutter=answers)


@each(framework=FRAMEWORKS[:1])
def test_frameworks_share_all_but_the_twins(bake, answers):
    first, second = (text_files(bake(**{**answers, "framework": framework})) for framework in FRAMEWORKS)
    assert first.keys() == second.keys()
    different = {name for name in first if first[name] != second[name]}
    if answers["hardware"] in ("cluster", "tpu"):  # FSDP, and how many cores, are settings of one framework
        different -= {"fashion_mnist/config.py", "config.schema.json"}
    different -= {"config.yaml"}  # and whether compiling pays
    assert different <= {*TWINS, *TWINS_BY_DATA_TYPE.get(answers["data_type"], []), *BY_FRAMEWORK}


@each(framework=FRAMEWORKS[:1])
def test_twins_have_the_same_functions(bake, answers):
    first, second = (bake(**{**answers, "framework": framework}) for framework in FRAMEWORKS)
    for name in [*TWINS, *TWINS_BY_DATA_TYPE.get(answers["data_type"], [])]:
        if name.endswith(("/runtimes.py", ".md")):  # a function for each format
            continue
        names = public(first / name)
        if name.endswith("/device.py"):  # Keras has methods of its device for that
            del names["prepare_model"], names["seed_dropout"], names["free_memory"]
            names["compile_options"] = ["config"]
        assert names == public(second / name), name
        assert names or name.endswith(("__init__.py", "/steps.py", ".md"))  # the second has a class alone


def public(path: Path) -> dict[str, list[str]]:
    """The public functions of a module with the names of their parameters; Fabric is the device of PyTorch."""
    return {
        node.name: [part.arg.replace("fabric", "device") for part in ast.walk(node.args) if isinstance(part, ast.arg)]
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    }


def test_license_changes_four_files(bake):
    """So the other tests need not try every license with everything else."""
    texts = {name: text_files(bake(license=name)) for name in LICENSES}
    with_name = {"CITATION.cff", "LICENSE", "pyproject.toml", "fashion_mnist/evaluation/model_card.md"}
    for chosen, files in texts.items():
        assert "Your Name" in files["LICENSE"] or chosen == "Apache-2.0"
        spdx = tomllib.loads(files["pyproject.toml"])["project"]["license"]
        assert spdx == {"Proprietary": "LicenseRef-Proprietary"}.get(chosen, chosen)
        different = {name for name in files if files[name] != texts["MIT"][name]}
        assert different == (set() if chosen == "MIT" else with_name)


def test_default_answers_are_the_first_combination(bake):
    assert text_files(bake()) == text_files(bake(**combinations()[0]))


def test_every_choice_has_a_label():
    for question, choices in ANSWERS.items():
        if not question.startswith("_"):
            labels = ANSWERS["__prompts__"][question]
            if isinstance(choices, list):
                assert set(labels) == {"__prompt__", *choices}


def test_new_project_is_a_repository_without_commits(bake):
    project = bake()
    git = ["git", "-C", project]
    assert run([*git, "symbolic-ref", "HEAD"]).strip() == "refs/heads/main"
    assert subprocess.run([*git, "rev-parse", "--verify", "HEAD"], capture_output=True).returncode != 0
    # Nothing that a command writes is offered for a commit.
    for name in ("data/raw/x", "reports/x", "runs/1/x", ".venv/x"):
        run([*git, "check-ignore", "--quiet", name])
    assert subprocess.run([*git, "check-ignore", "--quiet", "data/README.md"]).returncode == 1

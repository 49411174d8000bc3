"""Bad answers end in one sentence and leave nothing behind; strange ones give a project that can be read."""

import ast
import json
import tomllib

import pytest
import yaml
from click.testing import CliRunner
from conftest import ROOT, combinations, text_files
from cookiecutter.cli import main
from cookiecutter.exceptions import FailedHookException
from jinja2 import Environment
from packaging.requirements import Requirement


@pytest.fixture
def cookiecutter(tmp_path, monkeypatch):
    """Run the command line of cookiecutter in an empty folder, itself in an empty folder."""
    settings = {name: str(tmp_path / "settings" / name) for name in ("cookiecutters_dir", "replay_dir")}
    config = tmp_path / "config"
    config.write_text(json.dumps(settings), encoding="utf-8")
    folder = tmp_path / "outer" / "inner"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    return lambda *args, **options: CliRunner().invoke(
        main, [str(ROOT), "--config-file", str(config), *args], catch_exceptions=False, **options
    )


BAD_SLUGS = [
    # not a word
    *("a/b", "../x", "../../x", "/tmp/dl-template-x", "./x", ".", "..", "", " ", "a b", "A", "1st", "-a", "a-", "a--b"),
    *("a.b", "é", "a\nb", "x" * 61),
    # keywords and the standard library
    *("class", "import", "json", "test", "email"),
    # what projects need
    *("torch", "keras", "tensorflow", "numpy", "sklearn", "scikit-learn", "scikit_learn", "pandas", "pil", "pillow"),
    *("rich", "matplotlib", "pooch", "tensorboard", "lightning-fabric", "jsonargparse", "yaml", "pytest", "ruff"),
    # folders of a project
    *("data", "docs", "tests", "runs", "reports", "notebooks", "build", "dist"),
]


@pytest.mark.parametrize("slug", BAD_SLUGS)
def test_bad_slug_is_refused(cookiecutter, tmp_path, slug):
    assert_refused(cookiecutter("--no-input", f"project_slug={slug}"), tmp_path)


@pytest.mark.parametrize("question", ["project_name", "description", "author"])
@pytest.mark.parametrize(
    "text", ["", "  ", "a\nb", "a\tb", "a\x00b", "a\x1bb", "a\x7fb", "a\x85b", "a\u2028b", "a\udc80b", "\uffff"]
)
def test_bad_text_is_refused(cookiecutter, tmp_path, question, text):
    assert_refused(cookiecutter("--no-input", "project_slug=good", f"{question}={text}"), tmp_path)


BAD_GITHUB_NAMES = ["", " ", "-a", "a-", "a--b", "a_b", "a.b", "a/b", "@a", "a b", "é", "a\n", "a\x00", "x" * 40]


@pytest.mark.parametrize("name", BAD_GITHUB_NAMES)
def test_bad_name_on_github_is_refused(cookiecutter, tmp_path, name):
    assert_refused(cookiecutter("--no-input", "project_slug=good", f"github={name}"), tmp_path)


@pytest.mark.parametrize("name", ["a", "7", "Some-Group", "a-1-B", "x" * 39])
def test_name_on_github_is_where_colab_looks(cookiecutter, tmp_path, name):
    assert cookiecutter("--no-input", "project_slug=good", f"github={name}").exit_code == 0
    files = text_files(tmp_path / "outer" / "inner" / "good")
    assert f"https://colab.research.google.com/github/{name}/good/" in files["README.md"]


def test_a_typed_slug_is_refused_before_the_next_question(cookiecutter, tmp_path):
    result = cookiecutter(input="A name\na/b\n")
    assert "a/b" in result.output.splitlines()[-1]
    assert result.exit_code == 1
    assert_nothing_left(tmp_path)


def assert_refused(result, folder):
    assert result.exit_code == 1
    sentence = result.output.strip()
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert_nothing_left(folder)


def assert_nothing_left(folder):
    assert {path.name for path in folder.rglob("*")} - {"config", "settings", "replay_dir"} == {"outer", "inner"}


@pytest.mark.parametrize("answers", combinations(), ids=str)
def test_every_dependency_is_refused_as_a_slug(bake, answers):
    package_name = Environment(extensions=["hooks.answers.package_name"]).filters["package_name"]
    project = tomllib.loads((bake(**answers) / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for requirement in project["dependencies"] + project["optional-dependencies"]["dev"]:
        with pytest.raises(FailedHookException):
            package_name(Requirement(requirement).name)


STRANGE = {
    "quotes": """a "b" 'c' \"\"\"d\"\"\" '''e''' \"""",
    "backslashes": r"C:\new\table \\ \u0041 \x \ ".strip(),
    "emoji": "garments 👗 🧥 👩‍👩‍👧",
    "arabic": "تمييز الملابس",
    "chinese": "区分十种服装",
    "accents": "Größe, naïve, ﬁ, İstanbul",
    "jinja": "{{ cookiecutter.x }} {% if y %} {# z #} ${{ github.token }}",
    "yaml": "- a: b #c, [d], {e}, &f, *g, !h, |, >, %i, @j",
    "shell": "$(touch x) `touch y` $HOME ; rm -r z && %PATH% !w",
    "markdown": "# a *b* _c_ [d](e) <f> | g",
}


@pytest.mark.parametrize("text", STRANGE.values(), ids=STRANGE)
def test_strange_text_is_kept_as_it_is(cookiecutter, tmp_path, bake, text):
    # Typed, not passed as key=value: cookiecutter would take {{ }} in the latter for a command.
    result = cookiecutter(input=f"{text}\nstrange\n\n\n\n\n{text}\n{text}\n\n\n")
    assert result.exit_code == 0, result.output
    project = tmp_path / "outer" / "inner" / "strange"
    files = text_files(project)
    for name, content in files.items():
        if name.endswith(".py"):
            ast.parse(content)
        elif name.endswith(".toml"):
            tomllib.loads(content)
        elif name.endswith((".yml", ".yaml")):
            yaml.safe_load(content)
    title = json.loads(files["notebooks/explore.ipynb"])["cells"][0]["source"]
    assert title[0] == f"# {text}\n"
    assert f"{text}\n" in title[1:]
    about = tomllib.loads(files["pyproject.toml"])["project"]
    assert about["description"] == text
    assert about["authors"] == [{"name": text}]
    assert text in files["LICENSE"]
    assert text in files["README.md"]
    plain = text_files(bake(project_slug="strange"))
    assert plain.keys() == files.keys()
    assert plain["Makefile"] == files["Makefile"]

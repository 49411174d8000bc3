"""Bad answers end in one sentence and leave nothing behind; strange ones give a project that can be read."""

import ast
import json
import re
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
    *("rich", "matplotlib", "certifi", "tensorboard", "lightning-fabric", "jsonargparse", "yaml", "pytest", "ruff"),
    *("mypy", "jupyterlab", "notebook", "ipykernel", "tornado", "traitlets", "jupyter-core"),
    *("onnx", "onnxruntime", "onnxscript", "tf2onnx", "ai-edge-litert"),
    # devices of Windows
    *("con", "aux", "nul", "prn", "com1", "lpt9"),
    # commands that one of the same name would replace
    *("python", "python3", "activate", "make", "uv"),
    # folders of a project
    *("data", "docs", "tests", "runs", "reports", "notebooks", "build", "dist"),
]


@pytest.mark.parametrize("slug", BAD_SLUGS)
def test_bad_slug_is_refused(cookiecutter, tmp_path, slug):
    assert_refused(cookiecutter("--no-input", f"project_slug={slug}"), tmp_path)


@pytest.mark.parametrize("question", ["project_name", "description", "full_name"])
@pytest.mark.parametrize(
    "text", ["", "  ", "a\nb", "a\tb", "a\x00b", "a\x1bb", "a\x7fb", "a\x85b", "a\u2028b", "a\udc80b", "\uffff"]
)
def test_bad_text_is_refused(cookiecutter, tmp_path, question, text):
    assert_refused(cookiecutter("--no-input", "project_slug=good", f"{question}={text}"), tmp_path)


BAD_EMAILS = [
    *(" ", "a", "@", "a@", "@b.org", "a@b", "a@@b.org", "a b@c.org", " a@b.org", "a@b.org ", "a@b.org\n", "a@b..org"),
    *(".a@b.org", "a.@b.org", "a..b@c.org", "a@-b.org", "a@b-.org", "a@b_c.org", "a@b.org.", "é@b.org", "a@é.org"),
    *("Me <a@b.org>", "a@b.org, c@d.org", 'a"b@c.org', "a\\b@c.org", "a\x00@b.org", f"{'x' * 250}@b.org"),
]


@pytest.mark.parametrize("email", BAD_EMAILS)
def test_bad_email_is_refused(cookiecutter, tmp_path, email):
    assert_refused(cookiecutter("--no-input", "project_slug=good", f"email={email}"), tmp_path)


@pytest.mark.parametrize("email", ["a@b.org", "first.o'last+tag@some-group.example.co.uk", "A_1%x@1.de"])
def test_email_goes_into_pyproject(cookiecutter, tmp_path, email):
    assert cookiecutter("--no-input", "project_slug=good", f"email={email}").exit_code == 0
    files = text_files(tmp_path / "outer" / "inner" / "good")
    assert tomllib.loads(files["pyproject.toml"])["project"]["authors"] == [{"name": "Your Name", "email": email}]


BAD_USERNAMES = [" ", "-a", "a-", "a--b", "a_b", "a.b", "a/b", "@a", "a b", "é", "a\n", "a\x00", "x" * 40]


@pytest.mark.parametrize("name", BAD_USERNAMES)
def test_bad_github_username_is_refused(cookiecutter, tmp_path, name):
    assert_refused(cookiecutter("--no-input", "project_slug=good", f"github_username={name}"), tmp_path)


@pytest.mark.parametrize("name", ["a", "7", "Some-Group", "a-1-B", "x" * 39])
def test_colab_badge_leads_to_the_github_username(cookiecutter, tmp_path, name):
    assert cookiecutter("--no-input", "project_slug=good", f"github_username={name}").exit_code == 0
    files = text_files(tmp_path / "outer" / "inner" / "good")
    for file in ("README.md", "notebooks/explore.ipynb"):
        assert f"https://colab.research.google.com/github/{name}/good/" in files[file]


@pytest.mark.parametrize("answers", combinations(), ids=str)
def test_nothing_stands_in_for_an_empty_email_or_username(bake, answers):
    files = text_files(bake(**answers))
    for name, text in files.items():
        assert "your-name" not in text.lower() and "colab.research.google.com" not in text, name
    assert "badge" not in files["README.md"] + files["notebooks/explore.ipynb"]
    assert tomllib.loads(files["pyproject.toml"])["project"]["authors"] == [{"name": "Your Name"}]


def test_answers_come_from_the_users_config(cookiecutter, tmp_path):
    """These keys are the ones that other templates ask for, so one file in the home folder fills all."""
    config = json.loads((tmp_path / "config").read_text(encoding="utf-8"))
    mine = {"full_name": "Ada", "email": "ada@b.org", "github_username": "ada", "license": "Apache-2.0"}
    (tmp_path / "config").write_text(json.dumps(config | {"default_context": mine}), encoding="utf-8")
    assert cookiecutter("--no-input", "project_slug=good").exit_code == 0
    files = text_files(tmp_path / "outer" / "inner" / "good")
    about = tomllib.loads(files["pyproject.toml"])["project"]
    assert about["authors"] == [{"name": "Ada", "email": "ada@b.org"}]
    assert about["license"] == "Apache-2.0"
    assert "/github/ada/good/" in files["README.md"]


EXAMPLES = ("Fashion-MNIST", "spoken digits")  # of all data types but sound, and of that


@pytest.mark.parametrize("answers", combinations(framework=["pytorch"], hardware=["cpu"]), ids=str)
def test_example_is_described_in_standard_words(bake, answers):
    files = text_files(bake(**answers))
    description = tomllib.loads(files["pyproject.toml"])["project"]["description"]
    assert EXAMPLES[answers["data_type"] == "audio"] in description
    for text in (description, files["docs/scope.md"], files["data/README.md"]):
        assert not re.search(r"(?i)garment|picture|licence|\bgrey|\bitem", text)


OF_THE_EXAMPLE = r"(?i)fashion|spoken|clothing|sleeve|rotat|degree|shop|brightness|\d{2}"


@pytest.mark.parametrize("answers", combinations(framework=["pytorch"], hardware=["cpu"]), ids=str)
def test_what_only_the_example_answers_is_marked(bake, answers):
    """A project with a description of its own says nothing else of the example as if it were its own."""
    files = text_files(bake(**answers, project_slug="houses", description="Predict the price of a house"))
    scope = files["docs/scope.md"].split("## ", 1)[1]
    assert "Predict the price of a house" in scope
    name = EXAMPLES[answers["data_type"] == "audio"]
    example = re.compile(rf"^  - Example \({name}\): .*\n(    .*\n)*", flags=re.MULTILINE)
    assert len(example.findall(scope)) == 7
    card, card_of_example = files["data/README.md"].split(f"## Example ({name})\n")
    assert re.search(OF_THE_EXAMPLE, card_of_example)
    for text in (example.sub("", scope), card):
        assert not re.search(OF_THE_EXAMPLE, text)


def test_a_next_step_works_without_make(capfd, cookiecutter):
    assert cookiecutter("--no-input", "project_slug=good", "hardware=apple").exit_code == 0
    told = capfd.readouterr().out
    assert 'pip install -e ".[apple]", then good train' in told
    assert told.isascii()


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
    project = tomllib.loads((bake(**answers) / "pyproject.toml").read_text(encoding="utf-8"))
    for requirement in project["project"]["dependencies"] + project["dependency-groups"]["dev"]:
        with pytest.raises(FailedHookException):
            package_name(Requirement(requirement).name)


STRANGE = {
    "quotes": """a "b" 'c' \"\"\"d\"\"\" '''e''' \"""",
    "backslashes": r"C:\new\table \\ \u0041 \x \ ".strip(),
    "emoji": "clothing 👗 🧥 👩‍👩‍👧",
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
    result = cookiecutter(input=f"{text}\nstrange\n\n\n\n\n{text}\n{text}\n\n\n\n")
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

"""What others expect of a repository: sp-repo-review, zizmor and the schemas of GitHub and of CITATION.cff agree.

All of them run without a network. The settings of sp-repo-review name the checks that do not fit, with the reason.
"""

import re
import sys
import tomllib
from pathlib import Path, PurePosixPath

import pytest
import yaml
from conftest import LICENSES, ROOT, each, run
from repo_review.processor import process

PROJECTS = [
    {"framework": "pytorch", "hardware": "cpu"},
    {"framework": "keras", "hardware": "apple", "data_type": "sequence"},
    {"framework": "keras", "hardware": "cluster", "data_type": "vector"},
]
SCHEMAS = {
    "vendor.github-workflows": ".github/workflows/*.yml",
    "vendor.dependabot": ".github/dependabot.yml",
    "vendor.github-issue-forms": ".github/ISSUE_TEMPLATE/*.yml",
    "vendor.citation-file-format": "CITATION.cff",
}


@pytest.fixture(params=[None, *PROJECTS], ids=lambda answers: "-".join(answers.values()) if answers else "repository")
def folder(bake, request) -> Path:
    """The repository itself, or a new project."""
    return bake(**request.param) if request.param else ROOT


def test_repo_review_finds_what_its_settings_name(folder):
    """And nothing else: an exception that is needed no longer is to go."""
    settings = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["repo-review"]
    results = process(folder, ignore={"nothing"}).results  # as if the settings made no exceptions
    assert len(results) > 50
    failed = {result.name: result.err_msg for result in results if result.result is False}
    assert failed.keys() == settings["ignore"].keys(), failed
    assert all(reason[0].islower() and len(reason.split()) > 3 for reason in settings["ignore"].values())


def test_zizmor_finds_nothing(folder):
    zizmor = Path(sys.executable).parent / "zizmor"
    output = run([zizmor, "--offline", "--no-progress", "--color", "never", "--pedantic", folder / ".github"])
    assert "No findings to report" in output
    assert "dependabot.yml" in output and "ci.yml" in output  # it has seen them


def test_files_fit_their_schemas(folder):
    for schema, pattern in SCHEMAS.items():
        files = sorted(folder.glob(pattern))
        assert files or (schema == "vendor.github-issue-forms" and folder != ROOT), pattern
        if files:
            run([sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *files])


def test_workflow_runs_when_it_should(folder):
    workflow = yaml.safe_load((folder / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    events = workflow[True]  # how YAML 1.1 reads `on`
    assert events.keys() == {"push", "pull_request", "workflow_dispatch", "schedule"}
    (schedule,) = events["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* [0-6]", schedule["cron"])  # once a week
    assert workflow["concurrency"]["cancel-in-progress"] is True
    assert workflow["permissions"] == {"contents": "read"}


def test_actions_have_one_version(bake):
    """Dependabot updates the workflow of the repository, and can't read the other one, with Jinja in it."""
    pattern = re.compile(r"uses: (\S+)@([0-9a-f]{40})  # (v\d+\.\d+\.\d+)\n")
    texts = [(folder / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8") for folder in (ROOT, bake())]
    ours, theirs = (set(pattern.findall(text)) for text in texts)
    assert ours == theirs
    assert len({name for name, _, _ in ours}) == len(ours) == 2
    assert [len(pattern.findall(text)) for text in texts] == [text.count("uses: ") for text in texts]


@pytest.mark.parametrize("chosen", LICENSES)
def test_citation_names_author_and_license(bake, chosen):
    project = bake(license=chosen, full_name='Ada "the first" Lovelace: \\ #1', project_slug="cited")
    citation = yaml.safe_load((project / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["authors"] == [{"name": 'Ada "the first" Lovelace: \\ #1'}]
    assert citation.get("license", "Proprietary") == chosen
    schema = "vendor.citation-file-format"
    run([sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, project / "CITATION.cff"])


def assert_legal_on_windows(names: list[str], longest: int) -> None:
    """Windows refuses some characters and words, a dot or space at the end, and names that differ in case alone."""
    for name in names:
        assert len(name) <= longest, name
        for part in name.split("/"):
            assert not re.search(r'[<>:"\\|?*\x00-\x1f]', part), name
            assert not part.endswith((".", " ")), name
            assert not re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", part), name
    every = set(names) | {str(folder) for name in names for folder in PurePosixPath(name).parents}
    assert len({name.lower() for name in every}) == len(every), names


@each()
def test_names_in_projects_are_legal_on_windows(bake, answers):
    project = bake(**answers)
    names = [path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file()]
    assert_legal_on_windows([name for name in names if not name.startswith(".git/")], longest=100)


def test_names_in_the_repository_are_legal_on_windows():
    listed = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT)
    names = listed.strip("\0").split("\0")
    assert len(names) > 100
    assert_legal_on_windows(names, longest=160)


@pytest.mark.parametrize("name", ["a:b", "aux.py", "src/nul", "what?", "end.", "end ", 'a"b', "a|b", "a*b", "x" * 101])
def test_names_that_windows_refuses_are_found(name):
    with pytest.raises(AssertionError):
        assert_legal_on_windows([name], longest=100)
    with pytest.raises(AssertionError):
        assert_legal_on_windows(["docs/Scope.md", "Docs/other.md"], longest=100)


def test_readme_names_the_console_script_first(bake):
    """Windows has no make; tests/test_readme.py runs these commands."""
    project = bake(project_slug="two-words")
    scripts = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert scripts == {"two-words": "two_words.__main__:main"}
    blocks = re.findall(r"```sh\n(.*?)```", (project / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    first, second = (re.findall(r"^(two-words|make) (\w+)", block, flags=re.MULTILINE) for block in blocks[:2])
    assert first[:3] == [("two-words", command) for command in ("train", "evaluate", "predict")]
    assert second == [("make", command) for _, command in first[:3]]

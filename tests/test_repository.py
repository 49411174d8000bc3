"""The repository itself: its hooks find nothing, its demo runs, and projects can be updated from it."""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from conftest import KEPT, ROOT, each, run


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """A repository with all of this working tree committed."""
    folder = tmp_path_factory.mktemp("clone")
    for name in run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT).split("\0"):
        if name and (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    run(["git", "init", "--quiet"], cwd=folder)
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    run(["git", "add", "--all"], cwd=folder)
    run(["git", "-c", "user.name=test", "-c", "user.email=test@localhost", "commit", "--quiet", "-m", "x"], cwd=folder)


@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="one process runs all tests")
@each(framework=["keras"], data_type=["vector"], task=["binary"], hardware=["cpu"])
def test_parallel_tests_keep_their_groups(request, answers):
    """Without them environments are waited for, and projects are written and trained twice."""
    assert request.node.nodeid.endswith("@vector-binary-cpu")


def test_ruff_finds_nothing():
    run([sys.executable, "-m", "ruff", "check", "."], cwd=ROOT)
    run([sys.executable, "-m", "ruff", "format", "--check", "."], cwd=ROOT)


def test_make_alone_says_what_there_is():
    targets = [line.split()[0] for line in run(["make"], cwd=ROOT).splitlines()]
    assert targets == [
        "demo",
        "test",
        "lint",
        "bench",
        "phases",
        "results",
        "speakers",
        "memory",
        "formats",
        "tables",
        "drills",
        "labels",
        "fuzz",
        "picture",
        "screenshot",
        "clean",
    ]


def test_project_follows_the_template_with_cruft(clone, tmp_path):
    cruft = [sys.executable, "-m", "cruft"]
    slug = "updated-project"
    run([*cruft, "create", clone, "--no-input", "--extra-context", json.dumps({"project_slug": slug})], cwd=tmp_path)
    project = tmp_path / slug
    run(["git", "init", "--quiet"], cwd=project)
    commit(project)
    run([*cruft, "check"], cwd=project)

    with (clone / "{{cookiecutter.project_slug}}" / ".gitignore").open("a", encoding="utf-8") as file:
        file.write("/new/\n")
    commit(clone)
    run([*cruft, "update", "--skip-apply-ask"], cwd=project)
    assert (project / ".gitignore").read_text(encoding="utf-8").endswith("/new/\n")
    assert run(["git", "rev-list", "--count", "HEAD"], cwd=project) == "1\n"  # the hook left its history alone


@pytest.mark.slow
def test_hooks_find_nothing(clone):
    run([sys.executable, "-m", "pre_commit", "run", "--all-files"], cwd=clone)


@pytest.mark.slow
def test_demo(clone):
    """With its own environments, as on a fresh machine; one epoch, and the data that other tests have got."""
    quick = "--training.epochs 1 --model.channels [16,32,64] --model.test_time_augmentation false"
    run(["make", "demo", f"ARGS={quick} --data.data_dir {KEPT / 'data'}"], cwd=clone)
    (metrics,) = (clone / "build" / "demo" / "runs").glob("*/metrics.json")
    assert json.loads(metrics.read_text(encoding="utf-8"))["test"]["accuracy"] > 0.8

"""Make the new project a git repository and say what to do next. Nothing in here may fail: that would delete it."""

import subprocess

# cruft sets _commit: then it keeps the history, and an update must leave the project's own repository alone.
FROM_CRUFT = "{{ cookiecutter._commit is defined }}" == "True"


def make_repository() -> None:
    """`git init`, unless the project lies in a repository already. Without git it stays a plain folder."""
    try:
        inside = subprocess.run(["git", "rev-parse", "--git-dir"], capture_output=True).returncode == 0
        if not inside:
            subprocess.run(["git", "init", "--quiet", "--initial-branch=main"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pass


def print_next_steps() -> None:
    print("""
    cd {{ cookiecutter.project_slug }}
    make          # what there is to do, in order
    make train    # sets up, gets the data, trains

Without make: pip install -e ".[{{ cookiecutter.hardware }}]", then {{ cookiecutter.project_slug }} train
""")


if not FROM_CRUFT:
    make_repository()
    print_next_steps()

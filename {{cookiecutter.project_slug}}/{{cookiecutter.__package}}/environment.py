"""The environment: what a run was started on, and packages that only some commands need.

A repeated run differs where versions, machine, device or the state of the code do.
"""

import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .config import Config, UserError

CODE = Path(__file__).parent


def describe_environment(config: Config) -> dict[str, Any]:
    """Describe the environment, ready for JSON."""
    from .device import describe_device  # here, because the framework comes with it: a service reads runs without one

    packages = {str(package.name): package.version for package in metadata.distributions()}
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "CPU cores": os.cpu_count(),
        "device": describe_device(config),  # and the number of threads
        "git": describe_code(CODE),
        "packages": dict(sorted(packages.items(), key=lambda item: item[0].lower())),
    }


def require_packages(user: str, packages: Iterable[str], extra: str) -> None:
    """Check that packages of an extra are installed, for `user`, which needs them.

    Raises:
        UserError: some are missing; the message names the command that installs the extra.
    """
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        command = f'{sys.executable} -m pip install --editable ".[{extra}]"'
        raise UserError(f"{user} needs {' and '.join(missing)}: {command}")


def describe_code(folder: Path) -> dict[str, Any] | None:
    """Name the commit of the code in a folder, and whether files differ from it. None outside of git."""
    commit = _ask_git(folder, "rev-parse", "HEAD")
    if not commit:
        return None
    return {"commit": commit, "dirty": bool(_ask_git(folder, "status", "--porcelain", "."))}


def _ask_git(folder: Path, *arguments: str) -> str:
    """Return what git answers; nothing where it is missing, refuses, or takes too long."""
    try:
        done = subprocess.run(
            ["git", "-C", folder, *arguments], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""

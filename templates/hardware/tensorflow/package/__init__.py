"""The package of this project: `python -m PACKAGE --help` lists the commands."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

# Read when Keras and TensorFlow are imported, which happens late: not every command needs them.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # errors alone: no notices of what the build can do
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # else off on a CPU without AVX-512: convolutions in half the time
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # take a GPU's memory when needed, not all of it at once

# TensorFlow's start writes some notices whatever the log level is. This drops those of infos and warnings, and hands on
# all else at once. It is a process of its own, so that the last words of a crash are shown too.
FILTER = r"""
import re, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
for line in sys.stdin.buffer:
    if not re.match(rb"WARNING: All log messages before absl|[IW]\d{4} ", line):
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()
"""


class QuietImport(MetaPathFinder):
    """Import TensorFlow without the notices of its start."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find TensorFlow, and have it loaded quietly."""
        if fullname != "tensorflow":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module
            spec.loader.exec_module = lambda module: _load_quietly(load, module)  # type: ignore[method-assign]
        return spec


def _load_quietly(load: Callable[[ModuleType], None], module: ModuleType) -> None:
    """Load a module while a filter stands before the standard error of the process, which C++ writes to."""
    try:
        stderr = os.dup(2)
        command = [sys.executable, "-I", "-S", "-c", FILTER]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    except OSError:  # no standard error, or no process more
        load(module)
        return
    assert process.stdin is not None
    os.dup2(process.stdin.fileno(), 2)
    process.stdin.close()
    try:
        load(module)
    finally:
        os.dup2(stderr, 2)  # the filter has read all then, and ends
        os.close(stderr)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)


if os.environ["TF_CPP_MIN_LOG_LEVEL"] >= "2":
    sys.meta_path.insert(0, QuietImport())

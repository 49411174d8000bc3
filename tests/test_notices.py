"""Keras projects on TensorFlow: the notices of its start stay away, and whatever else it writes is shown."""

import os
import signal
import subprocess
import sys

import pytest

# A module that writes as C++ does, past Python.
TENSORFLOW = """
import os
os.write(2, b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\\n")
os.write(2, b"I0000 00:00:1795521636.708629 28014 port.cc:153] oneDNN custom operations are on.\\n")
os.write(2, b"W0000 00:00:1795521636.708629 28014 some.cc:1] something small\\n")
os.write(2, b"E0000 00:00:1795521636.708629 28014 some.cc:2] something bad\\n")
"""


@pytest.fixture
def start(bake, tmp_path):
    """Import the package, and then a TensorFlow that ends in a statement."""
    project = bake(framework="keras", project_slug="notices")

    def start(end: str, **environment: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "tensorflow.py").write_text(TENSORFLOW + end, encoding="utf-8")
        paths = os.pathsep.join([str(project), str(tmp_path)])
        return subprocess.run(
            [sys.executable, "-c", "import notices, os, tensorflow; os.write(2, b'later')"],
            env={**os.environ, "PYTHONPATH": paths, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return start


def test_errors_alone_are_shown(start):
    done = start("")
    assert done.returncode == 0
    assert done.stderr == "E0000 00:00:1795521636.708629 28014 some.cc:2] something bad\nlater"


def test_a_crash_is_shown_to_the_end(start):
    done = start("os.write(2, b'F0000 00:00:1 28014 guard.cc:3] no AVX')\nos.abort()")
    assert done.returncode == -signal.SIGABRT
    assert done.stderr.endswith("something bad\nF0000 00:00:1 28014 guard.cc:3] no AVX")


def test_an_exception_is_raised(start):
    done = start("raise ImportError('libcuda is missing')")
    assert "something bad" in done.stderr
    assert done.stderr.endswith("ImportError: libcuda is missing\n")


def test_who_asks_for_notices_gets_them(start):
    assert "oneDNN custom operations are on" in start("", TF_CPP_MIN_LOG_LEVEL="0").stderr

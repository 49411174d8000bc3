"""Models that are hard to export: padded sequences, stacked cells, and weights that were trained in bfloat16."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import FRAMEWORKS, KEPT, run, run_script, section
from filelock import FileLock

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def headers():
    """The folder with the headers of ONNX Runtime: of this system, or those of Debian 13; None: they can't be had."""
    installed = Path("/usr/include/onnxruntime")
    if installed.is_dir():
        return installed
    folder = KEPT / "onnxruntime-headers"
    found = folder / "usr" / "include" / "onnxruntime"
    KEPT.mkdir(parents=True, exist_ok=True)
    with FileLock(KEPT / "onnxruntime-headers.lock"):
        if not found.is_dir():
            try:
                fetch_headers(folder)
            except (OSError, subprocess.SubprocessError):
                return None
    return found


def fetch_headers(folder):
    """Unpack the package of Debian 13 with the headers, apart from the system's own packages."""
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    key = "/usr/share/keyrings/debian-archive-keyring.gpg"
    (folder / "sources.list").write_text(f"deb [signed-by={key}] http://deb.debian.org/debian trixie main\n")
    places = {"Etc::sourcelist": "sources.list", "State::lists": "lists", "Cache": "cache"}
    options = [f"-oDir::{name}={folder / place}" for name, place in places.items()]
    options += ["-oDir::Etc::sourceparts=-", "-oAPT::Sandbox::User=root"]
    quiet = {"cwd": folder, "check": True, "timeout": 120, "capture_output": True}
    for command in ("update", "download"):
        names = ["libonnxruntime-dev"] if command == "download" else []
        subprocess.run(["apt-get", *options, command, *names], **quiet)
    (package,) = folder.glob("libonnxruntime-dev*.deb")
    subprocess.run(["dpkg-deb", "--extract", package, folder], **quiet)


@pytest.mark.parametrize(("framework", "data_type"), [("keras", "image"), ("pytorch", "vector")])
def test_cpp(bake, environment, headers, framework, data_type):
    project = bake(framework=framework, data_type=data_type, project_slug=f"cpp-{framework}-{data_type}")
    export(
        project,
        environment(framework) / "bin" / "python",
        "--data.source tests/sample.npz --training.batch_size 32".split(),
        "onnx",
    )
    compare_cpp(project, environment(framework), headers, "tests/sample.npz")


def test_cpp_with_bools_and_targets_of_many_digits(bake, environment, headers):
    project = bake(framework="pytorch", data_type="vector", task="regression", project_slug="cpp-digits")
    python = environment("pytorch") / "bin" / "python"
    run_script(python, "write_seconds.py", "seconds.npz", cwd=project)
    export(project, python, "--data.source seconds.npz --training.batch_size 32".split(), "onnx")
    compare_cpp(project, environment("pytorch"), headers, "seconds.npz", rel=0, abs=0.1)


def compare_cpp(project, venv, headers, source, rel=1e-4, abs=1e-4):  # noqa: A002  # as pytest.approx has them
    """See that the commands of the README compile the program, and that its predictions are Python's."""
    if headers is None or not all(map(shutil.which, ("cmake", "c++"))):
        pytest.skip("no CMake or C++ compiler, or no headers of ONNX Runtime: neither installed nor had from Debian 13")
    python, package = venv / "bin" / "python", project.name.replace("-", "_")
    run_script(python, "write_samples_for_cpp.py", package, source, cwd=project)
    expected = [float(word) for word in (project / "expected.txt").read_text().split()]
    (library,) = (venv / "lib").glob("python*/site-packages/onnxruntime/capi/libonnxruntime.*[0-9]*")
    runtime = project / "runtime"  # as an archive of ONNX Runtime is laid out
    (runtime / "lib").mkdir(parents=True)
    (runtime / "include").symlink_to(headers)
    suffixes = [".dylib"] if sys.platform == "darwin" else [".so", ".so.1"]
    for suffix in suffixes:
        (runtime / "lib" / f"libonnxruntime{suffix}").symlink_to(library)
    block = re.search(r"```text\n(cmake.*?)```", section(project, "Export"), flags=re.DOTALL)[1]
    configure, build, predict = block.splitlines()
    run(["sh", "-c", f"{configure} -DONNXRUNTIME={runtime}"], cwd=project)
    run(["sh", "-c", build], cwd=project)
    output = run(["sh", "-c", predict], cwd=project, env={**os.environ, "LD_LIBRARY_PATH": str(runtime / "lib")})
    assert len(output.splitlines()) == 5
    assert [float(word) for word in output.split()] == pytest.approx(expected, rel=rel, abs=abs)
    failed = subprocess.run(["sh", "-c", predict.replace("samples.txt", "/dev/null")], cwd=project, capture_output=True)
    assert failed.returncode != 0


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_padded_sequences(bake, environment, headers, framework):
    project = bake(framework=framework, data_type="sequence", project_slug=f"export-padded-{framework}")
    python = environment(framework) / "bin" / "python"
    run_script(python, "write_padded_sequences.py", "padded.npz", cwd=project)
    options = "--data.source padded.npz --data.pad true --model.cell gru --model.units [16,8] --training.batch_size 32"
    export(project, python, options.split())
    compare_cpp(project, environment(framework), headers, "padded.npz")


def test_bfloat16(bake, environment):
    """Keras keeps the precision in its file: what is exported from that runs nowhere."""
    project = bake(framework="keras", data_type="image", hardware="gpu", project_slug="export-bfloat16")
    options = "--data.source tests/sample.npz --hardware.precision bfloat16 --training.batch_size 32"
    export(project, environment("keras") / "bin" / "python", options.split())


def export(project, python, options, formats="all"):
    """Train for an epoch and export to all formats, or to one."""
    package = project.name.replace("-", "_")
    run([python, "-m", package, "train", "--training.epochs", 1, *options], cwd=project)
    output = run([python, "-m", package, "export", "--format", formats], cwd=project)
    differences = [float(found) for found in re.findall(r"within (\S+) of the model on \d+ samples", output)]
    assert len(differences) >= (2 if formats == "all" else 1)
    assert max(differences) < 1e-4

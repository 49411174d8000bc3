"""How a command starts: help, what it imports, and what becomes of Ctrl-C."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from {{ cookiecutter.__package }}.__main__ import COMMANDS, main
from {{ cookiecutter.__package }}.config import Config
from {{ cookiecutter.__package }}.training import train

PACKAGE = "{{ cookiecutter.__package }}"
PROJECT = Path(__file__).parent.parent


def run_python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python anew, in the folder of the test."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True)


def test_help_costs_next_to_nothing(config: Config) -> None:
    code = f"import sys; from {PACKAGE}.__main__ import main; main(['--help']); print(*sys.modules)"
    *page, modules = run_python("-c", code).stdout.splitlines()
    assert [line.split()[0] for line in page if line.startswith("  ")] == list(COMMANDS)
    assert not {"numpy", "pandas", "sklearn", "jsonargparse", "yaml", "rich"} & set(modules.split())


@pytest.mark.skipif(os.name == "nt", reason="Windows tells of closed pipes in another way")
def test_a_reader_may_stop_reading(config: Config) -> None:
    """As `head` does, which closes the pipe when it has its lines."""
    command = [sys.executable, "-m", PACKAGE, "data", f"--data.source={config.data.source}"]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


@pytest.mark.parametrize(
    ("script", "program"),
    [
        (f"/bin/{PACKAGE}", PACKAGE),
        (f"/bin/{PACKAGE.replace('_', '-')}", PACKAGE.replace("_", "-")),
        (f"/Scripts/{PACKAGE}.exe", PACKAGE),
        (f"/{PACKAGE}/__main__.py", f"python -m {PACKAGE}"),
        ("/bin/pytest", f"python -m {PACKAGE}"),
    ],
)
def test_help_says_what_the_user_types(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], script: str, program: str
) -> None:
    monkeypatch.setattr(sys, "argv", [script])
    assert main() == 0
    assert capsys.readouterr().out.startswith(f"usage: {program} COMMAND ")
    with pytest.raises(SystemExit):
        main(["stats", "--help"])
    assert capsys.readouterr().out.startswith(f"usage: {program} stats ")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(config: Config, capsys: pytest.CaptureFixture[str], command: str) -> None:
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    output, error = capsys.readouterr()
    assert output.startswith("usage: ")
    assert COMMANDS[command][1].split(";")[0] in " ".join(output.split())
    assert not error


def test_an_unknown_command_is_answered_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fly"]) == 2
    output, error = capsys.readouterr()
    assert error == f"Error: There is no command 'fly': there are {', '.join(COMMANDS)}.\n"
    assert not output


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("Unable to allocate 2.00 GiB for an array"),  # NumPy's; the others are those of frameworks
        RuntimeError("Out of memory. Tried to allocate 2.00 GiB.\nThe device has 1.00 GiB free."),
        RuntimeError("can't allocate memory: you tried to allocate 2 bytes"),
        RuntimeError("OOM when allocating tensor with shape[784,9]"),
        RuntimeError("RESOURCE_EXHAUSTED: there are 2 bytes too few"),
    ],
)
def test_too_little_memory_is_answered_in_a_sentence(
    config: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    def fail(config: Config) -> None:
        raise error

    monkeypatch.setattr(train, "load_splits", fail)
    assert main(["train"]) == 1
    (sentence,) = capsys.readouterr().err.splitlines()
    assert sentence.startswith(f"Error: There is not enough memory ({str(error)[:20]}")
    assert "lower training.batch_size or data.max_memory_mb" in sentence


def test_a_mistake_in_the_code_is_shown_whole(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "load_splits", lambda config: [][config.seed])
    with pytest.raises(IndexError):
        main(["train"])


@pytest.mark.parametrize("module", ["jsonargparse", "yaml", "numpy"])
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_an_interrupted_command_says_so(config: Config, module: str, name: str) -> None:
    if not hasattr(signal, name):
        pytest.skip(f"{sys.platform} has no {name}")
    Path(f"{module}.py").write_text(f"import signal\n\nsignal.raise_signal(signal.{name})\n", encoding="utf-8")
    done = run_python("-m", PACKAGE, "train")  # while it still imports
    assert done.returncode == 128 + getattr(signal, name)
    assert done.stderr == "\nInterrupted.\n"  # there is no run yet


def test_a_signal_that_is_ignored_stays_so(config: Config) -> None:
    """After nohup, a terminal that is closed must not end a training."""
    lines = ["import signal", "signal.raise_signal(signal.SIGTERM)", "raise ImportError('and went on')"]
    Path("numpy.py").write_text("\n".join(lines), encoding="utf-8")
    ignore = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    done = run_python("-c", f"{ignore}; from {PACKAGE}.__main__ import main; main(['train'])")
    assert done.stderr.startswith("Error: and went on")


def test_an_interrupt_that_a_library_catches_ends_the_command_too(config: Config) -> None:
    caught = "try:\n    signal.raise_signal(signal.SIGINT)\nexcept BaseException:\n    raise ImportError('no')"
    lines = ["import signal", caught]
    Path("numpy.py").write_text("\n".join(lines), encoding="utf-8")
    done = run_python("-m", PACKAGE, "train")
    assert (done.returncode, done.stderr) == (128 + signal.SIGINT, "\nInterrupted.\n")


def test_training_imports_only_what_its_output_needs(config: Config) -> None:
    options = [f"--data.source={config.data.source}", "--training.epochs=1", "--hardware.accelerator=cpu"]
    code = f"""
import sys
import {PACKAGE}.compile  # the framework, which brings what it likes
before = set(sys.modules)
from {PACKAGE}.__main__ import main
assert main(["train", *{options}]) == 0
print(*(set(sys.modules) - before))
"""
    done = run_python("-c", code)
    assert done.returncode == 0, done.stderr
    assert not done.stderr  # notices of the framework would drown the end of an error message
    imported = set(done.stdout.splitlines()[-1].split())
    assert f"{PACKAGE}.training.train" in imported
    assert not {"matplotlib", "pyarrow.parquet"} & imported

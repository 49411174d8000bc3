"""The commands, in the order of a project's life: `PROJECT COMMAND`, or `python -m PACKAGE COMMAND`.

Every setting of config.yaml is an option too: `train --training.epochs 3`. A command imports its own module alone, so
that data, stats and baseline start without the deep-learning framework.
"""

import ctypes
import importlib
import os
import signal
import sys
from pathlib import Path

from .signals import handle_signals, restore_signals

# Name -> (module, what it does). A module has `add_arguments(parser)` and `main`, which takes the options.
COMMANDS = {
    "doctor": ("doctor", "what this machine offers, and what training will use"),
    "data": ("data.inspection", "get the data, check it and split it; --inspect looks at files of yours"),
    "stats": ("data.stats", "statistics of the data: balance, ranges, duplicates"),
    "baseline": ("baseline", "what a model must beat: a rule, a minimal model, a linear model"),
    "train": ("training.train", "train a model, or several for --repeats and --folds, watched on the validation split"),
    "tune": ("training.tune", "search settings with a lower validation loss, by trials"),
    "overfit": ("training.overfit", "learn one batch by heart: a network that can't has a fault"),
    "lr-find": ("training.lr_find", "range test of the learning rate, with a figure"),
    "profile": ("training.profile", "where the time of a training step goes"),
    "evaluate": ("evaluation.evaluate", "the best model of a run on the test split, beside the baselines"),
    "compare": ("evaluation.compare", "runs side by side: settings that differ, metrics, epochs and seconds"),
    "predict": ("inference.predict", "predictions for the test split, or for files of yours"),
    "export": ("inference.export", "the best model of a run as a file for other runtimes, compared with the model"),
    "serve": ("inference.serve", "the exported model as an HTTP service, which answers as predict does"),
    "load": ("inference.load", "how many requests a second the service answers, and how fast"),
    "web": ("inference.web", "a web page on which the best model of a run predicts; --serve shows it here"),
}

# What errors say that are not Python's, when the memory of the machine or of its accelerator is full.
OUT_OF_MEMORY = ("out of memory", "oom when allocating", "can't allocate memory", "resource_exhausted")

# Threads that wait for each other are to sleep, not to spin: on a busy machine spinning costs several times the work.
# OpenMP reads this once, when the framework is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status. What a user can put right is said in one sentence."""
    command, *options = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    if command in ("--help", "-h"):
        print_help()
        return 0
    if command not in COMMANDS:
        print(f"Error: There is no command {command!r}: there are {', '.join(COMMANDS)}.", file=sys.stderr)
        return 2
    _keep_memory()
    handlers = handle_signals(_end_at_once)
    try:
        return run_command(command, options)
    except KeyboardInterrupt as stop:
        number, *cure = stop.args or (signal.SIGINT,)  # the cure: from training/monitor.py
        print(f"\n{': '.join(['Interrupted', *cure])}.", file=sys.stderr)
        return 128 + number  # as a shell counts
    finally:
        restore_signals(handlers)


def _keep_memory() -> None:
    """Let the C library keep the memory of large arrays: given back, it is cleared page by page for the next step."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt:  # glibc has it, musl does not
        mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD of malloc.h, in bytes
        mallopt(-3, 2**30)  # M_MMAP_THRESHOLD


def _end_at_once(number: int, _: object) -> None:
    """End while modules are imported: libraries there take an exception for a sign that something is not installed."""
    os.write(2, b"\nInterrupted.\n")
    os._exit(128 + number)


def _stop(number: int, _: object) -> None:
    """End by an exception, after which what is half done is cleaned up."""
    raise KeyboardInterrupt(number)


def program() -> str:
    """What the user types before the command: the name of the console script, or `python -m PACKAGE`."""
    script = Path(sys.argv[0]).stem  # on Windows it ends in .exe
    return script if script.replace("-", "_") == __package__ else f"python -m {__package__}"


def print_help() -> None:
    """Print the commands."""
    print(f"usage: {program()} COMMAND [--help] [options]\n")
    for name, (_, description) in COMMANDS.items():
        print(f"  {name:<10} {description}")
    print("\nEvery setting of config.yaml is an option of all before evaluate: --training.epochs 3")


def run_command(command: str, arguments: list[str]) -> int:
    """Import the module of a command, parse its options and call its `main`; the exit status."""
    from dataclasses import fields

    from jsonargparse import ArgumentError, ArgumentParser

    from .config import Config, UserError, cut, explain, make_config, parse

    name, description = COMMANDS[command]
    parser = ArgumentParser(prog=f"{program()} {command}", description=description, exit_on_error=False)
    try:
        module = importlib.import_module(f".{name}", __package__)
        module.add_arguments(parser)
        options = parse(parser, arguments).as_dict()
        if "config" in options:  # the command takes the settings
            settings = {field.name: options.pop(field.name) for field in fields(Config)}
            options["config"] = make_config(settings)
        if command in ("data", "train"):
            options["typed"] = arguments  # tells what is typed from what config.yaml says
        handle_signals(_stop)
        module.main(**options)
        sys.stdout.flush()  # here, where an error is caught
    except ArgumentError as error:
        sentence = explain(error)
        if "are required: " in str(error) and not Path("config.yaml").is_file():
            sentence = "There is no config.yaml here: go to the project's folder, or name the file with --config."
        print(f"Error: {sentence}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # who reads what is printed has seen enough, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else the last words fail again at the end
        return 141  # as a shell counts it
    except (UserError, OSError) as error:  # OSError: disk full, no permission; it names the file
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except ImportError as error:
        if (error.name or "").startswith(__package__):  # a mistake in the project's own code
            raise
        print(f"Error: {error}: use the environment of make setup, or make it anew: {sys.prefix}", file=sys.stderr)
        return 1
    except Exception as error:
        text = " ".join(str(error).split())  # on one line
        if not isinstance(error, MemoryError) and not any(words in text.lower() for words in OUT_OF_MEMORY):
            raise
        print(
            f"Error: There is not enough memory ({cut(text)}): lower training.batch_size or data.max_memory_mb, or make"
            " the network smaller.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

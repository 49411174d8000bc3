"""The commands: `python -m PACKAGE COMMAND`, in the order of a project's life.

Every setting of config.yaml is an option too: `train --training.epochs 3`. What a command does not need it does not
import, so that --help, data, stats and baseline start without the deep-learning framework.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from jsonargparse import ArgumentError, ArgumentParser

from .config import Config, UserError, add_settings, explain, make_config
from .data import load_splits

# Threads that wait for each other are to sleep, not to spin: on a busy machine spinning costs several times the work.
# OpenMP reads this once, when the framework is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def doctor(config: Config) -> None:
    """what this machine offers, and what training will use"""
    from . import doctor

    doctor.main(config)


def data(config: Config, inspect: str) -> None:
    """get the data, check it and split it"""
    if inspect:
        from . import inspection

        inspection.main(Path(inspect), config)
        return
    splits = load_splits(config)
    for name, split in splits.named.items():
        print(f"{name:>10}: {len(split):>6,} items, {split.x.dtype} {list(split.x.shape[1:])}")
    if splits.skipped:
        print(f"Left out, because damaged: {splits.skipped} items.")


def stats(config: Config) -> None:
    """statistics of the data: balance, ranges, duplicates"""
    from . import stats

    stats.main(config)


def baseline(config: Config) -> None:
    """what a model must beat: a rule, a minimal model, a linear model"""
    from . import baseline

    baseline.main(config)


def train(config: Config, resume: bool) -> None:
    """train a model, watched on the validation split"""
    from . import train

    run = train.main(config, resume=resume)
    if run is None:  # another process goes on with it
        return
    from . import evaluate, predict  # only now: what it imports would count as memory and time of training

    splits = load_splits(config)
    evaluate.compare_on_validation(run, config, predict.predict(run, splits.val.x), splits)
    print(f"Written: {run}. Next: evaluate it on the test split.")


def evaluate(run: str) -> None:
    """the best model of a run on the test split, beside the baselines"""
    from . import evaluate, inference

    inference.predict_splits(run)
    evaluate.main(run)


def predict(run: str, files: list[str], output: str) -> None:
    """predictions for the test split, or for files of yours"""
    from . import inference

    inference.main(run, files, output)


COMMANDS: tuple[Callable[..., None], ...] = (doctor, data, stats, baseline, train, evaluate, predict)
NEED_RUN = (evaluate, predict)  # they use the settings of the run, not those of config.yaml


def make_parser() -> ArgumentParser:
    """The command line, a sub-command each."""
    parser = ArgumentParser(prog=f"python -m {__package__}", description=__doc__.split("\n")[0], exit_on_error=False)
    commands = parser.add_subcommands(dest="command")
    for command in COMMANDS:
        options = ArgumentParser(description=command.__doc__, exit_on_error=False)
        if command in NEED_RUN:
            options.add_argument("--run", default="", help="name of the run; the newest without it")
        else:
            add_settings(options)
        if command is data:
            options.add_argument("--inspect", default="", help="look at a file or folder, and write its settings")
        if command is train:
            options.add_argument("--resume", action="store_true", help="continue the newest run, or the one of --run")
        if command is predict:
            options.add_argument("files", nargs="*", help="files of yours; the test split without them")
            options.add_argument("--output", default="", help="CSV file to write; in the folder of the run without it")
        commands.add_subcommand(command.__name__, options, help=command.__doc__)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status. What a user can put right is said in one sentence."""
    parser = make_parser()
    try:
        parsed = parser.parse_args(arguments)
        command = globals()[parsed.command]
        options = parser.instantiate(parsed)[parsed.command].as_dict()
        command(**(options if command in NEED_RUN else gather_settings(options)))
    except ArgumentError as error:
        sentence = explain(error)
        if "are required: " in sentence and not Path("config.yaml").is_file():
            sentence = "There is no config.yaml here: go to the project's folder, or name the file with --config."
        print(f"Error: {sentence}", file=sys.stderr)
        return 2
    except (UserError, OSError) as error:  # OSError: disk full, no permission; it names the file
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except ImportError as error:
        if (error.name or "").startswith(__package__):  # a mistake in the project's own code
            raise
        print(f"Error: {error}: use the environment of make setup, or make it anew: {sys.prefix}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted: a training goes on after its last whole epoch with train --resume.", file=sys.stderr)
        return 130
    return 0


def gather_settings(options: dict[str, Any]) -> dict[str, Any]:
    """The options of a command with all its settings as one `config`."""
    names = [field.name for field in fields(Config)]
    others = {name: value for name, value in options.items() if name not in [*names, "config"]}
    return {"config": make_config(options), **others}


if __name__ == "__main__":
    sys.exit(main())

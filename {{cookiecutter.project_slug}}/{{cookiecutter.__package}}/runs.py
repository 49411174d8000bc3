"""The folders of training runs: runs/<name>/ holds everything that one training wrote.

config.yaml      the settings of this run
data.json        what the model must know of its data: rules for inputs, names, mean and deviation
history.csv      one row an epoch (monitor.py)
best.*, last.*   checkpoints: the lowest validation loss, and the newest epoch (train.py)
predictions.npz  predictions of validation and test, and predictions.csv of what predict was given (inference.py)
metrics.json     how good the model is (evaluate.py), and figures/
"""

import json
from dataclasses import asdict
from itertools import zip_longest
from pathlib import Path
from typing import Any

from .config import Config, UserError, load_config, save_config
from .data import Splits

RUNS = Path("runs")
REPORTS = Path("reports")  # of the data, not of a run: statistics and baselines
# What may differ from the settings of a run that is resumed, beside the hardware.
MAY_CHANGE = (
    "run",
    "data.folder",
    "data.memory_mb",
    "training.epochs",
    "training.patience",
)


def start_run(config: Config, splits: Splits) -> Path:
    """Make the folder of a new run and note settings and data in it. An existing run is never overwritten."""
    if Path(config.run).name != config.run:
        raise UserError(f"The run name {config.run!r} is a path: it must be the name of a folder inside {RUNS}.")
    run = RUNS / (config.run or f"{_last_number() + 1:03d}")
    if (run / "config.yaml").exists():
        raise UserError(f"{run} exists: give another name with --run, or continue it with --resume.")
    run.mkdir(parents=True, exist_ok=True)
    write_json(run / "data.json", splits.describe())
    save_config(config, run / "config.yaml")
    return run


def resume_run(config: Config, splits: Splits) -> Path:
    """The folder of the run to continue: the one of `config.run`, or the newest.

    Raises:
        UserError: the data, or a setting that the weights depend on, has changed since.
    """
    run = find_run(config.run)
    before, now = _by_option(load_config(run / "config.yaml")), _by_option(config)
    for name, value in before.items():
        if value != now[name] and name not in MAY_CHANGE and not name.startswith("hardware."):
            raise UserError(
                f"{run} was trained with {name} {value}, and now it is {now[name]}: restore that to resume, or start a"
                " new run without --resume."
            )
    check_fit(splits, read_json(run / "data.json"), run)
    save_config(config, run / "config.yaml")
    return run


def check_fit(splits: Splits, data: dict[str, Any], run: Path) -> None:
    """Refuse data that has become another since the run was trained; data: the run's data.json."""
    if splits.rules != data["rules"]:
        raise UserError(f"The data of {run} has changed since: {_difference(data['rules'], splits.rules)}: train anew.")
    if splits.names != data["names"]:
        raise UserError(f"{run} was trained on {data['names']}, the data now has {splits.names}: train anew.")


def find_run(name: str = "") -> Path:
    """The folder of the run `name`, or of the newest run when `name` is empty."""
    if name:
        run = Path(name) if (Path(name) / "config.yaml").is_file() else RUNS / name
        if not (run / "config.yaml").is_file():
            raise UserError(f"There is no run {name!r}: there are {', '.join(_run_names()) or 'none yet'}.")
        return run
    if not _run_names():
        raise UserError("Nothing was trained yet: run the train command first.")
    return max((RUNS / name for name in _run_names()), key=lambda run: (run / "config.yaml").stat().st_mtime_ns)


def load_run(name: str = "") -> tuple[Path, Config, dict[str, Any]]:
    """The folder of a run, the settings that it was trained with, and its data.json."""
    run = find_run(name)
    return run, load_config(run / "config.yaml"), read_json(run / "data.json")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object."""
    return json.loads(path.read_text(encoding="utf-8"))


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON object whole or not at all: a reader never meets half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(path)


def digits(value: float) -> str:
    """A metric with four decimals; large ones, such as errors in euros, with fewer, small ones with three digits."""
    if 0 < abs(value) < 0.001:
        return f"{value:.3g}"
    return f"{value:.4f}" if not abs(value) >= 100 else f"{value:,.{1 if abs(value) < 10_000 else 0}f}"


def _by_option(config: Config) -> dict[str, Any]:
    """The settings by their names as options: "training.epochs": 12."""
    found: dict[str, Any] = {}
    for name, value in asdict(config).items():
        found |= {f"{name}.{key}": v for key, v in value.items()} if isinstance(value, dict) else {name: value}
    return found


def _difference(before: dict[str, Any], now: dict[str, Any]) -> str:
    key = next(key for key in {**before, **now} if before.get(key) != now.get(key))
    was, is_now = before.get(key), now.get(key)
    if isinstance(was, list) and isinstance(is_now, list):  # of many columns the first that differs
        was, is_now = next(pair for pair in zip_longest(was, is_now) if pair[0] != pair[1])
    return f"{key} was {was} and is {is_now}"


def _run_names() -> list[str]:
    return sorted(path.parent.name for path in RUNS.glob("*/config.yaml"))


def _last_number() -> int:
    return max((int(path.name) for path in RUNS.glob("*") if path.name.isdigit()), default=0)

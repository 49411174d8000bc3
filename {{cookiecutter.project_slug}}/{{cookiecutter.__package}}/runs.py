"""The folders of training runs: runs/<name>/ holds all that belongs to one training.

config.yaml      the settings of this run
data.json        what the model must know of its data (data_info.py), and its calibration (training/calibration.py)
environment.json versions, machine, device and commit (environment.py), starting weights (training/weights.py)
model.py         the network as it was
history.csv      loss, metric and learning rate, a row an epoch
best.*, last.*   checkpoints of the lowest validation loss and of the newest state (training/checkpoint.py)
tracking.json    the run in MLflow, Weights & Biases or Trackio (training/tracking.py)
training.json    epochs, seconds, parameters, device, threads, memory (training/monitor.py)
predictions.npz  predictions of validation and test (evaluation/evaluate.py)
metrics.json     metrics of the model and the baselines, and figures/ (evaluation/evaluate.py)
report.html      the report of the run, and MODEL_CARD.md (evaluation/report.py, evaluation/card.py)
predictions.csv  predictions for people (inference/predict.py)
export/, web/    the model as files for other runtimes, and as a web page (inference/export.py, inference/web.py)

Of several runs that are one result, runs/<name>/ holds series.json alone, and the runs lie beside it: runs/<name>-1 and
so on (training/series.py).
"""

import ast
import csv
import shutil
from itertools import zip_longest
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from .config import Config, UserError, counted, list_settings, load_config, save_config
from .data_info import UNKNOWN, DataInfo, load_info, save_info
from .environment import describe_environment
from .storage import hash_file, whole_file, write_json
from .task import METRIC, NEEDS_CALIBRATION

RUNS = Path("runs")
SERIES = "series.json"  # marks the folder of a series of runs, as config.yaml marks that of a run
MODEL = Path(__file__).with_name("model.py")
HISTORY = ("epoch", "loss", METRIC, "val_loss", f"val_{METRIC}", "learning_rate", "seconds")  # columns of history.csv
# Settings that may change when a run is resumed, as those of the hardware may.
MAY_CHANGE = (
    "run",
    "data.data_dir",
    "data.max_memory_mb",
    "training.epochs",
    "training.early_stopping_patience",
    "training.save_minutes",
    "training.tracking",
)


def open_run(config: Config, info: DataInfo, *, resume: bool = False, first: bool = True, runs: Path = RUNS) -> Path:
    """Open the folder of a run: a new one, or the one to resume.

    With nothing to resume a new run starts, so that a scheduler can give the same command again and again.
    Of several processes, only the `first` makes a new folder. The others write nothing, and get RUNS instead.
    A new folder lies in `runs`.
    """
    if resume and _can_resume(config.run):
        return resume_run(config, info, first=first)
    if not first:
        return RUNS
    if resume:
        print("There is nothing to resume: a new run starts.")
    return start_run(config, info, again=resume, runs=runs)


def start_run(config: Config, info: DataInfo, *, again: bool = False, runs: Path = RUNS) -> Path:
    """Make the folder of a new run, with config.yaml, data.json and a copy of model.py.

    An existing run is never overwritten: who makes the folder has its name. `again`: a folder without config.yaml may
    be used, because an earlier start was interrupted in it.

    Raises:
        UserError: the run exists already, or its name is a path.
    """
    run = make_folder(config.run, again=again, runs=runs)
    shutil.copy(MODEL, run / MODEL.name)
    save_info(info, run / "data.json")
    write_json(run / "environment.json", describe_environment(config))
    save_config(config, run / "config.yaml")  # last: it marks a run that can be resumed
    return run


def check_name(name: str, *, again: bool = False, runs: Path = RUNS) -> None:
    """Check that a new run can have this name, before work that would be in vain; `again`: its folder may exist.

    Raises:
        UserError: the run exists already, or the name is a path.
    """
    if Path(name).name != name:
        raise UserError(f"The run name {name!r} is a path: it must be the name of a folder inside {RUNS}.")
    if name and not again and (runs / name).exists():
        raise UserError(f"{runs / name} exists: give another name with --run, or continue it with --resume.")


def make_folder(name: str, *, again: bool = False, runs: Path = RUNS) -> Path:
    """Make the folder of a new run inside `runs`: of this name, or of the next free number.

    Raises:
        UserError: the folder exists already, or the name is a path.
    """
    check_name(name, again=again, runs=runs)
    runs.mkdir(exist_ok=True)
    while True:
        run = runs / (name or f"{_last_number() + 1:03d}")
        try:
            run.mkdir()
        except FileExistsError:
            if again and not (run / "config.yaml").exists():
                return run
            check_name(name, runs=runs)
            continue  # another training has just taken the number
        return run


def resume_run(config: Config, info: DataInfo, *, first: bool = True) -> Path:
    """Find the run to continue: the one of `config.run`, or the newest. The `first` process keeps the settings.

    Raises:
        UserError: the data has changed since, or a setting that the weights depend on.
    """
    run, stored_config, stored_info = load_run(config.run)
    settings = list_settings(config)
    for name, stored in list_settings(stored_config).items():
        may_change = name in MAY_CHANGE or name.startswith("hardware.")
        if settings[name] != stored and not may_change:
            raise UserError(
                f"{run} was trained with {name} {stored}, and now it is {settings[name]}: restore that to resume, or"
                " start a new run without --resume."
            )
    check_data(info, stored_info, run)
    check_model(run)
    if config.training.epochs != stored_config.training.epochs:
        print(
            f"training.epochs was {stored_config.training.epochs} and is {config.training.epochs}: the learning-rate"
            " schedule now ends there, so the result differs from that of a run without a break."
        )
    if first:
        save_config(config, run / "config.yaml")
    return run


def check_data(info: DataInfo, stored: DataInfo, run: Path) -> None:
    """Check that the data is still what a run was trained on.

    Args:
        info: of the data now.
        stored: the data.json of the run.
        run: folder of the run.

    Raises:
        UserError: preprocessing, names, samples, targets or their order have changed.
    """
    # How values are scaled follows from the values, and their digests are compared below.
    before, now = ({**kept.preprocessing, "scaling": {}} for kept in (stored, info))
    if before != now:
        difference = _difference(before, now)
        raise UserError(f"The data of {run} has changed since: {difference}: train again.")
    if info.target_names != stored.target_names:
        raise UserError(
            f"{run} was trained on {stored.target_names}, the data now has {info.target_names}: train again."
        )
    for split, count in stored.num_samples.items():
        if info.num_samples[split] != count:
            raise UserError(
                f"The data of {run} has changed since: the {split} split had {counted(count, 'sample')} and has"
                f" {info.num_samples[split]:,}: restore it, or train again."
            )
        for kind, stored_digest in stored.digests[split].items():
            if info.digests[split][kind] != stored_digest:
                raise UserError(
                    f"The data of {run} has changed since: {kind} of the {split} split are others, or in another order:"
                    " restore it, or train again."
                )


def check_model(run: Path) -> None:
    """Raise UserError if model.py computes something else than when the run was trained; comments may differ."""
    now = _strip(MODEL.read_text(encoding="utf-8"))
    try:
        before = _strip((run / MODEL.name).read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError) as error:  # absent; no Python; no text
        raise UserError(f"{run / MODEL.name} is corrupt or missing: restore it, or train again.") from error
    if before != now:
        raise UserError(f"model.py has changed since {run} was trained: restore {run / MODEL.name}, or train again.")


def find_run(name: str = "") -> Path:
    """Find the folder of a run by its name or path; without a name, the newest.

    Raises:
        UserError: there is no such run.
    """
    names = _run_names()
    if name:
        for run in (Path(name), RUNS / name):
            if (run / "config.yaml").is_file():
                return run
        if (RUNS / Path(name).name / SERIES).is_file():
            raise UserError(f"{name} is a series of runs: name one of them, such as {Path(name).name}-1.")
        raise UserError(f"There is no run {name!r}: there are {', '.join(names) or 'none yet'}.")
    if not names:
        raise UserError("Nothing was trained yet: run the train command first.")
    return max((RUNS / name for name in names), key=_last_changed)


def hash_best(run: Path) -> str:
    """Hash the best checkpoint of a run; "" if there is none."""
    return next((hash_file(path) for path in run.glob("best.*")), "")


def is_calibrated(run: Path, info: DataInfo) -> bool:
    """Return whether a run is calibrated on the best checkpoint that it has now.

    It is not where its training was interrupted, or goes on: then an earlier epoch was the best, or none.

    Args:
        run: folder of the run.
        info: its data.json.
    """
    if not NEEDS_CALIBRATION:
        return True
    if info.calibrated_on == UNKNOWN:
        return (run / "training.json").is_file()
    return info.calibrated_on == hash_best(run)


def warn_if_not_calibrated(run: Path, info: DataInfo) -> None:
    """Print a warning if a run is not calibrated on its best checkpoint; see `is_calibrated`."""
    if not is_calibrated(run, info):
        print(
            f"Warning: probabilities and decisions of {run} are not calibrated on its best checkpoint, because training"
            f" was interrupted or goes on: run evaluate --run {run} first, or train --resume --run {run.name}.",
            flush=True,
        )


def is_outdated(path: Path, run: Path) -> bool:
    """Return whether a file that was made of the best checkpoint of a run is older than it, or than its calibration."""
    sources = (*run.glob("best.*"), *run.glob("data.json"))
    return any(path.stat().st_mtime_ns < source.stat().st_mtime_ns for source in sources)


def is_evaluated(run: Path) -> bool:
    """Return whether the best checkpoint of a run, as it is now, was evaluated on the test split."""
    path = run / "metrics.json"
    return path.is_file() and not is_outdated(path, run)


def list_runs() -> list[Path]:
    """List the folders of all runs, in the order of their names."""
    return [RUNS / name for name in _run_names()]


def load_run(name: str = "") -> tuple[Path, Config, DataInfo]:
    """Load a run: its folder, the settings that it was trained with, and its data.json."""
    run = find_run(name)
    try:
        info = load_info(run / "data.json")
    except (OSError, ValueError, TypeError) as error:  # absent; no JSON; other keys
        raise UserError(f"{run / 'data.json'} is corrupt or missing: train again.") from error
    return run, load_config(run / "config.yaml"), info


def read_history(run: Path) -> list[dict[str, float]]:
    """Read history.csv, a row an epoch; return no rows if there is no file."""
    path = run / "history.csv"
    if not path.is_file():
        return []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [{name: float(row[name]) for name in HISTORY} for row in csv.DictReader(file)]
    except (ValueError, TypeError, KeyError) as error:  # cut in a line, or other columns
        raise UserError(f"{path} is corrupt: restore it, or start a new run.") from error
    return [{**row, "epoch": int(row["epoch"])} for row in rows]


def write_history(run: Path, history: list[dict[str, float]]) -> None:
    """Write history.csv, a row an epoch."""
    with whole_file(run / "history.csv") as path, path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, HISTORY)
        writer.writeheader()
        writer.writerows(history)


def lock_run(run: Path) -> FileLock:
    """Lock the folder of a run, so that no second training writes into it. A lock ends with its process.

    Raises:
        UserError: another process has the lock.
    """
    lock = FileLock(run / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError(f"{run} is being trained by another process: wait for it, or end it.") from None
    return lock


def has_checkpoint(name: str) -> bool:
    """Whether the run to resume, of this name or the newest, has come as far as a checkpoint."""
    return _can_resume(name) and any(find_run(name).glob("last.*"))


def _can_resume(name: str) -> bool:
    """Whether there is a run of this name, or any run where the name is empty."""
    return (RUNS / name / "config.yaml").is_file() if name else bool(_run_names())


def _strip(code: str) -> str:
    """Code without comments and layout."""
    return ast.dump(ast.parse(code))


def _difference(before: dict[str, Any], now: dict[str, Any]) -> str:
    """Describe the first entry that differs."""
    key = next(key for key in {**before, **now} if before.get(key) != now.get(key))
    old, new = before.get(key), now.get(key)
    if isinstance(old, list) and isinstance(new, list):  # of many columns, the first that differs
        old, new = next(pair for pair in zip_longest(old, new) if pair[0] != pair[1])
    return f"{key} was {old} and is {new}"


def _run_names() -> list[str]:
    """List the names of all runs, in order."""
    return sorted(path.parent.name for path in RUNS.glob("*/config.yaml"))


def _last_changed(run: Path) -> int:
    """Return when training last started or resumed, in nanoseconds."""
    return (run / "config.yaml").stat().st_mtime_ns


def _last_number() -> int:
    """Find the largest number that is the name of a run; 0 if there is none."""
    numbers = [int(path.name) for path in RUNS.glob("*") if path.name.isdigit()]
    return max(numbers, default=0)

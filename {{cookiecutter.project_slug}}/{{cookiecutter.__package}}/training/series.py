"""A series: several runs as one result, with the mean and std of their metrics.

`train --repeats 5` trains five seeds on the same splits: the spread is that of training alone.
`train --folds 5` is a cross-validation: train and validation are cut into five parts, and each validates once.
In: the settings. Out: ordinary runs, runs/<series>-1 and so on, and beside them the folder runs/<series>/. There
series.json says what belongs together and holds the results, and settings.yaml is what the series was begun from.
Read `train_series` first. The test split has no part in it: `evaluate` scores all runs of a series.
"""

import io
import math
import shutil
import statistics
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from ..baseline import load_report, score
from ..config import (
    Config,
    HardwareSettings,
    UserError,
    change_settings,
    counted,
    list_settings,
    load_config,
    save_config,
)
from ..data import Splits, load_splits
from ..data_info import DataInfo, load_info
from ..metrics import SHOWN, format_metric
from ..runs import (
    MAY_CHANGE,
    RUNS,
    SERIES,
    check_data,
    find_run,
    is_evaluated,
    lock_run,
    make_folder,
    read_history,
)
from ..storage import read_json, write_json
from .monitor import best_epoch

NOUNS = {"repeats": "seed", "folds": "fold"}  # option of train -> what its runs differ in
SETTINGS = "settings.yaml"  # of a series: not config.yaml, which marks a run
MODEL = "this model"  # its row beside the baselines
# Several devices would be several processes, each of which would go through all trainings.
ONE_DEVICE = {"hardware.devices": 1} if "devices" in HardwareSettings.__annotations__ else {}

Scores = dict[str, dict[str, float]]  # metrics by name: of the baselines, and of this model
Train = Callable[..., tuple[Path, Splits, np.ndarray] | None]  # train_and_calibrate in train.py


@dataclass
class Series:
    """Runs that belong together, and what is known of them."""

    folder: Path
    kind: str  # a key of NOUNS
    count: int  # of runs
    scores: dict[str, Scores] = field(default_factory=dict)  # on the validation split, of each run that has finished

    @property
    def runs(self) -> list[Path]:
        """The folders of all its runs, whether they exist or not."""
        return [self.folder.with_name(f"{self.folder.name}-{number}") for number in range(1, self.count + 1)]

    @property
    def size(self) -> str:
        """How many runs, and in what they differ: 5 seeds."""
        return counted(self.count, NOUNS[self.kind])

    @property
    def is_complete(self) -> bool:
        """Whether all its runs have finished."""
        return all(run.name in self.scores for run in self.runs)

    def save(self, **more: Any) -> None:
        """Write series.json; more: further entries."""
        summary = summarize(list(self.scores.values())) if self.is_complete else None
        content = {"kind": self.kind, "count": self.count, "runs": self.scores, "validation": summary, **more}
        write_json(self.folder / SERIES, content)


def choose_kind(several: dict[str, int | None], like: str) -> tuple[str, int] | None:
    """Take the options of `train` that ask for a series: its kind and how many runs; None for a single run.

    Raises:
        UserError: options exclude each other, or the number is too small.
    """
    asked = {kind: count for kind, count in several.items() if count is not None}
    if not asked:
        return None
    (kind, count), *others = asked.items()
    if others:
        raise UserError("--repeats and --folds exclude each other: train two series, one after the other.")
    if like:
        raise UserError(
            f"--{kind} and --like exclude each other: to train several runs with the settings of {like}, name its file"
            f" and the new runs: --config {find_run(like) / 'config.yaml'} --run NAME."
        )
    if count < 2:
        raise UserError(f"--{kind} can't be {count}: it must be at least 2; leave it out to train one run.")
    return kind, count


def require_one_process(shard: tuple[int, int]) -> None:
    """Refuse to train several models one after the other in several processes; shard: number of this one, and of all.

    Raises:
        UserError: there are several processes.
    """
    if shard[1] > 1:
        raise UserError(
            f"{shard[1]} processes can't train several runs in one command: start one process, or train each seed by a"
            " command of its own, with --seed, and each fold with --data.folds and --data.fold."
        )


def train_series(config: Config, kind: str, count: int, train: Train, *, resume: bool) -> Series:
    """Train the runs of a series that have not finished, and print and keep mean and std.

    Args:
        config: the settings.
        kind: repeats or folds.
        count: how many runs.
        train: trains one run by its settings.
        resume: go on with a series, if there is one.

    Returns:
        The series, complete.

    Raises:
        UserError: settings or data do not fit, or the series to go on with is another one.
    """
    info = load_splits(make_settings(config, kind, 1, count)).info  # before a folder is made: the data may have faults
    series = find_begun(config, kind) if resume else None
    if series:
        _go_on(series, config, count, info)
    else:
        if resume:
            print("There is nothing to resume: a new series starts.")
        series = _begin(config, kind, count, again=resume)
    print(f"{series.folder}: {len(series.scores)} of {series.size} so far.")
    lock = lock_run(series.folder)  # before `try`: what another process trains is not removed
    try:
        for number, run in enumerate(series.runs, start=1):
            settings = make_settings(config, kind, number, count)
            if run.name not in series.scores:
                settings.run = run.name
                series.scores[run.name] = train_one(settings, train, resume=run.exists())
                series.save()
            print_run(run, settings, series)
    except KeyboardInterrupt as stop:
        if _has_begun(series):
            number = stop.args[0] if stop.args else 2
            stop.args = (number, f"the same command with --resume goes on with {series.folder}")
        raise
    except OSError as error:  # such as a full disk
        raise UserError(
            f"{str(error).rstrip('.')}. Once that is put right, the same command with --resume goes on with"
            f" {series.folder}."
        ) from error
    finally:
        lock.release()
        if not _has_begun(series):
            shutil.rmtree(series.folder, ignore_errors=True)
    print_table(series, list(series.scores.values()), "Validation split")
    print(f"Written: {series.folder / SERIES}. Next: evaluate all runs on the test split.")
    return series


def make_settings(config: Config, kind: str, number: int, count: int) -> Config:
    """Make the settings of a run of a series; number: from 1."""
    changes = {"seed": config.seed + number - 1} if kind == "repeats" else {"data.folds": count, "data.fold": number}
    return change_settings(config, {**changes, **ONE_DEVICE})


def train_one(config: Config, train: Train, *, resume: bool) -> Scores:
    """Train a run in silence, and score it and the baselines on its validation split."""
    trained = train(config, resume=resume, watch=lambda _: None)
    assert trained is not None  # there is one process
    run, splits, predictions = trained
    with redirect_stdout(io.StringIO()):  # each fold has baselines of its own
        baselines = load_report(config, splits)["baselines"]
    metrics = score(predictions, splits, load_info(run / "data.json").target_statistics)
    scores = {name: result["validation"] for name, result in baselines.items()}
    return {**scores, MODEL: {key: metrics[key] for key in SHOWN}}


def find_begun(config: Config, kind: str) -> Series | None:
    """Find the series to go on with: the one of `config.run`, or the newest of its kind; None if there is none.

    Raises:
        UserError: `config.run` is a run, or a series of another kind.
    """
    if not config.run:
        return max(
            (series for series in list_series() if series.kind == kind),
            key=lambda series: (series.folder / SERIES).stat().st_mtime_ns,
            default=None,
        )
    folder = RUNS / config.run
    if (folder / "config.yaml").is_file():
        raise UserError(f"{folder} is one run: resume it without --{kind}, or name a series with --run.")
    if not (folder / SERIES).is_file():
        return None
    series = load_series(folder)
    if series.kind != kind:
        raise UserError(f"{folder} is a series of {series.size}: go on with --{series.kind} {series.count}.")
    return series


def list_series() -> list[Series]:
    """List all series, in the order of their names."""
    return [load_series(path.parent) for path in sorted(RUNS.glob(f"*/{SERIES}"))]


def load_series(folder: Path) -> Series:
    """Read series.json.

    Raises:
        UserError: it is corrupt.
    """
    try:
        content = read_json(folder / SERIES)
        return Series(folder, content["kind"], content["count"], content["runs"])
    except (ValueError, TypeError, KeyError) as error:  # no JSON; other keys
        raise UserError(f"{folder / SERIES} is corrupt: restore it, or train a new series.") from error


def series_of(run: Path) -> Series | None:
    """Find the series to which a run belongs; None if it stands alone."""
    folder = run.with_name(run.name.rpartition("-")[0] or run.name)
    series = load_series(folder) if (folder / SERIES).is_file() else None
    return series if series and run in series.runs else None


def find_series(name: str = "") -> Series | None:
    """Find a series by its name or path; without a name, that of the newest run. None: the name is not of a series.

    Raises:
        UserError: there is no name, and nothing was trained yet.
    """
    if not name:
        return series_of(find_run())
    folders = [folder for folder in (Path(name), RUNS / name) if (folder / SERIES).is_file()]
    return load_series(folders[0]) if folders else None


def read_test_scores(series: Series) -> list[Scores]:
    """Read the scores on the test split of each run; none if not all of them, as they are now, were evaluated."""
    if not all(map(is_evaluated, series.runs)):
        return []
    metrics = [read_json(run / "metrics.json") for run in series.runs]
    return [{**each["baselines"], MODEL: {key: each["test"][key] for key in SHOWN}} for each in metrics]


def summarize(scores: list[Scores]) -> dict[str, dict[str, dict[str, float]]]:
    """Compute mean and std of each metric over the runs, of the model and of the baselines."""
    found = {}
    for name in (name for name in scores[0] if all(name in each for each in scores)):  # some baselines may be left out
        values = {key: [each[name][key] for each in scores] for key in SHOWN}
        found[name] = {key: mean_and_std(numbers) for key, numbers in values.items()}
    return found


def mean_and_std(values: list[float]) -> dict[str, float]:
    """Compute mean and std, of equal values exactly 0; NaN where a value is: one was not defined.

    The deviation is that of a sample (divided by n - 1): more seeds or folds would have been possible.
    """
    if any(map(math.isnan, values)):
        return {"mean": math.nan, "std": math.nan}
    return {"mean": statistics.mean(values), "std": statistics.stdev(values)}


def format_spread(mean: float, std: float) -> str:
    """Format mean and std; the mean alone where all values are the same."""
    return f"{format_metric(mean)} ± {format_metric(std)}" if std else format_metric(mean)


def print_run(run: Path, config: Config, series: Series) -> None:
    """Print a line of a run: what distinguishes it, its validation metrics, and how long it took."""
    metrics = series.scores[run.name][MODEL]
    values = "  ".join(f"{label} {format_metric(metrics[key])}" for key, label in SHOWN.items())
    history = read_history(run)
    seconds = sum(row["seconds"] for row in history)
    number = config.seed if series.kind == "repeats" else config.data.fold
    print(
        f"{run}  {NOUNS[series.kind]} {number}  {values}  best epoch {best_epoch(history)['epoch']} of {len(history)}"
        f"  {seconds:.0f} s",
        flush=True,
    )


def print_table(series: Series, scores: list[Scores], split: str) -> None:
    """Print the mean of each metric, of the model beside the baselines, and below it the std."""
    table = Table(title=f"{split}: mean and ± standard deviation of {series.size}")
    table.add_column("")
    for label in SHOWN.values():
        table.add_column(label, justify="right")
    for name, metrics in summarize(scores).items():
        style = "bold" if name == MODEL else None
        table.add_row(name, *(format_metric(metrics[key]["mean"]) for key in SHOWN), style=style)
        stds = [metrics[key]["std"] for key in SHOWN]
        if any(stds):  # all seeds have the same baselines
            table.add_row("  ±", *map(format_metric, stds), style=style)
    Console(highlight=False, markup=False).print(table)


def _begin(config: Config, kind: str, count: int, *, again: bool) -> Series:
    """Make the folder of a new series; again: one may be used that an earlier start has left empty.

    Raises:
        UserError: it exists already, or that of one of its runs.
    """
    series = Series(make_folder(config.run, again=again), kind, count)
    taken = [run for run in series.runs if run.exists()]
    if taken:
        series.folder.rmdir()
        raise UserError(f"{taken[0]} exists: give the series another name with --run.")
    save_config(config, series.folder / SETTINGS)
    series.save()
    return series


def _go_on(series: Series, config: Config, count: int, info: DataInfo) -> None:
    """Check that a series can go on with `count` runs; info: of the data of its first run now.

    Raises:
        UserError: settings or data are others, so that its runs could not be compared, or it has more runs.
    """
    if count < series.count or (count > series.count and series.kind == "folds"):
        raise UserError(f"{series.folder} was begun with --{series.kind} {series.count}: resume it with that.")
    now = list_settings(config)
    for name, value in list_settings(load_config(series.folder / SETTINGS)).items():
        may_change = name.startswith("hardware.") or (name in MAY_CHANGE and name != "training.epochs")
        if now[name] != value and not may_change:
            raise UserError(
                f"{series.folder} was begun with {name} {value}, and now it is {now[name]}: restore that to resume, or"
                " train a new series without --resume."
            )
    first = series.runs[0]
    if (first / "data.json").is_file():
        check_data(info, load_info(first / "data.json"), first)
    series.count = count
    kept = [run.name for run in series.runs if run.exists()]  # what was removed is trained again
    series.scores = {name: scores for name, scores in series.scores.items() if name in kept}


def _has_begun(series: Series) -> bool:
    """Whether there is the folder of any run."""
    return any(run.exists() for run in series.runs)

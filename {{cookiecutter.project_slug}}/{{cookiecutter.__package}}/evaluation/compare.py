"""Compare runs: the settings in which they differ, their metrics, epochs and seconds.

In: folders of runs. Out: a table, the best validation metric first; reports/runs.csv; reports/runs.png, their curves.
Runs of a series stay together, below a row with their mean and std, whose mean counts in the order.
The order comes from the validation split. To choose by the test split would make its metric too good.
"""

import csv
from pathlib import Path
from typing import Any

from jsonargparse import ArgumentParser
from rich.console import Console
from rich.table import Table

from ..config import UserError, list_settings
from ..data.plots import save_figure
from ..metrics import LOWER_IS_BETTER, SHOWN, format_metric
from ..runs import find_run, is_evaluated, list_runs, load_run, read_history
from ..storage import REPORTS, read_json, whole_file
from ..task import METRIC
from ..training.monitor import best_epoch
from ..training.series import Series, find_series, mean_and_std, series_of
from .plots import draw_runs

CURVES = REPORTS / "runs.png"
TABLE = REPORTS / "runs.csv"
SET_BY_SERIES = ("data.folds", "hardware.devices")  # which train has set in the runs of a series: in the table alone


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of the command `compare`."""
    parser.add_argument("runs", nargs="*", help="names of runs and series; without them, all")


def main(runs: list[str] | None = None) -> list[dict[str, Any]]:
    """Compare runs: print a table, write it as CSV, and draw the validation losses.

    Args:
        runs: names, a series for all its runs; all runs that have finished an epoch if there are none.

    Returns:
        A row for each run and each series, the best first.

    Raises:
        UserError: a run does not exist, or none has finished an epoch.
    """
    folders = find_runs(runs) if runs else list_runs()
    histories = {folder: read_history(folder) for folder in folders}
    folders = [folder for folder in folders if histories[folder]]
    if not folders:
        raise UserError("There is no run that has finished an epoch: train first.")
    rows = [describe_run(folder, histories[folder]) for folder in folders]
    settings = [list_settings(load_run(str(folder))[1]) for folder in folders]
    different = [name for name in settings[0] if name != "run" and len({str(each.get(name)) for each in settings}) > 1]
    for row, values in zip(rows, settings, strict=True):
        row |= {name: values.get(name) for name in different}
    rows = sort_rows(rows, {folder.name: series_of(folder) for folder in folders})

    with whole_file(TABLE) as path, path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    save_figure(draw_runs({folder.name: histories[folder] for folder in folders}), CURVES)
    print_runs(rows, different)
    print(f"Written: {TABLE} and {CURVES}")
    outdated = [str(folder) for folder in folders if (folder / "metrics.json").is_file() and not is_evaluated(folder)]
    if outdated:
        print(f"Left out: the test metrics of {', '.join(outdated)}, trained further since. Evaluate again.")
    return rows


def find_runs(names: list[str]) -> list[Path]:
    """Find the folders of runs by their names; the name of a series stands for its runs that were begun.

    Raises:
        UserError: there is no such run.
    """
    folders: dict[Path, None] = {}  # each once, in order
    for name in names:
        series = find_series(name)
        found = [run for run in series.runs if (run / "config.yaml").is_file()] if series else [find_run(name)]
        folders |= dict.fromkeys(found)
    return list(folders)


def sort_rows(rows: list[dict[str, Any]], series_of_runs: dict[str, Series | None]) -> list[dict[str, Any]]:
    """Sort rows by the validation metric, the best first. Several runs of a series follow a row with their means."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        series = series_of_runs[row["run"]]
        groups.setdefault(series.folder.name if series else row["run"], []).append(row)

    def by_metric(row: dict[str, Any]) -> float:
        return row[f"val_{METRIC}"] if METRIC in LOWER_IS_BETTER else -row[f"val_{METRIC}"]

    sorted_groups = []
    for name, members in groups.items():
        members.sort(key=by_metric)
        sorted_groups.append([average(name, members), *members] if len(members) > 1 else members)
    return [row for group in sorted(sorted_groups, key=lambda group: by_metric(group[0])) for row in group]


def average(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Make the row of a series: means and stds of the runs; settings that they share."""

    def spread(key: str) -> tuple[float | None, float | None]:
        values = [row[key] for row in rows]
        if None in values:  # not all were evaluated
            return None, None
        found = mean_and_std(values)
        return found["mean"], found["std"]

    row = {key: value if all(other[key] == value for other in rows) else None for key, value in rows[0].items()}
    row |= {"run": name, "runs": len(rows), "seconds": round(sum(row["seconds"] for row in rows), 1)}
    row["val_loss"], _ = spread("val_loss")
    row[f"val_{METRIC}"], row["val_std"] = spread(f"val_{METRIC}")
    row["test"], row["test_std"] = spread("test")
    row["test_low"] = row["test_high"] = None
    return row


def describe_run(run: Path, history: list[dict[str, float]]) -> dict[str, Any]:
    """Collect what to compare of a run: the best epoch on the validation split, and the test split if evaluated."""
    best = best_epoch(history)
    row: dict[str, Any] = {
        "run": run.name,
        "runs": 1,  # of a series: how many
        "epochs": len(history),
        "best_epoch": best["epoch"],
        "seconds": round(sum(epoch["seconds"] for epoch in history), 1),
        "val_loss": best["val_loss"],
        f"val_{METRIC}": best[f"val_{METRIC}"],
        "val_std": None,  # of a series
        "test": None,
        "test_low": None,  # of the 95 % interval
        "test_high": None,
        "test_std": None,  # of a series
    }
    if is_evaluated(run):
        test = read_json(run / "metrics.json")["test"]
        row["test"] = test[next(iter(SHOWN))]
        row["test_low"], row["test_high"] = test["intervals"][next(iter(SHOWN))]
    return row


def print_runs(rows: list[dict[str, Any]], different: list[str]) -> None:
    """Print the runs as a table, those of a series indented below its row."""
    first = next(iter(SHOWN))
    caption = None
    if any(row["runs"] > 1 for row in rows):
        caption = "A series: mean and ± standard deviation, then its runs"
        different = [name for name in different if name not in SET_BY_SERIES]
    table = Table(title=f"Runs, by {METRIC} on the validation split", caption=caption)
    table.add_column("run", no_wrap=True)
    for name in different:
        table.add_column(name)
    for name in (f"validation {METRIC}", "best epoch", "epochs", "seconds", f"test {SHOWN[first]}", "95 % interval"):
        table.add_column(name, justify="right")
    left = 0  # rows that belong to the series above
    for number, row in enumerate(rows):
        name = f"  {row['run']}" if left else row["run"]
        left = row["runs"] if row["runs"] > 1 else max(left - 1, 0)
        cells = [name, *(_cell(row[setting]) for setting in different)]
        cells += [_number(row[f"val_{METRIC}"]), _cell(row["best_epoch"]), _cell(row["epochs"])]
        cells += [f"{row['seconds']:.0f}", _number(row["test"])]
        if row["test_low"] is not None:
            is_known = row["test_low"] <= row["test_high"]  # not of a single group
            cells.append(f"{format_metric(row['test_low'])}-{format_metric(row['test_high'])}" if is_known else "")
        style = "bold" if number == 0 else None
        table.add_row(*cells, style=style)
        if row["runs"] > 1:
            table.add_row("  ±", *("" for _ in different), *_deviations(row), style=style)
    Console(highlight=False, markup=False).print(table)


def _cell(value: Any) -> str:
    """Write a value; nothing where runs of a series differ."""
    return "" if value is None else str(value)


def _number(value: float | None) -> str:
    """Write a metric; nothing where there is none."""
    return "" if value is None else format_metric(value)


def _deviations(row: dict[str, Any]) -> list[str]:
    """Write the stds of a series, below its means of validation and test."""
    return [_number(row["val_std"]), "", "", "", _number(row["test_std"])]

"""Compare runs: the settings in which they differ, their metrics, epochs and seconds.

In: folders of runs. Out: a table, the best validation metric first; reports/runs.csv; reports/runs.png, their curves.
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
from ..runs import find_run, list_runs, load_run, read_history
from ..storage import REPORTS, read_json, whole_file
from ..task import METRIC
from ..training.monitor import best_epoch
from .plots import draw_runs

CURVES = REPORTS / "runs.png"
TABLE = REPORTS / "runs.csv"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of the command `compare`."""
    parser.add_argument("runs", nargs="*", help="names of runs; without them, all")


def main(runs: list[str] | None = None) -> list[dict[str, Any]]:
    """Compare runs: print a table, write it as CSV, and draw the validation losses.

    Args:
        runs: names; all runs that have finished an epoch if there are none.

    Returns:
        A row for each run, the best first.

    Raises:
        UserError: a run does not exist, or none has finished an epoch.
    """
    folders = [find_run(name) for name in runs] if runs else list_runs()
    histories = {folder: read_history(folder) for folder in folders}
    folders = [folder for folder in folders if histories[folder]]
    if not folders:
        raise UserError("There is no run that has finished an epoch: train first.")
    rows = [describe_run(folder, histories[folder]) for folder in folders]
    settings = [list_settings(load_run(str(folder))[1]) for folder in folders]
    different = [name for name in settings[0] if name != "run" and len({str(each.get(name)) for each in settings}) > 1]
    for row, values in zip(rows, settings, strict=True):
        row |= {name: values.get(name) for name in different}
    rows.sort(key=lambda row: row[f"val_{METRIC}"], reverse=METRIC not in LOWER_IS_BETTER)

    with whole_file(TABLE) as path, path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    save_figure(draw_runs({folder.name: histories[folder] for folder in folders}), CURVES)
    print_runs(rows, different)
    print(f"Written: {TABLE} and {CURVES}")
    return rows


def describe_run(run: Path, history: list[dict[str, float]]) -> dict[str, Any]:
    """Collect what to compare of a run: the best epoch on the validation split, and the test split if evaluated."""
    best = best_epoch(history)
    row: dict[str, Any] = {
        "run": run.name,
        "epochs": len(history),
        "best_epoch": best["epoch"],
        "seconds": round(sum(epoch["seconds"] for epoch in history), 1),
        "val_loss": best["val_loss"],
        f"val_{METRIC}": best[f"val_{METRIC}"],
        "test": None,
        "test_low": None,  # of the 95 % interval
        "test_high": None,
    }
    if (run / "metrics.json").is_file():
        test = read_json(run / "metrics.json")["test"]
        row["test"] = test[next(iter(SHOWN))]
        row["test_low"], row["test_high"] = test["intervals"][next(iter(SHOWN))]
    return row


def print_runs(rows: list[dict[str, Any]], different: list[str]) -> None:
    """Print the runs as a table."""
    first = next(iter(SHOWN))
    table = Table(title=f"Runs, by {METRIC} on the validation split")
    table.add_column("run")
    for name in different:
        table.add_column(name)
    for name in (f"validation {METRIC}", "best epoch", "epochs", "seconds", f"test {SHOWN[first]}", "95 % interval"):
        table.add_column(name, justify="right")
    for number, row in enumerate(rows):
        test = ["", ""]
        if row["test"] is not None:
            test = [format_metric(row["test"]), f"{format_metric(row['test_low'])}-{format_metric(row['test_high'])}"]
        cells = [
            format_metric(row[f"val_{METRIC}"]),
            str(row["best_epoch"]),
            str(row["epochs"]),
            f"{row['seconds']:.0f}",
        ]
        style = "bold" if number == 0 else None
        table.add_row(row["run"], *(str(row[name]) for name in different), *cells, *test, style=style)
    Console(highlight=False, markup=False).print(table)

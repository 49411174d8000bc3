"""Predictions to use and to keep: of the validation and test splits, or of files of yours.

In: a run folder, and nothing else: it holds the model, its settings, the rules for inputs and the names of the classes.
Out: predictions.npz (of validation and test, for `evaluate`), or a CSV file, a row an item.
"""

import csv
from pathlib import Path
from typing import Any

import numpy as np

from .config import UserError
from .data import Splits, check_numbers, load_splits
from .files import Rows
from .predict import predict
from .runs import load_run
from .sources import read_new
from .task import to_rows

MOST_SHOWN = 20  # lines on the screen; the CSV file has all


def predict_splits(run_name: str = "") -> Path:
    """Predict validation and test with the best model of a run; returns the path of predictions.npz."""
    run, config, data = load_run(run_name)
    splits = load_splits(config)
    check_fit(splits, data, run)
    np.savez(run / "predictions.npz", validation=predict(run, splits.val.x), test=predict(run, splits.test.x))
    return run / "predictions.npz"


def main(run_name: str, files: list[str], output: str) -> None:
    """Predict the files, or the test split where none is named; print the first, write all to `output` as CSV."""
    run, config, data = load_run(run_name)
    items: dict[str, np.ndarray | Rows]
    if files:
        for name in files:
            if not Path(name).exists():
                raise UserError(f"There is no file {name}.")
        items = {name: read_new(Path(name), data["rules"], config.data) for name in files}
        for name, x in items.items():
            check_numbers(x, lambda row, name=name: f"{name} item {row}", data["rules"])
    else:
        splits = load_splits(config)
        check_fit(splits, data, run)
        items = {"test": splits.test.x}
    rows = [
        {"source": name, "item": number, **row}
        for name, part in items.items()
        for number, row in enumerate(to_rows(predict(run, part), data["names"]))
    ]
    for row in rows[:MOST_SHOWN]:
        source, number, *values = row.items()
        print(f"{source[1]} {number[1]}: {', '.join(f'{name} {value}' for name, value in values)}")
    path = Path(output) if output else run / "predictions.csv"
    part = path.with_name(path.name + ".part")
    with part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    part.replace(path)
    print(f"Written: {path} ({len(rows):,} predictions by {run})")


def check_fit(splits: Splits, data: dict[str, Any], run: Path) -> None:
    """Refuse data that has become another since the run was trained; data: the run's data.json."""
    if splits.rules != data["rules"]:
        raise UserError(f"The data of {run} has changed since: {_difference(data['rules'], splits.rules)}: train anew.")
    if splits.names != data["names"]:
        raise UserError(f"{run} was trained on {data['names']}, the data now has {splits.names}: train anew.")


def _difference(before: dict[str, Any], now: dict[str, Any]) -> str:
    key = next(key for key in {**before, **now} if before.get(key) != now.get(key))
    return f"{key} was {before.get(key)} and is {now.get(key)}"

"""Predictions to use and to keep: of the validation and test splits, or of files of yours.

In: a run folder, and for files of yours nothing else: it holds the model, its settings, the rules for inputs and names.
Out: predictions.npz (of validation and test, for `evaluate`), or a CSV file, a row an item.
"""

import csv
from pathlib import Path

import numpy as np

from .config import UserError
from .data import check_numbers, load_splits
from .files import Rows
from .predict import predict
from .runs import check_fit, load_run
from .sources import name_items, read_new
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
        names = [
            item for name, x in items.items() for item in name_items(Path(name), len(x), data["rules"], config.data)
        ]
        for name, x in items.items():
            check_numbers(x, lambda row, name=name: f"{name} item {row}", data["rules"])
    else:
        splits = load_splits(config)
        check_fit(splits, data, run)
        items = {"test": splits.test.x}
        names = [("test", number) for number in range(len(splits.test))]
    answers = [
        row for predictions in _predict_all(run, [*items.values()]) for row in to_rows(predictions, data["names"])
    ]
    rows = [{"source": name[0], "item": name[1], **answer} for name, answer in zip(names, answers, strict=True)]
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


def _predict_all(run: Path, inputs: list[np.ndarray | Rows]) -> list[np.ndarray]:
    """Predictions for each of several inputs; those of one shape go through the model together."""
    if all(isinstance(x, np.ndarray) and x.shape[1:] == inputs[0].shape[1:] for x in inputs):
        return np.split(predict(run, np.concatenate(inputs)), np.cumsum([len(x) for x in inputs])[:-1])
    return [predict(run, x) for x in inputs]

"""Predictions to use and to keep: of the test split, or of files of yours.

In: a run folder, and nothing else: it holds the model, its settings and the names of the classes.
Out: predictions.npz (probabilities of validation and test, for `evaluate`), or a CSV file: class and probability.
"""

import csv
from pathlib import Path
from typing import Any

import numpy as np

from .config import UserError
from .data import load_splits
from .items import FILES, read_items
from .predict import predict
from .runs import load_run

MOST_SHOWN = 20  # lines on the screen; the CSV file has all


def predict_splits(run_name: str = "") -> Path:
    """Predict validation and test with the best model of a run; returns the path of predictions.npz."""
    run, config, data = load_run(run_name)
    splits = load_splits(config)
    check_fit(splits.test.x, data, "the data that data.source names")
    if splits.class_names != data["class_names"]:
        raise UserError(
            f"{run} was trained on the classes {data['class_names']}, the data now has {splits.class_names}."
        )
    # Together, so that the model is loaded once.
    validation, test = np.split(predict(run, np.concatenate([splits.val.x, splits.test.x])), [len(splits.val)])
    np.savez(run / "predictions.npz", validation=validation, test=test)
    return run / "predictions.npz"


def main(run_name: str, files: list[str], output: str) -> None:
    """Predict the files, or the test split where none is named; print the first, write all to `output` as CSV."""
    run, config, data = load_run(run_name)
    if files:
        items = {name: load_items(Path(name), data) for name in files}
    else:
        items = {"test": load_splits(config).test.x}
        check_fit(items["test"], data, "the data that data.source names")
    probabilities = predict(run, np.concatenate(list(items.values())))
    sources = [(name, number) for name, part in items.items() for number in range(len(part))]
    classes, best = data["class_names"], probabilities.max(axis=1).round(4).tolist()
    rows = [
        {"source": name, "item": number, "class": classes[label], "probability": probability}
        for (name, number), label, probability in zip(sources, probabilities.argmax(axis=1), best, strict=True)
    ]
    for row in rows[:MOST_SHOWN]:
        print(f"{row['source']} {row['item']}: {row['class']} ({row['probability']:.1%})")
    path = Path(output) if output else run / "predictions.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    print(f"Written: {path} ({len(rows):,} predictions by {run})")


def load_items(path: Path, data: dict[str, Any]) -> np.ndarray:
    """Items (n, *shape) from one file: a .npy array, the array `x` of a .npz file, or what `items.py` reads.

    Raises:
        UserError: the file is absent, can't be read, or holds items of another shape than the model takes.
    """
    if not path.is_file():
        raise UserError(f"There is no file {path}.")
    if path.suffix not in (".npy", ".npz"):
        return read_items(path, tuple(data["input_shape"]))
    try:
        content = np.load(path)
        items = content["x"] if path.suffix == ".npz" else content
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{path} is not a .npy array or a .npz file with an array x; {FILES} will do too.") from error
    expected = tuple(data["input_shape"])
    if items.ndim > 1 and np.prod(items.shape[1:]) == np.prod(expected):
        items = items.reshape(-1, *expected)  # such as grey pictures without an axis for the channel
    check_fit(items, data, str(path))
    return items


def check_fit(items: np.ndarray, data: dict[str, Any], name: str) -> None:
    """Refuse items of another shape than the model was trained on, and values that are no numbers."""
    expected = tuple(data["input_shape"])
    if items.shape[1:] != expected:
        raise UserError(f"{name} holds items of shape {items.shape[1:]}, but the model takes {expected}.")
    if not np.issubdtype(items.dtype, np.number):
        raise UserError(f"{name} holds {items.dtype}, but the model takes numbers.")

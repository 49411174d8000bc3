"""The task: sort items into classes that exclude each other. What targets are, and what the model's outputs mean.

Targets y: class numbers (n,) int64. Outputs: logits (n, classes). Predictions: probabilities (n, classes).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from .config import UserError

METRIC = "accuracy"  # shown beside the loss after each epoch

# Test accuracy on Fashion-MNIST as listed in its own README, for comparison; replace them with those of your problem.
PUBLISHED_SOURCE = "https://github.com/zalandoresearch/fashion-mnist#benchmark"
PUBLISHED = {
    "human, no fashion expert": 0.835,
    "MLP 256-128-100": 0.883,
    "GRU + SVM with dropout": 0.897,
    "XGBoost": 0.898,
    "2 convolutions, 100K": 0.925,
    "ResNet18": 0.949,
    "WRN40-4": 0.967,
}


def stand_in(x: np.ndarray, labels: np.ndarray, classes: list[str]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Fashion-MNIST as an example of this task: pictures (n, 28, 28), class numbers and names -> x, y, names."""
    return x, labels, classes


def encode(
    targets: pd.DataFrame, where: Callable[[int], str], names: list[str] | None = None
) -> tuple[np.ndarray, list[str]]:
    """Targets as they stand in the source -> class numbers (n,) int64, and the names of the classes.

    Args:
        targets: one column of classes, or one-hot rows of 0 and 1.
        where: says where the item of a number stands, such as "data.csv line 7".
        names: those of the classes, where the source gives them; the column then holds numbers from 0.

    Raises:
        UserError: a target is missing or no class, or a class has too few items to learn from.
    """
    if targets.shape[1] > 1:
        rows = targets.to_numpy()
        if not (np.isin(rows, (0, 1)).all() and (rows.sum(axis=1) == 1).all()):
            raise UserError(
                f"{', '.join(map(str, targets.columns))} are {targets.shape[1]} targets: data.target must be one."
            )
        names, column = [str(name) for name in targets.columns], pd.Series(rows.argmax(axis=1))
    else:
        column = targets.iloc[:, 0]
    if column.isna().any():
        raise UserError(f"{where(int(column.isna().argmax()))} has no target: fill it in, or leave the item out.")
    if names is not None:
        outside = ~column.isin(range(len(names)))
        if outside.any():
            row = int(outside.argmax())
            raise UserError(f"{where(row)}: the class {column.iloc[row]} is not a number from 0 to {len(names) - 1}.")
        return column.to_numpy(np.int64), names
    values, counts = np.unique(column.astype(str) if column.dtype == object else column, return_counts=True)
    if len(values) > 100 and len(values) > len(column) / 3:
        raise UserError(
            f"The target has {len(values)} different values in {len(column)} items, the first is {values[0]}:"
            " these are no classes; numbers need a project made for regression."
        )
    if len(values) < 2:
        raise UserError(f"All {len(column)} items are of one class, {values[0]}: there is nothing to tell apart.")
    if counts.min() < 2:
        rare = values[counts.argmin()]
        row = int(np.flatnonzero(column.astype(str) == str(rare))[0])
        raise UserError(f"{where(row)} is the only item of class {rare}: add more of it, or leave it out.")
    if np.issubdtype(values.dtype, np.floating) and (values == values.astype(int)).all():
        names = [str(int(value)) for value in values]
    else:
        names = [str(value) for value in values]
    found = np.searchsorted(values, column.astype(str) if column.dtype == object else column)
    return found.astype(np.int64), names


def likely_target(table: pd.DataFrame) -> str:
    """For `data --inspect`: the column of a table that is the target, as it seems: the last one."""
    return table.columns[-1]


def num_outputs(names: list[str]) -> int:
    """How many numbers the model puts out: one a class."""
    return len(names)


def target_statistics(y: np.ndarray, names: list[str]) -> dict[str, Any]:
    """What the loss must know of the train split: the items of each class."""
    return {"counts": np.bincount(y, minlength=len(names)).tolist()}


def decode(outputs: np.ndarray, statistics: dict[str, Any]) -> np.ndarray:
    """Logits (n, classes) -> probabilities (n, classes) float32, each row summing to 1: the softmax."""
    exponentials = np.exp(outputs - outputs.max(axis=1, keepdims=True))  # the largest is 1: nothing overflows
    return (exponentials / exponentials.sum(axis=1, keepdims=True)).astype(np.float32)


def strata(y: np.ndarray) -> np.ndarray:
    """Numbers (n,) whose shares a random split keeps: the classes."""
    return y


def groups(y: np.ndarray, names: list[str]) -> dict[str, np.ndarray]:
    """For statistics and figures: which items (n,) bool belong to each class."""
    return {name: y == label for label, name in enumerate(names)}


def remarks(y: np.ndarray, names: list[str]) -> list[str]:
    """What a person should know of the targets of the train split (n,): whether classes differ much in size."""
    counts = np.bincount(y, minlength=len(names))
    most, least = int(counts.argmax()), int(counts.argmin())
    if counts[most] <= 1.5 * counts[least]:
        return []
    return [
        f"Imbalanced: for {counts[most]:,} items of {names[most]} there are {counts[least]:,} of {names[least]}. Look"
        " at macro recall or F1 rather than accuracy; compile.class_weight: balanced makes rare classes count."
    ]


def make_baselines(seed: int) -> dict[str, Any]:
    """The rule, the minimal model and the linear model. Add your own: all that scikit-learn can fit will do."""
    from sklearn.dummy import DummyClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import NearestCentroid
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    # Hundreds of correlated features need a stronger penalty than the usual C=1; after 50 steps little is gained.
    linear = LogisticRegression(C=0.01, max_iter=50, random_state=seed)
    return {
        "most frequent class": DummyClassifier(strategy="most_frequent"),
        "nearest class mean": NearestCentroid(),
        "logistic regression": make_pipeline(StandardScaler(), linear),
    }


def predict_baseline(model: Any, x: np.ndarray, names: list[str]) -> np.ndarray:
    """What a baseline says of x (n, features), as predictions like the model's: all on the class it chooses."""
    return np.eye(len(names), dtype=np.float32)[model.predict(x)]


def to_rows(predictions: np.ndarray, names: list[str]) -> list[dict[str, Any]]:
    """Predictions as a person reads them, an item a row."""
    best = zip(predictions.argmax(axis=1), predictions.max(axis=1).astype(float), strict=True)
    return [{"class": names[label], "probability": round(probability, 4)} for label, probability in best]


def mistakes(y: np.ndarray, predictions: np.ndarray, names: list[str], *, most: int) -> list[tuple[int, str]]:
    """The wrong predictions that the model was surest of, with a title each: often the label is wrong."""
    predicted, confidence = predictions.argmax(axis=1), predictions.max(axis=1)
    wrong = np.flatnonzero(predicted != y)
    wrong = wrong[np.argsort(-confidence[wrong], kind="stable")][:most]
    return [(i, f"{names[predicted[i]]} {confidence[i]:.0%}\nlabel: {names[y[i]]}") for i in wrong.tolist()]

"""The task: answer yes or no. What targets are, and what the model's output means.

Targets y: (n,) int64, 1 for the second class, the positive one, and 0 for the first. Outputs: logits (n, 1).
Predictions: probabilities of the positive class (n,).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from .config import UserError

METRIC = "accuracy"  # shown beside the loss after each epoch

LONG_SLEEVES = (2, 4, 6)  # Fashion-MNIST's pullover, coat and shirt


def stand_in(x: np.ndarray, labels: np.ndarray, classes: list[str]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Fashion-MNIST as an example of this task, long sleeves or not: pictures and class numbers -> x, y, names."""
    return x, np.isin(labels, LONG_SLEEVES).astype(np.int64), ["other", "long sleeves"]


def encode(
    targets: pd.DataFrame, where: Callable[[int], str], names: list[str] | None = None
) -> tuple[np.ndarray, list[str]]:
    """Targets as they stand in the source -> (n,) int64 of 0 and 1, and the names of the two classes.

    Args:
        targets: one column with two values; the second in alphabetical, or numerical, order is the positive one.
        where: says where the item of a number stands, such as "data.csv line 7".
        names: those of the classes, where the source gives them; the column then holds 0 and 1.

    Raises:
        UserError: a target is missing, or there are not two classes with two items each.
    """
    if targets.shape[1] > 1:
        raise UserError(
            f"{', '.join(map(str, targets.columns))} are {targets.shape[1]} targets: data.target must be one."
        )
    column = targets.iloc[:, 0]
    if column.isna().any():
        raise UserError(f"{where(int(column.isna().argmax()))} has no target: fill it in, or leave the item out.")
    values, counts = np.unique(column.astype(str) if column.dtype == object else column, return_counts=True)
    if names is not None:
        if len(names) != 2:
            raise UserError(f"There are {len(names)} names of classes, {', '.join(names)}: there must be two.")
        outside = ~column.isin((0, 1))
        if outside.any():
            row = int(outside.argmax())
            raise UserError(f"{where(row)}: the class {column.iloc[row]} is neither 0 nor 1.")
        return column.to_numpy(np.int64), names
    if len(values) < 2:
        raise UserError(f"All {len(column)} items are of one class, {values[0]}: there is nothing to tell apart.")
    if len(values) > 2:
        row = int(np.flatnonzero(column.astype(str) == str(values[2]))[0])
        raise UserError(
            f"{where(row)}: {values[2]} is a third class beside {values[0]} and {values[1]}: join classes until there"
            " are two, or make a project for several classes."
        )
    if counts.min() < 2:
        rare = values[counts.argmin()]
        row = int(np.flatnonzero(column.astype(str) == str(rare))[0])
        raise UserError(f"{where(row)} is the only item of class {rare}: add more of it.")
    positive = (column.astype(str) if column.dtype == object else column) == values[1]
    whole = np.issubdtype(values.dtype, np.floating) and all(value.is_integer() for value in values)
    return positive.to_numpy(np.int64), [str(int(value) if whole else value) for value in values]


def likely_target(table: pd.DataFrame) -> str:
    """For `data --inspect`: the column of a table that is the target, as it seems: the last one."""
    return table.columns[-1]


def num_outputs(names: list[str]) -> int:
    """How many numbers the model puts out: the logit of the positive class."""
    return 1


def target_statistics(y: np.ndarray, names: list[str]) -> dict[str, Any]:
    """What the loss must know of the train split: the items of both classes."""
    return {"counts": np.bincount(y, minlength=2).tolist()}


def decode(outputs: np.ndarray, statistics: dict[str, Any]) -> np.ndarray:
    """Logits (n, 1) -> probabilities of the positive class (n,) float32: the logistic function."""
    return (0.5 + 0.5 * np.tanh(outputs[:, 0] / 2)).astype(np.float32)  # as tanh nothing overflows


def strata(y: np.ndarray) -> np.ndarray:
    """Numbers (n,) whose shares a random split keeps: the classes."""
    return y


def groups(y: np.ndarray, names: list[str]) -> dict[str, np.ndarray]:
    """For statistics and figures: which items (n,) bool belong to each class."""
    return {name: y == label for label, name in enumerate(names)}


def remarks(y: np.ndarray, names: list[str]) -> list[str]:
    """What a person should know of the targets of the train split (n,): whether the classes differ much in size."""
    counts = np.bincount(y, minlength=2)
    most, least = int(counts.argmax()), int(counts.argmin())
    if counts[most] <= 3 * counts[least]:
        return []
    return [
        f"Imbalanced: for {counts[most]:,} items of {names[most]} there are {counts[least]:,} of {names[least]}. Look"
        " at macro recall or F1 rather than accuracy; compile.class_weight: balanced makes the rare class count."
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
        "more frequent class": DummyClassifier(strategy="most_frequent"),
        "nearest class mean": NearestCentroid(),
        "logistic regression": make_pipeline(StandardScaler(), linear),
    }


def predict_baseline(model: Any, x: np.ndarray, names: list[str]) -> np.ndarray:
    """What a baseline says of x (n, features), as predictions like the model's: a probability, or 0 or 1."""
    if type(model).__name__ == "NearestCentroid":  # whose probabilities follow another rule than its predictions
        return model.predict(x).astype(np.float32)
    return model.predict_proba(x)[:, 1].astype(np.float32)


def to_rows(predictions: np.ndarray, names: list[str]) -> list[dict[str, Any]]:
    """Predictions as a person reads them, an item a row."""
    answers = zip(predictions >= 0.5, predictions.astype(float), strict=True)
    return [{"class": names[int(yes)], f"probability of {names[1]}": round(p, 4)} for yes, p in answers]


def mistakes(y: np.ndarray, predictions: np.ndarray, names: list[str], *, most: int) -> list[tuple[int, str]]:
    """The wrong predictions that the model was surest of, with a title each: often the label is wrong."""
    predicted = (predictions >= 0.5).astype(int)
    confidence = np.maximum(predictions, 1 - predictions)
    wrong = np.flatnonzero(predicted != y)
    wrong = wrong[np.argsort(-confidence[wrong], kind="stable")][:most]
    return [(i, f"{names[predicted[i]]} {confidence[i]:.0%}\nlabel: {names[y[i]]}") for i in wrong.tolist()]

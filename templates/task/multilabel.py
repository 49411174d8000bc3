"""The task: several labels at once, each yes or no. What targets are, and what the model's outputs mean.

Targets y: (n, labels) float32 of 0 and 1. Outputs: logits (n, labels). Predictions: probabilities (n, labels).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from .config import UserError

METRIC = "micro_f1"  # shown beside the loss after each epoch
RARE = 10  # items with a label, or without it, under which that is rare

# Which of Fashion-MNIST's classes have each label: T-shirt 0, trouser 1, pullover 2, dress 3, coat 4, sandal 5,
# shirt 6, sneaker 7, bag 8, ankle boot 9.
LABELS = {
    "worn on top": (0, 2, 3, 4, 6),
    "worn on the legs": (1, 3),
    "worn on the feet": (5, 7, 9),
    "long sleeves": (2, 4, 6),
    "closed shoe": (7, 9),
    "carried": (8,),
}


def stand_in(x: np.ndarray, labels: np.ndarray, classes: list[str]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Fashion-MNIST as an example of this task: pictures (n, 28, 28), class numbers -> x, y, names of the labels."""
    return x, np.stack([np.isin(labels, members) for members in LABELS.values()], axis=1).astype(np.float32), [*LABELS]


def encode(
    targets: pd.DataFrame, where: Callable[[int], str], names: list[str] | None = None
) -> tuple[np.ndarray, list[str]]:
    """Targets as they stand in the source -> (n, labels) float32 of 0 and 1, and the names of the labels.

    Args:
        targets: a column a label, of 0 and 1, or of false and true.
        where: says where the item of a number stands, such as "data.csv line 7".
        names: those of the labels, where the source gives them.

    Raises:
        UserError: a target is missing or neither 0 nor 1, or a label is the same for all.
    """
    if names is not None and len(names) != targets.shape[1]:
        raise UserError(f"There are {targets.shape[1]} columns of targets, but {len(names)} names of labels.")
    names = names or [str(name) for name in targets.columns]
    y = np.empty(targets.shape, np.float32)
    for label, name in enumerate(names):
        column = pd.to_numeric(targets.iloc[:, label], errors="coerce").to_numpy(np.float64, na_value=np.nan)
        bad = ~np.isin(column, (0, 1))
        if bad.any():
            row = int(bad.argmax())
            found = targets.iloc[row, label]
            raise UserError(
                f"{where(row)}: the label {name} is {'missing' if pd.isna(found) else found}: it must be 0 or 1 in all"
                " items."
            )
        y[:, label] = column
        if y[:, label].min() == y[:, label].max():
            raise UserError(f"The label {name!r} is {y[0, label]:.0f} in all items: leave it out of data.target.")
    return y, names


def likely_target(table: pd.DataFrame) -> list[str]:
    """For `data --inspect`: the columns of a table that are labels, as it seems: all of 0 and 1, or the last one."""
    return [column for column in table.columns if table[column].isin((0, 1)).all()] or [table.columns[-1]]


def num_outputs(names: list[str]) -> int:
    """How many numbers the model puts out: one a label."""
    return len(names)


def target_statistics(y: np.ndarray, names: list[str]) -> dict[str, Any]:
    """What the loss must know of the train split: in how many of its items each label is set.

    Raises:
        UserError: a label is set in all.
    """
    counts = y.sum(axis=0).astype(int).tolist()
    if len(y) in counts:
        name = names[counts.index(len(y))]
        raise UserError(f"All items of the train split are {name}: add others, or split in another way (data.split).")
    return {"counts": counts, "items": len(y)}


def decode(outputs: np.ndarray, statistics: dict[str, Any]) -> np.ndarray:
    """Logits (n, labels) -> probability of each label (n, labels) float32: the logistic function."""
    return (0.5 + 0.5 * np.tanh(outputs / 2)).astype(np.float32)  # as tanh nothing overflows


def strata(y: np.ndarray) -> np.ndarray:
    """Numbers (n,) whose shares a random split keeps: the combinations of labels that occur.

    All that occur once share a number, -1: each by itself would stay in the train split, and of many labels most
    combinations occur once. Those with an answer that is rare do stay.
    """
    _, number, counts = np.unique(y, axis=0, return_inverse=True, return_counts=True)
    number = number.reshape(-1)
    rare = (np.where(y > 0, y.sum(axis=0), (1 - y).sum(axis=0)) < RARE).any(axis=1)
    return np.where((counts[number] == 1) & ~rare, -1, number)


def groups(y: np.ndarray, names: list[str]) -> dict[str, np.ndarray]:
    """For statistics and figures: which items (n,) bool have each label. They overlap."""
    return {name: y[:, label] > 0 for label, name in enumerate(names)}


def remarks(y: np.ndarray, names: list[str]) -> list[str]:
    """What a person should know of the targets of the train split (n, labels): which labels are rare, or common."""
    share = y.mean(axis=0)
    uneven = [f"{name} {part:.1%}" for name, part in zip(names, share, strict=True) if min(part, 1 - part) < 0.05]
    if not uneven:
        return []
    return [
        f"Imbalanced: {', '.join(uneven)} of the items have the label. Look at macro F1 rather than micro F1;"
        " compile.class_weight: balanced makes the rarer answer count."
    ]


def make_baselines(seed: int) -> dict[str, Any]:
    """The rule and the linear model. Add your own: all that scikit-learn can fit will do."""
    from sklearn.dummy import DummyClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.multioutput import MultiOutputClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    # Hundreds of correlated features need a stronger penalty than the usual C=1; after 50 steps little is gained.
    linear = LogisticRegression(C=0.01, max_iter=50, random_state=seed)
    return {
        "what most items have": DummyClassifier(strategy="most_frequent"),
        "logistic regression": make_pipeline(StandardScaler(), MultiOutputClassifier(linear)),
    }


def predict_baseline(model: Any, x: np.ndarray, names: list[str]) -> np.ndarray:
    """What a baseline says of x (n, features), as predictions like the model's, but 0 or 1 each."""
    return np.asarray(model.predict(x), np.float32).reshape(len(x), len(names))


def to_rows(predictions: np.ndarray, names: list[str]) -> list[dict[str, Any]]:
    """Predictions as a person reads them, an item a row: the labels that are set, and the probability of each."""
    return [
        {
            "labels": "; ".join(name for name, p in zip(names, row, strict=True) if p >= 0.5),
            **{name: round(float(p), 4) for name, p in zip(names, row, strict=True)},
        }
        for row in predictions
    ]


def mistakes(y: np.ndarray, predictions: np.ndarray, names: list[str], *, most: int) -> list[tuple[int, str]]:
    """The items with the labels that the model was surest of and wrong, with a title each."""
    error = np.abs(predictions - y)  # over 0.5: wrong
    worst = np.argsort(-error.max(axis=1), kind="stable")[:most]
    worst = worst[error[worst].max(axis=1) > 0.5]
    labels = error[worst].argmax(axis=1)
    return [
        (item, f"{names[label]}: {predictions[item, label]:.0%}\nlabel: {'yes' if y[item, label] else 'no'}")
        for item, label in zip(worst.tolist(), labels.tolist(), strict=True)
    ]

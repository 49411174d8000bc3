"""The task: predict one number or several. What targets are, and what the model's outputs mean.

Targets y: (n, targets) float32 in their own units. Outputs: the same standardised by mean and deviation of the train
split, because a network learns best what is near 1. Predictions: (n, targets) in the units of the targets.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from .config import UserError

METRIC = "mae"  # shown beside the loss after each epoch: mean absolute error, in the units of the targets

LARGEST_ANGLE = 45  # degrees


def stand_in(x: np.ndarray, labels: np.ndarray, classes: list[str]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Fashion-MNIST as an example of this task: by which angle was a picture turned?

    Every picture (n, 28, 28) is turned counter-clockwise by a whole random number of degrees, the same in every run.
    """
    from scipy.ndimage import rotate  # takes a while to import

    angles = np.random.default_rng(0).integers(-LARGEST_ANGLE, LARGEST_ANGLE + 1, len(x))
    turned = np.empty_like(x)
    for angle in range(-LARGEST_ANGLE, LARGEST_ANGLE + 1):
        chosen = angles == angle
        if chosen.any():
            turned[chosen] = rotate(x[chosen], angle, axes=(2, 1), reshape=False, order=1)  # order 1: bilinear
    return turned, angles.astype(np.float32)[:, np.newaxis], ["angle in degrees"]


def encode(
    targets: pd.DataFrame, where: Callable[[int], str], names: list[str] | None = None
) -> tuple[np.ndarray, list[str]]:
    """Targets as they stand in the source -> (n, targets) float32, and their names.

    Args:
        targets: a column a target.
        where: says where the item of a number stands, such as "data.csv line 7".
        names: those of the targets, where the source gives them.

    Raises:
        UserError: a target is missing or no number, or the same for all items.
    """
    if names is not None and len(names) != targets.shape[1]:
        raise UserError(f"There are {targets.shape[1]} columns of targets, but {len(names)} names of targets.")
    names = names or [str(name) for name in targets.columns]
    y = np.empty(targets.shape, np.float32)
    for number, name in enumerate(names):
        column = pd.to_numeric(targets.iloc[:, number], errors="coerce").to_numpy(np.float64, na_value=np.nan)
        if not np.isfinite(column).all():
            row = int((~np.isfinite(column)).argmax())
            found = targets.iloc[row, number]
            what = "is missing" if pd.isna(found) else f"is {found}, which is no number"
            raise UserError(f"{where(row)}: the target {name} {what}: correct it, or leave the item out.")
        y[:, number] = column
        if y[:, number].min() == y[:, number].max():
            raise UserError(f"The target {name} is {y[0, number]:g} in all items: there is nothing to predict.")
    return y, names


def likely_target(table: pd.DataFrame) -> str:
    """For `data --inspect`: the column of a table that is the target, as it seems: the last one."""
    return table.columns[-1]


def num_outputs(names: list[str]) -> int:
    """How many numbers the model puts out: one a target."""
    return len(names)


def target_statistics(y: np.ndarray, names: list[str]) -> dict[str, Any]:
    """What the loss must know of the train split: mean and deviation of each target."""
    deviation = y.std(axis=0, dtype=np.float64)
    return {
        "mean": y.mean(axis=0, dtype=np.float64).tolist(),
        "deviation": np.where(deviation > 0, deviation, 1).tolist(),
    }


def decode(outputs: np.ndarray, statistics: dict[str, Any]) -> np.ndarray:
    """Standardised outputs (n, targets) -> predictions (n, targets) float32 in the units of the targets."""
    return (outputs * np.array(statistics["deviation"]) + np.array(statistics["mean"])).astype(np.float32)


def strata(y: np.ndarray) -> np.ndarray:
    """Numbers (n,) whose shares a random split keeps: the tenths of the first target, from low to high."""
    rank = np.argsort(np.argsort(y[:, 0], kind="stable"), kind="stable")
    return rank * 10 // len(y)


def groups(y: np.ndarray, names: list[str]) -> dict[str, np.ndarray]:
    """For statistics and figures: which items (n,) bool have the first target in each of eight equal ranges."""
    edges = np.linspace(y[:, 0].min(), y[:, 0].max(), 9)
    place = np.clip(np.searchsorted(edges, y[:, 0], side="right") - 1, 0, 7)
    of = f"{names[0]} " if len(names) > 1 else ""
    return {f"{of}{edges[i]:.6g} to {edges[i + 1]:.6g}": place == i for i in range(8)}


def remarks(y: np.ndarray, names: list[str]) -> list[str]:
    """What a person should know of the targets of the train split (n, targets): whether some lie far off."""
    distance = np.abs(y - y.mean(axis=0)) / np.maximum(y.std(axis=0), 1e-12)
    far = (distance > 6).sum(axis=0)
    return [
        f"Far off: {count} items have a {name} more than 6 deviations from the mean. Check them; the losses mae and"
        " huber mind them less than mse."
        for name, count in zip(names, far, strict=True)
        if count
    ]


def make_baselines(seed: int) -> dict[str, Any]:
    """The rules and the linear model. Add your own: all that scikit-learn can fit will do."""
    from sklearn.dummy import DummyRegressor
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return {
        "mean of all": DummyRegressor(strategy="mean"),
        "median of all": DummyRegressor(strategy="median"),
        "linear regression": make_pipeline(StandardScaler(), Ridge(alpha=1.0, random_state=seed)),
    }


def predict_baseline(model: Any, x: np.ndarray, names: list[str]) -> np.ndarray:
    """What a baseline says of x (n, features), as predictions (n, targets) like the model's."""
    return np.asarray(model.predict(x), np.float32).reshape(len(x), len(names))


def to_rows(predictions: np.ndarray, names: list[str]) -> list[dict[str, Any]]:
    """Predictions as a person reads them, an item a row."""
    return [
        {name: float(f"{value:.6g}") for name, value in zip(names, row, strict=True)} for row in predictions.tolist()
    ]


def mistakes(y: np.ndarray, predictions: np.ndarray, names: list[str], *, most: int) -> list[tuple[int, str]]:
    """The predictions that are farthest off, in deviations of the target, with a title each."""
    error = np.abs(predictions - y) / np.maximum(y.std(axis=0), 1e-12)
    worst = np.argsort(-error.max(axis=1), kind="stable")[:most].tolist()
    targets = error[worst].argmax(axis=1).tolist()
    return [(i, f"{predictions[i, k]:.4g}\ntrue: {y[i, k]:.4g}") for i, k in zip(worst, targets, strict=True)]

"""The task: predict one number or several. What targets are, and what the model's outputs mean.

Targets y: (n, targets) float64 in their own units. Outputs: (n, targets), standardized by mean and std of the train
split, because a network learns best what is near 1. Predictions: (n, targets) in the units of the targets; float64
where float32 has too few digits, as for seconds since 1970.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from .config import UserError, counted

METRIC = "mae"  # shown beside the loss after each epoch: the mean absolute error (metrics.py says in which unit)
ERROR = "rise of the absolute error, in standard deviations"  # what `sample_errors` counts, where it rises
NUMERIC_TARGETS = True  # as inputs, they may be written as 1.493,87 €
NEEDS_CALIBRATION = False  # outputs of the validation split say nothing more of numbers

MIN_DOUBT = 5  # standard deviations from which a target is doubtful


def encode_targets(
    targets: pd.DataFrame, where: Callable[[int], str], target_names: list[str] | None = None
) -> tuple[np.ndarray, list[str]]:
    """Turn targets as the source holds them into (n, targets) float64.

    Args:
        targets: a column for each target.
        where: describes where a sample stands, such as "data.csv line 7".
        target_names: if the source gives them.

    Returns:
        Targets and their names.

    Raises:
        UserError: a target is missing, no number, or the same for all samples.
    """
    if target_names is not None and len(target_names) != targets.shape[1]:
        raise UserError(
            f"There must be as many names of targets ({len(target_names)}) as columns of targets ({targets.shape[1]})."
        )
    target_names = target_names or [str(name) for name in targets.columns]
    y = np.empty(targets.shape, np.float64)
    for number, name in enumerate(target_names):
        column = pd.to_numeric(targets.iloc[:, number], errors="coerce").to_numpy(np.float64, na_value=np.nan)
        if not np.isfinite(column).all():
            row = int((~np.isfinite(column)).argmax())
            value = targets.iloc[row, number]
            fault = "is missing" if pd.isna(value) else f"is {value}, which is no number"
            raise UserError(f"{where(row)}: the target {name} {fault}: correct it, or leave the sample out.")
        y[:, number] = column
        if y[:, number].min() == y[:, number].max():
            raise UserError(f"The target {name} is {y[0, number]:.12g} in all samples: there is nothing to predict.")
    return y, target_names


def target_candidates(table: pd.DataFrame) -> dict[str, list]:
    """Find columns that may be the target for `data --inspect`, by kind: numbers that differ."""
    numbers = table.apply(pd.to_numeric, errors="coerce")
    fit = [name for name in table.columns if numbers[name].notna().equals(table[name].notna())]
    return {"of numbers": [name for name in fit if numbers[name].nunique() > 1]}


def num_outputs(target_names: list[str]) -> int:
    """Count the outputs of the model: one for each target."""
    return len(target_names)


def target_statistics(y: np.ndarray, target_names: list[str]) -> dict[str, Any]:
    """Compute what the loss must know of the train split: mean and std of each target. A std of 0 becomes 1."""
    mean = y.mean(axis=0)
    constant = y.min(axis=0) == y.max(axis=0)  # there rounding of the mean may leave a tiny std
    return {"mean": mean.tolist(), "std": np.where(constant, 1, y.std(axis=0)).tolist()}


def to_loss_targets(y: np.ndarray, statistics: dict[str, Any]) -> np.ndarray:
    """Standardize targets (n, targets), as the loss takes them: float32 once the mean is subtracted."""
    mean, std = np.array(statistics["mean"]), np.array(statistics["std"])  # (targets,)
    return ((y - mean) / std).astype(np.float32)


def to_predictions(outputs: np.ndarray, statistics: dict[str, Any]) -> np.ndarray:
    """Turn standardized outputs into predictions in the units of the targets, both (n, targets)."""
    mean, std = np.array(statistics["mean"]), np.array(statistics["std"])  # (targets,)
    needs_digits = (np.abs(mean) > 1000 * std).any()
    return (outputs * std + mean).astype(np.float64 if needs_digits else np.float32)


def calibrate(outputs: np.ndarray, y: np.ndarray, statistics: dict[str, Any]) -> dict[str, Any]:
    """Return statistics as they are: outputs of the validation split say nothing more of numbers."""
    return statistics


def stratify_by(y: np.ndarray) -> np.ndarray:
    """Return what a random split keeps the fractions of: the tenth (n,), 0 to 9, that holds the first target."""
    rank = np.argsort(np.argsort(y[:, 0], kind="stable"), kind="stable")
    return rank * 10 // len(y)


def class_masks(y: np.ndarray, target_names: list[str]) -> dict[str, np.ndarray]:
    """Mark the samples in each of eight equal ranges of the first target, for statistics and figures: (n,) bool."""
    edges = np.linspace(y[:, 0].min(), y[:, 0].max(), 9)
    bins = np.clip(np.searchsorted(edges, y[:, 0], side="right") - 1, 0, 7)  # (n,); the maximum belongs to the last one
    prefix = f"{target_names[0]} " if len(target_names) > 1 else ""
    digits = 6 + _common_digits(y[:, 0])
    return {f"{prefix}{edges[i]:.{digits}g} to {edges[i + 1]:.{digits}g}": bins == i for i in range(8)}


def target_warnings(y: np.ndarray, target_names: list[str]) -> list[str]:
    """Warn of outliers among the targets of the train split; y: (n, targets)."""
    distance = np.abs(y - y.mean(axis=0)) / np.array(target_statistics(y, target_names)["std"])
    outliers = (distance > 6).sum(axis=0)
    return [
        f"Outliers: {counted(int(count), 'sample')} with a {name} more than 6 standard deviations from the mean. Check"
        " them; the losses"
        " mae and huber depend on them less than mse."
        for name, count in zip(target_names, outliers, strict=True)
        if count
    ]


def make_baselines(seed: int, *, is_small: bool, has_units: bool) -> dict[str, list[Any]]:
    """Make two rules and a linear model, by name.

    Args:
        seed: of what is random.
        is_small: whether there is time to try penalties of several strengths for the linear model.
        has_units: whether columns have units of their own, as in a table, unlike pixels. A linear model needs not know.

    Returns:
        Candidates of each name: the one with the lowest validation loss is the baseline. Add your own: any scikit-learn
        regressor will do.
    """
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.dummy import DummyRegressor
    from sklearn.linear_model import Ridge, RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    # The penalty is chosen by leave-one-out, which costs one fit: a few validation samples choose a worse one.
    penalties = (0.1, 1, 10, 100, 1000, 10_000)
    linear = RidgeCV(penalties, alpha_per_target=True) if is_small else Ridge(alpha=1, random_state=seed)
    # It computes in float32, as its inputs are. So it gets standardized targets, and its answers become float64.
    to_float64 = FunctionTransformer(inverse_func=np.float64, check_inverse=False)
    standardize = make_pipeline(StandardScaler(), to_float64)
    model = TransformedTargetRegressor(make_pipeline(StandardScaler(), linear), transformer=standardize)
    return {
        "mean of all": [DummyRegressor(strategy="mean")],
        "median of all": [DummyRegressor(strategy="median")],
        "linear regression": [model],
    }


def make_boosting(seed: int) -> Any:
    """Make gradient-boosted trees for each target, the usual rival of a network on tables."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.multioutput import MultiOutputRegressor

    return MultiOutputRegressor(HistGradientBoostingRegressor(early_stopping=False, random_state=seed))


def predict_baseline(model: Any, x: np.ndarray, target_names: list[str]) -> np.ndarray:
    """Predict x (n, features) with a baseline: (n, targets) float64."""
    return np.asarray(model.predict(x), np.float64).reshape(len(x), len(target_names))


def find_doubts(y: np.ndarray, predictions: np.ndarray, target_names: list[str]) -> list[tuple[int, str, str, float]]:
    """Find doubtful targets: those far from what a model that has not seen the samples predicts.

    Returns:
        Of each: row, target, prediction, and the doubt: their distance, in robust standard deviations of all distances
        (1.4826 x the median absolute deviation, as wide as that of a normal distribution).
    """
    found = []
    distances = y - predictions.astype(np.float64)  # (n, targets)
    centered = np.abs(distances - np.median(distances, axis=0))
    std = 1.4826 * np.median(centered, axis=0)  # (targets,)
    for row, target in np.argwhere(centered > MIN_DOUBT * std).tolist():
        if std[target] == 0:  # most samples are predicted exactly
            continue
        name = target_names[target]
        label, prediction = f"{name} {y[row, target]:.6g}", f"{predictions[row, target]:.6g}"
        found.append((row, label, prediction, float(centered[row, target] / std[target])))
    return found


def sample_errors(y: np.ndarray, predictions: np.ndarray, statistics: dict[str, Any]) -> np.ndarray:
    """Compute the error of each sample, (n,) float64: absolute, in standard deviations, the mean over the targets."""
    distance = np.abs(y - predictions.astype(np.float64)) / np.array(statistics["std"])  # (n, targets)
    return distance.reshape(len(y), -1).mean(axis=1)


def to_rows(
    predictions: np.ndarray, target_names: list[str], statistics: dict[str, Any], top: int = 1
) -> list[dict[str, Any]]:
    """Turn predictions into rows for people: a dictionary a sample, with six digits, or twelve from float64.

    Raises:
        UserError: `top` is not 1.
    """
    if top != 1:
        raise UserError(f"--top is {top}: there is nothing to rank here, since a number has no classes.")
    digits = 6 if predictions.dtype == np.float32 else 12
    return [
        {name: float(f"{value:.{digits}g}") for name, value in zip(target_names, row, strict=True)}
        for row in predictions.tolist()
    ]


def find_mistakes(
    y: np.ndarray, predictions: np.ndarray, target_names: list[str], statistics: dict[str, Any], *, most: int
) -> list[tuple[int, str]]:
    """Find the predictions with the largest errors, in standard deviations of the target.

    Returns:
        Row number and title of each, the largest error first, `most` at most.
    """
    error = np.abs(predictions - y) / np.array(target_statistics(y, target_names)["std"])  # (n, targets)
    worst = np.argsort(-error.max(axis=1), kind="stable")[:most].tolist()
    targets = error[worst].argmax(axis=1).tolist()
    digits = [4 + _common_digits(column) for column in y.T]
    return [
        (i, f"{predictions[i, k]:.{digits[k]}g}\ntrue: {y[i, k]:.{digits[k]}g}")
        for i, k in zip(worst, targets, strict=True)
    ]


def _common_digits(column: np.ndarray) -> int:
    """Count the leading digits that numbers (n,) have in common, about: 7 of 1700000000 to 1700000029."""
    spread = np.ptp(column)
    return max(0, int(np.log10(np.abs(column).max() / spread))) if spread else 0

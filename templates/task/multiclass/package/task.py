"""The task: one of several classes. What targets are, and what the model's outputs mean.

Targets y: class ids (n,) int64. Outputs: logits (n, classes). Predictions: probabilities (n, classes) float32.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from .config import UserError, cut, listed
from .probabilities import find_unlikely, fit_temperature

METRIC = "accuracy"  # shown beside the loss after each epoch
ERROR = "fall of the probability of the true class"  # what `sample_errors` counts, where it rises
NUMERIC_TARGETS = False  # classes may have any name, such as NA or 1,5
NEEDS_CALIBRATION = True  # by a temperature (calibrate)
MAX_CLASSES = 100  # of a column that `data --inspect` takes for the target


def encode_targets(
    targets: pd.DataFrame, where: Callable[[int], str], target_names: list[str] | None = None
) -> tuple[np.ndarray, list[str]]:
    """Turn targets as the source holds them into class ids (n,) int64.

    Args:
        targets: one column of classes, or one-hot rows of 0 and 1.
        where: describes where a sample stands, such as "data.csv line 7".
        target_names: of the classes, if the source gives them. The column then holds ids from 0.

    Returns:
        Class ids, and the names of the classes.

    Raises:
        UserError: a target is missing or no class, or a class has too few samples to learn from.
    """
    column = targets.iloc[:, 0]
    if targets.shape[1] > 1:
        rows = targets.to_numpy()
        is_one_hot = np.isin(rows, (0, 1)).all() and (rows.sum(axis=1) == 1).all()
        if not is_one_hot:
            raise UserError(
                f"{listed(targets.columns)} are {targets.shape[1]} targets: data.target_column must be one."
            )
        column = pd.Series(rows.argmax(axis=1))
        target_names = [str(name) for name in targets.columns]
    if column.isna().any():
        raise UserError(f"{where(int(column.isna().argmax()))} has no target: fill it in, or leave the sample out.")
    if target_names is not None:
        unknown = ~column.isin(range(len(target_names)))
        if unknown.any():
            row = int(unknown.argmax())
            raise UserError(
                f"{where(row)}: the class {cut(column.iloc[row])} is not a number from 0 to {len(target_names) - 1}."
            )
        return column.to_numpy(np.int64), target_names

    if column.dtype == object:  # of mixed types, which can't be sorted
        column = column.astype(str)
    classes, counts = np.unique(column, return_counts=True)
    if len(classes) > 100 and len(classes) > len(column) / 3:
        raise UserError(
            f"The target has {len(classes)} different values in {len(column)} samples, the first is"
            f" {cut(classes[0])}: these are no classes; numbers need a project made for regression."
        )
    if len(classes) < 2:
        raise UserError(f"All samples are of one class, {cut(classes[0])}: there is nothing to tell apart.")
    if counts.min() < 2:
        rare = classes[counts.argmin()]
        row = int((column == rare).argmax())
        raise UserError(f"{where(row)} is the only sample of class {cut(rare)}: add more of it, or leave it out.")
    class_ids = np.searchsorted(classes, column).astype(np.int64)
    if np.issubdtype(classes.dtype, np.floating) and (classes == classes.astype(int)).all():
        classes = classes.astype(int)  # so that 5.0 is called 5
    return class_ids, [str(name) for name in classes]


def target_candidates(table: pd.DataFrame) -> dict[str, list]:
    """Find columns that may be the target for `data --inspect`, by kind, the likelier one first."""
    texts, numbers = [], []
    for name in table.columns:
        values = table[name].dropna()
        if 1 < values.nunique() <= min(MAX_CLASSES, len(values) / 2):
            if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
                texts.append(name)
            elif (values % 1 == 0).all():
                numbers.append(name)
    return {"of few texts": texts, "of few whole numbers": numbers}


def num_outputs(target_names: list[str]) -> int:
    """Count the outputs of the model: a logit for each class."""
    return len(target_names)


def target_statistics(y: np.ndarray, target_names: list[str]) -> dict[str, Any]:
    """Compute what the loss must know of the train split: the samples of each class.

    Raises:
        UserError: a class has none.
    """
    counts = np.bincount(y, minlength=len(target_names)).tolist()
    if 0 in counts:
        raise UserError(
            f"No sample of the train split is {target_names[counts.index(0)]}: add some, or split in another way"
            " (data.split_by)."
        )
    return {"counts": counts}


def to_loss_targets(y: np.ndarray, statistics: dict[str, Any]) -> np.ndarray:
    """Return targets as the loss takes them: class ids (n,) int64, unchanged."""
    return y


def to_predictions(outputs: np.ndarray, statistics: dict[str, Any]) -> np.ndarray:
    """Turn logits into probabilities by the softmax, both (n, classes) float32."""
    outputs = outputs / np.float32(statistics.get("temperature", 1))
    exponentials = np.exp(outputs - outputs.max(axis=1, keepdims=True))  # the largest is 1: nothing overflows
    return (exponentials / exponentials.sum(axis=1, keepdims=True)).astype(np.float32)


def calibrate(outputs: np.ndarray, y: np.ndarray, statistics: dict[str, Any]) -> dict[str, Any]:
    """Fit the temperature of the probabilities.

    Args:
        outputs: logits of the validation split, (n, classes).
        y: its targets, (n,).
        statistics: of the targets.

    Returns:
        Statistics, with the temperature for `to_predictions`.
    """

    def loss(temperature: float) -> float:
        logits = outputs.astype(np.float64) / temperature
        return float((np.logaddexp.reduce(logits, axis=1) - logits[np.arange(len(y)), y]).mean())

    return {**statistics, "temperature": fit_temperature(loss, len(y))}


def stratify_by(y: np.ndarray) -> np.ndarray:
    """Return what a random split keeps the fractions of: the class ids (n,)."""
    return y


def class_masks(y: np.ndarray, target_names: list[str]) -> dict[str, np.ndarray]:
    """Mark the samples of each class, for statistics and figures: (n,) bool each."""
    return {name: y == class_id for class_id, name in enumerate(target_names)}


def target_warnings(y: np.ndarray, target_names: list[str]) -> list[str]:
    """Warn if the classes of the train split are imbalanced; y: (n,)."""
    counts = np.bincount(y, minlength=len(target_names))
    most, least = int(counts.argmax()), int(counts.argmin())
    if counts[most] <= 1.5 * counts[least]:
        return []
    return [
        f"Imbalanced: for {counts[most]:,} samples of {target_names[most]} there are {counts[least]:,} of"
        f" {target_names[least]}. Look at macro recall or F1 rather than accuracy; compile.class_weight: balanced makes"
        " rare classes count."
    ]


def make_baselines(seed: int, *, is_small: bool, has_units: bool) -> dict[str, list[Any]]:
    """Make a rule, a minimal model and a linear model, by name.

    Args:
        seed: of what is random.
        is_small: whether there is time to try penalties of several strengths for the linear model.
        has_units: whether columns have units of their own, as in a table, unlike pixels.

    Returns:
        Candidates of each name: the one with the lowest validation loss is the baseline. Add your own: any scikit-learn
        classifier will do.
    """
    from sklearn.dummy import DummyClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import NearestCentroid
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    strengths = (0.001, 0.01, 0.1, 1, 10) if is_small else (0.01,)  # the smaller, the stronger the penalty
    linear = [LogisticRegression(C=C, max_iter=50, random_state=seed) for C in strengths]  # more steps gain little
    return {
        "most frequent class": [DummyClassifier(strategy="most_frequent")],
        "nearest class mean": [make_pipeline(StandardScaler() if has_units else "passthrough", NearestCentroid())],
        "logistic regression": [make_pipeline(StandardScaler(), model) for model in linear],
    }


def make_boosting(seed: int) -> Any:
    """Make gradient-boosted trees, the usual rival of a network on tables."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(early_stopping=False, random_state=seed)


def predict_baseline(model: Any, x: np.ndarray, target_names: list[str]) -> np.ndarray:
    """Predict x (n, features) with a baseline: probabilities (n, classes) float32.

    Without probabilities, all goes to the class that it predicts.
    """
    is_nearest_mean = "nearestcentroid" in getattr(model, "named_steps", {})  # its probabilities follow another rule
    if is_nearest_mean or not hasattr(model, "predict_proba"):
        return np.eye(len(target_names), dtype=np.float32)[model.predict(x)]
    return model.predict_proba(x).astype(np.float32)


def find_doubts(y: np.ndarray, predictions: np.ndarray, target_names: list[str]) -> list[tuple[int, str, str, float]]:
    """Find doubtful labels by predictions of a model that has not seen the samples.

    Returns:
        Of each: row, label, likeliest answer, and the doubt: 1 - the probability of the label.
    """
    return find_unlikely(y, predictions, target_names)


def sample_errors(y: np.ndarray, predictions: np.ndarray, statistics: dict[str, Any]) -> np.ndarray:
    """Compute the error of each sample, (n,) float64: 1 - the probability of the true class."""
    return 1 - predictions[np.arange(len(y)), y].astype(np.float64)


def to_rows(
    predictions: np.ndarray, target_names: list[str], statistics: dict[str, Any], top: int = 1
) -> list[dict[str, Any]]:
    """Turn predictions into rows for people: a dictionary a sample, of the `top` likeliest classes.

    Raises:
        UserError: `top` is not in 1 to the number of classes.
    """
    if not 1 <= top <= len(target_names):
        raise UserError(f"--top is {top}: it must be 1 to {len(target_names)}, the number of classes.")
    ranking = np.argsort(-predictions, axis=1, kind="stable")[:, :top]  # (n, top) class ids
    probabilities = np.take_along_axis(predictions, ranking, axis=1).astype(float)  # (n, top)
    endings = ["", *(f" {place}" for place in range(2, top + 1))]  # of the columns: class, class 2, ...
    rows: list[dict[str, Any]] = []
    for class_ids, values in zip(ranking.tolist(), probabilities.tolist(), strict=True):
        row: dict[str, Any] = {}
        for ending, class_id, probability in zip(endings, class_ids, values, strict=True):
            row |= {f"class{ending}": target_names[class_id], f"probability{ending}": round(probability, 4)}
        rows.append(row)
    return rows


def find_mistakes(
    y: np.ndarray, predictions: np.ndarray, target_names: list[str], statistics: dict[str, Any], *, most: int
) -> list[tuple[int, str]]:
    """Find the wrong predictions that the model was surest of: often the label is wrong.

    Returns:
        Row number and title of each, the surest first, `most` at most.
    """
    predicted = predictions.argmax(axis=1)
    confidence = predictions.max(axis=1)
    wrong = np.flatnonzero(predicted != y)
    surest = wrong[np.argsort(-confidence[wrong], kind="stable")][:most].tolist()
    return [(i, f"{target_names[predicted[i]]} {confidence[i]:.0%}\nlabel: {target_names[y[i]]}") for i in surest]

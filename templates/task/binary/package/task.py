"""The task: one of two classes. What targets are, and what the model's output means.

Targets y: (n,) int64, 1 for the positive class and 0 for the negative one. Outputs: logits (n, 1) of the positive
class. Predictions: its probabilities (n,) float32.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from .config import UserError, counted, cut, listed, quoted
from .probabilities import find_unlikely, fit_temperature

METRIC = "accuracy"  # shown beside the loss after each epoch
ERROR = "fall of the probability of the true class"  # what `sample_errors` counts, where it rises
NUMERIC_TARGETS = False  # classes may have any name, such as NA or 1,5
NEEDS_CALIBRATION = True  # by a temperature (calibrate), and by a threshold (metrics.py)

ANSWERS = {"0", "1", "0.0", "1.0", "no", "yes", "n", "y", "false", "true"}  # that a target often has


def encode_targets(
    targets: pd.DataFrame, where: Callable[[int], str], target_names: list[str] | None = None
) -> tuple[np.ndarray, list[str]]:
    """Turn targets as the source holds them into (n,) int64 of 0 and 1.

    Args:
        targets: one column with two values. The second, in numerical or alphabetical order, is the positive class.
        where: describes where a sample stands, such as "data.csv line 7".
        target_names: of the classes, if the source gives them. The column then holds 0 and 1.

    Returns:
        Targets, and the names of the two classes.

    Raises:
        UserError: a target is missing, or there are not two classes with two samples each.
    """
    if targets.shape[1] > 1:
        raise UserError(f"{listed(targets.columns)} are {targets.shape[1]} targets: data.target_column must be one.")
    column = targets.iloc[:, 0]
    if column.isna().any():
        raise UserError(f"{where(int(column.isna().argmax()))} has no target: fill it in, or leave the sample out.")
    if target_names is not None:
        if len(target_names) != 2:
            raise UserError(f"There must be two names of classes, not {len(target_names)}: {listed(target_names)}.")
        unknown = ~column.isin((0, 1))
        if unknown.any():
            row = int(unknown.argmax())
            raise UserError(f"{where(row)}: the class {cut(column.iloc[row])} is neither 0 nor 1.")
        return column.to_numpy(np.int64), target_names

    if column.dtype == object:  # of mixed types, which can't be sorted
        column = column.astype(str)
    classes, counts = np.unique(column, return_counts=True)
    if len(classes) < 2:
        raise UserError(f"All samples are of one class, {cut(classes[0])}: there is nothing to tell apart.")
    if len(classes) > 2:
        order = np.argsort(-counts, kind="stable")  # the most frequent first
        rare = classes[order[-1]]
        row = int((column == rare).argmax())
        known = " and ".join(
            f"{cut(classes[number])} ({counted(int(counts[number]), 'sample')})" for number in order[:2]
        )
        which = "a third class" if len(classes) == 3 else f"the rarest of {len(classes):,} classes"
        of_column = f" of {quoted(targets.columns[0])}" if isinstance(targets.columns[0], str) else ""
        raise UserError(
            f"{where(row)}: {cut(rare)} ({counted(int(counts.min()), 'sample')}) is {which}{of_column} beside {known}:"
            " correct it, join classes until there are two, or make a project for several classes."
        )
    if counts.min() < 2:
        rare = classes[counts.argmin()]
        row = int((column == rare).argmax())
        raise UserError(f"{where(row)} is the only sample of class {cut(rare)}: add more of it.")
    y = (column == classes[1]).to_numpy(np.int64)
    if np.issubdtype(classes.dtype, np.floating) and all(value.is_integer() for value in classes):
        classes = classes.astype(int)  # so that 1.0 is called 1
    return y, [str(name) for name in classes]


def target_candidates(table: pd.DataFrame) -> dict[str, list]:
    """Find columns that may be the target for `data --inspect`, by kind, the likelier one first."""
    pairs = {name: set(table[name].dropna().astype(str).str.lower()) for name in table.columns}
    pairs = {name: values for name, values in pairs.items() if len(values) == 2}
    answers = [name for name, values in pairs.items() if values <= ANSWERS]
    return {"of 0/1 or yes/no": answers, "of two values": [name for name in pairs if name not in answers]}


def num_outputs(target_names: list[str]) -> int:
    """Count the outputs of the model: the logit of the positive class."""
    return 1


def target_statistics(y: np.ndarray, target_names: list[str]) -> dict[str, Any]:
    """Compute what the loss must know of the train split: the samples of both classes.

    Raises:
        UserError: a class has none.
    """
    counts = np.bincount(y, minlength=2).tolist()
    if 0 in counts:
        raise UserError(
            f"No sample of the train split is {target_names[counts.index(0)]}: add some, or split in another way"
            " (data.split_by)."
        )
    return {"counts": counts}


def to_loss_targets(y: np.ndarray, statistics: dict[str, Any]) -> np.ndarray:
    """Return targets as the loss takes them: 0 and 1 (n,) int64, unchanged."""
    return y


def to_predictions(outputs: np.ndarray, statistics: dict[str, Any]) -> np.ndarray:
    """Turn logits (n, 1) into probabilities of the positive class (n,) float32, by the logistic function."""
    logits = outputs[:, 0].astype(np.float64) / statistics.get("temperature", 1)
    # As 1 / (1 + e^-x), but exact to many digits near 0 too, and nothing overflows: rankings of rare classes need that.
    return np.exp(-np.logaddexp(0, -logits)).astype(np.float32)


def calibrate(outputs: np.ndarray, y: np.ndarray, statistics: dict[str, Any]) -> dict[str, Any]:
    """Fit the temperature of the probabilities.

    Args:
        outputs: logits of the validation split, (n, 1).
        y: its targets, (n,).
        statistics: of the targets.

    Returns:
        Statistics, with the temperature for `to_predictions`.
    """

    def loss(temperature: float) -> float:
        logits = outputs.reshape(y.shape).astype(np.float64) / temperature
        return float((np.logaddexp(0, logits) - y * logits).mean())

    return {**statistics, "temperature": fit_temperature(loss, len(y))}


def stratify_by(y: np.ndarray) -> np.ndarray:
    """Return what a random split keeps the fractions of: the classes (n,)."""
    return y


def class_masks(y: np.ndarray, target_names: list[str]) -> dict[str, np.ndarray]:
    """Mark the samples of each class, for statistics and figures: (n,) bool each."""
    return {name: y == class_id for class_id, name in enumerate(target_names)}


def target_warnings(y: np.ndarray, target_names: list[str]) -> list[str]:
    """Warn if the classes of the train split are imbalanced; y: (n,)."""
    counts = np.bincount(y, minlength=2)
    most, least = int(counts.argmax()), int(counts.argmin())
    if counts[most] <= 3 * counts[least]:
        return []
    return [
        f"Imbalanced: for {counts[most]:,} samples of {target_names[most]} there are {counts[least]:,} of"
        f" {target_names[least]}. Look at macro recall, F1 or average precision rather than accuracy;"
        " compile.class_weight: balanced makes the rare class count."
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
        "more frequent class": [DummyClassifier(strategy="most_frequent")],
        "nearest class mean": [make_pipeline(StandardScaler() if has_units else "passthrough", NearestCentroid())],
        "logistic regression": [make_pipeline(StandardScaler(), model) for model in linear],
    }


def make_boosting(seed: int) -> Any:
    """Make gradient-boosted trees, the usual rival of a network on tables."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(early_stopping=False, random_state=seed)


def predict_baseline(model: Any, x: np.ndarray, target_names: list[str]) -> np.ndarray:
    """Predict x (n, features) with a baseline: probabilities of the positive class (n,) float32.

    For the nearest mean these are distances to the other one, as a fraction of both: they rank samples.
    """
    nearest = getattr(model, "named_steps", {}).get("nearestcentroid")
    if nearest is not None:  # its own probabilities follow another rule than its predictions
        from sklearn.metrics import pairwise_distances

        distances = pairwise_distances(model[:-1].transform(x), nearest.centroids_)  # (n, 2)
        return (distances[:, 0] / np.maximum(distances.sum(axis=1), 1e-30)).astype(np.float32)
    if not hasattr(model, "predict_proba"):
        return model.predict(x).astype(np.float32)
    return model.predict_proba(x)[:, 1].astype(np.float32)


def find_doubts(y: np.ndarray, predictions: np.ndarray, target_names: list[str]) -> list[tuple[int, str, str, float]]:
    """Find doubtful labels by predictions of a model that has not seen the samples.

    Returns:
        Of each: row, label, likeliest answer, and the doubt: 1 - the probability of the label.
    """
    return find_unlikely(y, np.stack([1 - predictions, predictions], axis=1), target_names)


def sample_errors(y: np.ndarray, predictions: np.ndarray, statistics: dict[str, Any]) -> np.ndarray:
    """Compute the error of each sample, (n,) float64: 1 - the probability of the true class."""
    return np.abs(y - predictions.astype(np.float64))


def to_rows(
    predictions: np.ndarray, target_names: list[str], statistics: dict[str, Any], top: int = 1
) -> list[dict[str, Any]]:
    """Turn predictions into rows for people: a dictionary a sample.

    Args:
        predictions: probabilities of the positive class (n,).
        target_names: of both classes.
        statistics: of the targets, with the "threshold" from which a sample counts as positive, else 0.5.
        top: 1.

    Raises:
        UserError: `top` is not 1.
    """
    if top != 1:
        raise UserError(
            f"--top is {top}: there is nothing to rank here, since the probability of both classes follows from one."
        )
    class_ids = (predictions >= statistics.get("threshold", 0.5)).astype(int).tolist()
    probabilities = predictions.astype(float).tolist()
    return [
        {"class": target_names[class_id], f"probability of {target_names[1]}": round(probability, 4)}
        for class_id, probability in zip(class_ids, probabilities, strict=True)
    ]


def find_mistakes(
    y: np.ndarray, predictions: np.ndarray, target_names: list[str], statistics: dict[str, Any], *, most: int
) -> list[tuple[int, str]]:
    """Find the wrong predictions that the model was surest of: often the label is wrong.

    Returns:
        Row number and title of each, the surest first, `most` at most.
    """
    threshold = statistics.get("threshold", 0.5)
    predicted = (predictions >= threshold).astype(int)
    probability = np.where(predicted, predictions, 1 - predictions)  # of the predicted class
    sureness = np.where(predicted, (predictions - threshold) / (1 - threshold), 1 - predictions / threshold)  # 0 to 1
    wrong = np.flatnonzero(predicted != y)
    surest = wrong[np.argsort(-sureness[wrong], kind="stable")][:most].tolist()
    return [(i, f"{target_names[predicted[i]]} {probability[i]:.0%}\nlabel: {target_names[y[i]]}") for i in surest]

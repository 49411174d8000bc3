"""The task: several labels for each sample. What targets are, and what the model's outputs mean.

Targets y: (n, labels) float32 of 0 and 1. Outputs: logits (n, labels). Predictions: probabilities (n, labels) float32.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from .config import UserError, cut, quoted
from .probabilities import find_unlikely, fit_temperature

METRIC = "micro_f1"  # shown beside the loss after each epoch
ERROR = "fall of the probability of the right answer, mean over labels"  # what `sample_errors` counts, where it rises
NUMERIC_TARGETS = False  # labels may have any name, such as NA or 1,5
NEEDS_CALIBRATION = True  # by a temperature (calibrate), and by a threshold (metrics.py)
LABEL_SEPARATORS = "|;,"  # in a column that lists the labels of each sample
MAX_LABELS = 100  # that are taken for labels however few samples there are
RARE = 10  # a label is rare if fewer samples have it, or lack it


def encode_targets(
    targets: pd.DataFrame, where: Callable[[int], str], target_names: list[str] | None = None
) -> tuple[np.ndarray, list[str]]:
    """Turn targets as the source holds them into (n, labels) float32 of 0 and 1.

    Args:
        targets: a column for each label, of 0 and 1, or of false and true; or one column of text that lists labels,
            such as "news|sport". LABEL_SEPARATORS are looked for in their order; one of them alone means no label.
        where: describes where a sample stands, such as "data.csv line 7".
        target_names: of the labels, if the source gives them.

    Returns:
        Targets, and the names of the labels.

    Raises:
        UserError: a target is missing or neither 0 nor 1, or a label is the same for all samples.
    """
    if target_names is None and targets.shape[1] == 1 and _is_text(targets.iloc[:, 0]):
        targets = _split_labels(targets.iloc[:, 0], where)
    if target_names is not None and len(target_names) != targets.shape[1]:
        raise UserError(
            f"There must be as many names of labels ({len(target_names)}) as columns of targets ({targets.shape[1]})."
        )
    target_names = target_names or [str(name) for name in targets.columns]
    y = np.empty(targets.shape, np.float32)
    for label, name in enumerate(target_names):
        column = pd.to_numeric(targets.iloc[:, label], errors="coerce").to_numpy(np.float64, na_value=np.nan)
        bad = ~np.isin(column, (0, 1))
        if bad.any():
            row = int(bad.argmax())
            value = targets.iloc[row, label]
            if pd.isna(value):
                value = "missing"
            raise UserError(f"{where(row)}: the label {cut(name)} is {cut(value)}: it must be 0 or 1 in all samples.")
        y[:, label] = column
        if y[:, label].min() == y[:, label].max():
            raise UserError(
                f"The label {quoted(name)} is {y[0, label]:.0f} in all samples: leave it out of data.target_column."
            )
    return y, target_names


def _is_text(column: pd.Series) -> bool:
    """Return whether a column holds text, and mostly something else than 0 and 1."""
    is_flag = pd.to_numeric(column, errors="coerce").isin((0, 1))
    return bool(column.map(type).eq(str).any() and is_flag.sum() < column.notna().sum() / 2)


def _split_labels(column: pd.Series, where: Callable[[int], str]) -> pd.DataFrame:
    """Split texts such as "news|sport" into a column of 0 and 1 for each label, in alphabetical order.

    Raises:
        UserError: a text is missing, no label occurs, or the texts seem to be no labels.
    """
    if column.isna().any():
        raise UserError(f"{where(int(column.isna().argmax()))} has no labels: fill them in, or leave the sample out.")
    texts = column.astype(str)
    separator = next((mark for mark in LABEL_SEPARATORS if texts.str.contains(mark, regex=False).any()), "")
    lists = [
        {part.strip() for part in (text.split(separator) if separator else [text])} - {""} for text in texts.tolist()
    ]
    labels = sorted(set().union(*lists))
    if not labels or len(labels) > max(MAX_LABELS, len(lists) / 3):
        raise UserError(
            f"The column {quoted(column.name)} holds {len(labels):,} different labels in {len(lists):,} samples"
            f"{f', such as {quoted(labels[0])}' if labels else ''}: these are no labels; name another target_column."
        )
    number = {label: place for place, label in enumerate(labels)}
    y = np.zeros((len(lists), len(labels)), np.int8)
    for row, found in enumerate(lists):
        y[row, [number[label] for label in found]] = 1
    return pd.DataFrame(y, columns=labels)


def target_candidates(table: pd.DataFrame) -> dict[str, list]:
    """Find columns that may be the targets for `data --inspect`, by kind: each, and all together."""
    labels = [name for name in table.columns if table[name].isin((0, 1)).all() and table[name].nunique() == 2]
    texts = [name for name in table.columns if _lists_labels(table[name].dropna())]
    return {"of 0/1": [*labels, labels] if labels else [], "of lists of labels": texts}


def _lists_labels(column: pd.Series) -> bool:
    """Return whether texts seem to list labels, such as "news|sport": some list several, and all list the same few."""
    if not _is_text(column):
        return False
    parts = column.astype(str).str.split(f"[{LABEL_SEPARATORS}]", regex=True)
    several = (parts.str.len() > 1).mean()
    return bool(several > 0.1 and parts.explode().str.strip().nunique() <= min(MAX_LABELS, len(column) / 2))


def num_outputs(target_names: list[str]) -> int:
    """Count the outputs of the model: a logit for each label."""
    return len(target_names)


def target_statistics(y: np.ndarray, target_names: list[str]) -> dict[str, Any]:
    """Compute what the loss must know of the train split: the samples with each label, and all samples.

    Raises:
        UserError: no sample has a label, or all have it.
    """
    counts = y.sum(axis=0).astype(int).tolist()
    if 0 in counts:
        name = target_names[counts.index(0)]
        raise UserError(f"No sample of the train split is {name}: add some, or split in another way (data.split_by).")
    if len(y) in counts:
        name = target_names[counts.index(len(y))]
        raise UserError(
            f"All samples of the train split are {name}: add others, or split in another way (data.split_by)."
        )
    return {"counts": counts, "samples": len(y)}


def to_loss_targets(y: np.ndarray, statistics: dict[str, Any]) -> np.ndarray:
    """Return targets as the loss takes them: 0 and 1 (n, labels) float32, unchanged."""
    return y


def to_predictions(outputs: np.ndarray, statistics: dict[str, Any]) -> np.ndarray:
    """Turn logits into probabilities by the logistic function, both (n, labels) float32."""
    logits = outputs.astype(np.float64) / statistics.get("temperature", 1)
    # As 1 / (1 + e^-x), but exact to many digits near 0 too, and nothing overflows: rankings of rare classes need that.
    return np.exp(-np.logaddexp(0, -logits)).astype(np.float32)


def calibrate(outputs: np.ndarray, y: np.ndarray, statistics: dict[str, Any]) -> dict[str, Any]:
    """Fit the temperature of the probabilities.

    Args:
        outputs: logits of the validation split, (n, labels).
        y: its targets, (n, labels).
        statistics: of the targets.

    Returns:
        Statistics, with the temperature for `to_predictions`.
    """

    def loss(temperature: float) -> float:
        logits = outputs.reshape(y.shape).astype(np.float64) / temperature
        return float((np.logaddexp(0, logits) - y * logits).mean())

    return {**statistics, "temperature": fit_temperature(loss, len(y))}


def stratify_by(y: np.ndarray) -> np.ndarray:
    """Return what a random split keeps the fractions of: the combination of labels of each sample, a number (n,).

    With many labels most combinations occur once, and a split would leave all of these in the train split. So they
    share the number -1. Samples with a rare label, or without a common one, keep their own number and stay.
    """
    _, combination, counts = np.unique(y, axis=0, return_inverse=True, return_counts=True)
    combination = combination.reshape(-1)
    occurs_once = counts[combination] == 1
    same_answer = np.where(y > 0, y.sum(axis=0), (1 - y).sum(axis=0))  # (n, labels): samples that agree with this one
    is_rare = (same_answer < RARE).any(axis=1)
    return np.where(occurs_once & ~is_rare, -1, combination)


def class_masks(y: np.ndarray, target_names: list[str]) -> dict[str, np.ndarray]:
    """Mark the samples with each label, for statistics and figures: (n,) bool each. They overlap."""
    return {name: y[:, label] > 0 for label, name in enumerate(target_names)}


def target_warnings(y: np.ndarray, target_names: list[str]) -> list[str]:
    """Warn of labels that few samples of the train split have, or lack; y: (n, labels)."""
    fractions = zip(target_names, y.mean(axis=0).tolist(), strict=True)
    imbalanced = [f"{name} {fraction:.1%}" for name, fraction in fractions if min(fraction, 1 - fraction) < 0.05]
    if not imbalanced:
        return []
    return [
        f"Imbalanced: {', '.join(imbalanced)} of the samples have the label. Look at macro F1 rather than micro F1;"
        " compile.class_weight: balanced makes the rarer answer count."
    ]


def make_baselines(seed: int, *, is_small: bool, has_units: bool) -> dict[str, list[Any]]:
    """Make a rule and a linear model, by name.

    Args:
        seed: of what is random.
        is_small: whether there is time to try penalties of several strengths for the linear model.
        has_units: whether columns have units of their own, as in a table, unlike pixels.

    Returns:
        Candidates of each name: the one with the lowest validation loss is the baseline. Add your own: any scikit-learn
        classifier of several labels will do.
    """
    from sklearn.dummy import DummyClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.multioutput import MultiOutputClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    strengths = (0.001, 0.01, 0.1, 1, 10) if is_small else (0.01,)  # the smaller, the stronger the penalty
    linear = [LogisticRegression(C=C, max_iter=50, random_state=seed) for C in strengths]  # more steps gain little
    return {
        "what most samples have": [DummyClassifier(strategy="most_frequent")],
        "logistic regression": [make_pipeline(StandardScaler(), MultiOutputClassifier(model)) for model in linear],
    }


def make_boosting(seed: int) -> Any:
    """Make gradient-boosted trees for each label, the usual rival of a network on tables."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.multioutput import MultiOutputClassifier

    return MultiOutputClassifier(HistGradientBoostingClassifier(early_stopping=False, random_state=seed))


def predict_baseline(model: Any, x: np.ndarray, target_names: list[str]) -> np.ndarray:
    """Predict x (n, features) with a baseline: probabilities (n, labels) float32. Without these: 0 or 1."""
    probabilities = model.predict_proba(x) if hasattr(model, "predict_proba") else None
    if isinstance(probabilities, list):  # of each label (n, 2): of lacking it and of having it
        return np.stack([both[:, 1] for both in probabilities], axis=1).astype(np.float32)
    return np.asarray(model.predict(x), np.float32).reshape(len(x), len(target_names))


def find_doubts(y: np.ndarray, predictions: np.ndarray, target_names: list[str]) -> list[tuple[int, str, str, float]]:
    """Find doubtful labels by predictions of a model that has not seen the samples.

    Returns:
        Of each: row, label, likeliest answer, and the doubt: 1 - the probability of the label.
    """
    both = np.stack([1 - predictions, predictions], axis=2)  # (n, labels, 2)
    found = []
    for label, name in enumerate(target_names):
        found += find_unlikely(y[:, label].astype(int), both[:, label], [f"not {name}", name])
    return found


def sample_errors(y: np.ndarray, predictions: np.ndarray, statistics: dict[str, Any]) -> np.ndarray:
    """Compute the error of each sample, (n,) float64: 1 - probability of the right answer, mean over labels."""
    return np.abs(y - predictions.astype(np.float64)).mean(axis=1)


def to_rows(
    predictions: np.ndarray, target_names: list[str], statistics: dict[str, Any], top: int = 1
) -> list[dict[str, Any]]:
    """Turn predictions into rows for people: a dictionary a sample, of its labels and the probability of each.

    Args:
        predictions: probabilities (n, labels).
        target_names: of the labels.
        statistics: of the targets, with the "threshold" from which a sample counts as having a label, else 0.5.
        top: 1.

    Raises:
        UserError: `top` is not 1.
    """
    if top != 1:
        raise UserError(
            f"--top is {top}: there is nothing to rank here, since a row has all labels with their probabilities."
        )
    threshold = statistics.get("threshold", 0.5)
    rows: list[dict[str, Any]] = []
    for probabilities, has_label in zip(predictions.astype(float), predictions >= threshold, strict=True):
        labels = [name for name, has in zip(target_names, has_label, strict=True) if has]
        rounded = {name: round(value, 4) for name, value in zip(target_names, probabilities.tolist(), strict=True)}
        rows.append({"labels": "; ".join(labels), **rounded})
    return rows


def find_mistakes(
    y: np.ndarray, predictions: np.ndarray, target_names: list[str], statistics: dict[str, Any], *, most: int
) -> list[tuple[int, str]]:
    """Find the wrong predictions that the model was surest of: often the label of the data is wrong.

    Returns:
        Row number and title of each, the surest first, `most` at most.
    """
    threshold = statistics.get("threshold", 0.5)
    too_high, too_low = (predictions - threshold) / (1 - threshold), 1 - predictions / threshold  # 0 at the threshold
    error = np.where(y > 0.5, too_low, too_high)  # (n, labels), up to 1; above 0: wrong
    worst = np.argsort(-error.max(axis=1), kind="stable")[:most]
    worst = worst[error[worst].max(axis=1) > 0]
    labels = error[worst].argmax(axis=1)
    return [
        (
            sample,
            f"{target_names[label]}: {predictions[sample, label]:.0%}\nlabel: {'yes' if y[sample, label] else 'no'}",
        )
        for sample, label in zip(worst.tolist(), labels.tolist(), strict=True)
    ]

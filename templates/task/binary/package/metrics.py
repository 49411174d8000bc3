"""Metrics of predictions, and figures of them: the confusion matrix and curves."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.table import Table

from .probabilities import (
    MIN_SAMPLES,
    calibration_error,
    draw_calibration,
    mcnemar,
    score_classes,
    wilson_interval,
)

if TYPE_CHECKING:  # else imported when called: training draws nothing
    from matplotlib.figure import Figure

# Key -> name for people. compile.primary_metric is one of them. F1 is that of the positive class.
SHOWN = {
    "accuracy": "accuracy",
    "f1": "F1",
    "macro_recall": "macro recall",
    "roc_auc": "ROC AUC",
    "average_precision": "average precision",
}
LOWER_IS_BETTER: tuple[str, ...] = ()
DIFFERENCE_UNIT = (100, "points")  # 0.87 and 0.85 differ by 2 points
NEED_THRESHOLD = ("f1",)  # others are fine with 0.5, or need none
CANDIDATES = [number / 100 for number in range(1, 100)]  # thresholds to choose from
MOST_TO_CHOOSE_BY = 20_000  # samples that a threshold is chosen by, which takes seconds of more
LOSS = "log_loss"  # chooses among the candidates of a baseline
TINY = float(np.finfo(np.float32).tiny)  # a probability of 0 counts as this one in the log loss
LAST_STEP = 2.0**-25  # what float32 can't tell from 0 in 1 - p
THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)  # in the report


def compute_metrics(
    y: np.ndarray, predictions: np.ndarray, names: list[str], statistics: dict[str, Any]
) -> dict[str, Any]:
    """Compute accuracy, F1, macro recall, area under the ROC curve, average precision, and those of each class.

    Args:
        y: true classes (n,) int, 1 for the positive one.
        predictions: probabilities of the positive class (n,).
        names: of both classes.
        statistics: of the targets; "threshold" is the probability from which a sample counts as positive, else 0.5.
    """
    scorer, ones = Scorer(y, predictions, statistics), np.ones(len(y))
    scores = scorer.score(ones)
    return {
        "samples": len(y),
        **{name: float(value) for name, value in scores.items()},
        "calibration_error": calibration_error(predictions, y == 1),
        "log_loss": log_loss(y, predictions),
        "threshold": statistics.get("threshold", 0.5),
        "details": score_classes(*scorer.count(ones), names),
    }


def choose_threshold(y: np.ndarray, predictions: np.ndarray, metric: str) -> dict[str, float]:
    """Choose the probability from which a sample counts as positive, where the metric asks for it.

    The best F1 has a threshold of half its value, if probabilities are true: mostly below 0.5 (arXiv:1402.1892).

    Args:
        y: targets of the validation split.
        predictions: probabilities of its samples.
        metric: the primary one.

    Returns:
        "threshold", to add to the statistics of the targets. Nothing for other metrics and few samples: 0.5 holds.
    """
    if metric not in NEED_THRESHOLD or len(y) < MIN_SAMPLES:
        return {}
    step = -(-len(y) // MOST_TO_CHOOSE_BY)  # rounded up
    y, predictions = y[::step], predictions[::step]
    ones = np.ones(len(y))
    scores = {each: Scorer(y, predictions, {"threshold": each}).score(ones)[metric] for each in CANDIDATES}
    best = max(scores.values())
    good = [each for each, value in scores.items() if value > best - 1e-9]
    return {"threshold": min(good, key=lambda each: abs(each - 0.5))}


class Scorer:
    """The metrics in SHOWN of one model on samples that count several times or not at all, as in a draw of them.

    With weights of 1 these are the metrics as scikit-learn defines them; a class without a sample has no recall.
    """

    def __init__(self, y: np.ndarray, predictions: np.ndarray, statistics: dict[str, Any]):
        self.y, self.predicted = y, (predictions >= statistics.get("threshold", 0.5)).astype(int)
        self.right = self.predicted == y
        _, self.rank = np.unique(predictions, return_inverse=True)  # (n,); equal probabilities share a rank

    def count(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Count samples of both classes (2,): predicted rightly, predicted, and there."""
        hits = np.bincount(self.y, weights * self.right, 2)
        return hits, np.bincount(self.predicted, weights, 2), np.bincount(self.y, weights, 2)

    def score(self, weights: np.ndarray) -> dict[str, float]:
        """Compute the metrics; weights (n,) float64: how often each sample counts."""
        hits, found, support = self.count(weights)
        present = support > 0
        return {
            "accuracy": hits.sum() / support.sum(),
            "f1": 2 * hits[1] / max(found[1] + support[1], 1),
            "macro_recall": (hits[present] / support[present]).mean(),
            **(self._score_ranking(weights) if present.all() else {"roc_auc": math.nan, "average_precision": math.nan}),
        }

    def _score_ranking(self, weights: np.ndarray) -> dict[str, float]:
        """Compute ROC AUC and average precision, as scikit-learn defines them.

        The first is how often a positive sample ranks above a negative one, where a tie counts half. The second is the
        precision down to the rank of each positive sample, on average.
        """
        positive = np.bincount(self.rank, weights * self.y)[::-1]  # (ranks,), the highest first
        negative = np.bincount(self.rank, weights)[::-1] - positive
        above = negative.cumsum() - negative / 2  # negative samples that a positive one does not outrank
        found = positive.cumsum()
        precision = found / np.maximum(found + negative.cumsum(), 1)
        return {
            "roc_auc": 1 - positive @ above / (positive.sum() * negative.sum()),
            "average_precision": positive @ precision / positive.sum(),
        }

    def known_intervals(self) -> dict[str, list[float]]:
        """Compute the 95 % intervals for which there is a formula, which is better than draws of few samples."""
        return {"accuracy": wilson_interval(int(self.right.sum()), len(self.y))}

    def known_tests(self, other: "Scorer") -> dict[str, float]:
        """Compute p values: how often chance alone makes two equally good models differ as much on these samples."""
        return {"accuracy": mcnemar(self.right, other.right)}


def log_loss(y: np.ndarray, predictions: np.ndarray) -> float:
    """Compute the mean log loss of probabilities of the positive class, both (n,)."""
    p = predictions.astype(np.float64)
    return float(-np.log(np.where(y == 1, np.maximum(p, TINY), np.maximum(1 - p, LAST_STEP))).mean())


def details_table(metrics: dict[str, Any]) -> Table:
    """Tabulate precision, recall and F1 of both classes."""
    *_, positive = metrics["details"]
    threshold = metrics["threshold"]
    caption = f"{positive}: predicted from a probability of {threshold:g} on" if threshold != 0.5 else None
    table = Table(title="Both classes, test split", caption=caption)
    for column in ("class", "precision", "recall", "F1", "samples"):
        table.add_column(column, justify="left" if column == "class" else "right")
    for name, score in metrics["details"].items():
        table.add_row(name, *(f"{score[key]:.3f}" for key in ("precision", "recall", "F1")), f"{score['samples']:,}")
    return table


def report_tables(
    y: np.ndarray, predictions: np.ndarray, names: list[str], statistics: dict[str, Any]
) -> list[dict[str, Any]]:
    """Tabulate confusion matrix and thresholds for the report; a cell is its text, and a fraction that colors it."""
    from sklearn.metrics import confusion_matrix

    threshold = statistics.get("threshold", 0.5)
    matrix = confusion_matrix(y, predictions >= threshold, labels=[0, 1])
    fractions = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)  # of the true class
    rows = [
        {"name": name, "cells": list(zip(counts, shares, strict=True))}
        for name, counts, shares in zip(names, matrix.tolist(), fractions.tolist(), strict=True)
    ]
    thresholds = []
    for each in sorted({*THRESHOLDS, threshold}):
        found = predictions >= each
        true_positives = int((found & (y == 1)).sum())
        precision = true_positives / max(int(found.sum()), 1)
        recall = true_positives / max(int((y == 1).sum()), 1)
        cells = [(f"{precision:.3f}", 0), (f"{recall:.3f}", 0), (f"{int(found.sum()):,}", 0)]
        thresholds.append({"name": f"{each:g}{' (in use)' * (each == threshold)}", "cells": cells})
    return [
        {"title": "Confusion matrix: true classes as rows, predicted as columns", "header": ["", *names], "rows": rows},
        {
            "title": f"Thresholds: from this probability on, a sample counts as {names[1]}",
            "header": ["threshold", "precision", "recall", f"called {names[1]}"],
            "rows": thresholds,
        },
    ]


def draw_metrics(
    y: np.ndarray, predictions: np.ndarray, names: list[str], statistics: dict[str, Any]
) -> "dict[str, Figure]":
    """Draw confusion matrix, calibration, ROC curve and precision-recall curve; these two show other thresholds."""
    from matplotlib.figure import Figure
    from sklearn.metrics import confusion_matrix, precision_recall_curve, roc_curve

    confusion = Figure(figsize=(4.6, 4.3), layout="constrained")
    left = confusion.subplots()
    curves = Figure(figsize=(9, 4.3), layout="constrained")
    middle, right = curves.subplots(1, 2)
    matrix = confusion_matrix(y, predictions >= statistics.get("threshold", 0.5), labels=[0, 1])
    recall_matrix = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    left.imshow(recall_matrix, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(matrix):
        color = "white" if recall_matrix[row, column] > 0.5 else "black"
        left.text(column, row, count, ha="center", va="center", color=color)
    left.set_xticks(range(2), names)
    left.set_yticks(range(2), names, rotation=90, va="center")
    left.set(title="Confusion matrix, test split", xlabel="predicted", ylabel="true")
    if len(np.unique(y)) == 2:
        middle.plot(*roc_curve(y, predictions)[:2])
        precision, recall, _ = precision_recall_curve(y, predictions)
        right.plot(recall, precision)
    middle.plot([0, 1], [0, 1], color="gray", linestyle=":")
    middle.set(title="ROC curve", xlabel="false positive rate", ylabel="true positive rate")
    right.set(title="Precision and recall", xlabel="recall", ylabel="precision", ylim=(0, 1.02))
    return {"confusion_matrix": confusion, "curves": curves, "calibration": draw_calibration(predictions, y == 1)}


def format_metric(value: float) -> str:
    """Format a metric with four decimals: fewer for large values, three digits for tiny ones."""
    if 0 < abs(value) < 0.001:
        return f"{value:.3g}"
    if abs(value) < 100 or math.isnan(value):
        return f"{value:.4f}"
    return f"{value:,.1f}" if abs(value) < 10_000 else f"{value:,.0f}"

"""Metrics of predictions, and figures of them: confusion matrix and calibration."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.table import Table

from .probabilities import calibration_error, draw_calibration, mcnemar, score_classes, wilson_interval

if TYPE_CHECKING:  # else imported when called: training draws nothing
    from matplotlib.figure import Figure

# Key -> name for people. compile.primary_metric is one of them.
SHOWN = {
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "macro_recall": "macro recall",
}
LOWER_IS_BETTER: tuple[str, ...] = ()
DIFFERENCE_UNIT = (100, "points")  # 0.87 and 0.85 differ by 2 points
LOSS = "log_loss"  # chooses among the candidates of a baseline
TINY = float(np.finfo(np.float32).tiny)  # a probability of 0 counts as this one in the log loss
MOST_NAMED = 40  # classes: the confusion matrix has no room for names and counts of more


def compute_metrics(
    y: np.ndarray, predictions: np.ndarray, names: list[str], statistics: dict[str, Any]
) -> dict[str, Any]:
    """Compute accuracy, macro F1, macro recall, log loss, calibration, and precision, recall and F1 of each class.

    Args:
        y: true class ids (n,) int.
        predictions: probabilities (n, classes), each row summing to 1.
        names: of all classes, in the order of the columns.
        statistics: of the targets of the train split, which these metrics do not need.
    """
    scorer, ones = Scorer(y, predictions, statistics), np.ones(len(y))
    scores = scorer.score(ones)
    return {
        "samples": len(y),
        **{name: float(value) for name, value in scores.items()},
        "calibration_error": calibration_error(predictions.max(axis=1), scorer.right),
        "log_loss": float(-np.log(np.maximum(predictions[np.arange(len(y)), y].astype(np.float64), TINY)).mean()),
        "details": score_classes(*scorer.count(ones), names),
    }


def choose_threshold(y: np.ndarray, predictions: np.ndarray, metric: str) -> dict[str, float]:
    """Return nothing: the likeliest class is predicted."""
    return {}


class Scorer:
    """The metrics in SHOWN of one model on samples that count several times or not at all, as in a draw of them.

    With weights of 1 these are the metrics as scikit-learn defines them; a class without a sample has no F1 and recall.
    """

    def __init__(self, y: np.ndarray, predictions: np.ndarray, statistics: dict[str, Any]):
        self.y, self.predicted = y, predictions.argmax(axis=1)
        self.right = self.predicted == y
        self.classes = predictions.shape[1]

    def count(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Count samples of each class (classes,): predicted rightly, predicted, and there."""
        hits = np.bincount(self.y, weights * self.right, self.classes)
        found = np.bincount(self.predicted, weights, self.classes)
        return hits, found, np.bincount(self.y, weights, self.classes)

    def score(self, weights: np.ndarray) -> dict[str, float]:
        """Compute the metrics; weights (n,) float64: how often each sample counts."""
        hits, found, support = self.count(weights)
        present = support > 0
        return {
            "accuracy": hits.sum() / support.sum(),
            "macro_f1": (2 * hits[present] / (found + support)[present]).mean(),
            "macro_recall": (hits[present] / support[present]).mean(),
        }

    def known_intervals(self) -> dict[str, list[float]]:
        """Compute the 95 % intervals for which there is a formula, which is better than draws of few samples."""
        return {"accuracy": wilson_interval(int(self.right.sum()), len(self.y))}

    def known_tests(self, other: "Scorer") -> dict[str, float]:
        """Compute p values: how often chance alone makes two equally good models differ as much on these samples."""
        return {"accuracy": mcnemar(self.right, other.right)}


def details_table(metrics: dict[str, Any]) -> Table:
    """Tabulate precision, recall and F1 of each class."""
    table = Table(title="Each class, test split")
    for column in ("class", "precision", "recall", "F1", "samples"):
        table.add_column(column, justify="left" if column == "class" else "right")
    for name, score in metrics["details"].items():
        table.add_row(name, *(f"{score[key]:.3f}" for key in ("precision", "recall", "F1")), f"{score['samples']:,}")
    return table


def report_tables(
    y: np.ndarray, predictions: np.ndarray, names: list[str], statistics: dict[str, Any]
) -> list[dict[str, Any]]:
    """Tabulate the confusion matrix for the report; each cell is its text, and a fraction that colors it."""
    from sklearn.metrics import confusion_matrix

    matrix = confusion_matrix(y, predictions.argmax(axis=1), labels=range(len(names)))
    fractions = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)  # of the true class
    rows = [
        {"name": name, "cells": list(zip(counts, shares, strict=True))}
        for name, counts, shares in zip(names, matrix.tolist(), fractions.tolist(), strict=True)
    ]
    return [
        {"title": "Confusion matrix: true classes as rows, predicted as columns", "header": ["", *names], "rows": rows}
    ]


def draw_metrics(
    y: np.ndarray, predictions: np.ndarray, names: list[str], statistics: dict[str, Any]
) -> "dict[str, Figure]":
    """Draw the confusion matrix, and how often the probability of the predicted class comes true.

    The matrix has counts, colored by the fraction of the true class. Many classes get colors alone.
    """
    from matplotlib.figure import Figure
    from sklearn.metrics import confusion_matrix

    matrix = confusion_matrix(y, predictions.argmax(axis=1), labels=range(len(names)))
    size = 0.6 * min(len(names), MOST_NAMED) + 2.5
    figure = Figure(figsize=(size, size), layout="constrained")
    axes = figure.subplots()
    recall_matrix = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axes.imshow(recall_matrix, cmap="Blues", vmin=0, vmax=1)
    if len(names) <= MOST_NAMED:
        for (row, column), count in np.ndenumerate(matrix):
            color = "white" if recall_matrix[row, column] > 0.5 else "black"
            axes.text(column, row, count, ha="center", va="center", fontsize=8, color=color)
        shown = [name if len(name) <= 30 else f"{name[:29]}…" for name in names]
        axes.set_xticks(range(len(names)), shown, rotation=45, ha="right")
        axes.set_yticks(range(len(names)), shown)
    axes.set(title="Confusion matrix, test split", xlabel="predicted", ylabel="true")
    calibration = draw_calibration(predictions.max(axis=1), predictions.argmax(axis=1) == y)
    return {"confusion_matrix": figure, "calibration": calibration}


def format_metric(value: float) -> str:
    """Format a metric with four decimals: fewer for large values, three digits for tiny ones."""
    if 0 < abs(value) < 0.001:
        return f"{value:.3g}"
    if abs(value) < 100 or math.isnan(value):
        return f"{value:.4f}"
    return f"{value:,.1f}" if abs(value) < 10_000 else f"{value:,.0f}"

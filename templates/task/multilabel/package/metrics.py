"""Metrics of predictions, and figures of them: histograms and calibration."""

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

# Key -> name for people. compile.primary_metric is one of them.
SHOWN = {
    "micro_f1": "micro F1",
    "macro_f1": "macro F1",
    "exact_match": "all labels right",
}
LOWER_IS_BETTER: tuple[str, ...] = ()
DIFFERENCE_UNIT = (100, "points")  # 0.87 and 0.85 differ by 2 points
NEED_THRESHOLD = ("micro_f1", "macro_f1")  # another metric is fine with 0.5
CANDIDATES = [number / 100 for number in range(1, 100)]  # thresholds to choose from
MOST_TO_CHOOSE_BY = 20_000  # samples that a threshold is chosen by, which takes seconds of more
LOSS = "log_loss"  # chooses among the candidates of a baseline
TINY = float(np.finfo(np.float32).tiny)  # a probability of 0 counts as this one in the log loss
LAST_STEP = 2.0**-25  # what float32 can't tell from 0 in 1 - p
MOST_DRAWN = 30  # labels in the figure


def compute_metrics(
    y: np.ndarray, predictions: np.ndarray, names: list[str], statistics: dict[str, Any]
) -> dict[str, Any]:
    """Compute micro F1, macro F1, exact match, log loss, calibration, and precision, recall and F1 of each label.

    Exact match is the fraction of samples without a mistake.

    Args:
        y: (n, labels), 0 or 1.
        predictions: probabilities (n, labels).
        names: of the labels, in the order of the columns.
        statistics: of the targets; "threshold" is the probability from which a label counts as there, else 0.5.
    """
    scorer, ones = Scorer(y, predictions, statistics), np.ones(len(y))
    scores = scorer.score(ones)
    truth = y > 0.5
    return {
        "samples": len(y),
        **{name: float(value) for name, value in scores.items()},
        "calibration_error": calibration_error(predictions.ravel(), truth.ravel()),
        "log_loss": log_loss(truth, predictions),
        "threshold": statistics.get("threshold", 0.5),
        "details": score_classes(*scorer.count(ones), names),
    }


def log_loss(truth: np.ndarray, predictions: np.ndarray) -> float:
    """Compute the mean log loss of probabilities, over samples and labels; both (n, labels)."""
    p = predictions.astype(np.float64)
    return float(-np.log(np.where(truth, np.maximum(p, TINY), np.maximum(1 - p, LAST_STEP))).mean())


def choose_threshold(y: np.ndarray, predictions: np.ndarray, metric: str) -> dict[str, float]:
    """Choose the probability from which labels count as there, one for all of them, where the metric asks for it.

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

    With weights of 1 these are the metrics as scikit-learn defines them; a label that no sample has, has no F1.
    """

    def __init__(self, y: np.ndarray, predictions: np.ndarray, statistics: dict[str, Any]):
        from scipy.sparse import csr_array  # samples have few of many labels

        truth, predicted = y > 0.5, predictions >= statistics.get("threshold", 0.5)
        self.right = (truth == predicted).all(axis=1)
        self.hits, self.found, self.support = map(csr_array, (truth & predicted, predicted, truth))  # (n, labels) each

    def count(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Count samples with each label (labels,): predicted rightly, predicted, and there."""
        return weights @ self.hits, weights @ self.found, weights @ self.support

    def score(self, weights: np.ndarray) -> dict[str, float]:
        """Compute the metrics; weights (n,) float64: how often each sample counts."""
        hits, found, support = self.count(weights)
        present = support > 0
        return {
            "micro_f1": 2 * hits.sum() / max((found + support).sum(), 1),
            "macro_f1": (2 * hits[present] / (found + support)[present]).mean() if present.any() else 0.0,
            "exact_match": weights @ self.right / weights.sum(),
        }

    def known_intervals(self) -> dict[str, list[float]]:
        """Compute the 95 % intervals for which there is a formula, which is better than draws of few samples."""
        return {"exact_match": wilson_interval(int(self.right.sum()), len(self.right))}

    def known_tests(self, other: "Scorer") -> dict[str, float]:
        """Compute p values: how often chance alone makes two equally good models differ as much on these samples."""
        return {"exact_match": mcnemar(self.right, other.right)}


def details_table(metrics: dict[str, Any]) -> Table:
    """Tabulate precision, recall and F1 of each label."""
    threshold = metrics["threshold"]
    caption = f"Labels are predicted from a probability of {threshold:g} on" if threshold != 0.5 else None
    table = Table(title="Each label, test split", caption=caption)
    for column in ("label", "precision", "recall", "F1", "samples"):
        table.add_column(column, justify="left" if column == "label" else "right")
    for name, score in metrics["details"].items():
        table.add_row(name, *(f"{score[key]:.3f}" for key in ("precision", "recall", "F1")), f"{score['samples']:,}")
    return table


def report_tables(
    y: np.ndarray, predictions: np.ndarray, names: list[str], statistics: dict[str, Any]
) -> list[dict[str, Any]]:
    """Tabulate for the report how many labels samples have, and how many were predicted; a cell is text and color."""
    has_label = predictions >= statistics.get("threshold", 0.5)  # (n, labels)
    true, predicted = y.astype(int).sum(axis=1), has_label.sum(axis=1)  # (n,) each
    most = int(max(true.max(), predicted.max()))
    rows = []
    for count in range(most + 1):
        numbers = [int((values == count).sum()) for values in (true, predicted)]
        rows.append({"name": str(count), "cells": [(f"{number:,}", number / len(y)) for number in numbers]})
    return [{"title": "How many labels a sample has", "header": ["labels", "true", "predicted"], "rows": rows}]


def draw_metrics(
    y: np.ndarray, predictions: np.ndarray, names: list[str], statistics: dict[str, Any]
) -> "dict[str, Figure]":
    """Draw the probabilities of each of the first labels, and how often those of all labels come true.

    A good model separates the two histograms.
    """
    from matplotlib.figure import Figure

    calibration = draw_calibration(predictions.ravel(), y.ravel() > 0.5)
    names = names[:MOST_DRAWN]
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    figure = Figure(figsize=(4 * columns, 2.6 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    edges = np.linspace(0, 1, 21)
    for axes, number in zip(grid.flat, range(len(names)), strict=False):
        for value, name in ((0, "without"), (1, "with")):
            chosen = predictions[y[:, number] == value, number]
            weights = np.full(len(chosen), 1 / max(len(chosen), 1))
            label = f"{name} ({len(chosen):,})"
            axes.hist(chosen, edges, weights=weights, histtype="stepfilled", alpha=0.6, label=label)
        axes.set(title=names[number], xlabel="predicted probability", ylabel="fraction of samples")
        axes.legend(fontsize=7)
    for axes in grid.flat[len(names) :]:
        axes.axis("off")
    return {"probabilities": figure, "calibration": calibration}


def format_metric(value: float) -> str:
    """Format a metric with four decimals: fewer for large values, three digits for tiny ones."""
    if 0 < abs(value) < 0.001:
        return f"{value:.3g}"
    if abs(value) < 100 or math.isnan(value):
        return f"{value:.4f}"
    return f"{value:,.1f}" if abs(value) < 10_000 else f"{value:,.0f}"

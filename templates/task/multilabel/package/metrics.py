"""Metrics of predictions, and figures of them: histograms and calibration."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.table import Table

from .probabilities import calibration_error, draw_calibration

if TYPE_CHECKING:  # else imported when called: training draws nothing
    from matplotlib.figure import Figure

# Key -> name for people. compile.primary_metric is one of them.
SHOWN = {
    "micro_f1": "micro F1",
    "macro_f1": "macro F1",
    "exact_match": "all labels right",
}
LOWER_IS_BETTER: tuple[str, ...] = ()
LOSS = "log_loss"  # chooses among the candidates of a baseline
TINY = float(np.finfo(np.float32).tiny)  # a probability of 0 counts as this one in the log loss
LAST_STEP = 2.0**-25  # what float32 can't tell from 0 in 1 - p
MOST_DRAWN = 30  # labels in the figure


def compute_metrics(
    y: np.ndarray, predictions: np.ndarray, names: list[str], statistics: dict[str, Any]
) -> dict[str, Any]:
    """Compute micro F1 with its 95 % interval, macro F1, exact match, log loss, calibration, and those of each label.

    Exact match is the fraction of samples without a mistake.

    Args:
        y: (n, labels), 0 or 1.
        predictions: probabilities (n, labels).
        names: of the labels, in the order of the columns.
        statistics: of the targets of the train split, which these metrics do not need.
    """
    truth, predicted = y > 0.5, predictions >= 0.5
    hits, found, support = (truth & predicted).sum(axis=0), predicted.sum(axis=0), truth.sum(axis=0)
    precision, recall = hits / np.maximum(found, 1), hits / np.maximum(support, 1)  # 0 where there is nothing
    f1 = 2 * hits / np.maximum(found + support, 1)
    counts = _count(truth, predicted)
    return {
        "samples": len(y),
        "micro_f1": float(_f1(*counts.sum(axis=0))),
        "interval": bootstrap_interval(counts),
        "macro_f1": float(f1[support > 0].mean()) if support.any() else 0.0,  # a label that no sample has, has no F1
        "exact_match": float((truth == predicted).all(axis=1).mean()),
        "calibration_error": calibration_error(predictions.ravel(), truth.ravel()),
        "log_loss": log_loss(truth, predictions),
        "details": {
            name: {
                "precision": float(precision[label]),
                "recall": float(recall[label]),
                "F1": float(f1[label]),
                "samples": int(support[label]),
            }
            for label, name in enumerate(names)
        },
    }


def log_loss(truth: np.ndarray, predictions: np.ndarray) -> float:
    """Compute the mean log loss of probabilities, over samples and labels; both (n, labels)."""
    p = predictions.astype(np.float64)
    return float(-np.log(np.where(truth, np.maximum(p, TINY), np.maximum(1 - p, LAST_STEP))).mean())


def bootstrap_interval(counts: np.ndarray, *, samples: int = 400) -> list[float]:
    """Compute the 95 % interval of micro F1, low and high, by the bootstrap (Efron, Ann. Stat. 7, 1979).

    Args:
        counts: true positives, false positives and false negatives of each sample (n, 3).
        samples: how many times n rows are drawn, with replacement.
    """
    random = np.random.default_rng(0)
    drawn = [_f1(*counts[random.integers(0, len(counts), len(counts))].sum(axis=0)) for _ in range(samples)]
    return [float(value) for value in np.quantile(drawn, (0.025, 0.975))]


def _count(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Count true positives, false positives and false negatives of each sample: (n, 3)."""
    parts = (truth & predicted, ~truth & predicted, truth & ~predicted)
    return np.stack([part.sum(axis=1) for part in parts], axis=1)


def _f1(true_positives: int, false_positives: int, false_negatives: int) -> float:
    """Compute F1; 0 if there is nothing to find and nothing found."""
    return 2 * true_positives / max(2 * true_positives + false_positives + false_negatives, 1)


def details_table(metrics: dict[str, Any]) -> Table:
    """Tabulate precision, recall and F1 of each label."""
    table = Table(title="Each label, test split")
    for column in ("label", "precision", "recall", "F1", "samples"):
        table.add_column(column, justify="left" if column == "label" else "right")
    for name, score in metrics["details"].items():
        table.add_row(name, *(f"{score[key]:.3f}" for key in ("precision", "recall", "F1")), f"{score['samples']:,}")
    return table


def report_tables(y: np.ndarray, predictions: np.ndarray, names: list[str]) -> list[dict[str, Any]]:
    """Tabulate for the report how many labels samples have, and how many were predicted; a cell is text and color."""
    true, predicted = y.astype(int).sum(axis=1), (predictions >= 0.5).sum(axis=1)  # (n,) each
    most = int(max(true.max(), predicted.max()))
    rows = []
    for count in range(most + 1):
        numbers = [int((values == count).sum()) for values in (true, predicted)]
        rows.append({"name": str(count), "cells": [(f"{number:,}", number / len(y)) for number in numbers]})
    return [{"title": "How many labels a sample has", "header": ["labels", "true", "predicted"], "rows": rows}]


def draw_metrics(y: np.ndarray, predictions: np.ndarray, names: list[str]) -> "dict[str, Figure]":
    """Draw the probabilities of each of the first labels, and how often those of all labels come true.

    A good model separates the two histograms.
    """
    from matplotlib.figure import Figure

    calibration = draw_calibration(predictions.ravel(), y.ravel() > 0.5)
    names = names[:MOST_DRAWN]
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    figure = Figure(figsize=(4 * columns, 2.6 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    edges = np.linspace(0, 1, 21)
    for axes, label in zip(grid.flat, range(len(names)), strict=False):
        for value, name in ((0, "without"), (1, "with")):
            chosen = predictions[y[:, label] == value, label]
            weights = np.full(len(chosen), 1 / max(len(chosen), 1))
            axes.hist(chosen, edges, weights=weights, alpha=0.6, label=f"{name} ({len(chosen):,})")
        axes.set(title=names[label], xlabel="predicted probability", ylabel="fraction of samples")
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

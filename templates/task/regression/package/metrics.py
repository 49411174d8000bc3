"""Metrics of predictions, and figures of them: scatter plots."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.table import Table

if TYPE_CHECKING:  # else imported when called: training draws nothing
    from matplotlib.figure import Figure

# Key -> name for people. compile.primary_metric is one of them.
SHOWN = {"mae": "mean absolute error", "rmse": "RMSE", "r2": "R2"}
LOWER_IS_BETTER = ("mae", "rmse")
DIFFERENCE_UNIT = (1, "")  # that of the metric itself
LOSS = "rmse"  # chooses among the candidates of a baseline
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)  # of the errors, in the report
MOST_DRAWN = 12  # targets in the figure


def compute_metrics(
    y: np.ndarray, predictions: np.ndarray, names: list[str], statistics: dict[str, Any]
) -> dict[str, Any]:
    """Compute mean absolute error, root mean squared error and R2, over all targets and of each.

    One target keeps its unit. Of several, the errors over all are in standard deviations of each, so that euros do not
    outweigh meters. Those of each target are in its unit.

    Args:
        y: (n, targets) in their own units.
        predictions: (n, targets) in the same units.
        names: of the targets, in the order of the columns.
        statistics: "std" (targets,) of the train split.
    """
    ones = np.ones(len(y))
    scores = Scorer(y, predictions, statistics).score(ones)
    details = {}
    for number, name in enumerate(names):
        target = y[:, [number]]  # (n, 1)
        of_target = Scorer(target, predictions[:, [number]], statistics).score(ones)
        details[name] = {
            "mean absolute error": float(of_target["mae"]),
            "RMSE": float(of_target["rmse"]),
            "R2": float(of_target["r2"]),
            "std": float(target.std()),
        }
    return {"samples": len(y), **{name: float(value) for name, value in scores.items()}, "details": details}


def mean_interval(error: np.ndarray) -> list[float]:
    """Compute the 95 % interval, low and high, of the mean of errors (n,), by Student's t (Biometrika 6, 1908).

    For few samples it is much wider than that of the normal distribution. One sample has none: NaN.
    """
    from scipy.stats import t  # takes a while to import

    if len(error) < 2:
        return [float("nan"), float("nan")]
    half = float(t.ppf(0.975, len(error) - 1) * error.std(ddof=1)) / math.sqrt(len(error))
    return [float(error.mean()) - half, float(error.mean()) + half]


def paired_t_test(error: np.ndarray, other: np.ndarray) -> float:
    """Compute the p value of Student's paired t-test: do the mean errors of two models, (n,) each, differ?"""
    from scipy.stats import ttest_rel

    return float(ttest_rel(error, other).pvalue) if len(error) > 1 and (error != other).any() else 1.0


def choose_threshold(y: np.ndarray, predictions: np.ndarray, metric: str) -> dict[str, float]:
    """Return nothing: there is nothing to decide."""
    return {}


class Scorer:
    """The metrics in SHOWN of one model on samples that count several times or not at all, as in a draw of them.

    With weights of 1 these are the metrics as scikit-learn defines them.
    """

    def __init__(self, y: np.ndarray, predictions: np.ndarray, statistics: dict[str, Any]):
        unit = np.array(statistics["std"]) if y.shape[1] > 1 else 1.0
        self.y = (y - y.mean(axis=0)) / unit  # (n, targets); without the mean, squares keep their digits
        self.error = np.abs(predictions.astype(np.float64) - y) / unit
        self.square = self.error**2
        self.variance = self.y.var(axis=0)  # (targets,)

    def score(self, weights: np.ndarray) -> dict[str, float]:
        """Compute the metrics; weights (n,) float64: how often each sample counts."""
        weights = weights / weights.sum()
        squares = weights @ self.square  # (targets,)
        variance = weights @ (self.y - weights @ self.y) ** 2
        differ = variance > 1e-12 * self.variance  # else all samples of the draw have the same target
        r2 = np.where(differ, 1 - squares / np.where(differ, variance, 1), squares == 0)
        return {
            "mae": (weights @ self.error).mean(),
            "rmse": np.sqrt(squares).mean(),
            "r2": r2.mean() if len(self.y) > 1 else math.nan,
        }

    def known_intervals(self) -> dict[str, list[float]]:
        """Compute the 95 % intervals for which there is a formula, which is better than draws of few samples."""
        return {"mae": mean_interval(self.error.mean(axis=1))}

    def known_tests(self, other: "Scorer") -> dict[str, float]:
        """Compute p values: how often chance alone makes two equally good models differ as much on these samples."""
        return {"mae": paired_t_test(self.error.mean(axis=1), other.error.mean(axis=1))}


def details_table(metrics: dict[str, Any]) -> Table:
    """Tabulate the errors of each target, beside its standard deviation."""
    several = len(metrics["details"]) > 1
    caption = "Above: means in standard deviations of each" if several else None
    table = Table(title="Each target, test split", caption=caption)
    columns = ("mean absolute error", "RMSE", "R2", "std")
    for column in ("target", *columns):
        table.add_column(column, justify="left" if column == "target" else "right")
    for name, score in metrics["details"].items():
        table.add_row(name, *(f"{score[key]:{',.0f' if abs(score[key]) >= 10_000 else '.4g'}}" for key in columns))
    return table


def report_tables(
    y: np.ndarray, predictions: np.ndarray, names: list[str], statistics: dict[str, Any]
) -> list[dict[str, Any]]:
    """Tabulate for the report how large the errors are: quantiles of predicted - true; a cell is text and color."""
    errors = predictions.astype(np.float64) - y  # (n, targets)
    quantiles = np.quantile(errors, QUANTILES, axis=0).T  # (targets, quantiles)
    rows = [
        {"name": name, "cells": [(format_metric(value), 0) for value in values]}
        for name, values in zip(names, quantiles.tolist(), strict=True)
    ]
    header = ["", *(f"{quantile:.0%}" for quantile in QUANTILES)]
    return [{"title": "Errors, predicted - true: so many of them lie below", "header": header, "rows": rows}]


def draw_metrics(
    y: np.ndarray, predictions: np.ndarray, names: list[str], statistics: dict[str, Any]
) -> "dict[str, Figure]":
    """Draw predicted against true values, and a histogram of the errors, for each of the first targets."""
    from matplotlib.figure import Figure

    names = names[:MOST_DRAWN]
    figure = Figure(figsize=(10, 4 * len(names)), layout="constrained")
    for number, (left, right) in enumerate(figure.subplots(len(names), 2, squeeze=False)):
        true, predicted = y[:, number], predictions[:, number]
        left.scatter(true, predicted, s=4, alpha=0.3, linewidths=0, rasterized=True)
        ends = [min(true.min(), predicted.min()), max(true.max(), predicted.max())]
        left.plot(ends, ends, color="gray", linestyle=":")
        left.set(title=f"{names[number]}, test split", xlabel="true", ylabel="predicted")
        right.hist(predicted - true, 60)
        right.set(title="Errors", xlabel="predicted - true", ylabel="samples")
    return {"errors": figure}


def format_metric(value: float) -> str:
    """Format a metric with four decimals: fewer for large values, three digits for tiny ones."""
    if 0 < abs(value) < 0.001:
        return f"{value:.3g}"
    if abs(value) < 100 or math.isnan(value):
        return f"{value:.4f}"
    return f"{value:,.1f}" if abs(value) < 10_000 else f"{value:,.0f}"

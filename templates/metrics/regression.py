"""How good predictions are, in numbers and in a figure: (targets, predictions) -> what metrics.json says."""

import math
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from rich.table import Table
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

SHOWN = {"mae": "mean absolute error", "rmse": "RMSE", "r2": "R2"}  # one of them: compile.metric
LOWER_IS_BETTER = ("mae", "rmse")
MOST_DRAWN = 12  # targets in a figure


def measure(y: np.ndarray, predictions: np.ndarray, names: list[str]) -> dict[str, Any]:
    """Mean absolute error with its 95 % interval, root mean square error and R2, over all targets and for each.

    Args:
        y: (n, targets) in their own units.
        predictions: the same.
        names: of the targets, in the order of the columns.
    """
    error = np.abs(predictions.astype(np.float64) - y).mean(axis=1)
    return {
        "items": len(y),
        "mae": float(error.mean()),
        "interval": normal_interval(error),
        "rmse": float(root_mean_squared_error(y, predictions)),
        "r2": float(r2_score(y, predictions)) if len(y) > 1 else float("nan"),
        "details": {
            name: {
                "mean absolute error": float(mean_absolute_error(y[:, number], predictions[:, number])),
                "RMSE": float(root_mean_squared_error(y[:, number], predictions[:, number])),
                "R2": float(r2_score(y[:, number], predictions[:, number])) if len(y) > 1 else float("nan"),
                "deviation": float(y[:, number].std()),
            }
            for number, name in enumerate(names)
        },
    }


def normal_interval(error: np.ndarray) -> list[float]:
    """95 % interval of a mean over items (n,), by the central limit theorem."""
    half = 1.959964 * float(error.std()) / math.sqrt(len(error))  # standard normal quantile of 0.975
    return [float(error.mean()) - half, float(error.mean()) + half]


def details_table(metrics: dict[str, Any]) -> Table:
    """The errors of each target beside its deviation, for people."""
    table = Table(title="Each target, test split")
    columns = ("mean absolute error", "RMSE", "R2", "deviation")
    for column in ("target", *columns):
        table.add_column(column, justify="left" if column == "target" else "right")
    for name, score in metrics["details"].items():
        table.add_row(name, *(f"{score[key]:{',.0f' if abs(score[key]) >= 10_000 else '.4g'}}" for key in columns))
    return table


def draw(y: np.ndarray, predictions: np.ndarray, names: list[str]) -> dict[str, Figure]:
    """For each of the first targets: predicted over true, whose distance from the line is the error, and the errors."""
    names = names[:MOST_DRAWN]
    figure = Figure(figsize=(10, 4 * len(names)), layout="constrained")
    for number, (left, right) in enumerate(figure.subplots(len(names), 2, squeeze=False)):
        true, predicted = y[:, number], predictions[:, number]
        left.scatter(true, predicted, s=4, alpha=0.3, linewidths=0)
        ends = [min(true.min(), predicted.min()), max(true.max(), predicted.max())]
        left.plot(ends, ends, color="grey", linestyle=":")
        left.set(title=f"{names[number]}, test split", xlabel="true", ylabel="predicted")
        right.hist(predicted - true, 60)
        right.set(title="Errors", xlabel="predicted - true", ylabel="items")
    return {"errors": figure}

"""Figures of a run: learning curves and mistakes. metrics.py draws what depends on the task."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..data.plots import draw_sample
from ..data.samples import DiskArray


def draw_mistakes(x: np.ndarray | DiskArray, mistakes: list[tuple[int, str]]) -> Figure:
    """Draw the worst predictions of the test split.

    Args:
        x: inputs of the test split (n, *shape).
        mistakes: row number and title of each, the worst first.
    """
    columns = 6
    rows = max(1, -(-len(mistakes) // columns))  # rounded up
    figure = Figure(figsize=(1.9 * columns, 2.1 * rows), layout="constrained")
    grid = figure.subplots(rows, columns).flat
    for axes, (number, title) in zip(grid, mistakes, strict=False):
        draw_sample(axes, x[number])
        axes.set_title(title, fontsize=7)
    for axes in figure.axes[len(mistakes) :]:
        axes.axis("off")
    figure.suptitle("The worst predictions on the test split" if mistakes else "No mistakes on the test split")
    return figure


def draw_learning_curves(history: list[dict[str, float]], metric: str) -> Figure:
    """Draw loss and metric by epoch, of train and validation split, and mark the best epoch.

    Args:
        history: rows of history.csv.
        metric: the column beside the loss.
    """
    epochs = [row["epoch"] for row in history]
    best = min(history, key=lambda row: row["val_loss"])["epoch"]
    figure = Figure(figsize=(11, 4), layout="constrained")
    for axes, name in zip(figure.subplots(1, 2), ("loss", metric), strict=True):
        axes.plot(epochs, [row[name] for row in history], marker=".", label="train")
        axes.plot(epochs, [row[f"val_{name}"] for row in history], marker=".", label="validation")
        axes.axvline(best, color="gray", linestyle=":", label=f"best epoch: {best:.0f}")
        axes.set(title=name, xlabel="epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend()
    return figure


def draw_runs(histories: dict[str, list[dict[str, float]]]) -> Figure:
    """Draw the validation loss of several runs by epoch; histories: rows of history.csv, by name of the run."""
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    for name, history in histories.items():
        axes.plot([row["epoch"] for row in history], [row["val_loss"] for row in history], marker=".", label=name)
    axes.set(title="Validation loss", xlabel="epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(fontsize=8)
    return figure

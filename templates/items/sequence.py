"""One item of the data, a sequence of feature vectors: how it is read from a file and how it is drawn."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .config import UserError

FILES = "sequences (csv: a row a step, a column a feature)"  # what `predict` takes beside .npy and .npz


def read_items(path: Path, input_shape: tuple[int, ...]) -> np.ndarray:
    """A CSV file without a header as one sequence (1, steps, features) float32.

    Raises:
        UserError: the file is not a table of numbers of that shape.
    """
    try:
        table = pd.read_csv(path, header=None).to_numpy(np.float32)
    except (OSError, ValueError) as error:
        raise UserError(f"{path} is not a CSV file of numbers without a header: {error}") from error
    if table.shape != tuple(input_shape):
        raise UserError(f"{path} holds {table.shape} (steps, features), but the model takes {tuple(input_shape)}.")
    return table[np.newaxis]


def draw_item(axes: Axes, item: np.ndarray) -> None:
    """Draw one sequence (steps, features): a curve a feature."""
    axes.plot(item, linewidth=0.6, alpha=0.7)
    axes.set_xticks([])  # labels would take most of the time of a figure of many items
    axes.set_yticks([])


def draw_overview(x: np.ndarray, y: np.ndarray, class_names: list[str]) -> Figure:
    """The mean of all features along the steps, a curve a class, with the deviation across items."""
    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.subplots()
    for label, name in enumerate(class_names):
        if (y == label).any():
            curves = x[y == label].mean(axis=2)  # (items, steps, features) -> (items, steps)
            mean, deviation = curves.mean(axis=0), curves.std(axis=0)
            (line,) = axes.plot(mean, label=name)
            axes.fill_between(range(len(mean)), mean - deviation, mean + deviation, alpha=0.04, color=line.get_color())
    axes.set(
        title="Mean of the features along the sequence, and one deviation", xlabel="step", ylabel="mean of features"
    )
    axes.legend(fontsize=8)
    return figure

"""One item of the data, a vector of features: how it is read from a file and how it is drawn."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .config import UserError

FILES = "tables (csv: a row an item, a column a feature)"  # what `predict` takes beside .npy and .npz


def read_items(path: Path, input_shape: tuple[int, ...]) -> np.ndarray:
    """The rows of a CSV file without a header as items (n, features) float32.

    Raises:
        UserError: the file is not a table of numbers with as many columns as the model takes.
    """
    try:
        table = pd.read_csv(path, header=None).to_numpy(np.float32)
    except (OSError, ValueError) as error:
        raise UserError(f"{path} is not a CSV file of numbers without a header: {error}") from error
    if table.shape[1:] != tuple(input_shape):
        raise UserError(f"{path} has {table.shape[1]} columns, but the model takes {input_shape[0]} features.")
    return table


def draw_item(axes: Axes, item: np.ndarray) -> None:
    """Draw one vector (features,): value by feature."""
    axes.plot(item, linewidth=0.4)
    axes.set_xticks([])  # labels would take most of the time of a figure of many items
    axes.set_yticks([])


def draw_overview(x: np.ndarray, y: np.ndarray, class_names: list[str]) -> Figure:
    """The range of each feature over all classes: a feature that never changes, or is off scale, is seen here."""
    low, quarter, median, three_quarters, high = np.percentile(x, (0, 25, 50, 75, 100), axis=0)
    features = np.arange(len(median))
    figure = Figure(figsize=(12, 4), layout="constrained")
    axes = figure.subplots()
    axes.fill_between(features, low, high, alpha=0.2, label="lowest to highest", step="mid")
    axes.fill_between(features, quarter, three_quarters, alpha=0.5, label="middle half", step="mid")
    axes.step(features, median, linewidth=0.8, color="black", label="median", where="mid")
    axes.set(title="Range of each feature", xlabel="feature", ylabel="value")
    axes.legend(fontsize=8)
    return figure

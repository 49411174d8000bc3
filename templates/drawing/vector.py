"""How a vector of features is drawn."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .files import Rows

MOST = 20_000  # items that ranges are taken of


def draw_item(axes: Axes, item: np.ndarray) -> None:
    """Draw one vector (features,): value by feature."""
    axes.plot(item, linewidth=0.4)
    axes.set_xticks([])  # labels would take most of the time of a figure of many items
    axes.set_yticks([])


def draw_overview(x: np.ndarray | Rows, members: dict[str, np.ndarray], features: list[str]) -> Figure:
    """The range of each feature over all items: a feature that never changes, or is off scale, is seen here."""
    low, quarter, median, three_quarters, high = np.percentile(x[:MOST], (0, 25, 50, 75, 100), axis=0)
    places = np.arange(len(median))
    figure = Figure(figsize=(12, 4), layout="constrained")
    axes = figure.subplots()
    axes.fill_between(places, low, high, alpha=0.2, label="lowest to highest", step="mid")
    axes.fill_between(places, quarter, three_quarters, alpha=0.5, label="middle half", step="mid")
    axes.step(places, median, linewidth=0.8, color="black", label="median", where="mid")
    if len(features) <= 40:
        axes.set_xticks(places, features, rotation=60, ha="right", fontsize=7)
    if high.max() - low.min() > 1000 * np.median(three_quarters - quarter) > 0:
        axes.set_yscale("symlog")  # features of very different size
        axes.yaxis.set_major_formatter("{x:g}")
    axes.set(title="Range of each feature", xlabel="feature", ylabel="value")
    axes.legend(fontsize=8)
    return figure

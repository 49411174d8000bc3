"""How a sequence of feature vectors is drawn."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .files import Rows

MOST = 2000  # items that a mean is taken of


def draw_item(axes: Axes, item: np.ndarray) -> None:
    """Draw one sequence (steps, features): a curve a feature."""
    axes.plot(item, linewidth=0.6, alpha=0.7)
    axes.set_xticks([])  # labels would take most of the time of a figure of many items
    axes.set_yticks([])


def draw_overview(x: np.ndarray | Rows, members: dict[str, np.ndarray], features: list[str]) -> Figure:
    """The mean of all features along the steps, a curve a group, with the deviation across items."""
    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.subplots()
    for name, chosen in list(members.items())[:30]:
        items = x[np.flatnonzero(chosen)[:MOST]]
        if not len(items):
            continue
        curves = np.ma.masked_invalid(items.mean(axis=2))  # (items, steps, features) -> (items, steps), without padding
        mean, deviation = curves.mean(axis=0), curves.std(axis=0)
        (line,) = axes.plot(mean, label=name)
        axes.fill_between(range(len(mean)), mean - deviation, mean + deviation, alpha=0.04, color=line.get_color())
    axes.set(
        title="Mean of the features along the sequence, and one deviation", xlabel="step", ylabel="mean of features"
    )
    axes.legend(fontsize=8)
    return figure

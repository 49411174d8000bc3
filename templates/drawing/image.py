"""How a picture is drawn."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .files import Rows

MOST = 2000  # items that a mean is taken of


def draw_item(axes: Axes, item: np.ndarray) -> None:
    """Draw one picture (height, width, channels)."""
    axes.imshow(item.squeeze(), cmap="gray")  # RGB stays as it is
    axes.set_xticks([])
    axes.set_yticks([])


def draw_overview(x: np.ndarray | Rows, members: dict[str, np.ndarray], features: list[str]) -> Figure:
    """The mean picture of each group: what a rule by nearest mean goes by; members[group]: which items (n,) bool."""
    members = dict(list(members.items())[:30])
    columns = min(10, len(members))
    rows = -(-len(members) // columns)
    figure = Figure(figsize=(1.4 * columns, 1.8 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).flat
    for axes, (name, chosen) in zip(grid, members.items(), strict=False):
        items = x[np.flatnonzero(chosen)[:MOST]]
        if len(items):
            draw_item(axes, items.mean(axis=0).astype(x.dtype))
        axes.set_title(name, fontsize=8)
    for axes in figure.axes[len(members) :]:
        axes.axis("off")
    figure.suptitle("Mean picture of each group", fontsize=10)
    return figure

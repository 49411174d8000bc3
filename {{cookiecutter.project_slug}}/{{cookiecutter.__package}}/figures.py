"""Figures of the data and of a training: each function draws one and returns it; `save` writes it.

They are made without pyplot: nothing is shared between figures, and no display is needed. What shows how good a model
is depends on the task, and is in metrics.py.
"""

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from .drawing import draw_item
from .files import Rows

MOST_GROUPS = 30  # that a figure shows

matplotlib.rcParams["text.parse_math"] = False  # dollars in a name are no formula


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def balance(counts: dict[str, dict[str, int]], items: dict[str, int]) -> Figure:
    """Share of each group (a class, a label, a range of targets) in each split; counts[group][split], items[split]."""
    counts = dict(list(counts.items())[:MOST_GROUPS])
    figure = Figure(figsize=(8, 0.35 * len(counts) + 1.4), layout="constrained")
    axes = figure.subplots()
    positions = np.arange(len(counts))
    height = 0.8 / len(items)
    for number, (split, total) in enumerate(items.items()):
        values = np.array([group[split] for group in counts.values()])
        axes.barh(positions + number * height, values / total, height, label=f"{split} ({total:,})")
    axes.set_yticks(positions + 0.4 - height / 2, counts)
    axes.invert_yaxis()
    axes.set(title="Targets", xlabel="share of the split")
    figure.legend(loc="outside lower center", ncols=len(items))
    return figure


def examples(x: np.ndarray | Rows, members: dict[str, np.ndarray], *, per_group: int = 8) -> Figure:
    """The first items of each group, a row a group; members[group]: which items (n,) bool belong to it."""
    members = dict(list(members.items())[:MOST_GROUPS])
    figure = Figure(figsize=(1.2 * per_group + 1, 1.2 * len(members)), layout="constrained")
    grid = figure.subplots(len(members), per_group, squeeze=False)
    for (name, chosen), row in zip(members.items(), grid, strict=True):
        row[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9)
        rows = np.flatnonzero(chosen)[:per_group]
        for axes, item in zip(row, x[rows], strict=False):
            draw_item(axes, item)
        for axes in row[max(len(rows), 1) :]:
            axes.axis("off")
        row[0].set(xticks=[], yticks=[])  # of a group without an item, too
    return figure


def mistakes(x: np.ndarray | Rows, found: list[tuple[int, str]]) -> Figure:
    """The worst predictions of the test split; found: number and title of each item, the worst first."""
    columns = 6
    rows = max(1, -(-len(found) // columns))
    figure = Figure(figsize=(1.9 * columns, 2.1 * rows), layout="constrained")
    grid = figure.subplots(rows, columns).flat
    for axes, (number, title) in zip(grid, found, strict=False):
        draw_item(axes, x[number])
        axes.set_title(title, fontsize=7)
    for axes in figure.axes[len(found) :]:
        axes.axis("off")
    figure.suptitle("The worst predictions on the test split" if found else "No mistakes on the test split")
    return figure


def learning_curves(history: list[dict[str, float]], metric: str) -> Figure:
    """Loss and metric by epoch, on train and validation; the best epoch is marked."""
    epochs = [row["epoch"] for row in history]
    best = min(history, key=lambda row: row["val_loss"])["epoch"]
    figure = Figure(figsize=(11, 4), layout="constrained")
    for axes, name in zip(figure.subplots(1, 2), ("loss", metric), strict=True):
        axes.plot(epochs, [row[name] for row in history], marker=".", label="train")
        axes.plot(epochs, [row[f"val_{name}"] for row in history], marker=".", label="validation")
        axes.axvline(best, color="grey", linestyle=":", label=f"best epoch: {best:.0f}")
        axes.set(title=name, xlabel="epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend()
    return figure

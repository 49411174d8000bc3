"""Figures of the data and of a trained model: each function draws one and returns it; `save` writes it.

They are made without pyplot: nothing is shared between figures, and no display is needed.
"""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from .items import draw_item


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def class_balance(counts: dict[str, np.ndarray], class_names: list[str]) -> Figure:
    """Share of each class in each split; counts: split name -> (classes,)."""
    figure = Figure(figsize=(8, 0.35 * len(class_names) + 1.4), layout="constrained")
    axes = figure.subplots()
    positions = np.arange(len(class_names))
    height = 0.8 / len(counts)
    for number, (split, count) in enumerate(counts.items()):
        axes.barh(positions + number * height, count / count.sum(), height, label=f"{split} ({count.sum():,})")
    axes.set_yticks(positions + 0.4 - height / 2, class_names)
    axes.invert_yaxis()
    axes.set(title="Class balance", xlabel="share of the split")
    figure.legend(loc="outside lower center", ncols=len(counts))
    return figure


def examples(x: np.ndarray, y: np.ndarray, class_names: list[str], *, per_class: int = 8) -> Figure:
    """The first items of each class, a row a class."""
    figure = Figure(figsize=(1.2 * per_class, 1.2 * len(class_names)), layout="constrained")
    grid = figure.subplots(len(class_names), per_class, squeeze=False)
    for label, row in enumerate(grid):
        row[0].set_ylabel(class_names[label], rotation=0, ha="right", va="center", fontsize=9)
        items = x[np.flatnonzero(y == label)[:per_class]]
        for axes, item in zip(row, items, strict=False):
            draw_item(axes, item)
        for axes in row[len(items) :]:
            axes.axis("off")
    return figure


def mistakes(
    x: np.ndarray, y: np.ndarray, probabilities: np.ndarray, class_names: list[str], *, most: int = 24
) -> Figure:
    """The wrong predictions that the model was surest of: often the label is wrong, or the item a riddle."""
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(predicted != y)
    wrong = wrong[np.argsort(-confidence[wrong], kind="stable")][:most]
    columns = 6
    rows = max(1, -(-len(wrong) // columns))
    figure = Figure(figsize=(1.9 * columns, 2.1 * rows), layout="constrained")
    for axes in figure.subplots(rows, columns).flat[len(wrong) :]:
        axes.axis("off")
    for axes, index in zip(figure.axes, wrong, strict=False):
        draw_item(axes, x[index])
        title = f"{class_names[predicted[index]]} {confidence[index]:.0%}\nlabel: {class_names[y[index]]}"
        axes.set_title(title, fontsize=7)
    figure.suptitle("The most confident mistakes on the test split" if len(wrong) else "No mistakes on the test split")
    return figure


def confusion(matrix: np.ndarray, class_names: list[str]) -> Figure:
    """Confusion matrix (true, predicted) as counts, coloured by the share of the true class."""
    size = 0.6 * len(class_names) + 2.5
    figure = Figure(figsize=(size, size), layout="constrained")
    axes = figure.subplots()
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(matrix):
        colour = "white" if shares[row, column] > 0.5 else "black"
        axes.text(column, row, count, ha="center", va="center", fontsize=8, color=colour)
    axes.set_xticks(range(len(class_names)), class_names, rotation=45, ha="right")
    axes.set_yticks(range(len(class_names)), class_names)
    axes.set(title="Confusion matrix, test split", xlabel="predicted", ylabel="true")
    return figure


def learning_curves(history: list[dict[str, float]]) -> Figure:
    """Loss and accuracy by epoch, on train and validation; the best epoch is marked."""
    epochs = [row["epoch"] for row in history]
    best = min(history, key=lambda row: row["val_loss"])["epoch"]
    figure = Figure(figsize=(11, 4), layout="constrained")
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        axes.plot(epochs, [row[name] for row in history], marker=".", label="train")
        axes.plot(epochs, [row[f"val_{name}"] for row in history], marker=".", label="validation")
        axes.axvline(best, color="grey", linestyle=":", label=f"best epoch: {best:.0f}")
        axes.set(title=name, xlabel="epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend()
    return figure

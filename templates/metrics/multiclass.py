"""How good predictions are, in numbers and in a figure: (targets, predictions) -> what metrics.json says."""

import math
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from rich.table import Table
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support

SHOWN = {"accuracy": "accuracy", "macro_f1": "macro F1", "macro_recall": "macro recall"}  # one of them: compile.metric
LOWER_IS_BETTER: tuple[str, ...] = ()
MOST_NAMED = 40  # classes of a confusion matrix that has room for names and counts


def measure(y: np.ndarray, predictions: np.ndarray, names: list[str]) -> dict[str, Any]:
    """Accuracy with its 95 % interval, macro F1 and recall, log loss, and each class by itself.

    Args:
        y: true classes (n,) int.
        predictions: probabilities (n, classes), each row summing to 1.
        names: of all classes, in the order of the columns.
    """
    labels = list(range(len(names)))
    predicted = predictions.argmax(axis=1)
    correct = int((predicted == y).sum())
    precision, recall, f1, support = precision_recall_fscore_support(y, predicted, labels=labels, zero_division=0)
    present = support > 0  # a class without an item has no recall
    return {
        "items": len(y),
        "accuracy": correct / len(y),
        "interval": wilson_interval(correct, len(y)),
        "macro_f1": float(f1[present].mean()),
        "macro_recall": float(recall[present].mean()),
        "log_loss": float(log_loss(y, predictions, labels=labels)),
        "details": {
            name: {
                "precision": float(precision[label]),
                "recall": float(recall[label]),
                "F1": float(f1[label]),
                "items": int(support[label]),
            }
            for label, name in enumerate(names)
        },
    }


def wilson_interval(correct: int, total: int) -> list[float]:
    """95 % interval of a share: Wilson's score interval (J. Am. Stat. Assoc. 22, 1927), sound also near 0 and 1."""
    z = 1.959964  # standard normal quantile of 0.975
    share = correct / total
    centre = share + z * z / (2 * total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return [(centre - half) / scale, (centre + half) / scale]


def details_table(metrics: dict[str, Any]) -> Table:
    """Precision, recall and F1 of each class, for people."""
    table = Table(title="Each class, test split")
    for column in ("class", "precision", "recall", "F1", "items"):
        table.add_column(column, justify="left" if column == "class" else "right")
    for name, score in metrics["details"].items():
        table.add_row(name, *(f"{score[key]:.3f}" for key in ("precision", "recall", "F1")), f"{score['items']:,}")
    return table


def draw(y: np.ndarray, predictions: np.ndarray, names: list[str]) -> dict[str, Figure]:
    """The confusion matrix (true, predicted): counts, coloured by share of the true class; of many, colours alone."""
    matrix = confusion_matrix(y, predictions.argmax(axis=1), labels=range(len(names)))
    size = 0.6 * min(len(names), MOST_NAMED) + 2.5
    figure = Figure(figsize=(size, size), layout="constrained")
    axes = figure.subplots()
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    if len(names) <= MOST_NAMED:
        for (row, column), count in np.ndenumerate(matrix):
            colour = "white" if shares[row, column] > 0.5 else "black"
            axes.text(column, row, count, ha="center", va="center", fontsize=8, color=colour)
        shown = [name if len(name) <= 30 else f"{name[:29]}…" for name in names]
        axes.set_xticks(range(len(names)), shown, rotation=45, ha="right")
        axes.set_yticks(range(len(names)), shown)
    axes.set(title="Confusion matrix, test split", xlabel="predicted", ylabel="true")
    return {"confusion_matrix": figure}

"""How good predictions are, in numbers and in a figure: (targets, predictions) -> what metrics.json says."""

import math
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from rich.table import Table
from sklearn.metrics import (
    average_precision_score,
    confusion_matrix,
    log_loss,
    precision_recall_curve,
    precision_recall_fscore_support,
    roc_auc_score,
    roc_curve,
)

# One of them is compile.metric. F1 is that of the positive class, the second one.
SHOWN = {"accuracy": "accuracy", "f1": "F1", "macro_recall": "macro recall", "roc_auc": "ROC AUC"}
LOWER_IS_BETTER: tuple[str, ...] = ()


def measure(y: np.ndarray, predictions: np.ndarray, names: list[str]) -> dict[str, Any]:
    """Accuracy with its 95 % interval, F1, mean recall of both classes, area under the ROC curve, and each class.

    Args:
        y: true classes (n,) int, 1 is the positive one.
        predictions: probabilities of the positive class (n,).
        names: of both classes.
    """
    predicted = (predictions >= 0.5).astype(int)
    correct = int((predicted == y).sum())
    precision, recall, f1, support = precision_recall_fscore_support(y, predicted, labels=[0, 1], zero_division=0)
    both = support.min() > 0  # else there is nothing to rank
    return {
        "items": len(y),
        "accuracy": correct / len(y),
        "interval": wilson_interval(correct, len(y)),
        "f1": float(f1[1]),
        "macro_recall": float(recall[support > 0].mean()),
        "roc_auc": float(roc_auc_score(y, predictions)) if both else float("nan"),
        "average_precision": float(average_precision_score(y, predictions)) if both else float("nan"),
        "log_loss": float(log_loss(y, predictions, labels=[0, 1])),
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
    """Precision, recall and F1 of both classes, for people."""
    table = Table(title="Both classes, test split")
    for column in ("class", "precision", "recall", "F1", "items"):
        table.add_column(column, justify="left" if column == "class" else "right")
    for name, score in metrics["details"].items():
        table.add_row(name, *(f"{score[key]:.3f}" for key in ("precision", "recall", "F1")), f"{score['items']:,}")
    return table


def draw(y: np.ndarray, predictions: np.ndarray, names: list[str]) -> dict[str, Figure]:
    """Confusion matrix, ROC curve and precision-recall curve: what another threshold than 0.5 would give."""
    figure = Figure(figsize=(13, 4.3), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    matrix = confusion_matrix(y, predictions >= 0.5, labels=[0, 1])
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    left.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(matrix):
        colour = "white" if shares[row, column] > 0.5 else "black"
        left.text(column, row, count, ha="center", va="center", color=colour)
    left.set_xticks(range(2), names)
    left.set_yticks(range(2), names, rotation=90, va="center")
    left.set(title="Confusion matrix, test split", xlabel="predicted", ylabel="true")
    if len(np.unique(y)) == 2:
        middle.plot(*roc_curve(y, predictions)[:2])
        precision, recall, _ = precision_recall_curve(y, predictions)
        right.plot(recall, precision)
    middle.plot([0, 1], [0, 1], color="grey", linestyle=":")
    middle.set(title="ROC curve", xlabel="false positive rate", ylabel="true positive rate")
    right.set(title="Precision and recall", xlabel="recall", ylabel="precision", ylim=(0, 1.02))
    return {"confusion_matrix": figure}

"""How good predictions are: (targets, probabilities) -> numbers."""

import math
from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support


def classification_metrics(y: np.ndarray, probabilities: np.ndarray, class_names: list[str]) -> dict[str, Any]:
    """Accuracy with its 95 % interval, macro F1, log loss, and precision, recall, F1 and count of each class.

    Args:
        y: true classes (n,) int.
        probabilities: (n, classes), each row summing to 1.
        class_names: of all classes, in the order of the columns.
    """
    labels = list(range(len(class_names)))
    predicted = probabilities.argmax(axis=1)
    correct = int((predicted == y).sum())
    precision, recall, f1, support = precision_recall_fscore_support(y, predicted, labels=labels, zero_division=0)
    return {
        "items": len(y),
        "accuracy": correct / len(y),
        "accuracy_interval": wilson_interval(correct, len(y)),
        "macro_f1": float(f1.mean()),
        "log_loss": float(log_loss(y, probabilities, labels=labels)),
        "per_class": {
            name: {
                "precision": float(precision[label]),
                "recall": float(recall[label]),
                "f1": float(f1[label]),
                "items": int(support[label]),
            }
            for label, name in enumerate(class_names)
        },
        "confusion": confusion_matrix(y, predicted, labels=labels).tolist(),
    }


def wilson_interval(correct: int, total: int) -> list[float]:
    """95 % interval of a share: Wilson's score interval (J. Am. Stat. Assoc. 22, 1927), sound also near 0 and 1."""
    z = 1.959964  # standard normal quantile of 0.975
    share = correct / total
    centre = share + z * z / (2 * total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return [(centre - half) / scale, (centre + half) / scale]

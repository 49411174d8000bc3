"""How good predictions are, in numbers and in a figure: (targets, predictions) -> what metrics.json says."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from rich.table import Table

SHOWN = {"micro_f1": "micro F1", "macro_f1": "macro F1", "exact_match": "all labels right"}  # one is compile.metric
LOWER_IS_BETTER: tuple[str, ...] = ()
MOST_DRAWN = 30  # labels in a figure


def measure(y: np.ndarray, predictions: np.ndarray, names: list[str]) -> dict[str, Any]:
    """F1 over all answers with its 95 % interval, mean F1 of the labels, share of items without a mistake, each label.

    Args:
        y: (n, labels), 0 or 1.
        predictions: probabilities (n, labels).
        names: of the labels, in the order of the columns.
    """
    truth, predicted = y > 0.5, predictions >= 0.5
    hits, found, support = (truth & predicted).sum(axis=0), predicted.sum(axis=0), truth.sum(axis=0)
    precision, recall = hits / np.maximum(found, 1), hits / np.maximum(support, 1)  # 0 where there is nothing
    f1 = 2 * hits / np.maximum(found + support, 1)
    counts = _count(truth, predicted)
    return {
        "items": len(y),
        "micro_f1": float(_f1(*counts.sum(axis=0))),
        "interval": bootstrap_interval(counts),
        "macro_f1": float(f1.mean()),
        "exact_match": float((truth == predicted).all(axis=1).mean()),
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


def bootstrap_interval(counts: np.ndarray, *, samples: int = 400) -> list[float]:
    """95 % interval of micro F1, from the items (n, 3) drawn anew with replacement (Efron, Ann. Stat. 7, 1979)."""
    random = np.random.default_rng(0)
    drawn = [_f1(*counts[random.integers(0, len(counts), len(counts))].sum(axis=0)) for _ in range(samples)]
    return [float(value) for value in np.quantile(drawn, (0.025, 0.975))]


def _count(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """True positives, false positives and false negatives of each item: (n, 3)."""
    parts = (truth & predicted, ~truth & predicted, truth & ~predicted)
    return np.stack([part.sum(axis=1) for part in parts], axis=1)


def _f1(true_positives: int, false_positives: int, false_negatives: int) -> float:
    return 2 * true_positives / max(2 * true_positives + false_positives + false_negatives, 1)


def details_table(metrics: dict[str, Any]) -> Table:
    """Precision, recall and F1 of each label, for people."""
    table = Table(title="Each label, test split")
    for column in ("label", "precision", "recall", "F1", "items"):
        table.add_column(column, justify="left" if column == "label" else "right")
    for name, score in metrics["details"].items():
        table.add_row(name, *(f"{score[key]:.3f}" for key in ("precision", "recall", "F1")), f"{score['items']:,}")
    return table


def draw(y: np.ndarray, predictions: np.ndarray, names: list[str]) -> dict[str, Figure]:
    """For each of the first labels the share of items by predicted probability: two heaps, far apart, are hoped for."""
    names = names[:MOST_DRAWN]
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    figure = Figure(figsize=(4 * columns, 2.6 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    edges = np.linspace(0, 1, 21)
    for axes, label in zip(grid.flat, range(len(names)), strict=False):
        for value, name in ((0, "without"), (1, "with")):
            chosen = predictions[y[:, label] == value, label]
            weights = np.full(len(chosen), 1 / max(len(chosen), 1))
            axes.hist(chosen, edges, weights=weights, alpha=0.6, label=f"{name} ({len(chosen):,})")
        axes.set(title=names[label], xlabel="predicted probability", ylabel="share of items")
        axes.legend(fontsize=7)
    for axes in grid.flat[len(names) :]:
        axes.axis("off")
    return {"probabilities": figure}

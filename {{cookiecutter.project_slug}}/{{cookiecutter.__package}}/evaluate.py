"""Evaluation: predictions of a run beside the baselines, in numbers and figures.

In: runs/<name>/predictions.npz, made by predict.py from the best checkpoint; no deep-learning framework is imported.
Out: metrics.json, and figures/ with confusion matrix, learning curves and the most confident mistakes.
"""

from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.metrics import f1_score

from . import baseline, figures
from .config import Config
from .data import Splits, load_splits
from .metrics import classification_metrics
from .monitor import best_epoch, read_history
from .runs import load_run, read_json, write_json


def main(run_name: str = "") -> dict[str, Any]:
    """Score, write, draw and print; returns what metrics.json says."""
    run, config, _ = load_run(run_name)
    splits = load_splits(config)
    with np.load(run / "predictions.npz") as predictions:
        probabilities = {"validation": predictions["validation"], "test": predictions["test"]}
    baseline.load_report(config) or baseline.main(config)
    metrics = {
        "run": run.name,
        "validation": classification_metrics(splits.val.y, probabilities["validation"], splits.class_names),
        "test": classification_metrics(splits.test.y, probabilities["test"], splits.class_names),
        "baselines": score_baselines(splits.test.x, splits.test.y),
        **baseline.published(config),
        "training": read_json(run / "training.json") if (run / "training.json").is_file() else None,  # None: broken off
    }
    write_json(run / "metrics.json", metrics)
    draw(run, metrics, splits, probabilities["test"])
    print_metrics(run, metrics)
    return metrics


def score_baselines(x: np.ndarray, y: np.ndarray) -> dict[str, dict[str, float]]:
    """Test accuracy and macro F1 of each fitted baseline."""
    table = baseline.flatten(x)
    predictions = {name: model.predict(table) for name, model in baseline.load_models().items()}
    return {
        name: {
            "accuracy": float((predicted == y).mean()),
            "macro_f1": float(f1_score(y, predicted, average="macro", zero_division=0)),
        }
        for name, predicted in predictions.items()
    }


def draw(run: Path, metrics: dict[str, Any], splits: Splits, probabilities: np.ndarray) -> None:
    """Write the figures of a run."""
    folder, names = run / "figures", splits.class_names
    figures.save(figures.confusion(np.array(metrics["test"]["confusion"]), names), folder / "confusion_matrix.png")
    figures.save(figures.learning_curves(read_history(run)), folder / "learning_curves.png")
    figures.save(figures.mistakes(splits.test.x, splits.test.y, probabilities, names), folder / "mistakes.png")


def print_metrics(run: Path, metrics: dict[str, Any]) -> None:
    """The same as tables for people."""
    console = Console(highlight=False)
    test, validation = metrics["test"], metrics["validation"]
    low, high = test["accuracy_interval"]

    table = Table(title=f"Run {metrics['run']}: test split, {test['items']:,} items")
    for column in ("", "accuracy", "95 % interval", "macro F1"):
        table.add_column(column, justify="left" if column == "" else "right")
    for name, score in metrics["baselines"].items():
        table.add_row(name, f"{score['accuracy']:.4f}", "", f"{score['macro_f1']:.4f}")
    for name, accuracy in metrics.get("published_test_accuracy", {}).items():
        table.add_row(f"[dim]published: {name}[/]", f"[dim]{accuracy:.3f}[/]", "", "")
    model = ("this model", f"{test['accuracy']:.4f}", f"{low:.4f} to {high:.4f}", f"{test['macro_f1']:.4f}")
    table.add_row(*model, style="bold")
    console.print(table)

    table = Table(title="Each class, test split")
    for column in ("class", "precision", "recall", "F1", "items"):
        table.add_column(column, justify="left" if column == "class" else "right")
    for name, score in test["per_class"].items():
        table.add_row(name, *(f"{score[key]:.3f}" for key in ("precision", "recall", "f1")), f"{score['items']:,}")
    console.print(table)

    console.print(
        f"Validation accuracy {validation['accuracy']:.4f}: the model was chosen by it, the test split judges."
    )
    console.print(f"Written: {run}/metrics.json and {run}/figures")


def compare_on_validation(run: Path, config: Config) -> None:
    """After training: the model's validation accuracy beside the baselines'; the test split stays untouched."""
    report = baseline.load_report(config) or baseline.main(config)
    best = best_epoch(read_history(run))
    table = Table(title="Validation accuracy", show_header=False)
    for name, result in report["baselines"].items():
        table.add_row(name, f"{result['validation_accuracy']:.4f}")
    table.add_row("this model", f"{best['val_accuracy']:.4f}", style="bold")
    Console(highlight=False).print(table)

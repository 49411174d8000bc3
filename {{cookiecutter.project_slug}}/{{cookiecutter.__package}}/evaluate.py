"""Evaluation: predictions of a run beside the baselines, in numbers and figures.

In: runs/<name>/predictions.npz, made by inference.py from the best checkpoint; no deep-learning framework is imported.
Out: metrics.json, and figures/: the result by task, learning curves and the worst mistakes.
"""

from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from . import baseline, figures
from .config import Config
from .data import Splits, load_splits
from .metrics import SHOWN, details_table, draw, measure
from .monitor import read_history
from .runs import digits, load_run, read_json, write_json
from .task import METRIC, mistakes


def main(run_name: str = "") -> dict[str, Any]:
    """Score, write, draw and print; returns what metrics.json says."""
    run, config, _ = load_run(run_name)
    splits = load_splits(config)
    with np.load(run / "predictions.npz") as stored:
        predictions = {"validation": stored["validation"], "test": stored["test"]}
    baseline.load_report(config) or baseline.main(config)
    metrics = {
        "run": run.name,
        "metric": config.compile.metric,
        "validation": measure(splits.val.y, predictions["validation"], splits.names),
        "test": measure(splits.test.y, predictions["test"], splits.names),
        "baselines": baseline.score(splits),
        **baseline.published(config),
        "training": read_json(run / "training.json") if (run / "training.json").is_file() else None,  # None: broken off
    }
    write_json(run / "metrics.json", metrics)
    draw_all(run, splits, predictions["test"])
    print_metrics(run, metrics)
    return metrics


def draw_all(run: Path, splits: Splits, predictions: np.ndarray) -> None:
    """Write the figures of a run; predictions: of the test split."""
    folder, test = run / "figures", splits.test
    for name, figure in draw(test.y, predictions, splits.names).items():
        figures.save(figure, folder / f"{name}.png")
    figures.save(figures.learning_curves(read_history(run), METRIC), folder / "learning_curves.png")
    worst = mistakes(test.y, predictions, splits.names, most=24)
    figures.save(figures.mistakes(test.x, worst), folder / "mistakes.png")


def print_metrics(run: Path, metrics: dict[str, Any]) -> None:
    """The same as tables for people."""
    console = Console(highlight=False, markup=False)  # names may hold brackets
    test, (first, *others) = metrics["test"], SHOWN
    low, high = test["interval"]

    caption = f"dim: published ({metrics['published_source']})" if "published" in metrics else None
    table = Table(title=f"Run {metrics['run']}: test split, {test['items']:,} items", caption=caption)
    for column in ("", SHOWN[first], "95 % interval", *(SHOWN[key] for key in others)):
        table.add_column(column, justify="left" if column == "" else "right")
    for name, scores in metrics["baselines"].items():
        table.add_row(name, digits(scores[first]), "", *(digits(scores[key]) for key in others))
    for name, value in metrics.get("published", {}).items():
        table.add_row(name, f"{value:.3f}", style="dim")
    interval = f"{digits(low)}-{digits(high)}"
    others = (digits(test[key]) for key in others)
    table.add_row("this model", digits(test[first]), interval, *others, style="bold")
    console.print(table)
    console.print(details_table(test))
    console.print(
        f"On the validation split, by whose loss the epoch was chosen: {SHOWN[first]}"
        f" {digits(metrics['validation'][first])}. The test split judges."
    )
    console.print(f"Written: {run}/metrics.json and {run}/figures")


def compare_on_validation(run: Path, config: Config, predictions: np.ndarray, splits: Splits) -> None:
    """After training: the model on the validation split beside the baselines; the test split stays untouched."""
    report = baseline.load_report(config) or baseline.main(config)
    rows = {name: result["validation"] for name, result in report["baselines"].items()}
    rows["this model"] = measure(splits.val.y, predictions, splits.names)
    table = Table(title="Validation split")
    table.add_column("")
    for key, label in SHOWN.items():
        table.add_column(f"[bold]{label}[/]" if key == config.compile.metric else label, justify="right")
    for name, scores in rows.items():
        values = (digits(scores[key]) for key in SHOWN)
        table.add_row(name, *values, style="bold" if name == "this model" else None)
    Console(highlight=False).print(table)

"""Evaluation: test metrics and figures of the best model of a run, beside the baselines.

Out: in the folder of the run predictions.npz, metrics.json and figures/ (metrics, learning curves, worst mistakes).
"""

from pathlib import Path
from typing import Any

import numpy as np
from jsonargparse import ArgumentParser
from rich.console import Console
from rich.table import Table

from .. import baseline
{% if cookiecutter.task != "regression" %}
from ..config import counted
{% endif %}
from ..data import Splits, load_splits
{% if cookiecutter.task != "regression" %}
from ..data.labels import draw_doubtful, find_doubtful, write_doubtful
{% endif %}
from ..data.plots import save_figure
from ..data.samples import DiskArray
from ..metrics import SHOWN, compute_metrics, details_table, draw_metrics, format_metric
from ..runs import check_data, load_run, read_history
from ..storage import read_json, whole_file, write_json
from ..task import METRIC, find_mistakes, to_predictions
from ..training.checkpoint import load_model, run_model
from .card import write_card
from .importance import describe_importance
from .plots import draw_learning_curves, draw_mistakes
{% if cookiecutter.task != "regression" %}
from .report import Section, collect_results, write_report
{% else %}
from .report import collect_results, write_report
{% endif %}


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of the command `evaluate`."""
    parser.add_argument("--run", default="", help="name of the run; the newest without it")


def main(run: str = "") -> dict[str, Any]:
    """Evaluate the best model of a run on the validation and test splits: compute, write, draw and print.

    Args:
        run: name of the run; the newest if it is empty.

    Returns:
        What metrics.json holds.

    Raises:
        UserError: there is no such run, or the data has changed since.
    """
    folder, config, info = load_run(run)
    splits = load_splits(config)
    check_data(splits.info, info, folder)

    model = load_model(folder)

    def predict(x: np.ndarray | DiskArray) -> np.ndarray:
        return to_predictions(run_model(model, x, config), info.target_statistics)

    predictions: dict[str, Any] = {name: predict(splits.named[name].x) for name in ("validation", "test")}
    with whole_file(folder / "predictions.npz") as path:
        np.savez(path, **predictions)

    names = splits.target_names
    training = folder / "training.json"  # absent if training was interrupted
    metrics = {
        "run": folder.name,
        "primary_metric": config.compile.primary_metric,
        "train_samples": len(splits.train),
        "validation": compute_metrics(splits.val.y, predictions["validation"], names, info.target_statistics),
        "test": compute_metrics(splits.test.y, predictions["test"], names, info.target_statistics),
        "baselines": baseline.score_on_test(config, splits),  # fits them if that was not done before
        **baseline.published(config),
        "training": read_json(training) if training.is_file() else None,
    }
    write_json(folder / "metrics.json", metrics)
    draw_figures(folder, splits, predictions["test"])
    results = collect_results(folder, splits)
    sections = [describe_importance(folder, splits, predict)]
{% if cookiecutter.task != "regression" %}
    sections.append(list_doubtful_labels(folder, splits, predictions))
{% endif %}
    report = write_report(folder, splits, predictions["test"], results, sections)
    card = write_card(folder, results)
    print_metrics(folder, metrics)
    print(f"Report: {report}, model card: {card}")
    return metrics


def draw_figures(run: Path, splits: Splits, predictions: np.ndarray) -> None:
    """Draw the figures of a run into its folder; predictions: of the test split."""
    folder = run / "figures"
    test = splits.test
    for name, figure in draw_metrics(test.y, predictions, splits.target_names).items():
        save_figure(figure, folder / f"{name}.png")
    save_figure(draw_learning_curves(read_history(run), METRIC), folder / "learning_curves.png")
    mistakes = find_mistakes(test.y, predictions, splits.target_names, most=24)
    save_figure(draw_mistakes(test.x, mistakes), folder / "mistakes.png")


{% if cookiecutter.task != "regression" %}
def list_doubtful_labels(run: Path, splits: Splits, predictions: dict[str, Any]) -> Section:
    """Write the labels of validation and test split that the model doubts, and describe them for the report.

    Args:
        run: folder of the run.
        splits: the data.
        predictions: by name of the split.
    """
    doubtful = find_doubtful(splits, predictions)
    path = run / "doubtful_labels.csv"
    write_doubtful(path, doubtful)
    checked = " and ".join(f"{counted(len(splits.named[name]), 'sample')} of the {name} split" for name in predictions)
    line = f"Doubtful labels: {len(doubtful):,}, among {checked}, in {path.name}. A person decides which are wrong."
    print(line)
    figure = draw_doubtful(splits, doubtful) if len(doubtful) else None
    return Section("Doubtful labels", [line], figure, "The samples whose labels the model doubts most")


{% endif %}
def print_metrics(run: Path, metrics: dict[str, Any]) -> None:
    """Print what metrics.json holds as tables."""
    console = Console(highlight=False, markup=False)  # names may hold brackets
    test = metrics["test"]
    first, *others = SHOWN

    caption = f"dim: published ({metrics['published_source']})" if "published" in metrics else None
    table = Table(title=f"Run {metrics['run']}: test split, {test['samples']:,} samples", caption=caption)
    for column in ("", SHOWN[first], "95 % interval", *(SHOWN[key] for key in others)):
        table.add_column(column, justify="left" if column == "" else "right")
    for name, scores in metrics["baselines"].items():
        label = baseline.with_samples(name, scores["train_samples"], metrics["train_samples"])
        table.add_row(label, format_metric(scores[first]), "", *(format_metric(scores[key]) for key in others))
    for name, value in metrics.get("published", {}).items():
        table.add_row(name, f"{value:.3f}", style="dim")
    low, high = test["interval"]
    interval = f"{format_metric(low)}-{format_metric(high)}"
    row = [format_metric(test[first]), interval, *(format_metric(test[key]) for key in others)]
    table.add_row("this model", *row, style="bold")
    console.print(table)
    console.print(details_table(test))
    validation = format_metric(metrics["validation"][first])
    print(f"Validation split, which chose the epoch: {SHOWN[first]} {validation}. The test split decides.")
    console.print(f"Written: {run}/metrics.json and {run}/figures")

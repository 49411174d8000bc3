"""Evaluation: test metrics and figures of the best model of a run, beside the baselines.

Out: in the folder of the run predictions.npz, metrics.json, report.html, MODEL_CARD.md and figures/.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
from jsonargparse import ArgumentParser
from rich.console import Console
from rich.table import Table

from .. import baseline
from ..config import Config, DataSettings, UserError, counted
from ..data import Splits, load_splits
from ..data.labels import draw_doubtful, find_doubtful, write_doubtful
from ..data.plots import save_figure
from ..data.samples import DiskArray
from ..data_info import DataInfo
from ..metrics import SHOWN, Scorer, compute_metrics, details_table, draw_metrics, format_metric
from ..runs import SERIES, check_data, is_calibrated, load_run, read_history
from ..storage import read_json, whole_file, write_json
from ..task import METRIC, find_mistakes, to_predictions
from ..training.calibration import calibrate_run
from ..training.checkpoint import load_model, run_model
from ..training.series import Series, find_series, print_table, read_test_scores, summarize
from .card import write_card
from .importance import make_sections
from .intervals import measure_certainty
from .plots import draw_learning_curves, draw_mistakes
from .report import Section, collect_results, write_report

Predict = Callable[[np.ndarray | DiskArray], np.ndarray]  # inputs (n, *shape) -> predictions (n, ...)

STYLES = {"model": "bold", "published": "dim"}  # of rows, by their kind


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of the command `evaluate`."""
    parser.add_argument("--run", default="", help="name of the run or series; the newest without it")


def main(run: str = "") -> dict[str, Any]:
    """Evaluate the best model of a run, or of each run of a series: compute, write, draw and print.

    Args:
        run: name of the run or the series; the newest if it is empty.

    Returns:
        What metrics.json holds; of a series mean and std of the test metrics.

    Raises:
        UserError: there is no such run, or the data has changed since.
    """
    if series := find_series(run):
        return evaluate_series(series)
    folder, config, info = load_run(run)
    splits = load_splits(config)
    check_data(splits.info, info, folder)
    info = ensure_calibrated(folder, config, info, splits)
    predict = load_predictor(folder, config, info)
    metrics = score_run(folder, config, info, splits, predict)
    results = collect_results(folder, splits)
    report, card = write_documents(folder, splits, predict, results)
    print_metrics(folder, metrics, results)
    print(f"Report: {report}, model card: {card}")
    print(results["verdict"])
    if results["start_warning"]:
        print(f"Warning: {results['start_warning']}")
    return metrics


def evaluate_series(series: Series) -> dict[str, Any]:
    """Evaluate each run of a series, and print and keep mean and std of the test metrics.

    The reports come last: each shows the results of all runs.

    Raises:
        UserError: not all its runs were trained, or the data has changed since.
    """
    if not series.is_complete:
        done = len(series.scores)
        raise UserError(
            f"{series.folder} has {done} of {series.size}: train --{series.kind} {series.count} --run"
            f" {series.folder.name} --resume trains the others; to evaluate one alone, name it, such as --run"
            f" {series.runs[0].name}."
        )
    for run, (config, info, splits) in zip(series.runs, load_each(series.runs), strict=True):
        with redirect_stdout(io.StringIO()):  # each fold has baselines of its own
            metrics = score_run(run, config, info, splits, load_predictor(run, config, info))
        values = "  ".join(f"{label} {format_metric(metrics['test'][key])}" for key, label in SHOWN.items())
        print(f"{run}  {values}", flush=True)
    scores = read_test_scores(series)
    summary = summarize(scores)
    series.save(test=summary)
    for run, (config, info, splits) in zip(series.runs, load_each(series.runs), strict=True):
        with redirect_stdout(io.StringIO()):
            write_documents(run, splits, load_predictor(run, config, info), collect_results(run, splits))
    print_table(series, scores, "Test split")
    print(f"Written: {series.folder / SERIES}, and metrics, figures and report of each run.")
    return summary


def load_each(runs: list[Path]) -> Iterator[tuple[Config, DataInfo, Splits]]:
    """Load settings, data.json and data of each run. Runs with the same settings of the data share it.

    Raises:
        UserError: the data has changed since.
    """
    before: DataSettings | None = None  # of the run before
    splits: Splits | None = None
    for run in runs:
        _, config, info = load_run(str(run))
        if splits is None or config.data != before:
            splits = None  # not two in memory
            splits = load_splits(config)
        before = config.data
        check_data(splits.info, info, run)
        yield config, ensure_calibrated(run, config, info, splits), splits


def ensure_calibrated(run: Path, config: Config, info: DataInfo, splits: Splits) -> DataInfo:
    """Calibrate a run whose training was interrupted before it did so; return its data.json."""
    if is_calibrated(run, info):
        return info
    print(f"{run} is calibrated now, on the validation split, because training was interrupted or goes on.")
    calibrate_run(run, config, splits)
    return load_run(str(run))[2]


def load_predictor(folder: Path, config: Config, info: DataInfo) -> Predict:
    """Load the best model of a run, as a function from inputs (n, *shape) to predictions (n, ...)."""
    model = load_model(folder)
    return lambda x: to_predictions(run_model(model, x, config), info.target_statistics)


def score_run(folder: Path, config: Config, info: DataInfo, splits: Splits, predict: Predict) -> dict[str, Any]:
    """Compute the metrics of a run on the validation and test splits, and write them with the predictions.

    Returns:
        What metrics.json holds.
    """
    predictions: dict[str, Any] = {name: predict(splits.named[name].x) for name in ("validation", "test")}
    with whole_file(folder / "predictions.npz") as path:
        np.savez(path, **predictions)

    names = splits.target_names
    training = folder / "training.json"  # absent if training was interrupted
    metrics: dict[str, Any] = {
        "run": folder.name,
        "primary_metric": config.compile.primary_metric,
        "train_samples": len(splits.train),
        "validation": compute_metrics(splits.val.y, predictions["validation"], names, info.target_statistics),
        "test": compute_metrics(splits.test.y, predictions["test"], names, info.target_statistics),
        "baselines": baseline.score_on_test(config, splits),  # fits them if that was not done before
        **baseline.published(config),
        "training": read_json(training) if training.is_file() else None,
        "test_evaluations": count_evaluations(folder) + 1,
    }
    model_scorer = Scorer(splits.test.y, predictions["test"], info.target_statistics)
    scorers = {
        name: Scorer(splits.test.y, guesses, statistics)
        for name, (guesses, statistics) in baseline.load_predictions(config, splits).items()
    }
    certainty = measure_certainty(splits.test, model_scorer, scorers, metrics["primary_metric"])
    metrics["test"]["intervals"] = certainty.pop("intervals")
    metrics |= certainty
    write_json(folder / "metrics.json", metrics)
    return metrics


def count_evaluations(run: Path) -> int:
    """Count how often the test split was evaluated in this run before."""
    path = run / "metrics.json"
    return read_json(path).get("test_evaluations", 1) if path.is_file() else 0


def write_documents(folder: Path, splits: Splits, predict: Predict, results: dict[str, Any]) -> tuple[Path, Path]:
    """Write figures, report and model card of a run that was scored; return the paths of the last two."""
    with np.load(folder / "predictions.npz") as stored:
        predictions = {name: stored[name] for name in ("validation", "test")}
    draw_figures(folder, splits, predictions["test"], load_run(str(folder))[2].target_statistics)
    sections = [*make_sections(folder, splits, predict), list_doubtful_labels(folder, splits, predictions)]
    report = write_report(folder, splits, predictions["test"], results, sections)
    return report, write_card(folder, results)


def draw_figures(run: Path, splits: Splits, predictions: np.ndarray, statistics: dict[str, Any]) -> None:
    """Draw the figures of a run into its folder.

    Args:
        run: folder of the run.
        splits: the data.
        predictions: of the test split.
        statistics: of the targets, as the run keeps them.
    """
    folder = run / "figures"
    test = splits.test
    for name, figure in draw_metrics(test.y, predictions, splits.target_names, statistics).items():
        save_figure(figure, folder / f"{name}.png")
    save_figure(draw_learning_curves(read_history(run), METRIC), folder / "learning_curves.png")
    mistakes = find_mistakes(test.y, predictions, splits.target_names, statistics, most=24)
    save_figure(draw_mistakes(test.x, mistakes), folder / "mistakes.png")


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


def print_metrics(run: Path, metrics: dict[str, Any], results: dict[str, Any]) -> None:
    """Print what metrics.json holds as tables.

    Args:
        run: folder of the run.
        metrics: what metrics.json holds.
        results: of `collect_results`.
    """
    console = Console(highlight=False, markup=False)  # names may hold brackets
    test = metrics["test"]
    caption = results["caption"]
    if "published" in metrics:
        caption += f" Dim: published ({metrics['published_source']})."
    table = Table(title=f"Run {metrics['run']}: test split, {test['samples']:,} samples", caption=caption)
    *labels, difference = results["columns"]
    for column in ("", *(label.replace(" ", "\n") for label in labels), difference):  # narrow: for 100 characters
        table.add_column(column, justify="left" if column == "" else "right")
    for row in results["scores"]:
        values = (value.replace(" to ", "\n") if row["kind"] == "interval" else value for value in row["values"])
        table.add_row(row["name"], *values, style=STYLES.get(row["kind"]))
    console.print(table)
    console.print(details_table(test))
    key = metrics["primary_metric"]
    validation = format_metric(metrics["validation"][key])
    print(f"Validation split, which chose the epoch: {SHOWN[key]} {validation}. The test split decides.")
    console.print(f"Written: {run}/metrics.json and {run}/figures")

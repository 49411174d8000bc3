"""Baselines: simple methods that a model must beat to be worth its cost.

In: the train split to fit, the validation split to choose penalties and the best. The test split is predicted for
`evaluate`.
Out: reports/baseline.json (validation metrics and seconds of each), reports/baseline.npz (their test predictions).
Cost: less than a minute on the example, at most a few on any table. No deep-learning framework is imported.
"""

import hashlib
import json
import time
import warnings
from dataclasses import asdict
from typing import Any

import numpy as np
from jsonargparse import ArgumentParser
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from .config import Config, add_settings
from .data import Splits, demo, load_splits
from .data.inputs import HAS_UNITS, IS_TABLE, for_baselines
from .data.samples import SMALL, DiskArray, blocks, flatten, flatten_some
from .metrics import LOSS, LOWER_IS_BETTER, SHOWN, choose_threshold, compute_metrics, format_metric
from .storage import REPORTS, read_json, whole_file, write_json
from .task import make_baselines, make_boosting, num_outputs, predict_baseline

MAX_BOOSTED = 7_000_000  # samples x columns x outputs that trees are boosted for: some ten seconds
SAMPLES_OF_A_TREE = 10_000  # a tree takes as long as for this many, however few there are
BOOSTING = "gradient boosting"
REPORT = REPORTS / "baseline.json"
PREDICTIONS = REPORTS / "baseline.npz"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of the command `baseline`."""
    add_settings(parser)


def main(config: Config) -> dict[str, Any]:
    """Fit every baseline to the train split, score it on the validation split, write and print the results.

    Returns:
        What reports/baseline.json holds.
    """
    return fit_baselines(config, load_splits(config))


def fit_baselines(config: Config, splits: Splits) -> dict[str, Any]:
    """Do what `main` does, with splits that are loaded."""
    table = for_baselines(splits.train.x, splits.preprocessing)
    x, rows = flatten_some(table, splits.train.y, config.data.max_memory_mb)
    y = splits.train.y[rows]
    candidates = make_baselines(config.data.seed, is_small=x.size <= SMALL, has_units=HAS_UNITS)
    work = max(len(x), SAMPLES_OF_A_TREE) * x.shape[1] * num_outputs(splits.target_names)
    can_boost = IS_TABLE and work <= MAX_BOOSTED
    if can_boost:
        candidates[BOOSTING] = [make_boosting(config.data.seed)]

    results, predictions = fit_and_choose(candidates, x, y, splits, config.compile.primary_metric)
    report = {
        "data": fingerprint(config, splits),
        "train_samples": len(splits.train),
        "baselines": results,
        "left_out": [BOOSTING] if IS_TABLE and not can_boost else [],
        "primary_metric": config.compile.primary_metric,
        "best": find_best(
            {name: result["validation"] for name, result in results.items()}, config.compile.primary_metric
        ),
        **published(config),
    }
    with whole_file(PREDICTIONS) as path:
        np.savez_compressed(path, **predictions)
    write_json(REPORT, report)
    print_baselines(report)
    return report


# One thread of linear algebra: several wait for each other for longer than they compute, above all on a busy machine.
@threadpool_limits.wrap(limits=1, user_api="blas")
def fit_and_choose(
    candidates: dict[str, list[Any]], x: np.ndarray, y: np.ndarray, splits: Splits, metric: str
) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Fit all candidates to the table x (n, features), and choose one of each name by its validation loss.

    Args:
        candidates: scikit-learn models by name of the baseline.
        x: inputs (n, features).
        y: targets of the train split.
        splits: the data.
        metric: the primary one, for which decisions are chosen on the validation split, as those of the model are.

    Returns:
        Results and test predictions, by name of the baseline.
    """
    names = splits.target_names
    results: dict[str, dict[str, Any]] = {}
    chosen = []
    for name, models in candidates.items():
        print(f"Fitting: {name}", flush=True)
        start = time.perf_counter()
        for model in models:
            with warnings.catch_warnings():  # constant or equal features, and a limit of steps, do not matter here
                warnings.simplefilter("ignore")
                model.fit(x, y)
        seconds = time.perf_counter() - start
        validation = predict_all(models, for_baselines(splits.val.x, splits.preprocessing), names)
        losses = [score(predictions, splits, splits.target_statistics)[LOSS] for predictions in validation]
        best = int(np.argmin(losses))
        chosen.append(models[best])
        decision = choose_threshold(splits.val.y, validation[best], metric)
        metrics = score(validation[best], splits, splits.target_statistics | decision)
        results[name] = {
            "validation": {key: metrics[key] for key in SHOWN},
            "decision": decision,
            "train_samples": len(x),
            "seconds": round(seconds, 2),
        }
    test = predict_all(chosen, for_baselines(splits.test.x, splits.preprocessing), names)
    return results, dict(zip(results, test, strict=True))


def predict_all(models: list[Any], x: np.ndarray | DiskArray, names: list[str]) -> list[np.ndarray]:
    """Predict all samples x (n, *shape) with each model, block by block: of each (n, ...)."""
    tables = (flatten(block) for block in blocks(x))
    parts = [[predict_baseline(model, table, names) for model in models] for table in tables]
    return [np.concatenate(predictions) for predictions in zip(*parts, strict=True)]


def score(predictions: np.ndarray, splits: Splits, statistics: dict[str, Any]) -> dict[str, Any]:
    """Compute the metrics of predictions for the validation split; statistics: of the targets."""
    return compute_metrics(splits.val.y, predictions, splits.target_names, statistics)


def find_best(scores: dict[str, dict[str, Any]], metric: str) -> str:
    """Find the name of the baseline with the best metric, the first of equals; scores: metrics by name."""
    values = {name: metrics[metric] for name, metrics in scores.items()}
    choose = min if metric in LOWER_IS_BETTER else max
    return choose(values, key=values.__getitem__)


def score_on_test(config: Config, splits: Splits) -> dict[str, dict[str, float]]:
    """Compute the test metrics of each baseline, beside the number of samples that it was fitted on."""
    results = load_report(config, splits)["baselines"]
    scores = {}
    for name, (predictions, statistics) in load_predictions(config, splits).items():
        metrics = compute_metrics(splits.test.y, predictions, splits.target_names, statistics)
        scores[name] = {key: metrics[key] for key in SHOWN}
        scores[name]["train_samples"] = results[name]["train_samples"]
    return scores


def load_predictions(config: Config, splits: Splits) -> dict[str, tuple[np.ndarray, dict[str, Any]]]:
    """Read the test predictions (n, ...) of each baseline, with the statistics that its decisions need, by name."""
    results = load_report(config, splits)["baselines"]
    statistics = {name: splits.target_statistics | result.get("decision", {}) for name, result in results.items()}
    with np.load(PREDICTIONS) as predictions:
        return {name: (predictions[name], statistics[name]) for name in results}


def published(config: Config) -> dict[str, Any]:
    """Return the published results of data/demo.py, if there are any, and if the data is that of the publication."""
    if config.data.source != demo.SOURCE or not demo.PUBLISHED:
        return {}
    return {"published": demo.PUBLISHED, "published_source": demo.PUBLISHED_SOURCE}


def fingerprint(config: Config, splits: Splits) -> str:
    """Hash everything that determines the baselines. Stored ones are reused only if it is unchanged."""
    # Where the data is kept, and how much of it in memory, changes nothing in the splits.
    relevant = {**asdict(config.data), "data_dir": None, "max_memory_mb": None}
    # The splits themselves: a source may hold other samples than before, and a named one may come from another place.
    text = json.dumps([relevant, config.compile.primary_metric, splits.digests], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def load_report(config: Config, splits: Splits) -> dict[str, Any]:
    """Read the report of the baselines. Fit them if there is none, or if it is of other data."""
    if REPORT.is_file() and PREDICTIONS.is_file():
        report = read_json(REPORT)
        if report["data"] == fingerprint(config, splits):
            return report
    return fit_baselines(config, splits)


def with_samples(name: str, samples: int, of: int) -> str:
    """Name a baseline, with the number of train samples that it was fitted on, if these are not all of them."""
    return name if samples == of else f"{name}, {samples:,} samples"


def print_baselines(report: dict[str, Any]) -> None:
    """Print the report of the baselines as a table."""
    table = Table(title="Baselines on the validation split: the best is what the model must beat")
    table.add_column("baseline")
    for label in SHOWN.values():
        table.add_column(label, justify="right")
    table.add_column("seconds to fit", justify="right")
    for name, result in report["baselines"].items():
        metrics = [format_metric(result["validation"][key]) for key in SHOWN]
        style = "bold" if name == report["best"] else None
        label = with_samples(name, result["train_samples"], report["train_samples"])
        table.add_row(label, *metrics, f"{result['seconds']:.1f}", style=style)
    for name in report["left_out"]:
        table.add_row(name, *("-" for _ in SHOWN), "too long", style="dim")
    console = Console(highlight=False, markup=False)
    console.print(table)
    if "published" in report:
        results = ", ".join(f"{name} {value:.3f}" for name, value in report["published"].items())
        console.print(f"Published {next(iter(SHOWN.values()))}, test: {results} ({report['published_source']})")
    console.print(f"Written: {REPORT}")


def compare_on_validation(config: Config, splits: Splits, predictions: np.ndarray, statistics: dict[str, Any]) -> None:
    """Print the validation metrics of the model beside those of the baselines. The test split stays unused.

    Args:
        config: the settings.
        splits: the data.
        predictions: of the validation split.
        statistics: of the targets, as the run keeps them.
    """
    results = load_report(config, splits)["baselines"]
    results["this model"] = {"validation": score(predictions, splits, statistics), "train_samples": len(splits.train)}
    table = Table(title="Validation split")
    table.add_column("")
    for key, label in SHOWN.items():
        table.add_column(f"[bold]{label}[/]" if key == config.compile.primary_metric else label, justify="right")
    for name, result in results.items():
        metrics = [format_metric(result["validation"][key]) for key in SHOWN]
        style = "bold" if name == "this model" else None
        table.add_row(with_samples(name, result["train_samples"], len(splits.train)), *metrics, style=style)
    Console(highlight=False).print(table)

"""Baselines: what a model must beat to be worth its cost.

In: the train split to fit, the validation split to choose by. The test split is left to `evaluate`.
Out: reports/baseline.json (validation metrics and seconds of each), reports/baseline.joblib (the fitted models).
Cost: under a minute on Fashion-MNIST; no deep-learning framework is imported.
"""

import hashlib
import json
import os
import time
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from rich.console import Console
from rich.table import Table

from . import task
from .config import Config
from .data import Splits, load_splits
from .files import Rows
from .metrics import LOWER_IS_BETTER, SHOWN, measure
from .runs import REPORTS, digits, read_json, write_json
from .task import make_baselines, predict_baseline

MOST_VALUES = 100_000_000  # numbers in the table that a baseline is fitted on (0.4 GB); of more, a random part is taken


def main(config: Config) -> dict[str, Any]:
    """Fit every baseline on train, score it on validation, keep both; returns what baseline.json says."""
    splits = load_splits(config)
    x, y = flatten_some(splits.train.x, splits.train.y)
    x_val, y_val = flatten_some(splits.val.x, splits.val.y)
    fitted, results = {}, {}
    for name, model in make_baselines(config.seed).items():
        print(f"Fitting: {name}", flush=True)
        start = time.perf_counter()
        with warnings.catch_warnings():  # of features that are constant or alike, of steps that ran out: no matter
            warnings.simplefilter("ignore")
            fitted[name] = model.fit(x, y)
        seconds = time.perf_counter() - start
        metrics = measure(y_val, predict_baseline(model, x_val, splits.names), splits.names)
        results[name] = {"validation": {key: metrics[key] for key in SHOWN}, "seconds": round(seconds, 2)}
    metric = config.compile.metric
    best = (min if metric in LOWER_IS_BETTER else max)(results, key=lambda name: results[name]["validation"][metric])
    report = {"data": fingerprint(config), "baselines": results, "metric": metric, "best": best, **published(config)}
    REPORTS.mkdir(exist_ok=True)
    joblib.dump(fitted, REPORTS / "baseline.joblib", compress=3)
    write_json(REPORTS / "baseline.json", report)
    print_baselines(report)
    return report


def flatten_some(x: np.ndarray | Rows, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Inputs (n, *shape) as a float32 table (n, features), which is what scikit-learn takes, and their targets.

    Where the table would be too large for memory, of a random part of the items. Padding is 0 in it.
    """
    most = max(1000, MOST_VALUES // int(np.prod(x.shape[1:])))
    rows = np.sort(np.random.default_rng(0).permutation(len(x))[:most]) if len(x) > most else slice(None)
    if len(x) > most:
        print(f"Taking {most:,} of {len(x):,} items: more would not fit into memory.")
    return flatten(x[rows]), y[rows]


def flatten(x: np.ndarray) -> np.ndarray:
    """(n, *shape) -> (n, features) float32."""
    table = x.reshape(len(x), -1).astype(np.float32)
    return np.nan_to_num(table, copy=False) if np.issubdtype(x.dtype, np.floating) else table


def score(splits: Splits) -> dict[str, dict[str, float]]:
    """Test metrics of each fitted baseline."""
    x, y = flatten_some(splits.test.x, splits.test.y)
    scores = {}
    for name, model in joblib.load(REPORTS / "baseline.joblib").items():
        metrics = measure(y, predict_baseline(model, x, splits.names), splits.names)
        scores[name] = {key: metrics[key] for key in SHOWN}
    return scores


def published(config: Config) -> dict[str, Any]:
    """Published and human results, where task.py lists some and the data is the one that they were reached on."""
    if config.data.source != "fashion_mnist" or not hasattr(task, "PUBLISHED"):
        return {}
    return {"published": task.PUBLISHED, "published_source": task.PUBLISHED_SOURCE}


def fingerprint(config: Config) -> str:
    """Changes whenever the split does: tells whether stored baselines belong to the data of these settings."""
    # Where the data lies and how much of it is held change nothing in it.
    relevant = {**asdict(config.data), "folder": None, "memory_mb": None, "seed": config.seed, "task": config.task}
    source = Path(config.data.source)
    files = [source, *(Path(folder, name) for folder, _, names in os.walk(source) for name in names)]
    changed = [len(files), max((file.stat().st_mtime_ns for file in files if file.exists()), default=0)]
    text = json.dumps([relevant, config.compile.metric, changed], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def load_report(config: Config) -> dict[str, Any] | None:
    """What `main` wrote for the data of these settings; None where it has not run, or ran on other data."""
    path = REPORTS / "baseline.json"
    report = read_json(path) if path.is_file() else None
    return report if report and report["data"] == fingerprint(config) else None


def print_baselines(report: dict[str, Any]) -> None:
    """The report as a table for people."""
    table = Table(title="Baselines on the validation split: the best is what the model must beat")
    table.add_column("baseline")
    for label in SHOWN.values():
        table.add_column(label, justify="right")
    table.add_column("seconds to fit", justify="right")
    for name, result in report["baselines"].items():
        style = "bold" if name == report["best"] else None
        values = (digits(result["validation"][key]) for key in SHOWN)
        table.add_row(name, *values, f"{result['seconds']:.1f}", style=style)
    console = Console(highlight=False, markup=False)
    console.print(table)
    if "published" in report:
        values = ", ".join(f"{name} {value:.3f}" for name, value in report["published"].items())
        console.print(f"Published {next(iter(SHOWN.values()))}, test: {values} ({report['published_source']})")
    console.print(f"Written: {REPORTS}/baseline.json")

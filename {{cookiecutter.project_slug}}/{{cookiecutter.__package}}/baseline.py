"""Baselines: what a model must beat to be worth its cost.

In: the train split to fit, the validation split to choose by. The test split is left to `evaluate`.
Out: reports/baseline.json (validation accuracy and seconds of each), reports/baseline.joblib (the fitted models).
Cost: under a minute on Fashion-MNIST; no deep-learning framework is imported.
"""

import hashlib
import json
import time
import warnings
from dataclasses import asdict
from typing import Any

import joblib
import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.base import ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from .config import Config
from .data import load_splits
from .runs import REPORTS, read_json, write_json

# Test accuracy as listed in the data set's own README, for comparison; replace them with those of your problem.
PUBLISHED_SOURCE = "https://github.com/zalandoresearch/fashion-mnist#benchmark"
PUBLISHED = {
    "human, no fashion expert": 0.835,
    "MLP 256-128-100": 0.883,
    "GRU + SVM with dropout": 0.897,
    "XGBoost": 0.898,
    "2 convolutions, 100K": 0.925,
    "ResNet18": 0.949,
    "WRN40-4": 0.967,
}


def make_baselines(seed: int) -> dict[str, ClassifierMixin]:
    """The rule, the minimal model and the linear model. Add your own: all that scikit-learn can fit will do."""
    # Hundreds of correlated features need a stronger penalty than the usual C=1; after 50 steps little is gained.
    linear = LogisticRegression(C=0.01, max_iter=50, random_state=seed)
    return {
        "most frequent class": DummyClassifier(strategy="most_frequent"),
        "nearest class mean": NearestCentroid(),
        "logistic regression": make_pipeline(StandardScaler(), linear),
    }


def main(config: Config) -> dict[str, Any]:
    """Fit every baseline on train, score it on validation, keep both; returns what baseline.json says."""
    splits = load_splits(config)
    x, x_val = flatten(splits.train.x), flatten(splits.val.x)
    fitted, results = {}, {}
    for name, model in make_baselines(config.seed).items():
        print(f"Fitting: {name}", flush=True)
        start = time.perf_counter()
        with warnings.catch_warnings():  # of a feature that is constant in a class, or of steps that ran out: no matter
            warnings.simplefilter("ignore", UserWarning)
            fitted[name] = model.fit(x, splits.train.y)
        seconds = time.perf_counter() - start
        results[name] = {"validation_accuracy": float(model.score(x_val, splits.val.y)), "seconds": round(seconds, 2)}
    best = max(results, key=lambda name: results[name]["validation_accuracy"])
    report = {"data": fingerprint(config), "baselines": results, "best": best, **published(config)}
    REPORTS.mkdir(exist_ok=True)
    joblib.dump(fitted, REPORTS / "baseline.joblib", compress=3)
    write_json(REPORTS / "baseline.json", report)
    print_baselines(report)
    return report


def flatten(x: np.ndarray) -> np.ndarray:
    """Inputs (n, *shape) as a float32 table (n, features), which is what scikit-learn takes."""
    return x.reshape(len(x), -1).astype(np.float32)


def published(config: Config) -> dict[str, Any]:
    """Published and human results, where the data is the one that they were reached on."""
    if config.data.source != "fashion_mnist":
        return {}
    return {"published_test_accuracy": PUBLISHED, "published_source": PUBLISHED_SOURCE}


def fingerprint(config: Config) -> str:
    """Changes whenever the split does: tells whether stored baselines belong to the data of these settings."""
    relevant = {**asdict(config.data), "folder": None, "seed": config.seed, "task": config.task}
    return hashlib.sha256(json.dumps(relevant, sort_keys=True).encode()).hexdigest()[:12]


def load_report(config: Config) -> dict[str, Any] | None:
    """What `main` wrote for the data of these settings; None where it has not run, or ran on other data."""
    path = REPORTS / "baseline.json"
    report = read_json(path) if path.is_file() else None
    return report if report and report["data"] == fingerprint(config) else None


def load_models() -> dict[str, ClassifierMixin]:
    """The baselines that `main` has fitted, by name."""
    return joblib.load(REPORTS / "baseline.joblib")


def print_baselines(report: dict[str, Any]) -> None:
    """The report as a table for people."""
    table = Table(title="Baselines: the best is what the model must beat")
    for column in ("baseline", "validation accuracy", "seconds to fit"):
        table.add_column(column, justify="left" if column == "baseline" else "right")
    for name, result in report["baselines"].items():
        style = "bold" if name == report["best"] else None
        table.add_row(name, f"{result['validation_accuracy']:.3f}", f"{result['seconds']:.1f}", style=style)
    console = Console()
    console.print(table)
    if "published_source" in report:
        figures = ", ".join(f"{name} {accuracy:.3f}" for name, accuracy in report["published_test_accuracy"].items())
        console.print(f"Published, on the test part: {figures} ({report['published_source']})", highlight=False)
    console.print(f"Written: {REPORTS}/baseline.json")

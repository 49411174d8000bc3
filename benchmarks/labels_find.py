"""In a project: swap labels of the train split, and find doubtful ones as `stats --labels` and `evaluate` do.

    python labels_find.py PACKAGE FOLDER_OF_FASHION_MNIST EPOCHS

`evaluate` lists labels of samples that the model has not seen. So two models are trained, each on one half of the train
split, and each is asked about the other half. Their settings are the defaults, but for the epochs.
Out: a line of JSON, the last one.
"""

import importlib
import json
import sys
import time
from dataclasses import replace

import numpy as np

SWAPPED = 500


def main(package: str, data_dir: str, epochs: str) -> None:
    """Swap, find and count."""
    sys.path.insert(0, ".")
    config_module, data, labels, train, checkpoint, task = (
        importlib.import_module(f"{package}.{name}")
        for name in ("config", "data", "data.labels", "training.train", "training.checkpoint", "task")
    )
    config = config_module.load_config(data__data_dir=data_dir, training__epochs=int(epochs))
    splits = data.load_splits(config)
    y, swapped = swap(splits.train.y, len(splits.target_names))
    splits = replace(splits, train=replace(splits.train, y=y))

    start = time.perf_counter()
    found = labels.check_labels(splits, config)
    linear = score(found["row"].to_numpy(), swapped) | {"seconds": time.perf_counter() - start}

    start = time.perf_counter()
    halves = np.array_split(np.random.default_rng(1).permutation(len(y)), 2)
    tables = []
    for here, there in (halves, halves[::-1]):
        half = replace(splits, train=take(splits.train, here), test=take(splits.train, there))
        train.load_splits = lambda _, half=half: half
        run, _ = train.train_model(config)
        model = checkpoint.load_model(run)
        outputs = checkpoint.run_model(model, half.val.x, config)
        statistics = task.calibrate(outputs, half.val.y, half.target_statistics)
        predictions = task.to_predictions(checkpoint.run_model(model, half.test.x, config), statistics)
        table = labels.find_doubtful(half, {"test": predictions})
        tables.append((there[table["row"].to_numpy()], table["doubt"].to_numpy()))
    rows, doubt = (np.concatenate(parts) for parts in zip(*tables, strict=True))
    model = score(rows[np.argsort(-doubt, kind="stable")], swapped) | {"seconds": time.perf_counter() - start}
    ways = {"`stats --labels`, linear": linear, f"`evaluate`, network, {epochs} epochs": model}
    print(json.dumps({"swapped": SWAPPED, "samples": len(y), "ways": ways}))


def swap(y: np.ndarray, num_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Give random samples another random class; the new labels (n,), and which were changed (n,) bool."""
    random = np.random.default_rng(0)
    rows = random.permutation(len(y))[:SWAPPED]
    changed = y.copy()
    changed[rows] = (y[rows] + random.integers(1, num_classes, SWAPPED)) % num_classes
    return changed, changed != y


def take(split, rows: np.ndarray):
    """Some samples of a split."""
    return replace(split, x=split.x[rows], y=split.y[rows])


def score(rows: np.ndarray, swapped: np.ndarray) -> dict[str, float]:
    """Compare listed rows, the most doubtful first, with what was swapped (n,) bool."""
    hits = swapped[rows]
    return {
        "listed": len(rows),
        "precision": float(hits.mean()),
        "recall": float(hits.sum() / swapped.sum()),
        "precision_of_first": float(hits[:SWAPPED].mean()),
    }


if __name__ == "__main__":
    main(*sys.argv[1:])

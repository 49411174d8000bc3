"""Doubtful labels: those that models which have not seen them find unlikely, to be looked at by a person.

What counts as unlikely is in task.py.
Out: a CSV file with an empty column for the correct label, and a figure of the most doubtful samples.
"""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from threadpoolctl import threadpool_limits

from ..config import Config, UserError
from ..metrics import LOSS, compute_metrics
from ..storage import whole_file
from ..task import find_doubts, make_baselines, predict_baseline, stratify_by, target_statistics
from .inputs import HAS_UNITS, for_baselines
from .plots import draw_sample
from .samples import SMALL, flatten_some
from .splits import Splits

FOLDS = 5
MOST_DRAWN = 12


def check_labels(splits: Splits, config: Config) -> pd.DataFrame:
    """Find doubtful labels of the train split by a linear model, which predicts each fifth from the others.

    Returns:
        A row for each, as `find_doubtful` makes them.

    Raises:
        UserError: there are too few samples of a class.
    """
    # A third is left for the copy of four fifths that a model is fitted on.
    max_memory_mb = config.data.max_memory_mb * 2 // 3
    x, rows = flatten_some(for_baselines(splits.train.x, splits.preprocessing), splits.train.y, max_memory_mb)
    y = splits.train.y[rows]
    models = make_baselines(config.data.seed, is_small=x.size <= SMALL, has_units=HAS_UNITS)
    *_, linear = models.values()
    found = [_predict_each_fold(model, x, y, splits.target_names, config.data.seed) for model in linear]
    losses = [
        compute_metrics(y, predictions, splits.target_names, splits.target_statistics)[LOSS] for predictions in found
    ]
    predictions = found[int(np.argmin(losses))]
    return find_doubtful(splits, {"train": predictions}, rows={"train": rows})


# One thread, as for the baselines: several wait for each other for longer than they compute.
@threadpool_limits.wrap(limits=1, user_api="blas")
def _predict_each_fold(model: Any, x: np.ndarray, y: np.ndarray, names: list[str], seed: int) -> np.ndarray:
    """Predict each fold of the table x (n, features) by a model that was fitted on the others: (n, ...)."""
    from sklearn.base import clone

    classes = stratify_by(y)
    order = np.random.default_rng(seed).permutation(len(y))
    order = order[np.argsort(classes[order], kind="stable")]
    fold = np.empty(len(y), int)
    fold[order] = np.arange(len(y)) % FOLDS  # the samples of a class are spread over all
    parts: dict[int, np.ndarray] = {}
    for number in np.unique(fold).tolist():
        others = fold != number
        try:
            target_statistics(y[others], names)
        except UserError as error:
            raise UserError(f"--labels fits a model to four fifths of the train split. {error}") from error
        with warnings.catch_warnings():  # constant or equal features, and a limit of steps, do not matter here
            warnings.simplefilter("ignore")
            fitted = clone(model).fit(x[others], y[others])
        parts[number] = predict_baseline(fitted, x[~others], names)
    predictions = np.empty((len(y), *parts[0].shape[1:]), np.float32)
    for number, part in parts.items():
        predictions[fold == number] = part
    return predictions


def find_doubtful(
    splits: Splits, predictions: dict[str, np.ndarray], rows: dict[str, np.ndarray] | None = None
) -> pd.DataFrame:
    """Find doubtful labels of some splits.

    Args:
        splits: the data.
        predictions: by name of the split, of models that have not seen these samples.
        rows: of the split, that the predictions are of; without them, all.

    Returns:
        The most doubtful first: split, row (in the split), sample (its place in the source), label, suggestion, doubt.
    """
    found = []
    for name, predicted in predictions.items():
        split = splits.named[name]
        numbers = np.arange(len(split)) if rows is None else rows[name]
        for place, label, suggestion, doubt in find_doubts(split.y[numbers], predicted, splits.target_names):
            row = int(numbers[place])
            sample = split.where(row) if split.ids is None else f"{split.ids[row]} ({split.where(row)})"
            found.append((name, row, sample, label, suggestion, round(doubt, 6)))
    columns = ["split", "row", "sample", "label", "suggestion", "doubt"]
    table = pd.DataFrame(found, columns=columns)
    return table.sort_values("doubt", ascending=False, kind="stable", ignore_index=True)


def write_doubtful(path: Path, doubtful: pd.DataFrame) -> None:
    """Write doubtful labels as CSV, with an empty column for what a person finds."""
    with whole_file(path) as temporary:
        doubtful.drop(columns="row").assign(correct_label="").to_csv(temporary, index=False)


def draw_doubtful(splits: Splits, doubtful: pd.DataFrame) -> Figure:
    """Draw the samples of the most doubtful labels, each with label and suggestion."""
    most = doubtful.head(MOST_DRAWN)
    columns = 6
    rows = max(1, -(-len(most) // columns))  # rounded up
    figure = Figure(figsize=(1.9 * columns, 2.1 * rows), layout="constrained")
    grid = list(figure.subplots(rows, columns).flat)
    for axes, doubt in zip(grid, most.itertuples(), strict=False):
        draw_sample(axes, splits.named[doubt.split].x[doubt.row])
        axes.set_title(f"label: {doubt.label}\nrather {doubt.suggestion}", fontsize=7)
    for axes in grid[len(most) :]:
        axes.axis("off")
    figure.suptitle("The most doubtful labels" if len(most) else "No doubtful labels")
    return figure

"""Draw vectors and statistics of the data. Each function returns a figure, which `save_figure` writes."""

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..storage import whole_file
from .samples import DiskArray

MAX_CLASSES = 30  # in a figure
MAX_SAMPLES = 20_000  # for the ranges of features

matplotlib.rcParams["text.parse_math"] = False  # dollars in a name are no formula


def draw_sample(axes: Axes, sample: np.ndarray) -> None:
    """Draw one vector (features,) into `axes`, as a curve of values."""
    axes.plot(sample, linewidth=0.4)
    axes.set_xticks([])  # labels would take most of the time of a figure of many samples
    axes.set_yticks([])


def draw_overview(x: np.ndarray | DiskArray, masks: dict[str, np.ndarray], features: list[str]) -> Figure:
    """Draw the range of each feature, which shows constant features and features of another scale.

    Args:
        x: vectors (n, features).
        masks: samples of each class (or label, or range of targets), (n,) bool; not shown.
        features: names of the features.
    """
    values = x[:MAX_SAMPLES] + np.float32(0)  # float32 or float64: there are no percentiles of true and false
    low, quarter, median, three_quarters, high = np.percentile(values, (0, 25, 50, 75, 100), axis=0)
    places = np.arange(len(median))  # (features,)
    figure = Figure(figsize=(12, 4), layout="constrained")
    axes = figure.subplots()
    axes.fill_between(places, low, high, alpha=0.2, label="min to max", step="mid")
    axes.fill_between(places, quarter, three_quarters, alpha=0.5, label="middle half", step="mid")
    axes.step(places, median, linewidth=0.8, color="black", label="median", where="mid")
    if len(features) <= 40:
        axes.set_xticks(places, features, rotation=60, ha="right", fontsize=7)
    if high.max() - low.min() > 1000 * np.median(three_quarters - quarter) > 0:
        axes.set_yscale("symlog")  # features of very different size
        axes.yaxis.set_major_formatter("{x:g}")
    axes.set(title="Range of each feature", xlabel="feature", ylabel="value")
    axes.legend(fontsize=8)
    return figure


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as a PNG file."""
    with whole_file(path) as temporary:
        figure.savefig(temporary, dpi=120)


def draw_balance(counts: dict[str, dict[str, int]], samples: dict[str, int]) -> Figure:
    """Draw the fraction of each class in each split.

    Args:
        counts: number of samples by class (or label, or range of targets), then by split.
        samples: number of all samples by split.
    """
    counts = dict(list(counts.items())[:MAX_CLASSES])
    figure = Figure(figsize=(8, 0.35 * len(counts) + 1.4), layout="constrained")
    axes = figure.subplots()
    positions = np.arange(len(counts))  # (classes,)
    height = 0.8 / len(samples)
    for number, (split, total) in enumerate(samples.items()):
        values = np.array([by_split[split] for by_split in counts.values()])  # (classes,)
        axes.barh(positions + number * height, values / total, height, label=f"{split} ({total:,})")
    axes.set_yticks(positions + 0.4 - height / 2, counts)
    axes.invert_yaxis()
    axes.set(title="Targets", xlabel="fraction of the split")
    figure.legend(loc="outside lower center", ncols=len(samples))
    return figure


def draw_examples(x: np.ndarray | DiskArray, masks: dict[str, np.ndarray], *, per_class: int = 8) -> Figure:
    """Draw the first samples of each class, one row per class.

    Args:
        x: inputs (n, *shape).
        masks: samples of each class (or label, or range of targets), (n,) bool.
        per_class: number of samples in a row.
    """
    masks = dict(list(masks.items())[:MAX_CLASSES])
    figure = Figure(figsize=(1.2 * per_class + 1, 1.2 * len(masks)), layout="constrained")
    grid = figure.subplots(len(masks), per_class, squeeze=False)
    for (name, mask), row in zip(masks.items(), grid, strict=True):
        row[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9)
        rows = np.flatnonzero(mask)[:per_class]
        for axes, sample in zip(row, x[rows], strict=False):
            draw_sample(axes, sample)
        for axes in row[max(len(rows), 1) :]:  # the first one has the name of the class
            axes.axis("off")
        row[0].set(xticks=[], yticks=[])  # of a class without samples, too
    return figure

"""Draw images and statistics of the data. Each function returns a figure, which `save_figure` writes."""

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..storage import whole_file
from .samples import DiskArray

MAX_CLASSES = 30  # in a figure
MAX_SAMPLES = 2000  # of a class, for its mean

matplotlib.rcParams["text.parse_math"] = False  # dollars in a name are no formula


def draw_sample(axes: Axes, sample: np.ndarray) -> None:
    """Draw one image (height, width, channels) into `axes`, scaled to its own range where it is not uint8."""
    if sample.dtype != np.uint8:  # colors would be cut to 0 to 1, or to 0 to 255
        low, high = float(sample.min()), float(sample.max())
        sample = (sample - low) / ((high - low) or 1)
    axes.imshow(sample.squeeze(), cmap="gray")  # RGB stays as it is
    axes.set_xticks([])
    axes.set_yticks([])


def draw_overview(x: np.ndarray | DiskArray, masks: dict[str, np.ndarray], features: list[str]) -> Figure:
    """Draw the mean image of each class: the nearest-mean baseline compares with it.

    Args:
        x: images (n, height, width, channels).
        masks: samples of each class (or label, or range of targets), (n,) bool.
        features: names of the channels; not shown.
    """
    masks = dict(list(masks.items())[:MAX_CLASSES])
    columns = min(10, len(masks))
    rows = -(-len(masks) // columns)
    figure = Figure(figsize=(1.4 * columns, 1.8 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).flat
    for axes, (name, mask) in zip(grid, masks.items(), strict=False):
        samples = x[np.flatnonzero(mask)[:MAX_SAMPLES]]  # (samples, height, width, channels)
        if len(samples):
            mean = samples.mean(axis=0)
            draw_sample(axes, mean.astype(np.uint8) if x.dtype == np.uint8 else mean)
        axes.set_title(name, fontsize=8)
    for axes in figure.axes[len(masks) :]:
        axes.axis("off")
    figure.suptitle("Mean image of each class", fontsize=10)
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

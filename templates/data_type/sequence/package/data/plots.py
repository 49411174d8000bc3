"""Draw sequences and statistics of the data. Each function returns a figure, which `save_figure` writes."""

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
    """Draw one sequence (steps, features) into `axes`, one curve per feature."""
    axes.plot(sample, linewidth=0.6, alpha=0.7)
    axes.set_xticks([])  # labels would take most of the time of a figure of many samples
    axes.set_yticks([])


def draw_overview(x: np.ndarray | DiskArray, masks: dict[str, np.ndarray], features: list[str]) -> Figure:
    """Draw the mean of all features along the steps, one curve per class, with the std across samples.

    Args:
        x: sequences (n, steps, features).
        masks: samples of each class (or label, or range of targets), (n,) bool.
        features: names of the features; not shown.
    """
    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.subplots()
    for name, mask in list(masks.items())[:MAX_CLASSES]:
        samples = x[np.flatnonzero(mask)[:MAX_SAMPLES]]  # (samples, steps, features)
        if not len(samples):
            continue
        curves = np.ma.masked_invalid(samples.mean(axis=2))  # (samples, steps), without padding
        mean, std = curves.mean(axis=0), curves.std(axis=0)  # (steps,)
        (line,) = axes.plot(mean, label=name)
        axes.fill_between(range(len(mean)), mean - std, mean + std, alpha=0.04, color=line.get_color())
    axes.set(title="Mean of the features along the sequence, and one std", xlabel="step", ylabel="mean of features")
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

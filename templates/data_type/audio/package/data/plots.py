"""Draw recordings and statistics of the data. Each function returns a figure, which `save_figure` writes."""

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..spectrogram import DYNAMIC_RANGE, FULL_SCALE, log_mel
from ..storage import whole_file
from .samples import DiskArray

MAX_CLASSES = 30  # in a figure
MAX_SAMPLES = 200  # of a class, for its mean
USUAL_RATE = 16_000  # Hz; small figures have no axis of frequencies, so any rate serves to place the bands

matplotlib.rcParams["text.parse_math"] = False  # dollars in a name are no formula


def draw_sample(axes: Axes, sample: np.ndarray) -> None:
    """Draw one recording (samples,) int16 into `axes`: its spectrogram, and its waveform above."""
    levels = log_mel(sample[np.newaxis], USUAL_RATE)[0]  # (bands, frames)
    _draw_levels(axes, levels)
    bands, frames = levels.shape
    points = sample[: len(sample) // frames * frames].reshape(frames, -1) / (FULL_SCALE * max(1e-9, _peak(sample)))
    middle, height = 1.25 * bands, 0.2 * bands
    axes.fill_between(
        np.arange(frames), middle + height * points.min(axis=1), middle + height * points.max(axis=1), linewidth=0.5
    )
    axes.set(xticks=[], yticks=[], ylim=(-0.5, 1.5 * bands))


def _peak(sample: np.ndarray) -> float:
    """Return the largest value of a recording (samples,) int16, as a fraction of full scale."""
    return float(np.abs(sample / FULL_SCALE).max())


def _draw_levels(axes: Axes, levels: np.ndarray) -> None:
    """Draw a spectrogram (bands, frames) in dB, low bands below."""
    axes.imshow(levels, origin="lower", aspect="auto", cmap="magma", vmin=-DYNAMIC_RANGE, vmax=0)


def draw_overview(x: np.ndarray | DiskArray, masks: dict[str, np.ndarray], features: list[str]) -> Figure:
    """Draw the mean spectrogram of each class: what distinguishes it, and when.

    Args:
        x: recordings (n, samples) int16.
        masks: samples of each class (or label, or range of targets), (n,) bool.
        features: not shown.
    """
    masks = dict(list(masks.items())[:MAX_CLASSES])
    columns = min(5, len(masks))
    rows = -(-len(masks) // columns)
    figure = Figure(figsize=(2.2 * columns, 1.8 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).flat
    for axes, (name, mask) in zip(grid, masks.items(), strict=False):
        samples = x[np.flatnonzero(mask)[:MAX_SAMPLES]]
        if len(samples):
            _draw_levels(axes, log_mel(samples, USUAL_RATE).mean(axis=0))
        axes.set_title(name, fontsize=8)
        axes.set(xticks=[], yticks=[])
    for axes in figure.axes[len(masks) :]:
        axes.axis("off")
    figure.suptitle("Mean spectrogram of each class: time to the right, frequency upward", fontsize=10)
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

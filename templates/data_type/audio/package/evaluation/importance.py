"""What the model listens to: how much worse it predicts where a band of frequencies is silent for a while.

After Zeiler and Fergus (arXiv:1311.2901), for any model: it only predicts. Out: figures/importance.png, and a
section of the report, beside the clips of clips.py.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from ..data import Splits
from ..data.plots import draw_sample, save_figure
from ..spectrogram import band_edges
from ..task import ERROR, sample_errors
from .clips import collect_clips
from .report import Section

BANDS = 6  # of frequencies, equally wide on the mel scale
PARTS = 8  # of the time
BUDGET = 10_000  # predictions at most; and no more than evaluate needs anyway, if that is more than MIN_BUDGET
MIN_BUDGET = 1000
EXAMPLES = 4

Predict = Callable[[np.ndarray], np.ndarray]  # recordings (n, samples) -> predictions (n, ...)


def make_sections(run: Path, splits: Splits, predict: Predict) -> list[Section]:
    """Let hear the worst predictions. Silence parts of recordings of the validation split, and show where that matters.

    Args:
        run: folder of the run.
        splits: the data.
        predict: asks the model.
    """
    budget = min(BUDGET, max(MIN_BUDGET, len(splits.val) + len(splits.test)))
    count = min(len(splits.val), max(EXAMPLES, budget // (BANDS * PARTS)))
    rows = np.sort(np.random.default_rng(0).permutation(len(splits.val))[:count])
    x, y = splits.val.x[rows], splits.val.y[rows]
    rate = splits.preprocessing["sample_rate"]

    def errors(recordings: np.ndarray) -> np.ndarray:
        return sample_errors(y, predict(recordings), splits.target_statistics)

    maps = measure(x, errors, rate)
    line = (
        f"Each of {BANDS} bands of frequencies is silenced for each part of the time in turn, in {count:,} recordings"
        f" of the validation split, and the model predicts again. Shown is the {ERROR}. Left: the mean over these"
        " recordings. The others are examples, with their spectrograms below."
    )
    words = "Where silence makes predictions worse, by time and frequency"
    figure = draw_maps(x, maps, rate)
    save_figure(figure, run / "figures" / "importance.png")
    return [collect_clips(run, splits), Section("What the model listens to", [line], figure, words)]


def measure(x: np.ndarray, errors: Callable[[np.ndarray], np.ndarray], sample_rate: int) -> np.ndarray:
    """Measure how much the error rises where a band is silent for a while.

    Args:
        x: recordings (n, samples) int16.
        errors: changed recordings -> error of each (n,).
        sample_rate: in Hz.

    Returns:
        Rises (n, bands, parts), of silence at each place.
    """
    parts = np.array_split(np.arange(x.shape[1]), min(PARTS, x.shape[1]))
    before = errors(x)
    maps = np.empty((len(x), BANDS, len(parts)))
    for band, component in enumerate(split_bands(x, sample_rate)):
        for number, part in enumerate(parts):
            changed = x.astype(np.float64)
            changed[:, part] -= component[:, part]
            maps[:, band, number] = errors(changed.round().clip(-(2**15), 2**15 - 1).astype(x.dtype)) - before
    return maps


def split_bands(x: np.ndarray, sample_rate: int) -> Iterator[np.ndarray]:
    """Iterate over the bands of recordings (n, samples), from low to high: (n, samples) float64 each. They sum to x."""
    spectrum = np.fft.rfft(x, axis=1)  # (n, bins)
    frequencies = np.fft.rfftfreq(x.shape[1], 1 / sample_rate)
    band = np.searchsorted(_edges(sample_rate)[1:-1], frequencies, side="right")  # (bins,)
    for number in range(BANDS):
        yield np.fft.irfft(spectrum * (band == number), x.shape[1], axis=1)


def draw_maps(x: np.ndarray, maps: np.ndarray, sample_rate: int) -> Figure:
    """Draw the mean of the maps (n, bands, parts), and some recordings x above their own maps."""
    examples = min(EXAMPLES, len(x))
    figure = Figure(figsize=(2.2 * (EXAMPLES + 1), 3.6), layout="constrained")
    grid = figure.subplots(2, EXAMPLES + 1, squeeze=False)
    mean, below = grid[:, 0]
    below.axis("off")
    average = maps.mean(axis=0)
    limit = max(float(np.abs(average).max()), 1e-6)
    shown = mean.imshow(average, origin="lower", aspect="auto", cmap="coolwarm", vmin=-limit, vmax=limit)
    ticks = [0, BANDS // 2, BANDS]
    labels = [f"{_edges(sample_rate)[tick]:,.0f} Hz" for tick in ticks]
    mean.set_yticks([tick - 0.5 for tick in ticks], labels, fontsize=6)
    ends = [-0.5, average.shape[1] - 0.5]
    mean.set_xticks(ends, ["0", f"{x.shape[1] / sample_rate:.3g} s"], fontsize=6)
    mean.set_title("mean", fontsize=8)
    values = [-limit, 0, limit]
    scale = figure.colorbar(shown, ax=below, location="top", shrink=0.8, ticks=values)
    scale.ax.set_xticklabels([f"{value:.2g}" for value in values], fontsize=6)
    for (above, spectrogram), sample, own in zip(grid[:, 1:].T[:examples], x, maps, strict=False):
        limit = max(float(np.abs(own).max()), 1e-6)
        above.imshow(own, origin="lower", aspect="auto", cmap="coolwarm", vmin=-limit, vmax=limit)
        above.set(xticks=[], yticks=[])
        above.set_title(f"up to {own.max():.2g}", fontsize=8)
        draw_sample(spectrogram, sample)
    for axes in grid[:, 1 + examples :].flat:
        axes.axis("off")
    return figure


def _edges(sample_rate: int) -> np.ndarray:
    """Return the frequencies in Hz between the bands, and their ends: (BANDS + 1,)."""
    return band_edges(sample_rate, BANDS - 1)

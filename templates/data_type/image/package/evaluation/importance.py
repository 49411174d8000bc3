"""What the model looks at: how much worse it predicts where a gray patch hides a part of the image.

After Zeiler and Fergus (arXiv:1311.2901), for any model: it only predicts. Out: figures/importance.png, and a
section of the report.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from ..data import Splits
from ..data.plots import draw_sample, save_figure
from ..task import ERROR, sample_errors
from .report import Section

CELLS = 7  # places of the patch along each side
BUDGET = 10_000  # predictions at most; and no more than evaluate needs anyway, if that is more than MIN_BUDGET
MIN_BUDGET = 1000
EXAMPLES = 5

Predict = Callable[[np.ndarray], np.ndarray]  # images (n, height, width, channels) -> predictions (n, ...)


def make_sections(run: Path, splits: Splits, predict: Predict) -> list[Section]:
    """Hide parts of images of the validation split, and describe for the report where that matters.

    Args:
        run: folder of the run.
        splits: the data.
        predict: asks the model.
    """
    budget = min(BUDGET, max(MIN_BUDGET, len(splits.val) + len(splits.test)))
    count = min(len(splits.val), max(EXAMPLES, budget // CELLS**2))
    rows = np.sort(np.random.default_rng(0).permutation(len(splits.val))[:count])
    x, y = splits.val.x[rows], splits.val.y[rows]
    gray = splits.normalization[0].astype(x.dtype)  # the mean of each channel

    def errors(images: np.ndarray) -> np.ndarray:
        return sample_errors(y, predict(images), splits.target_statistics)

    maps = measure(x, errors, gray)
    line = (
        f"A patch of the mean color hides each part of {count:,} images of the validation split in turn, and the model"
        f" predicts again. Shown is the {ERROR}. Left: the mean over these images. The others are examples, with parts"
        " that matter in red, and in blue those without which it predicts better."
    )
    words = "Where hiding a part of the image makes predictions worse"
    figure = draw_maps(x, maps)
    save_figure(figure, run / "figures" / "importance.png")
    return [Section("What the model looks at", [line], figure, words)]


def measure(x: np.ndarray, errors: Callable[[np.ndarray], np.ndarray], gray: np.ndarray) -> np.ndarray:
    """Measure how much the error rises where a patch hides a part.

    Args:
        x: images (n, height, width, channels).
        errors: changed images -> error of each (n,).
        gray: color of the patch, (channels,).

    Returns:
        Rises (n, rows, columns), of the patch at each place.
    """
    height, width = x.shape[1:3]
    rows, columns = (np.array_split(np.arange(size), min(CELLS, size)) for size in (height, width))
    before = errors(x)
    maps = np.empty((len(x), len(rows), len(columns)))
    for row, inside_rows in enumerate(rows):
        for column, inside_columns in enumerate(columns):
            hidden = x.copy()
            hidden[:, inside_rows[0] : inside_rows[-1] + 1, inside_columns[0] : inside_columns[-1] + 1] = gray
            maps[:, row, column] = errors(hidden) - before
    return maps


def draw_maps(x: np.ndarray, maps: np.ndarray) -> Figure:
    """Draw the mean of the maps (n, rows, columns), and some images x under their own maps."""
    height, width = x.shape[1:3]
    examples = min(EXAMPLES, len(x))
    figure = Figure(figsize=(1.9 * (EXAMPLES + 1), 2.2), layout="constrained")
    mean, *others = figure.subplots(1, EXAMPLES + 1)
    average = maps.mean(axis=0)
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)  # of the pixels
    limit = max(float(np.abs(average).max()), 1e-6)
    shown = mean.imshow(average, cmap="coolwarm", vmin=-limit, vmax=limit, extent=extent)
    mean.set(xticks=[], yticks=[])
    mean.set_title("mean", fontsize=8)
    ends = [-limit, 0, limit]
    scale = figure.colorbar(shown, ax=mean, location="bottom", shrink=0.8, ticks=ends)
    scale.ax.set_xticklabels([f"{end:.2g}" for end in ends], fontsize=6)
    for axes, image, own in zip(others, x[:examples], maps, strict=False):
        draw_sample(axes, image)
        limit = max(float(np.abs(own).max()), 1e-6)
        axes.imshow(own, cmap="coolwarm", vmin=-limit, vmax=limit, extent=extent, alpha=0.5)
        axes.set_title(f"up to {own.max():.2g}", fontsize=8)
    for axes in others[examples:]:
        axes.axis("off")
    return figure

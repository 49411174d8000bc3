"""Draw docs/results.png, the picture of the README, from the run of `make demo`.

    make demo picture

In: the folder of that project, in whose environment this runs: runs/001 after `evaluate`.
Out: test images with predictions, learning curves, and the accuracy beside baselines and published results.
"""

import importlib
import os
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure  # without pyplot: no window is needed
from matplotlib.lines import Line2D
from matplotlib.patches import BoxStyle, FancyBboxPatch
from matplotlib.ticker import MaxNLocator

TARGET = Path(__file__).resolve().parent.parent / "docs" / "results.png"
WIDTH, HEIGHT, DPI = 8.0, 4.3, 200  # inches and dots: twice the width of a README's column, for sharp displays
INK, GRAY, LINE, BLUE, RED = "#1f2933", "#6b7280", "#d5dae1", "#2463a6", "#b42318"
TRAIN = "#98a5b5"
PAGE, TINT = "#ffffff", "#eaf1f9"
IMAGES, CURVES, TABLE, RIGHT, TOP = 0.30, 4.03, 6.10, 7.70, 0.66  # where the panels start and end, in inches
COLUMNS, WRONG = 5, 5  # images in a row, and how many mistakes
STYLE = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same picture everywhere
    "font.size": 7,
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": GRAY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": GRAY,
    "ytick.labelcolor": GRAY,
    "xtick.major.size": 2,
    "ytick.major.size": 2,
    "grid.color": "#eef0f3",
    "figure.facecolor": PAGE,
}


def main(project: Path) -> None:
    """Read the run and draw it."""
    os.chdir(project)  # paths in its settings start there
    sys.path.insert(0, str(Path.cwd()))
    package = next(Path.cwd().glob("*/__main__.py")).parent.name
    runs, storage, data = (importlib.import_module(f"{package}.{name}") for name in ("runs", "storage", "data"))
    run, config, info = runs.load_run("001")
    test = data.load_splits(config).test
    with np.load(run / "predictions.npz") as stored:
        predictions = stored["test"]  # (n, classes)
    metrics = storage.read_json(run / "metrics.json")

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI)
        draw_images(figure, test, predictions, info.target_names)
        draw_curves(figure, runs.read_history(run), metrics["training"]["best_epoch"])
        draw_table(figure, metrics)
        TARGET.parent.mkdir(exist_ok=True)
        figure.savefig(TARGET, metadata={"Software": None})
    print(f"Written: {TARGET}")


def draw_images(figure: Figure, test: Any, predictions: np.ndarray, names: list[str]) -> None:
    """The first image of each class that is predicted rightly, and the first mistakes."""
    heading(figure, IMAGES, "Predictions on test images")
    predicted = predictions.argmax(axis=1)
    wrong = np.flatnonzero(predicted != test.y)
    right = [int(np.flatnonzero((predicted == test.y) & (test.y == label))[0]) for label in range(len(names))]
    subheading(figure, IMAGES, TOP, "Right: the first of each class")
    for place, number in enumerate(right):
        left, top = IMAGES + 0.70 * (place % COLUMNS), TOP + 0.14 + 1.02 * (place // COLUMNS)
        draw_image(figure, left, top, test.x[number], LINE)
        write(figure, left + 0.30, top + 0.71, names[predicted[number]], ha="center", size=6)
        write(figure, left + 0.30, top + 0.83, percent(predictions[number].max()), ha="center", size=6, color=GRAY)
    last = TOP + 2.35
    subheading(figure, IMAGES, last, f"Wrong: the first {WRONG} of {len(wrong)}, with the label below")
    for place, number in enumerate(wrong[:WRONG]):
        left, top = IMAGES + 0.70 * place, last + 0.14
        draw_image(figure, left, top, test.x[number], RED)
        words = f"{names[predicted[number]]} {percent(predictions[number].max())}"
        write(figure, left + 0.30, top + 0.71, words, ha="center", size=6, color=RED)
        write(figure, left + 0.30, top + 0.83, names[test.y[number]], ha="center", size=6, color=GRAY)


def draw_image(figure: Figure, left: float, top: float, image: np.ndarray, color: str) -> None:
    """One image (28, 28, 1), dark on white, in a frame."""
    axes = add_axes(figure, left, top, 0.60, 0.60)
    axes.imshow(image.squeeze(), cmap="gray_r")
    axes.set(xticks=[], yticks=[], xlim=(-1.5, 28.5), ylim=(28.5, -1.5))  # a little air inside the frame
    for spine in axes.spines.values():
        spine.set(visible=True, color=color, linewidth=0.8)


def draw_curves(figure: Figure, history: list[dict[str, float]], best: int) -> None:
    """Loss and accuracy by epoch, train and validation, and which epoch was best."""
    heading(figure, CURVES, "Learning curves")
    epochs = [row["epoch"] for row in history]
    middle = round(len(history) * 0.67)  # the epoch at which the lines have their names
    for place, (name, up) in enumerate((("loss", 1), ("accuracy", -1))):  # up: where validation lies from train
        subheading(figure, CURVES, TOP + 1.70 * place, name.capitalize())
        axes = add_axes(figure, CURVES + 0.24, TOP + 0.14 + 1.70 * place, 1.45, 1.26)
        axes.axvline(best, color=LINE, linewidth=0.8, linestyle=(0, (2, 2)))
        for key, label, color, side in ((name, "train", TRAIN, -up), (f"val_{name}", "validation", BLUE, up)):
            values = [row[key] for row in history]
            axes.plot(epochs, values, color=color, linewidth=1.4, clip_on=False)
            style = {"color": color, "ha": "center", "va": "center", "size": 6, "textcoords": "offset points"}
            axes.annotate(label, (middle, values[middle - 1]), (0, 10 * side), **style)
        value = history[best - 1][f"val_{name}"]
        axes.plot(best, value, "o", color=BLUE, markersize=4, clip_on=False, zorder=3)
        style |= {"ha": "left"}
        axes.annotate(f"{value:.3f}", (best, value), (2, -8), **style)
        axes.grid(axis="y")
        axes.set_axisbelow(True)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.tick_params(labelsize=6)
    axes.set_xlabel(f"epoch (best by validation loss: {best})", size=6)


def draw_table(figure: Figure, metrics: dict[str, Any]) -> None:
    """Baselines, published results and this model."""
    heading(figure, TABLE, "Accuracy on the test split")
    baselines = {name: scores["accuracy"] for name, scores in metrics["baselines"].items()}
    top = TOP
    for group, rows in {"Baselines": baselines, "Published": metrics["published"]}.items():
        subheading(figure, TABLE, top, group)
        rule(figure, top + 0.11)
        top += 0.25
        for name, value in rows.items():
            write(figure, TABLE, top, name)
            write(figure, RIGHT, top, f"{value:.3f}", ha="right")
            top += 0.205
        top += 0.06
    height = 0.62
    corner, size = (TABLE - 0.08, HEIGHT - top - height + 0.06), (RIGHT - TABLE + 0.16, height)
    style = BoxStyle("round", pad=0, rounding_size=0.06)
    figure.add_artist(FancyBboxPatch(corner, *size, style, transform=figure.dpi_scale_trans, color=TINT, linewidth=0))
    low, high = metrics["test"]["intervals"]["accuracy"]
    training = metrics["training"]
    model = f"{training['parameters']:,} parameters, {training['epochs']} epochs"
    write(figure, TABLE, top + 0.07, "this model", weight="bold", color=BLUE)
    write(figure, RIGHT, top + 0.07, f"{metrics['test']['accuracy']:.3f}", ha="right", weight="bold", color=BLUE)
    write(figure, TABLE, top + 0.26, f"95 % interval {low:.3f} to {high:.3f}", color=GRAY, size=6)
    write(figure, TABLE, top + 0.42, model, color=GRAY, size=6)


def percent(probability: float) -> str:
    """A probability as read by people: certainty is never shown."""
    return ">99 %" if probability >= 0.995 else f"{100 * probability:.0f} %"


def rule(figure: Figure, top: float) -> None:
    """A thin line across the table."""
    ends = (TABLE / WIDTH, RIGHT / WIDTH), (1 - top / HEIGHT,) * 2
    figure.add_artist(Line2D(*ends, color=LINE, linewidth=0.8))


def add_axes(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes at a place in inches from the top left."""
    return figure.add_axes((left / WIDTH, 1 - (top + height) / HEIGHT, width / WIDTH, height / HEIGHT))


def write(figure: Figure, left: float, top: float, words: str, **style: Any) -> None:
    """Text at a place in inches from the top left; `top` is the middle of the line."""
    figure.text(left / WIDTH, 1 - top / HEIGHT, words, va="center", **style)


def heading(figure: Figure, left: float, words: str) -> None:
    """The title of a panel."""
    write(figure, left, 0.34, words, weight="bold", size=8)


def subheading(figure: Figure, left: float, top: float, words: str) -> None:
    """The title of a part of a panel."""
    write(figure, left, top, words, size=6.5, color=GRAY)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

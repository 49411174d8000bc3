"""One item of the data, a picture: how it is read from a file and how it is drawn."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image, ImageOps

from .config import UserError

FILES = "pictures (png, jpg, ...)"  # what `predict` takes beside .npy and .npz


def read_items(path: Path, input_shape: tuple[int, ...]) -> np.ndarray:
    """A picture file as (1, height, width, channels) uint8, at the size that the model takes.

    It is turned as its EXIF data says, made grey or RGB, and scaled.

    Raises:
        UserError: the file is not a whole picture.
    """
    height, width, channels = input_shape
    try:
        with Image.open(path) as file:
            picture = ImageOps.exif_transpose(file).convert("L" if channels == 1 else "RGB")
    except OSError as error:
        raise UserError(f"{path} is not a whole picture file: make it anew, or leave it out.") from error
    if picture.size != (width, height):
        print(f"{path}: scaled from {picture.width} x {picture.height} to {width} x {height} pixels.")
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(picture, np.uint8).reshape(1, height, width, channels)


def draw_item(axes: Axes, item: np.ndarray) -> None:
    """Draw one picture (height, width, channels)."""
    axes.imshow(item.squeeze(), cmap="gray")
    axes.set_xticks([])
    axes.set_yticks([])


def draw_overview(x: np.ndarray, y: np.ndarray, class_names: list[str]) -> Figure:
    """The mean picture of each class: what a classifier by nearest mean goes by."""
    figure = Figure(figsize=(1.4 * len(class_names), 1.8), layout="constrained")
    for label, axes in enumerate(np.atleast_1d(figure.subplots(1, len(class_names)))):
        if (y == label).any():
            draw_item(axes, x[y == label].mean(axis=0).astype(x.dtype))
        axes.set_title(class_names[label], fontsize=8)
    figure.suptitle("Mean picture of each class", fontsize=10)
    return figure

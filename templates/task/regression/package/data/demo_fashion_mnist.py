"""The example data: Fashion-MNIST, and what is to be learned from it. Your own data replaces it (`data.source`)."""

from pathlib import Path

import numpy as np
import pandas as pd

from ..config import DataSettings
from . import inputs
from .fashion_mnist import has_files, read_fashion_mnist
from .samples import Samples

SOURCE = "fashion_mnist"  # the value of data.source
NAME = "Fashion-MNIST"

# Published test results on the same data, by name: `evaluate` prints them beside yours.
PUBLISHED: dict[str, float] = {}
PUBLISHED_SOURCE = ""

MAX_ANGLE = 45  # degrees


def read_demo(settings: DataSettings) -> Samples:
    """Read Fashion-MNIST with the targets of `demo_targets`. Absent files are downloaded into `data.data_dir`."""
    images, labels, split = read_fashion_mnist(Path(settings.data_dir))  # (n, 28, 28), (n,), (n,)
    x, y, target_names = demo_targets(images, labels)
    targets = pd.DataFrame(y.reshape(len(y), -1))
    return Samples(inputs.from_images(x), targets, lambda row: f"sample {row}", target_names, split)


def has_demo(settings: DataSettings) -> bool:
    """Return whether Fashion-MNIST is in `data.data_dir`."""
    return has_files(Path(settings.data_dir))


def demo_targets(x: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Make an example of this task from Fashion-MNIST: by which angle was an image rotated?

    Each image is rotated counterclockwise by a random whole number of degrees, the same in every run.

    Args:
        x: images (n, 28, 28) uint8.
        labels: class ids (n,) int64.

    Returns:
        Images, targets and target names.
    """
    from scipy.ndimage import rotate  # takes a while to import

    angles = np.random.default_rng(0).integers(-MAX_ANGLE, MAX_ANGLE + 1, len(x))
    rotated = np.empty_like(x)
    for angle in range(-MAX_ANGLE, MAX_ANGLE + 1):
        chosen = angles == angle
        if chosen.any():
            rotated[chosen] = rotate(x[chosen], angle, axes=(2, 1), reshape=False, order=1)  # order 1: bilinear
    y = angles.astype(np.float64)[:, np.newaxis]
    return rotated, y, ["angle in degrees"]

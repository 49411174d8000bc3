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

LONG_SLEEVES = (2, 4, 6)  # class ids of Fashion-MNIST: pullover, coat, shirt


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
    """Make an example of this task from Fashion-MNIST: clothing with long sleeves, or not.

    Args:
        x: images (n, 28, 28) uint8.
        labels: class ids (n,) int64.

    Returns:
        Images, targets and target names.
    """
    y = np.isin(labels, LONG_SLEEVES).astype(np.int64)
    return x, y, ["other", "long sleeves"]

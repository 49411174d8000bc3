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

# The classes of Fashion-MNIST that have each label. Class ids: T-shirt 0, trouser 1, pullover 2, dress 3, coat 4,
# sandal 5, shirt 6, sneaker 7, bag 8, ankle boot 9.
LABELS = {
    "worn on top": (0, 2, 3, 4, 6),
    "worn on the legs": (1, 3),
    "worn on the feet": (5, 7, 9),
    "long sleeves": (2, 4, 6),
    "closed shoe": (7, 9),
    "carried": (8,),
}


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
    """Make an example of this task from Fashion-MNIST: labels of clothing, such as long sleeves.

    Args:
        x: images (n, 28, 28) uint8.
        labels: class ids (n,) int64.

    Returns:
        Images, targets and target names.
    """
    y = np.stack([np.isin(labels, class_ids) for class_ids in LABELS.values()], axis=1)
    return x, y.astype(np.float32), list(LABELS)

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
CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip

# Test accuracy on Fashion-MNIST: the best of each kind in its own README, as submitted, and not checked there. Of two
# convolutions there are seven results, from 0.876. People: the majority of three laymen on 1,000 test images, so +-2.3
# points; the others are of all 10,000. Replace it with published results on your data.
PUBLISHED_SOURCE = "https://github.com/zalandoresearch/fashion-mnist#benchmark"
PUBLISHED = {
    "people, on 1,000 images": 0.835,
    "GRU + SVM with dropout": 0.897,
    "XGBoost": 0.898,
    "MLP 256-128-64": 0.900,
    "2 convolutions, 1.8M": 0.932,
    "ResNet18": 0.949,
    "WRN40-4": 0.967,
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
    """Make an example of this task from Fashion-MNIST: tell its ten classes apart.

    Args:
        x: images (n, 28, 28) uint8.
        labels: class ids (n,) int64.

    Returns:
        Images, targets and target names.
    """
    return x, labels, list(CLASSES)

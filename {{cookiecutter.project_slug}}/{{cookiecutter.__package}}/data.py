"""Data: raw files -> arrays -> train, validation and test.

In: Fashion-MNIST, or a .npz file of yours (`data.source`).
Out: `Splits`, each with inputs as stored on disk (n, *shape) and int64 class numbers (n,).
The validation split is cut from the training part, stratified and seeded; the test part is as given and is used by
`evaluate` alone. Mean and deviation come from the train split, and travel inside the model.
Cost: the data is held once, in its own dtype (55 MB for Fashion-MNIST).
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from .config import Config, UserError
from .fetch import raw_files

FASHION_MNIST_CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip


@dataclass(frozen=True)
class Split:
    """Inputs x (n, *shape) in the dtype of the file, and targets y (n,) int64."""

    x: np.ndarray
    y: np.ndarray

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class Splits:
    """Train, validation and test, and the names of the classes."""

    train: Split
    val: Split
    test: Split
    class_names: list[str]

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one item."""
        return self.train.x.shape[1:]

    @property
    def num_outputs(self) -> int:
        """How many numbers the model puts out: one a class."""
        return len(self.class_names)

    @cached_property
    def normalisation(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and deviation of the train split, for each index of the last axis; both float32."""
        return mean_and_deviation(self.train.x)

    def describe(self) -> dict[str, Any]:
        """What a model must know of its data, ready for JSON."""
        mean, deviation = self.normalisation
        return {
            "input_shape": list(self.input_shape),
            "class_names": self.class_names,
            "mean": mean.tolist(),
            "deviation": deviation.tolist(),
            "items": {"train": len(self.train), "validation": len(self.val), "test": len(self.test)},
        }


def load_splits(config: Config) -> Splits:
    """Read the data that the settings name, fetching Fashion-MNIST where it is absent, and split it.

    Raises:
        UserError: the data can't be had, or does not fit the settings.
    """
    if config.data.source == "fashion_mnist":
        x, y, x_test, y_test, class_names = _read_fashion_mnist(Path(config.data.folder))
    else:
        x, y, x_test, y_test, class_names = _read_npz(Path(config.data.source))
    shape = tuple(config.data.shape)
    if x[0].size != np.prod(shape):
        raise UserError(f"Items of shape {x.shape[1:]} do not fit data.shape {list(shape)}: correct config.yaml.")
    x, x_test = x.reshape(-1, *shape), x_test.reshape(-1, *shape)

    train, val = split_stratified(y, share=config.data.validation_share, seed=config.seed)
    # Copies all: the whole, which may be memory of a file that can't be written to, is let go.
    return Splits(Split(x[train], y[train]), Split(x[val], y[val]), Split(x_test.copy(), y_test), class_names)


def split_stratified(y: np.ndarray, *, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two sorted lists of indices into y (n,): the rest, and `share` of every class (rounded), chosen by `seed`."""
    random = np.random.default_rng(seed)
    held_out = np.zeros(len(y), dtype=bool)
    for label in np.unique(y):
        members = np.flatnonzero(y == label)
        held_out[random.permutation(members)[: round(share * len(members))]] = True
    if not held_out.any():
        raise UserError(f"data.validation_share {share} of {len(y)} items leaves none for validation: raise it.")
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def mean_and_deviation(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation over all axes of x but the last, float32; a constant feature gets deviation 1.

    Block by block, because a float copy of the whole array would take eight times the memory of the pixels.
    """
    blocks = [x[start : start + 4096].reshape(-1, x.shape[-1]) for start in range(0, len(x), 4096)]
    count = sum(len(block) for block in blocks)
    mean = sum(block.sum(axis=0, dtype=np.float64) for block in blocks) / count
    variance = sum(np.square(block - mean).sum(axis=0) for block in blocks) / count
    return mean.astype(np.float32), np.sqrt(np.where(variance > 0, variance, 1)).astype(np.float32)


def _read_fashion_mnist(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Fashion-MNIST in its official parts: 60,000 and 10,000 pictures (28, 28) uint8 with their classes."""
    files = raw_files(folder)

    def images(name: str) -> np.ndarray:  # the idx format: a header of 16 bytes for pictures, 8 for labels
        return np.frombuffer(files[f"{name}-images-idx3-ubyte"], np.uint8, offset=16).reshape(-1, 28, 28)

    def labels(name: str) -> np.ndarray:
        return np.frombuffer(files[f"{name}-labels-idx1-ubyte"], np.uint8, offset=8).astype(np.int64)

    return images("train"), labels("train"), images("t10k"), labels("t10k"), list(FASHION_MNIST_CLASSES)


def _read_npz(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """A file made by `numpy.savez(path, x_train=..., y_train=..., x_test=..., y_test=..., class_names=...)`."""
    if path.suffix != ".npz" or not path.is_file():
        raise UserError(f"data.source {str(path)!r} is neither fashion_mnist nor an existing .npz file.")
    with np.load(path) as arrays:
        missing = {"x_train", "y_train", "x_test", "y_test"} - set(arrays.files)
        if missing:
            raise UserError(f"{path} lacks the array {sorted(missing)[0]}: it holds {', '.join(arrays.files)}.")
        x, x_test = arrays["x_train"], arrays["x_test"]
        y, y_test = arrays["y_train"].astype(np.int64), arrays["y_test"].astype(np.int64)
        highest = max(y.max(), y_test.max())
        class_names = arrays["class_names"] if "class_names" in arrays.files else np.arange(highest + 1)
    for part, inputs, targets in (("train", x, y), ("test", x_test, y_test)):
        if len(inputs) != len(targets):
            raise UserError(f"{path}: x_{part} has {len(inputs)} items and y_{part} {len(targets)}.")
        if targets.min() < 0 or targets.max() >= len(class_names):
            raise UserError(f"{path}: y_{part} must hold class numbers from 0 to {len(class_names) - 1}.")
    return x, y, x_test, y_test, [str(name) for name in class_names]

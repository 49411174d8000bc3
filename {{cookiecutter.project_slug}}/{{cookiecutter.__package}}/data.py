"""Data: files -> items -> arrays -> train, validation and test.

In: Fashion-MNIST, or a file or folder of yours (`data.source`; sources.py reads it).
Out: `Splits`, each with inputs as stored (n, *shape) and targets (n, ...) as task.py says.
Parts that the source gives are honoured. What it does not give is cut off by `data.split`: at random with the same
share of every class, by group, or by time. The test split is used by `evaluate` alone. What is learned from data, such
as mean and deviation, comes from the train split, and travels with the model.
Cost: the data is held once, in its own dtype (55 MB for Fashion-MNIST), or stays on disk (`data.memory_mb`).
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from . import sources, task
from .config import Config, UserError
from .fetch import raw_files
from .files import Items, Rows, find, take
from .tables import moments

FASHION_MNIST_CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
SAMPLE = 20_000  # items on disk that mean and deviation are taken from


@dataclass(frozen=True)
class Split:
    """Inputs x (n, *shape) in the dtype of the source, targets y (n, ...), and the group of each item, if known."""

    x: np.ndarray | Rows
    y: np.ndarray
    group: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class Splits:
    """Train, validation and test; the names of classes, labels or targets; how inputs became arrays."""

    train: Split
    val: Split
    test: Split
    names: list[str]
    rules: dict[str, Any]  # of sources.py
    skipped: int = 0  # damaged items that were left out

    @property
    def named(self) -> dict[str, Split]:
        """The three by name."""
        return {"train": self.train, "validation": self.val, "test": self.test}

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one item."""
        return self.train.x.shape[1:]

    @property
    def num_outputs(self) -> int:
        """How many numbers the model puts out for an item."""
        return task.num_outputs(self.names)

    @cached_property
    def target_statistics(self) -> dict[str, Any]:
        """What the loss must know of the targets of the train split."""
        return task.target_statistics(self.train.y, self.names)

    @cached_property
    def normalisation(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and deviation of the train split, for each index of the last axis; both float32."""
        x = self.train.x
        if isinstance(x, Rows) and len(x) > SAMPLE:
            x = x.take(np.sort(np.random.default_rng(0).permutation(len(x))[:SAMPLE]))
        return mean_and_deviation(x)

    def describe(self) -> dict[str, Any]:
        """What a model must know of its data, ready for JSON."""
        mean, deviation = self.normalisation
        return {
            "input_shape": list(self.input_shape),
            "rules": self.rules,
            "names": self.names,
            "targets": self.target_statistics,
            "mean": mean.tolist(),
            "deviation": deviation.tolist(),
            "items": {name: len(split) for name, split in self.named.items()},
        }


def load_splits(config: Config) -> Splits:
    """Read the data that the settings name, fetching Fashion-MNIST where it is absent, and split it.

    Raises:
        UserError: the data can't be had, has a fault, or does not fit the settings.
    """
    if config.data.source == "fashion_mnist":
        inputs, y, names, part = _read_fashion_mnist(Path(config.data.folder))
        items = Items(inputs, None, lambda row: f"item {row}", part=part)
    else:
        items = sources.read(find(Path(config.data.source)), config.data)
        y, names = task.encode(items.targets, items.where, items.names)
    train, val, test = split_items(items, y, config)
    rules = sources.learn_rules(items.inputs, train, config.data)
    x = sources.encode(items.inputs, rules, config.data)
    if isinstance(x, np.ndarray):
        check_numbers(x, items.where, rules)

    def split(rows: np.ndarray) -> Split:
        return Split(take(x, rows), y[rows], None if items.group is None else items.group[rows])

    splits = Splits(split(train), split(val), split(test), names, rules, items.skipped)
    for name, count in zip(names, splits.target_statistics.get("counts", []), strict=False):
        if not count:
            raise UserError(f"No item of the train split is {name}: add some, or split in another way (data.split).")
    return splits


def split_items(items: Items, y: np.ndarray, config: Config) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sorted row numbers of train, validation and test."""
    given = np.full(len(y), "train") if items.part is None else items.part
    train, val, test = (np.flatnonzero(given == name) for name in ("train", "validation", "test"))
    if not len(train):
        raise UserError("The source has no item for train: give it some, or leave the parts to data.split.")
    if not len(test):
        train, test = cut_off(train, config.data.test_share, items, y, config)
    if not len(val):
        train, val = cut_off(train, config.data.validation_share, items, y, config)
    for name, rows in (("train", train), ("validation", val), ("test", test)):
        if not len(rows):
            raise UserError(
                f"No item is left for {name}: there are too few items or groups, or data.validation_share or"
                " data.test_share does not fit them."
            )
    return train, val, test


def cut_off(
    rows: np.ndarray, share: float, items: Items, y: np.ndarray, config: Config
) -> tuple[np.ndarray, np.ndarray]:
    """Part `rows` in two by data.split: those that stay, and about `share` of them, both sorted."""
    by = config.data.split
    if by != "random" and getattr(items, by) is None:
        raise UserError(f"data.split is {by}, but no {by} is known: name its column in data.{by}, or split: random.")
    if by == "group":
        held_out = by_group(items.group[rows], share=share, seed=config.seed)
    elif by == "time":
        held_out = by_time(items.time[rows], share=share)
    else:
        held_out = stratified(task.strata(y[rows]), share=share, seed=config.seed)
    return rows[~held_out], rows[held_out]


def stratified(classes: np.ndarray, *, share: float, seed: int) -> np.ndarray:
    """Which items (n,) bool are held out: `share` of all, and as nearly of every class, chosen by `seed`."""
    random = np.random.default_rng(seed)
    held_out = np.zeros(len(classes), dtype=bool)
    members = [random.permutation(np.flatnonzero(classes == label)) for label in np.unique(classes)]
    quota = np.array([share * len(rows) for rows in members])
    count = quota.astype(int)
    # What rounding down left goes to the classes that lost most by it; the last item of a class stays.
    lost = np.where([len(rows) > 1 for rows in members], quota - count, 0).round(9)
    order = np.lexsort((random.random(len(members)), -lost))[: max(round(share * len(classes)) - count.sum(), 0)]
    count[order[lost[order] > 0]] += 1
    for rows, number in zip(members, count, strict=True):
        held_out[rows[:number]] = True
    if not held_out.any():  # every class has one item
        held_out[random.permutation(len(classes))[: round(share * len(classes))]] = True
    return held_out


def by_group(group: np.ndarray, *, share: float, seed: int) -> np.ndarray:
    """Which items (n,) bool are held out: whole groups, chosen by `seed`, until they are `share` of all."""
    names, number = np.unique(group.astype(str), return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(names))
    sizes = np.bincount(number)[order]
    chosen = order[: int(np.searchsorted(sizes.cumsum(), share * len(group))) + 1]
    return np.isin(number, chosen)


def by_time(time: np.ndarray, *, share: float) -> np.ndarray:
    """Which items (n,) bool are held out: the newest; items of the same time stay together."""
    found = moments(time, "data.time")
    return found > np.sort(found)[len(found) - 1 - round(share * len(found))]


def mean_and_deviation(x: np.ndarray | Rows) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation over all axes of x but the last, float32; a constant feature gets deviation 1.

    Block by block, because a float copy of the whole array would take eight times the memory of the pixels. Of padded
    sequences the padding, which is NaN, does not count.
    """
    features = x.shape[-1]
    count, mean, squares = np.zeros(features), np.zeros(features), np.zeros(features)
    for block in blocks(x):
        values = block.reshape(-1, features)
        present = ~np.isnan(values).any(axis=1) if np.issubdtype(x.dtype, np.floating) else slice(None)
        values = values[present]
        # Chan, Golub and LeVeque's update (Am. Stat. 37, 1983): one pass, and no large sums that cancel.
        new, block_mean = count + len(values), values.mean(axis=0, dtype=np.float64)
        shift = block_mean - mean
        squares += np.square(values - block_mean).sum(axis=0) + shift**2 * count * len(values) / new
        mean += shift * len(values) / new
        count = new
    variance = squares / count
    # Rounding leaves a little variance where there is none.
    constant = variance <= 1e-12 * np.maximum(mean**2, 1e-12)
    return mean.astype(np.float32), np.sqrt(np.where(constant, 1, variance)).astype(np.float32)


def blocks(x: np.ndarray | Rows) -> Iterator[np.ndarray]:
    """x in slices of `block_size` items: views of an array; rows on disk are read one block at a time."""
    size = block_size(x)
    return (x[start : start + size] for start in range(0, len(x), size))


def block_size(x: np.ndarray | Rows) -> int:
    """Items in a block of x: 4096, or as many as take 32 MB as float64, whatever the size of an item."""
    return max(1, min(4096, 2**22 // math.prod(x.shape[1:])))


def check_numbers(x: np.ndarray | Rows, where: Callable[[int], str], rules: dict[str, Any]) -> None:
    """Refuse NaN and infinity, but for NaN in steps at the end of a padded sequence; rules: of sources.py.

    Raises:
        UserError: there is one; its item and feature are named.
    """
    if not np.issubdtype(x.dtype, np.floating):
        return
    for number, block in enumerate(blocks(x)):
        if np.isfinite(block.sum(dtype=np.float64)):
            continue
        bad = ~np.isfinite(block)
        if rules.get("pad"):
            padding = np.isnan(block).all(axis=2)  # (items, steps)
            ended = np.logical_or.accumulate(padding, axis=1)
            bad = bad & ~padding[..., np.newaxis] | (ended & ~padding)[..., np.newaxis] | padding[:, :1, np.newaxis]
        if bad.any():
            row, *place, feature = np.argwhere(bad)[0].tolist()
            inside = f" at {', '.join(map(str, place))}" if place else ""  # such as the step of a sequence
            name = sources.feature_names(rules)[feature]
            raise UserError(
                f"{where(number * block_size(x) + row)}: {name}{inside} is missing or not finite: fill it, or leave the"
                " item out."
            )


def _read_fashion_mnist(folder: Path) -> tuple[np.ndarray, np.ndarray, list[str], np.ndarray]:
    """Fashion-MNIST as an example of the task: inputs, targets, names, and the official part of each item."""
    files = raw_files(folder)
    parts = {"train": "train", "test": "t10k"}
    # The idx format: a header of 16 bytes before pictures, of 8 before labels.
    x = np.concatenate(
        [np.frombuffer(files[f"{name}-images-idx3-ubyte"], np.uint8, offset=16) for name in parts.values()]
    )
    labels = [np.frombuffer(files[f"{name}-labels-idx1-ubyte"], np.uint8, offset=8) for name in parts.values()]
    part = np.repeat(list(parts), [len(label) for label in labels])
    del files
    y = np.concatenate(labels).astype(np.int64)
    x, y, names = task.stand_in(x.reshape(-1, 28, 28), y, list(FASHION_MNIST_CLASSES))
    return sources.from_pictures(x), y, names, part

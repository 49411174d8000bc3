"""Samples with their targets, and arrays whose rows stay on disk."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..config import UserError

MAX_VALUES = 100_000_000  # in the table that baselines are fit to (0.4 GB); of larger ones a random part is used
SMALL = 10_000_000  # values of a table for which there is time to try several penalties: seconds for each
MIN_SAMPLES = 100  # that are used, whatever `data.max_memory_mb` says


@dataclass
class Samples:
    """The content of a source. Arrays have one entry per sample; None means that the source does not say."""

    inputs: Any  # what `to_arrays` of inputs.py takes: a table, an array, a list of files
    targets: pd.DataFrame  # (n, targets), as they stand in the source
    where: Callable[[int], str]  # row number -> place of the sample for messages: "wine.csv line 7"
    target_names: list[str] | None = None  # of classes, labels or targets
    split: np.ndarray | None = None  # (n,) of "train", "validation" and "test"
    group: np.ndarray | None = None  # (n,)
    time: np.ndarray | None = None  # (n,)
    ids: np.ndarray | None = None  # (n,), the name of each sample
    num_skipped: int = 0  # corrupt samples that were left out
    num_without_target: int = 0  # samples that were left out because their target is missing


class DiskArray:
    """Array (n, *shape) on disk, whose rows are read only when they are indexed.

    Args:
        read: row numbers (m,) -> array (m, *shape).
        shape: of all rows that `read` knows, (n, *shape).
        dtype: of what `read` returns.
        rows: row numbers that this view has; None: all.
    """

    def __init__(
        self,
        read: Callable[[np.ndarray], np.ndarray],
        shape: tuple[int, ...],
        dtype: npt.DTypeLike,
        rows: np.ndarray | None = None,
    ):
        self.read = read
        self.dtype = np.dtype(dtype)
        self.rows = np.arange(shape[0]) if rows is None else rows
        self.shape = (len(self.rows), *shape[1:])

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, key: Any) -> np.ndarray:
        rows = self.rows[key]
        if np.ndim(rows) == 0:  # the key is one number
            return self.read(np.array([rows]))[0]
        return self.read(rows)

    def take(self, rows: np.ndarray) -> "DiskArray":
        """Return a view of some rows without reading them."""
        return DiskArray(self.read, self.shape, self.dtype, self.rows[rows])

    def reshape(self, *shape: int) -> "DiskArray":
        """Return a view whose rows have another shape. As for an array, `shape` starts with len(self)."""

        def read(rows: np.ndarray) -> np.ndarray:
            return self.read(rows).reshape(len(rows), *shape[1:])

        return DiskArray(read, shape, self.dtype, self.rows)


@contextmanager
def explained(fault: str) -> Iterator[None]:
    """Turn whatever a library raises on a corrupt file into one sentence: `fault`, and the cause.

    Exceptions are of many kinds: the file may hold anything.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        cause = " ".join(str(error).split())[:200] or type(error).__name__
        raise UserError(f"{fault}: {cause}") from error


def take(x: Any, rows: np.ndarray) -> Any:
    """Select rows: a copy from an array or a list, and what `take` gives of all else, such as a view of one on disk."""
    if isinstance(x, list):
        return [x[row] for row in rows]
    return x[rows] if isinstance(x, np.ndarray) else x.take(rows)


def arrange(x: Any, parts: list[np.ndarray]) -> list[Any]:
    """Return the samples of each split.

    An array is put in the order of the splits, in place: a copy of each would take twice the memory.

    Args:
        x: inputs (n, *shape), which are of no use afterwards.
        parts: row numbers of each split, sorted. Each row is in one of them.
    """
    if not isinstance(x, np.ndarray) or not x.flags.writeable:
        return [take(x, rows) for rows in parts]
    first, *others = parts
    held_out = x[np.concatenate(others)]
    size = block_size(x)
    for start in range(0, len(first), size):
        rows = first[start : start + size]
        x[start : start + len(rows)] = x[rows]  # sorted: none is overwritten before it has been read
    x[len(first) :] = held_out
    return np.split(x, np.cumsum([len(rows) for rows in parts])[:-1])


def leave_out_missing_targets(samples: Samples) -> Samples:
    """Leave out and count the samples of which a target is missing."""
    missing = samples.targets.isna().any(axis=1).to_numpy()  # (n,)
    return replace(take_samples(samples, np.flatnonzero(~missing)), num_without_target=int(missing.sum()))


def take_samples(samples: Samples, rows: np.ndarray) -> Samples:
    """Take the samples of some rows (m,) of a source."""
    where = samples.where  # alone: the samples of a source take memory as long as anything refers to them

    def kept(values: np.ndarray | None) -> np.ndarray | None:
        return None if values is None else values[rows]

    return replace(
        samples,
        inputs=take(samples.inputs, rows),
        targets=samples.targets.iloc[rows].reset_index(drop=True),
        where=lambda row: where(int(rows[row])),
        split=kept(samples.split),
        group=kept(samples.group),
        time=kept(samples.time),
        ids=kept(samples.ids),
    )


def blocks(x: np.ndarray | DiskArray) -> Iterator[np.ndarray]:
    """Iterate over x in blocks of `block_size` samples, reading one block at a time from disk."""
    size = block_size(x)
    return (x[start : start + size] for start in range(0, len(x), size))


def block_size(x: np.ndarray | DiskArray) -> int:
    """Count the samples of a block: 4096, or as many as take 32 MB as float64."""
    return max(1, min(4096, 2**22 // math.prod(x.shape[1:])))


def flatten_some(x: np.ndarray | DiskArray, y: np.ndarray, max_memory_mb: int) -> tuple[np.ndarray, np.ndarray]:
    """Turn inputs (n, *shape) into a table (n, features) float32 for scikit-learn. Padding becomes 0.

    If the table, and the copy that a baseline makes of it, would take more than `max_memory_mb`, a random part of the
    samples is used, with one or more of each class of the targets y (n, ...).

    Returns:
        The table, and the row numbers of its samples.
    """
    max_values = min(MAX_VALUES, max_memory_mb * 1_000_000 // 8)  # twice 4 bytes each
    limit = max(MIN_SAMPLES, max_values // math.prod(x.shape[1:]))
    if len(x) > limit:
        order = np.random.default_rng(0).permutation(len(x))
        chosen = [order[:limit]]
        for values in y[order].reshape(len(y), -1).T:  # (n,)
            different, first = np.unique(values, return_index=True)
            if different.dtype.kind != "f" or len(different) <= limit:  # classes, not amounts
                chosen.append(order[first])
        rows = np.unique(np.concatenate(chosen))
        print(f"Using {len(rows):,} of {len(x):,} samples to fit: more would not fit into memory (data.max_memory_mb).")
        return flatten(x[rows]), rows
    return flatten(x[:]), np.arange(len(x))


def flatten(x: np.ndarray) -> np.ndarray:
    """Turn inputs (n, *shape) into a table (n, features) float32, with 0 for NaN."""
    table = x.reshape(len(x), -1).astype(np.float32)
    if np.issubdtype(x.dtype, np.floating):
        np.nan_to_num(table, copy=False)
    return table

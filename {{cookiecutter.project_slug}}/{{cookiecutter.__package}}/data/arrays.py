"""Read arrays from .npz and .npy files. Large ones stay on disk and are read row by row."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ..config import UserError, counted
from .array_files import StoredArray, by_rows, list_arrays, read_rows, read_whole
from .samples import DiskArray, Samples, explained
from .tables import SPLITS


@dataclass
class ArrayPair:
    """Inputs and targets of one split, or of all samples."""

    split: str  # train, validation or test; empty: not split yet
    x_name: str  # of the array in the source, such as x_train
    y_name: str
    x: StoredArray  # (n, *shape)
    y: StoredArray  # (n, ...)


def is_arrays(path: Path) -> bool:
    """Return whether a path is a .npz file, or a folder with x.npy or x_train.npy."""
    return path.suffix == ".npz" or any((path / name).is_file() for name in ("x.npy", "x_train.npy"))


def read_arrays(path: Path, max_memory_mb: int, *, wide: bool = False) -> Samples:
    """Read a .npz file, or a folder with one .npy file per array.

    Arrays are x and y; or x_train, y_train, x_test, y_test and optionally x_validation, y_validation, also called
    x_val, y_val. Optional arrays are class_names, and group and time, (n,) each. Inputs that take more than
    `max_memory_mb` stay on disk. Numbers of 64 bits stay as they are with `wide`; `narrow` of offsets.py makes
    them smaller.

    Raises:
        UserError: an array is absent, corrupt, too large for memory, or has a wrong shape or dtype.
    """
    arrays = list_arrays(path)
    pairs = _pair_arrays(arrays, path)
    _check_pairs(pairs, path)
    class_names = arrays.get("class_names")
    if class_names is not None and len(class_names.shape) != 1:
        raise UserError(f"{path}: class_names has the shape {class_names.shape}: it must be a list of names.")
    y = _read_values([pair.y for pair in pairs])  # (n, ...)
    split = np.repeat([pair.split for pair in pairs], [len(pair.x) for pair in pairs])  # (n,)
    names = None if class_names is None else [str(name) for name in _read_values([class_names])]
    targets = pd.DataFrame(y.reshape(len(y), -1))
    if names and len(names) == targets.shape[1] > 1:
        targets.columns = pd.Index(names)
    return Samples(
        _read_inputs([pair.x for pair in pairs], max_memory_mb, wide=wide),
        targets,
        _place_in(pairs, path),
        target_names=names,
        split=split if len(pairs) > 1 else None,
        group=_optional_array("group", arrays, len(y), path),
        time=_optional_array("time", arrays, len(y), path),
    )


def load_array(path: Path, instead: str, max_memory_mb: int, *, wide: bool = False) -> np.ndarray | DiskArray:
    """Load a .npy array, or the array x of a .npz file. One that takes more than `max_memory_mb` stays on disk.

    Args:
        path: of the file.
        instead: what else the user may give, for the message.
        max_memory_mb: that the array may take.
        wide: leave numbers of 64 bits as they are.

    Raises:
        UserError: the file is neither, holds no numbers, or too many for memory.
    """
    fault = f"{path} is not a .npy file of numbers, or a .npz file with an array x of numbers; {instead} will do too"
    with explained(fault):
        arrays = list_arrays(path)
        x = arrays["x"] if path.suffix == ".npz" else arrays[path.stem]
    if not _is_numeric(x) or not math.prod(x.shape) or not x.shape:
        raise UserError(f"{fault}: it holds {list(x.shape)} of {x.dtype}.")
    if len(x.shape) == 1:  # a single sample
        return read_whole([x], _common_dtype([x], wide=wide))
    return _read_inputs([x], max_memory_mb, wide=wide)


def rows_on_disk(arrays: Sequence[StoredArray], *, wide: bool = False) -> DiskArray:
    """Join arrays (n, *shape) one after the other, leaving their rows on disk."""
    stored = [by_rows(array) for array in arrays]
    starts = np.cumsum([0, *(len(array) for array in stored)])
    shape = stored[0].shape[1:]
    dtype = _common_dtype(stored, wide=wide)

    def read(rows: np.ndarray) -> np.ndarray:
        found = np.empty((len(rows), *shape), dtype)
        number = np.searchsorted(starts, rows, side="right") - 1  # (rows,): the array that each row is in
        for which, array in enumerate(stored):
            chosen = number == which
            if chosen.any():
                found[chosen] = read_rows(array, rows[chosen] - starts[which])
        return found

    return DiskArray(read, (int(starts[-1]), *shape), dtype)


def narrow_dtype(dtype: np.dtype) -> np.dtype:
    """Return float32 for what models don't take, and other dtypes as they are.

    Unsigned integers of two bytes and more become float32, because frameworks support few operations on them. So do
    float64, which takes twice the memory and which Metal lacks, and float16, which browsers and C++ lack.
    """
    not_taken = (dtype.kind == "u" and dtype.itemsize > 1) or dtype in (np.float64, np.float16)
    return np.dtype(np.float32) if not_taken else dtype


def _read_inputs(arrays: list[StoredArray], max_memory_mb: int, *, wide: bool) -> np.ndarray | DiskArray:
    """Read inputs (n, *shape) into memory, or leave them on disk where they take more than `max_memory_mb`."""
    dtype = _common_dtype(arrays, wide=wide)
    itemsize = max(dtype.itemsize, _common_dtype(arrays).itemsize)  # as read, and as it is held then
    if sum(math.prod(array.shape) for array in arrays) * itemsize > max_memory_mb * 1e6:
        return rows_on_disk(arrays, wide=wide)
    return read_whole(arrays, dtype)


def _read_values(arrays: list[StoredArray]) -> np.ndarray:
    """Read numbers, texts or dates into memory; texts and dates that can't exist are refused."""
    values = read_whole(arrays)
    if values.dtype.kind in "UMm":
        with explained(f"{arrays[0]} is not a whole array of text or dates"):
            pd.Series(values.reshape(-1)).tolist()  # raises what Python and pandas raise on them
    return values


def _pair_arrays(arrays: Mapping[str, StoredArray], path: Path) -> list[ArrayPair]:
    """Find inputs and targets by the names of the arrays: one pair x and y, or a pair per split."""
    found: dict[str, str] = {}  # names of arrays, such as x_val, by what they hold, such as x_validation
    for name in arrays:
        kind, _, word = name.partition("_")
        if kind not in ("x", "y"):
            continue
        if word and word not in SPLITS:
            raise UserError(f"{path}: {name} is of no split: call it {kind}_train and its like, or leave it out.")
        other = found.setdefault(f"{kind}_{SPLITS[word]}" if word else kind, name)
        if other != name:
            raise UserError(f"{path} holds {other} and {name}, which are of the same split: leave one out.")
    if "x" in found and "x_train" not in found:
        needed = ["x", "y"]
    else:
        needed = ["x_train", "y_train", "x_test", "y_test"]
        needed += ["x_validation", "y_validation"] if {"x_validation", "y_validation"} & found.keys() else []
    for name in needed:
        if name not in found:
            raise UserError(f"{path} lacks the array {name}: it holds {', '.join(arrays)}.")
    unused = [name for holds, name in found.items() if holds not in needed]
    if unused:
        raise UserError(
            f"{path} holds {unused[0]} beside {found[needed[0]]}: leave out x and y, or those of the splits."
        )
    pairs = []
    for x_name, y_name in zip(needed[::2], needed[1::2], strict=True):
        x, y = found[x_name], found[y_name]
        pairs.append(ArrayPair(x_name[2:], x, y, arrays[x], arrays[y]))
    return pairs


def _check_pairs(pairs: list[ArrayPair], path: Path) -> None:
    """Raise UserError where shapes or dtypes do not fit each other."""
    expected = pairs[0].x.shape[1:]
    for pair in pairs:
        x, y = pair.x, pair.y
        if not x.shape or not y.shape or not math.prod(x.shape) or not math.prod(y.shape):
            raise UserError(
                f"{path}: {pair.x_name} and {pair.y_name} must be arrays with one entry per sample, and hold some."
            )
        if len(x) != len(y):
            raise UserError(f"{path}: {pair.x_name} has {counted(len(x), 'sample')} and {pair.y_name} {len(y):,}.")
        if x.shape[1:] != expected:
            raise UserError(f"{path}: samples of {pair.x_name} have the shape {x.shape[1:]}, others {expected}.")
        if y.shape[1:] != pairs[0].y.shape[1:]:
            raise UserError(f"{path}: {pair.y_name} has the shape {y.shape}, {pairs[0].y_name} {pairs[0].y.shape}.")
        if not _is_numeric(x):
            raise UserError(f"{path}: {pair.x_name} holds {x.dtype}, not numbers.")
        if y.dtype.kind not in "biufUS":
            raise UserError(f"{path}: {pair.y_name} holds {y.dtype}, neither numbers nor text.")


def _optional_array(name: str, arrays: Mapping[str, StoredArray], count: int, path: Path) -> np.ndarray | None:
    """Return an array with one entry per sample, (count,); None if the source lacks it."""
    if name not in arrays:
        return None
    values = arrays[name]
    if values.shape != (count,):
        raise UserError(f"{path}: {name} has the shape {values.shape}: it must be ({count},), one entry per sample.")
    if values.dtype.kind not in "biufUSM":
        raise UserError(f"{path}: {name} holds {values.dtype}: it must hold numbers, text or dates.")
    return _read_values([values])


def _place_in(pairs: list[ArrayPair], path: Path) -> Callable[[int], str]:
    """Return a function that names the place of a sample: "own.npz: row 6 of x_test and y_test"."""
    starts = np.cumsum([0, *(len(pair.x) for pair in pairs)])

    def where(row: int) -> str:
        number = int(np.searchsorted(starts, row, side="right")) - 1
        pair = pairs[number]
        return f"{path}: row {row - starts[number]} of {pair.x_name} and {pair.y_name}"

    return where


def _is_numeric(x: StoredArray) -> bool:
    """Return whether an array holds real numbers, or true and false."""
    return x.dtype.kind in "biuf"


def _common_dtype(arrays: Sequence[StoredArray], *, wide: bool = False) -> np.dtype:
    """Return a dtype that holds the numbers of all arrays, in the byte order of this machine."""
    dtype = np.result_type(*(array.dtype for array in arrays))
    return dtype if wide else narrow_dtype(dtype)

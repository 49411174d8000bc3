"""Arrays of yours: .npz and .npy files -> items; large ones stay on disk and are read row by row."""

import mmap
import os
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from .config import UserError
from .files import Items, Rows


def is_arrays(path: Path) -> bool:
    """Whether a path is a .npz file, or a folder with x.npy or x_train.npy."""
    return path.suffix == ".npz" or any((path / name).is_file() for name in ("x.npy", "x_train.npy"))


def read_arrays(path: Path, memory_mb: int) -> Items:
    """Arrays x, y or x_train, y_train, x_test, y_test (and x_validation, y_validation); class_names, group, time.

    The last three need not be there; group and time have an entry an item. From a .npz file, which is read into
    memory, or from a folder with a .npy file each, where inputs that take more than `memory_mb` stay on disk.
    """
    arrays = _load_npz(path) if path.suffix == ".npz" else _map_npy(path)
    parts = {"": ("x", "y")} if "x" in arrays else {p: (f"x_{p}", f"y_{p}") for p in ("train", "validation", "test")}
    needed = ["x", "y"] if "x" in arrays else ["x_train", "y_train", "x_test", "y_test"]
    for name in needed:
        if name not in arrays:
            raise UserError(f"{path} lacks the array {name}: it holds {', '.join(arrays)}.")
    parts = {part: names for part, names in parts.items() if names[0] in arrays and names[1] in arrays}
    xs, ys = [arrays[x] for x, _ in parts.values()], [np.asarray(arrays[y]) for _, y in parts.values()]
    for (x_name, y_name), x, y in zip(parts.values(), xs, ys, strict=True):
        if not x.ndim or not y.ndim or not len(x):
            raise UserError(f"{path}: {x_name} and {y_name} must be arrays with an entry an item, and hold some.")
        if len(x) != len(y):
            raise UserError(f"{path}: {x_name} has {len(x)} items and {y_name} {len(y)}.")
        if x.shape[1:] != xs[0].shape[1:]:
            raise UserError(f"{path}: items of {x_name} have the shape {x.shape[1:]}, others {xs[0].shape[1:]}.")
        if not (np.issubdtype(x.dtype, np.number) or x.dtype == bool):
            raise UserError(f"{path}: {x_name} holds {x.dtype}, not numbers.")
    starts = np.cumsum([0, *map(len, xs)])
    labels = list(parts.values())

    def where(row: int) -> str:
        number = int(np.searchsorted(starts, row, side="right")) - 1
        return f"{path}: row {row - starts[number]} of {' and '.join(labels[number])}"

    y = np.concatenate(ys)
    names = [str(name) for name in arrays["class_names"]] if "class_names" in arrays else None
    targets = pd.DataFrame(y.reshape(len(y), -1))
    if targets.shape[1] > 1 and names and len(names) == targets.shape[1]:
        targets.columns = names
    part = np.repeat(list(parts), [len(x) for x in xs]) if len(parts) > 1 else None
    large = sum(x.nbytes for x in xs) > memory_mb * 1e6 and path.suffix != ".npz"
    inputs = _rows_of(xs, starts) if large else np.concatenate(xs, dtype=_common_dtype(xs), casting="unsafe")
    about = {name: np.asarray(arrays[name]) for name in ("group", "time") if name in arrays}
    for name, values in about.items():
        if values.shape != (len(y),):
            raise UserError(f"{path}: {name} has the shape {values.shape}: it must be ({len(y)},), an entry an item.")
    return Items(inputs, targets, where, names=names, part=part, **about)


def _load_npz(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError, EOFError, KeyError, TypeError, BadZipFile) as error:
        raise UserError(f"{path} is not a whole .npz file of plain arrays: {error}") from error


def load_array(path: Path, instead: str) -> np.ndarray:
    """A .npy array, or the array x of a .npz file; instead: what would do too, for the message.

    Raises:
        UserError: it is neither, or holds no numbers.
    """
    try:
        content = np.load(path)
        x = content["x"] if path.suffix == ".npz" else content
        if not (np.issubdtype(x.dtype, np.number) or x.dtype == bool) or not x.size:
            raise ValueError(x.dtype)
    except (OSError, ValueError, EOFError, KeyError, IndexError, BadZipFile) as error:
        raise UserError(
            f"{path} is not a .npy file of numbers, or a .npz file with an array x of numbers; {instead} will do too."
        ) from error
    return x.astype(_common_dtype([x]), copy=False)


def _common_dtype(arrays: list[np.ndarray]) -> np.dtype:
    """What holds the numbers of all, in this machine's byte order.

    For unsigned ones of two bytes and more it is float32: frameworks do little with them.
    """
    dtype = np.result_type(*(array.dtype for array in arrays))
    return np.dtype(np.float32) if dtype.kind == "u" and dtype.itemsize > 1 else dtype


def _map_npy(path: Path) -> dict[str, np.ndarray]:
    arrays = {}
    for file in sorted(path.glob("*.npy")):
        try:
            arrays[file.stem] = np.load(file, mmap_mode="r")
        except (OSError, ValueError, EOFError) as error:
            raise UserError(f"{file} is not a whole .npy file of plain numbers: {error}") from error
    return arrays


def map_array(path: Path) -> Rows:
    """The rows of a .npy file, which stay on disk."""
    array = np.load(path, mmap_mode="r")
    return _rows_of([array], np.array([0, len(array)]))


def _rows_of(arrays: list[np.ndarray], starts: np.ndarray) -> Rows:
    """Memory-mapped arrays, one after the other."""
    dtype = _common_dtype(arrays)

    def read(rows: np.ndarray) -> np.ndarray:
        found = np.empty((len(rows), *arrays[0].shape[1:]), dtype)
        number = np.searchsorted(starts, rows, side="right") - 1
        for which, array in enumerate(arrays):
            chosen = number == which
            found[chosen] = _read_rows(array, rows[chosen] - starts[which])
        return found

    return Rows(read, (int(starts[-1]), *arrays[0].shape[1:]), dtype)


def _read_rows(array: np.memmap, rows: np.ndarray) -> np.ndarray:
    """Rows of a .npy file, read one by one: through the memory map, each would bring half a MB around it along."""
    if not array.flags.c_contiguous:  # columns lie together, so that only the memory map finds a row
        found = np.array(array[rows])
        if hasattr(mmap, "MADV_DONTNEED"):  # else all that was ever read would count as memory of this process
            array._mmap.madvise(mmap.MADV_DONTNEED)
        return found
    found = np.empty((len(rows), *array.shape[1:]), array.dtype)
    size = array.nbytes // len(array)
    room = found.view(np.uint8).reshape(len(rows), size)
    with Path(array.filename).open("rb", buffering=0) as file:  # its own handle: several threads may read at once
        if hasattr(os, "posix_fadvise"):  # the disk then fetches many rows at once, not one after the other
            for row in rows.tolist():
                os.posix_fadvise(file.fileno(), array.offset + row * size, size, os.POSIX_FADV_WILLNEED)
        for place, row in enumerate(rows.tolist()):
            file.seek(array.offset + row * size)
            if file.readinto(room[place]) != size:
                raise UserError(f"{array.filename} ends before row {row}: it was changed since it was opened.")
    return found

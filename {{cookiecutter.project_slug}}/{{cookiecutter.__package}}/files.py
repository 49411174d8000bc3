"""What files of yours hold: items with their targets, and inputs that may stay on disk."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .config import DataSettings, UserError
from .tables import PARTS, TABLES, is_table, read_table, require_columns, take_targets


@dataclass
class Items:
    """What a source holds; all arrays have one entry an item, None stands for what the source does not say."""

    inputs: Any  # what `encode` of sources.py takes: a table, an array, files
    targets: pd.DataFrame  # as they stand in the source
    where: Callable[[int], str]  # where an item stands, for messages: "wine.csv line 7"
    names: list[str] | None = None  # of classes, labels or targets
    part: np.ndarray | None = None  # train, validation or test
    group: np.ndarray | None = None
    time: np.ndarray | None = None
    skipped: int = 0  # damaged ones that were left out


class Rows:
    """Inputs that stay on disk. It looks like an array (n, *shape), but its rows are read when they are asked for.

    Args:
        read: row numbers (m,) -> array (m, *shape).
        shape, dtype: of all rows, and of what `read` returns.
        rows: numbers of the rows that this view has; all without it.
    """

    def __init__(
        self,
        read: Callable[[np.ndarray], np.ndarray],
        shape: tuple[int, ...],
        dtype: np.dtype,
        rows: np.ndarray | None = None,
    ):
        self.read, self.dtype = read, np.dtype(dtype)
        self.rows = np.arange(shape[0]) if rows is None else rows
        self.shape = (len(self.rows), *shape[1:])

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, key: Any) -> np.ndarray:
        rows = self.rows[key]
        return self.read(np.atleast_1d(rows))[0] if np.ndim(rows) == 0 else self.read(rows)

    def take(self, rows: np.ndarray) -> "Rows":
        """A view of some of the rows; nothing is read."""
        return Rows(self.read, self.shape, self.dtype, self.rows[rows])


def take(x: np.ndarray | Rows, rows: np.ndarray) -> np.ndarray | Rows:
    """Some rows: a copy of an array's, a view of those on disk."""
    return x.take(rows) if isinstance(x, Rows) else x[rows]


def reshape(x: np.ndarray | Rows, shape: tuple[int, ...]) -> np.ndarray | Rows:
    """The same rows, each in another shape."""
    if isinstance(x, Rows):
        return Rows(lambda rows: x.read(rows).reshape(len(rows), *shape), (len(x), *shape), x.dtype, x.rows)
    return x.reshape(len(x), *shape)


def find(path: Path) -> Path:
    """The path, if there is something.

    Raises:
        UserError: there is nothing.
    """
    if not path.exists():
        raise UserError(f"data.source: there is no {path}; write fashion_mnist, or the path of a file or folder.")
    return path


def list_files(path: Path, suffixes: tuple[str, ...], settings: DataSettings) -> tuple[list[str], dict[str, Any]]:
    """The files of a folder, or of a table of file names, and the other arguments for `Items`.

    A folder has a folder a class, `cats/1.png`, below train/ and test/ where these parts are given. A table has a
    column of file names (`data.file`), which are looked for beside it, and columns of targets. Files are text: a Path
    takes several times the memory, and there may be millions.
    """
    if is_table(path):
        table, part, where = read_table(path)
        if not settings.file:
            raise UserError(f"{path} is a table: name its column of file names in data.file.")
        require_columns(table, [settings.file], "data.file", path)
        targets, about = take_targets(table, settings, path)
        about.setdefault("part", part)
        folder = path if path.is_dir() else path.parent
        files = [str(folder / str(name)) for name in table[settings.file]]
        for row, file in enumerate(files):
            if not Path(file).is_file():
                raise UserError(f"{where(row)}: there is no file {file}.")
        return files, {"targets": table[targets], "where": lambda row: f"{where(row)} ({files[row]})", **about}

    if not path.is_dir():
        raise UserError(f"{path} is neither a folder nor a table ({', '.join(TABLES)}).")
    files = files_below(path, suffixes)
    labels, parts = [], []
    for file in files:
        *folders, _ = Path(file).relative_to(path).parts
        part = PARTS.get(folders[0].lower()) if folders else None
        folders = folders[1:] if part else folders
        if not folders:
            raise UserError(f"{file} lies in no class folder: put it into one, such as {Path(file).parent / 'cats'}.")
        labels.append(folders[0])
        parts.append(part)
    given = set(parts)
    if None in given and len(given) > 1:
        outside = files[parts.index(None)]
        raise UserError(f"{outside} lies outside of {path / 'train'} and its like: move it into one of them.")
    if given != {None} and "train" not in given:
        raise UserError(f"{path} has a folder for {given.pop()}, but none for train.")
    part = np.array(parts) if len(given) > 1 else None
    return files, {"targets": pd.DataFrame({"class": labels}), "where": lambda row: files[row], "part": part}


def files_below(path: Path, suffixes: tuple[str, ...]) -> list[str]:
    """The files in a folder and its folders, but for hidden ones, in order.

    Raises:
        UserError: there is none.
    """
    files = sorted(_files_below(path, suffixes))
    if not files:
        raise UserError(f"{path} holds no file that ends in {', '.join(suffixes)}.")
    return files


def _files_below(path: Path, suffixes: tuple[str, ...]) -> Iterator[str]:
    """The files in a folder and its folders, but for hidden ones."""
    hidden = (".", "__")
    for folder, folders, names in os.walk(path):
        folders[:] = [name for name in folders if not name.startswith(hidden)]
        for name in names:
            if name.lower().endswith(suffixes) and not name.startswith(hidden):
                yield str(Path(folder, name))

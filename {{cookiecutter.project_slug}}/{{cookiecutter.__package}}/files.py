"""Files of yours: tables, arrays and folders -> items with their targets, and where each one stands.

What is wrong with a file is said in one sentence that names the file and the line, row or picture, and the cure.
"""

import csv
import mmap
import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from .config import DataSettings, UserError

TABLES = (".csv", ".tsv", ".parquet")
PARTS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}


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


# ---- tables


def is_table(path: Path) -> bool:
    """Whether a path is a table, or a folder with a table for train and for test."""
    return path.suffix in TABLES or bool(_tables_in(path))


def read_table(path: Path) -> tuple[pd.DataFrame, np.ndarray | None, Callable[[int], str]]:
    """A CSV, TSV or Parquet file with a header, or a folder with train.csv and test.csv, as one table.

    Returns:
        The table; to which part each row belongs, where there are several files; and where a row stands.
    """
    files = _tables_in(path) or {"": path}
    tables = {part: _read_one_table(file) for part, file in files.items()}
    first = next(iter(tables.values()))
    for part, table in tables.items():
        if list(table.columns) != list(first.columns):
            odd = sorted(set(table.columns) ^ set(first.columns)) or ["their order"]
            raise UserError(f"{files[part]} and the tables beside it differ in columns: {', '.join(map(str, odd))}.")
    starts = np.cumsum([0, *(len(table) for table in tables.values())])

    def where(row: int) -> str:
        number = int(np.searchsorted(starts, row, side="right")) - 1
        file = list(files.values())[number]
        row -= int(starts[number])
        if file.suffix == ".parquet":
            return f"{file} row {row}"  # counted from 0
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines, delimiter=separator(file), skipinitialspace=True)
            ends = (reader.line_num for fields in reader if fields not in ([], [""]))  # empty lines are no rows
            return f"{file} line {next(islice(ends, row + 1, None))}"  # the header is the first

    part = np.repeat(list(tables), [len(table) for table in tables.values()]) if len(files) > 1 else None
    return pd.concat(tables.values(), ignore_index=True), part, where


def _tables_in(path: Path) -> dict[str, Path]:
    """The tables of a folder by part, where there is one for training."""
    if not path.is_dir():
        return {}
    found = {PARTS[file.stem]: file for file in sorted(path.iterdir()) if file.suffix in TABLES and file.stem in PARTS}
    return found if "train" in found else {}


def _read_one_table(path: Path) -> pd.DataFrame:
    if path.suffix != ".parquet":
        table = read_csv(path)
    else:
        try:
            table = pd.read_parquet(path).reset_index(drop=True)
        except (OSError, ValueError) as error:
            raise UserError(f"{path} is not a whole Parquet file: {' '.join(str(error).split())}") from error
    if not len(table):
        raise UserError(f"{path} has a header but no rows.")
    table.columns = [str(column).strip() for column in table.columns]
    for column, values in table.items():
        if pd.api.types.is_object_dtype(values) or pd.api.types.is_string_dtype(values):
            table[column] = values.map(lambda value: value.strip() if isinstance(value, str) else value)
    return table


def read_csv(path: Path, *, header: bool = True) -> pd.DataFrame:
    """A text file as a table.

    Raises:
        UserError: it has lines of different lengths, is empty, or no text.
    """
    options = {"encoding": "utf-8-sig", "skipinitialspace": True, "low_memory": False}
    try:
        between = separator(path)
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            tables = [
                pd.read_csv(path, sep=between, decimal=mark, header=0 if header else None, index_col=False, **options)
                for mark in (".,"[: 1 + (between == ";")])  # 1,5 may be a number where semicolons stand between
            ]
        return max(tables, key=lambda table: len(table.select_dtypes("number").columns))
    except UnicodeDecodeError as error:
        lines = path.read_bytes().split(b"\n")
        number = next((n for n, line in enumerate(lines, 1) if "\ufffd" in line.decode(errors="replace")), 1)
        raise UserError(f"{path} line {number} is not encoded as UTF-8: save the file as UTF-8.") from error
    except pd.errors.ParserWarning as error:
        raise UserError(f"{path}: lines have more fields than the header: give every column a name.") from error
    except (OSError, ValueError) as error:
        raise UserError(f"{path} is not a whole table: {' '.join(str(error).split())}") from error


def separator(path: Path) -> str:
    """What stands between the fields of a text file: the comma, semicolon or tab that its first line has most of."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        header = file.readline()
    return max(",;\t", key=header.count)


def require_columns(table: pd.DataFrame, columns: list[str], setting: str, path: Path) -> None:
    """Refuse a setting that names columns which the table lacks."""
    for column in columns:
        if column not in table.columns:
            raise UserError(
                f"{path} has no column {column!r}, which {setting} names; it has {', '.join(map(str, table.columns))}."
            )


def take_targets(table: pd.DataFrame, settings: DataSettings, path: Path) -> tuple[list[str], dict[str, Any]]:
    """The columns that are targets, and those that say part, group and time, as arguments for `Items`."""
    targets = [settings.target] if isinstance(settings.target, str) else list(settings.target)
    if not any(targets):
        raise UserError(f"Name the column to predict: data.target must be one of {', '.join(map(str, table.columns))}.")
    require_columns(table, targets, "data.target", path)
    about: dict[str, Any] = {}
    for name in ("part", "group", "time"):
        column = getattr(settings, name)
        if column:
            require_columns(table, [column], f"data.{name}", path)
            about[name] = table[column].to_numpy()
    if "part" in about:
        parts = [PARTS.get(str(value).lower()) for value in about["part"]]
        if None in parts:
            value = about["part"][parts.index(None)]
            raise UserError(f"{path}: {value!r} in column {settings.part} is none of train, validation and test.")
        about["part"] = np.array(parts)
    return targets, about


def numbers(
    table: pd.DataFrame, where: Callable[[int], str], categories: list[str], *, guess: bool = True
) -> pd.DataFrame:
    """Check that columns hold numbers or categories, not both; columns of true and false become numbers.

    Args:
        table: the columns.
        where: says where a row stands.
        categories: columns that hold categories, be they text or numbers.
        guess: whether others that are mostly text are categories too; else all others must hold numbers.

    Raises:
        UserError: a column is of numbers but for some text, which is named with its line.
    """
    table = table.copy(deep=False)
    for column in table.columns:
        values = table[column]
        number = values if pd.api.types.is_numeric_dtype(values) else pd.to_numeric(values, errors="coerce")
        text = number.isna() & values.notna()
        if column in categories or (guess and text.any() and text.sum() >= values.notna().sum() / 2):
            table[column] = values.astype(object).map(_category, na_action="ignore")
        elif text.any():
            row = int(text.argmax())
            raise UserError(
                f"{where(row)}: {values.iloc[row]!r} is text in the number column {column!r}: correct it"
                + (", or list the column in data.categories or data.ignore." if guess else ".")
            )
        else:
            table[column] = number.astype(np.float32)
    return table


def _category(value: Any) -> str:
    """The name of a category: 7 of the number 7.0, which pandas makes of 7 where other rows have a gap."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def moments(values: np.ndarray, setting: str) -> np.ndarray:
    """Numbers or dates in a form that can be put in order.

    Raises:
        UserError: one is neither; `setting` is the one that names their column.
    """
    found = pd.to_numeric(pd.Series(values), errors="coerce")
    dates = pd.to_datetime(pd.Series(values), errors="coerce", format="mixed", utc=True).dt.tz_localize(None)
    if found.isna().sum() > dates.isna().sum():
        found = dates
    if found.isna().any():
        value = values[int(found.isna().argmax())]
        raise UserError(f"{value!r} in the column of {setting} is neither a number nor a date: correct it.")
    return found.to_numpy()


# ---- arrays


def is_arrays(path: Path) -> bool:
    """Whether a path is a .npz file, or a folder with x.npy or x_train.npy."""
    return path.suffix == ".npz" or any((path / name).is_file() for name in ("x.npy", "x_train.npy"))


def read_arrays(path: Path, memory_mb: int) -> Items:
    """Arrays x, y or x_train, y_train, x_test, y_test (and x_validation, y_validation), and class_names, if any.

    From a .npz file, which is read into memory, or from a folder with a .npy file each, where inputs that take more
    than `memory_mb` stay on disk.
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
    inputs = _rows_of(xs, starts) if large else np.concatenate(xs) if len(xs) > 1 else np.array(xs[0])
    group = np.asarray(arrays["group"]) if "group" in arrays else None
    time = np.asarray(arrays["time"]) if "time" in arrays else None
    return Items(inputs, targets, where, names=names, part=part, group=group, time=time)


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
    return x


def _map_npy(path: Path) -> dict[str, np.ndarray]:
    arrays = {}
    for file in sorted(path.glob("*.npy")):
        try:
            arrays[file.stem] = np.load(file, mmap_mode="r")
        except (OSError, ValueError, EOFError) as error:
            raise UserError(f"{file} is not a whole .npy file of plain numbers: {error}") from error
    return arrays


def _rows_of(arrays: list[np.ndarray], starts: np.ndarray) -> Rows:
    """Memory-mapped arrays, one after the other."""
    dtype = np.result_type(*arrays)

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


# ---- folders of files


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
    files = sorted(_files_below(path, suffixes))
    if not files:
        raise UserError(f"{path} holds no file that ends in {', '.join(suffixes)}.")
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


def _files_below(path: Path, suffixes: tuple[str, ...]) -> Iterator[str]:
    """The files in a folder and its folders, but for hidden ones."""
    hidden = (".", "__")
    for folder, folders, names in os.walk(path):
        folders[:] = [name for name in folders if not name.startswith(hidden)]
        for name in names:
            if name.lower().endswith(suffixes) and not name.startswith(hidden):
                yield str(Path(folder, name))


# ---- guesses of `data --inspect`

TARGETS = ("target", "label", "labels", "class", "y", "outcome", "result", "category")


def guess_target(table: pd.DataFrame, settings: DataSettings, taken: set[str]) -> str | list[str]:
    """The target column of the settings, else one of a usual name, else the last column."""
    named = [settings.target] if isinstance(settings.target, str) else settings.target
    if any(named) and set(named) <= set(table.columns):
        return settings.target
    free = [column for column in table.columns if column not in taken]
    return next((column for column in free if str(column).lower() in TARGETS), free[-1])


def guess_part(table: pd.DataFrame) -> str:
    """The column that says train, validation or test; empty where there is none."""
    text = (column for column in table.columns if not pd.api.types.is_numeric_dtype(table[column]))
    return next((column for column in text if set(table[column].astype(str).str.lower()) <= set(PARTS)), "")


def describe_column(values: pd.Series) -> str:
    """What a column holds, in words."""
    missing = int(values.isna().sum())
    if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
        kinds = values.dropna().astype(str).unique()
        what = f"text, {len(kinds)} values: {', '.join(kinds[:4])}{', ...' if len(kinds) > 4 else ''}"
    else:
        what = f"numbers, {values.min():g} to {values.max():g}"
    return f"{values.name}: {what}{f', {missing} missing' if missing else ''}"

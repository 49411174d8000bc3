"""Tables of yours: CSV, TSV and Parquet files -> columns, and where each row stands.

What is wrong with a file is said in one sentence that names the file and the line, and the cure.
"""

import csv
import re
import warnings
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .config import DataSettings, UserError
from .task import likely_target

TABLES = (".csv", ".tsv", ".parquet")
PARTS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
# 2024-12-31 or 31.12.2024, with or without a time; a time alone; a length of time as pandas writes it.
DATE = re.compile(
    r"(\d{4}([-./])\d{1,2}\2\d{1,2}|\d{1,2}([-./])\d{1,2}\3\d{4})([T ].*)?|\d{1,2}:\d{2}(:\d{2}.*)?|-?\d+ days?.*"
)
AMOUNT = re.compile(r"[€$£]?\s*[-+]?\d[\d.,' ]*\s*[A-Za-z€$£%°/²³]{0,6}")  # 1.234,50 € or 12 kg


def is_table(path: Path) -> bool:
    """Whether a path is a table, or a folder with a table for train and for test."""
    return path.suffix in TABLES or bool(_tables_in(path))


def read_table(
    path: Path, columns: list[str] | None = None
) -> tuple[pd.DataFrame, np.ndarray | None, Callable[[int], str]]:
    """A CSV, TSV or Parquet file with a header, or a folder with train.csv and test.csv, as one table.

    `columns` are all that is read of a Parquet file; None: all.

    Returns:
        The table; to which part each row belongs, where there are several files; and where a row stands.
    """
    files = _tables_in(path) or {"": path}
    tables = {part: _read_one_table(file, columns) for part, file in files.items()}
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


def _read_one_table(path: Path, columns: list[str] | None) -> pd.DataFrame:
    if path.suffix != ".parquet":
        table = read_csv(path)
    else:
        try:
            table = pd.read_parquet(path, columns=columns).reset_index(drop=True)
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


def require_columns(table: pd.DataFrame | list[str], columns: list[str], setting: str, path: Path) -> None:
    """Refuse a setting that names columns which the table lacks; table: itself, or the names of its columns."""
    present = list(table)
    for column in columns:
        if column not in present:
            raise UserError(
                f"{path} has no column {column!r}, which {setting} names; it has {', '.join(map(str, present))}."
            )


def take_targets(
    table: pd.DataFrame, settings: DataSettings, path: Path, columns: list[str] | None = None
) -> tuple[list[str], dict[str, Any]]:
    """The columns that are targets, and those that say part, group and time, as arguments for `Items`.

    `columns` are all that the file has, where the table has only some of them.
    """
    columns = columns or list(table)
    targets = [settings.target] if isinstance(settings.target, str) else list(settings.target)
    if not any(targets):
        raise UserError(f"Name the column to predict: data.target must be one of {', '.join(map(str, columns))}.")
    require_columns(columns, targets, "data.target", path)
    about: dict[str, Any] = {}
    for name in ("part", "group", "time"):
        column = getattr(settings, name)
        if column:
            require_columns(columns, [column], f"data.{name}", path)
            about[name] = table[column].to_numpy()
    if "part" in about:
        parts = [PARTS.get(str(value).lower()) for value in about["part"]]
        if None in parts:
            value = about["part"][parts.index(None)]
            raise UserError(f"{path}: {value!r} in column {settings.part} is none of train, validation and test.")
        about["part"] = np.array(parts)
    return targets, about


def numbers(
    table: pd.DataFrame,
    where: Callable[[int], str],
    categories: list[str],
    *,
    guess: bool = True,
    cure: str = "correct it",
) -> pd.DataFrame:
    """Check that columns hold numbers or categories, not both; columns of true and false become numbers.

    Args:
        table: the columns.
        where: says where a row stands.
        categories: columns that hold categories, be they text or numbers.
        guess: whether others that are mostly text are categories too; else all others must hold numbers.
        cure: what to do about text among numbers, for the message.

    Raises:
        UserError: a column is of numbers but for some text, which is named with its line.
    """
    table = table.copy(deep=False)
    for column in table.columns:
        values = table[column]
        if guess and column not in categories and is_date(values):
            raise UserError(
                f"The column {column!r} holds dates or times, such as {values.dropna().iloc[0]}: list it in"
                " data.ignore, or name it in data.time, by which data.split can part."
            )
        number = values if pd.api.types.is_numeric_dtype(values) else pd.to_numeric(values, errors="coerce")
        text = number.isna() & values.notna()
        if column in categories or (guess and text.any() and text.sum() >= values.notna().sum() / 2):
            table[column] = values.astype(object).map(_category, na_action="ignore")
        elif text.any():
            row = int(text.argmax())
            raise UserError(f"{where(row)}: {values.iloc[row]!r} is text in the number column {column!r}: {cure}.")
        else:
            table[column] = number.astype(np.float32)
    return table


def is_date(values: pd.Series) -> bool:
    """Whether a column holds dates, times or lengths of time, be they text or not."""
    if pd.api.types.is_datetime64_any_dtype(values) or pd.api.types.is_timedelta64_dtype(values):
        return True
    if pd.api.types.is_numeric_dtype(values):
        return False
    return _mostly(DATE, values)


def _mostly(pattern: re.Pattern, values: pd.Series) -> bool:
    """Whether most of the first texts of a column are of a form."""
    some = values.dropna().head(1000).astype(str)
    return sum(bool(pattern.fullmatch(text)) for text in some) > len(some) / 2


def _category(value: Any) -> str:
    """The name of a category: 7 of the number 7.0, which pandas makes of 7 where other rows have a gap."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def moments(values: np.ndarray, setting: str) -> np.ndarray:
    """Numbers or dates in a form that can be put in order.

    Raises:
        UserError: one is neither; `setting` is the one that names their column.
    """
    found = pd.to_numeric(pd.Series(values), errors="coerce").where(pd.notna(values))  # of no date it makes a number
    dates = pd.to_datetime(pd.Series(values), errors="coerce", format="mixed", utc=True).dt.tz_localize(None)
    if found.isna().sum() > dates.isna().sum():
        found = dates
    if found.isna().any():
        value = values[int(found.isna().argmax())]
        raise UserError(f"{value!r} in the column of {setting} is neither a number nor a date: correct it.")
    return found.to_numpy()


# What `data --inspect` guesses.
TARGETS = ("target", "label", "labels", "class", "y", "outcome", "result", "category")


def guess_target(table: pd.DataFrame, settings: DataSettings, taken: set[str]) -> str | list[str]:
    """The target of the settings, else a column of a usual name, else what task.py finds likely; no date."""
    named = [settings.target] if isinstance(settings.target, str) else settings.target
    if any(named) and set(named) <= set(table.columns):
        return settings.target
    free = [column for column in table.columns if column not in taken and not is_date(table[column])]
    if not free:
        raise UserError(f"The table has no column for the target: it has {', '.join(map(str, table.columns))} alone.")
    return next((column for column in free if str(column).lower() in TARGETS), None) or likely_target(table[free])


def keep(column: str, table: pd.DataFrame) -> str:
    """The column that a setting names; empty where the table lacks it, because the setting is of another source."""
    return column if column in table.columns else ""


def guess_part(table: pd.DataFrame, settings: DataSettings) -> str:
    """The part column of the settings, else one that says train, validation or test; empty where there is none."""
    if keep(settings.part, table):
        return settings.part
    text = (column for column in table.columns if not pd.api.types.is_numeric_dtype(table[column]))
    return next((column for column in text if set(table[column].astype(str).str.lower()) <= set(PARTS)), "")


def describe_column(values: pd.Series) -> str:
    """What a column holds, in words."""
    missing = int(values.isna().sum())
    if missing == len(values):
        return f"{values.name}: empty"
    if is_date(values):
        what = f"dates or times, such as {values.dropna().iloc[0]}"
    elif pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
        kinds = values.dropna().astype(str).unique()
        what = f"text, {len(kinds)} values: {', '.join(kinds[:4])}{', ...' if len(kinds) > 4 else ''}"
        if len(kinds) > 20 and _mostly(AMOUNT, values):
            what += " (amounts? written as plain numbers, without unit and separators, they can be used)"
    else:
        what = f"numbers, {values.min():g} to {values.max():g}"
    return f"{values.name}: {what}{f', {missing} missing' if missing else ''}"

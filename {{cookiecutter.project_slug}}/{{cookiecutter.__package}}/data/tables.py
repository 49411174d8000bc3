"""Read tables: CSV, TSV and Parquet files -> columns, and the place of each row.

A fault ends in one sentence: file and line, cause, cure.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow

from ..config import DataSettings, UserError, listed, quoted
from ..task import NUMERIC_TARGETS
from .array_files import require_memory
from .number_formats import NumberFormat, find_formats, holds_amounts, parse_numbers
from .samples import explained
from .text_tables import find_text_format, parse, place_in_text, print_encoding

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

TABLES = (".csv", ".tsv", ".parquet")
SPLITS = {  # usual names of splits, in lower case
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
HINTS = {  # what a file is that is no table here
    "is compressed: unpack it first": (".gz", ".zip", ".bz2", ".xz", ".zst", ".7z"),
    "is a spreadsheet: save its sheet as CSV": (".xlsx", ".xls", ".xlsm", ".ods", ".numbers"),
}


@dataclass
class SampleInfo:
    """Split, group, time and name of each sample, (n,) each; None: not known."""

    split: np.ndarray | None  # of "train", "validation" and "test"
    group: np.ndarray | None
    time: np.ndarray | None
    ids: np.ndarray | None


def is_table(path: Path) -> bool:
    """Return whether a path is a table, or a folder with a table for train."""
    return path.suffix.lower() in TABLES or bool(_tables_in(path))


def is_parquet(path: Path) -> bool:
    """Return whether a path is a Parquet file, by its name."""
    return path.suffix.lower() == ".parquet"


def hint_at_suffix(path: Path) -> str:
    """Say what a file is that is not read here, by its name; "" if that is not known."""
    suffix = path.suffix.lower()
    return next((f" It {hint}." for hint, suffixes in HINTS.items() if suffix in suffixes), "")


def read_table(
    path: Path,
    columns: list[str] | None = None,
    *,
    targets: Iterable[str] = (),
    texts: Iterable[str] = (),
    formats: Mapping[str, NumberFormat] | None = None,
    quiet: bool = False,
    max_rows: int | None = None,
) -> tuple[pd.DataFrame, np.ndarray | None, Callable[[int], str]]:
    """Read a CSV, TSV or Parquet file with a header, or a folder with one such file per split.

    Numbers such as 1.493,87 € are read by one rule for each column, which is found in the file for train. What is text
    there is text in the other files too: 7 beside A7.

    Args:
        path: of the file or folder.
        columns: to read of a Parquet file; None: all. Text files are read whole.
        targets: columns of targets. In a column of classes, NA and the like are words, and numbers stay as they are.
        texts: columns to leave as they are written, such as 007.
        formats: rules of numbers, by column, to read by instead of those that would be found.
        quiet: do not print which encoding was found.
        max_rows: to read of a Parquet file, at equal distances from the first to the last; None: all. The places of
            rows are then unknown.

    Returns:
        The table, with the rules as `attrs["formats"]`; the split of each row, (n,), or None for a single file; row
        number -> place, such as "a.csv line 7".

    Raises:
        UserError: a file can't be read, or the files differ in columns.
    """
    files = _tables_in(path) or {"": path}
    first_split = next(iter(sorted(files, key=lambda split: split != "train")))

    def read(split: str, rules: Mapping[str, NumberFormat] | None) -> tuple[pd.DataFrame, Mapping[str, NumberFormat]]:
        if is_parquet(files[split]):
            return _read_parquet_table(files[split], columns, set(targets), rules, max_rows)
        return _read_text_table(files[split], set(targets), as_written, rules, quiet=quiet)

    as_written = set(texts)
    first, found = read(first_split, formats)
    as_written |= text_columns(first).keys()
    tables = {}
    for split, file in files.items():
        table = first
        if split != first_split:
            table, _ = read(split, found)
        if list(table.columns) != list(first.columns):
            odd = sorted(set(table.columns) ^ set(first.columns)) or ["their order"]
            raise UserError(f"{file} and the tables beside it differ in columns: {listed(odd)}.")
        tables[split] = table
    sizes = {split: len(table) for split, table in tables.items()}

    def where(row: int) -> str:
        for split, size in sizes.items():
            if row < size:
                return _place_in_file(files[split], row)
            row -= size
        raise IndexError(f"there is no row {row}")

    whole = first if len(tables) == 1 else pd.concat(tables.values(), ignore_index=True)
    if max_rows is None:
        _refuse_odd_targets(whole, [name for name in found if name in set(targets)], where)
    whole.attrs["formats"] = dict(found)
    return whole, None if "" in files else np.repeat(list(sizes), list(sizes.values())), where


def open_parquet(path: Path) -> "ParquetFile":
    """Open a Parquet file, to be read in small steps: else a whole group of rows, such as a million, is buffered."""
    from pyarrow.parquet import ParquetFile  # here, because few projects have such a file

    return ParquetFile(path, pre_buffer=False, buffer_size=2**20)


def to_frame(content: pyarrow.Table | pyarrow.RecordBatch) -> pd.DataFrame:
    """Convert content of a Parquet file.

    Lists, records and bytes become text: they are no numbers, nor can they be compared. An index of pandas is kept.

    Raises:
        ValueError and others: two columns have one name, or values are none of their type.
    """
    names = content.schema.names
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"it has two columns named {twice[0]!r}; rename one")
    content.validate(full=True)
    table = content.to_pandas()
    for number, field in enumerate(content.schema):
        kinds = pyarrow.types
        is_bytes = kinds.is_binary(field.type) or kinds.is_large_binary(field.type)
        if (kinds.is_nested(field.type) or is_bytes) and field.name in table.columns:
            values = content.column(number).to_pylist()
            table[field.name] = [None if value is None else str(value) for value in values]
    return table


def read_csv(
    path: Path,
    *,
    header: bool = True,
    targets: Iterable[str] = (),
    texts: Iterable[str] = (),
    formats: Mapping[str, NumberFormat] | None = None,
    quiet: bool = True,
) -> tuple[pd.DataFrame, Mapping[str, NumberFormat]]:
    """Read a text file of columns, whose encoding and separator are found out. See `read_table`.

    Returns:
        The table, and the rules by which its numbers were read. Without a header, columns are called 0, 1, 2, ...

    Raises:
        UserError: the file is empty, not encoded in a known way, or has lines of different lengths.
    """
    # Numbers take about as much as their text.
    require_memory(path.stat().st_size, str(path), "use fewer rows or columns")
    text_format = find_text_format(path)
    table = _strip(parse(path, text_format, header=header))
    if not quiet:
        print_encoding(path, text_format.encoding)
    classes = set() if NUMERIC_TARGETS else set(targets)  # a class may be named NA or 1,5
    numbers = {name: number for number, name in enumerate(table.columns)}

    def as_text(names: Iterable[str], *, all_words: bool = False) -> dict[str, pd.Series]:
        chosen = [numbers[name] for name in names]
        if not chosen:
            return {}
        text = parse(path, text_format, header=header, columns=chosen, as_text=True, all_words=all_words)
        return dict(_strip(text).items())

    words = as_text((name for name in classes if name in table and _lacks_words(table[name])), all_words=True)
    table = _replace_columns(table, words)
    kept = {name for name in texts if name in table and name not in classes}
    table = _replace_columns(table, as_text(kept - text_columns(table).keys()))
    others = classes | kept
    found = {name: values for name, values in text_columns(table).items() if name not in others}
    if formats is None:
        if any(holds_amounts(values) for values in found.values()):  # plain numbers are evidence for the others
            found |= as_text(name for name in table.select_dtypes("float") if name not in others)
        formats = find_formats(found, text_format.separator)
    else:
        found |= as_text(name for name in formats if name in table and name not in found)
    return apply_formats(table, found, formats), formats


def text_columns(table: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the columns of text, and of nothing else."""
    candidates = table.select_dtypes(include=["object", "string"])
    return {
        name: values for name, values in candidates.items() if pd.api.types.infer_dtype(values, skipna=True) == "string"
    }


def apply_formats(
    table: pd.DataFrame, texts: Mapping[str, pd.Series], formats: Mapping[str, NumberFormat]
) -> pd.DataFrame:
    """Convert columns of text to numbers by their rules."""
    return _replace_columns(
        table, {name: parse_numbers(texts[name], rule) for name, rule in formats.items() if name in texts}
    )


def require_columns(present: Iterable[str], columns: list[str], setting: str, path: Path) -> None:
    """Check that a table has the columns that a setting names.

    Args:
        present: the table, or the names of its columns.
        columns: that must be there.
        setting: that names them, such as "data.ignore".
        path: of the table.

    Raises:
        UserError: a column is absent.
    """
    names = list(present)
    for column in columns:
        if column not in names:
            raise UserError(f"{path} has no column {quoted(column)}, which {setting} names; it has {listed(names)}.")


def as_list(columns: str | list[str]) -> list[str]:
    """Return the columns of a setting that takes one column or a list."""
    return [columns] if isinstance(columns, str) else list(columns)


def target_columns(columns: list[str], settings: DataSettings, path: Path) -> list[str]:
    """Return the target columns that the settings name.

    Raises:
        UserError: the settings name none, or one that is not in `columns`.
    """
    targets = as_list(settings.target_column)
    if not any(targets):
        raise UserError(f"Name the column to predict: data.target_column must be one of {listed(columns)}.")
    require_columns(columns, targets, "data.target_column", path)
    return targets


def read_sample_info(
    table: pd.DataFrame,
    split: np.ndarray | None,
    settings: DataSettings,
    path: Path,
    columns: list[str] | None = None,
) -> SampleInfo:
    """Read split, group, time and name of each row, where the settings name their columns.

    Args:
        table: with these columns.
        split: of each row by its file, (n,); the split column comes before it.
        settings: that name the columns.
        path: of the table, for messages.
        columns: of the file, where `table` has only some of them.

    Raises:
        UserError: a column is absent, or the split column holds another word than train, validation and test.
    """

    def read(setting: str) -> np.ndarray | None:
        column = getattr(settings, setting)
        if not column:
            return None
        require_columns(columns or table, [column], f"data.{setting}", path)
        return table[column].to_numpy()

    names = read("split_column")
    if names is not None:
        split = _normalize_splits(names, settings.split_column, path)
    return SampleInfo(split, group=read("group_column"), time=read("time_column"), ids=read("id_column"))


def to_numbers(values: pd.Series) -> pd.Series:
    """Convert a column to numbers if all its values are."""
    if pd.api.types.is_numeric_dtype(values):
        return values
    numbers = pd.to_numeric(values, errors="coerce")
    return numbers if numbers.notna().equals(values.notna()) else values


def _tables_in(path: Path) -> dict[str, Path]:
    """Find the tables of a folder by split; empty if there is none for train."""
    if not path.is_dir():
        return {}
    files = [file for file in sorted(path.iterdir()) if file.suffix.lower() in TABLES and file.stem in SPLITS]
    files = [file for file in files if file.is_file()]
    found = {SPLITS[file.stem]: file for file in files}
    return found if "train" in found else {}


def _place_in_file(file: Path, row: int) -> str:
    """Name the place of a row."""
    return f"{file} row {row}" if is_parquet(file) else place_in_text(file, row)  # rows are counted from 0


def _read_parquet_table(
    path: Path,
    columns: list[str] | None,
    targets: set[str],
    formats: Mapping[str, NumberFormat] | None,
    max_rows: int | None,
) -> tuple[pd.DataFrame, Mapping[str, NumberFormat]]:
    """Read a Parquet file, without blanks around names and texts, and the rules of its numbers."""
    table = _checked(_strip(_read_parquet(path, columns, max_rows)), path)
    texts = {name: values for name, values in text_columns(table).items() if NUMERIC_TARGETS or name not in targets}
    found = find_formats(texts, separator="") if formats is None else formats
    return apply_formats(table, texts, found), found


def _read_text_table(
    path: Path, targets: set[str], texts: set[str], formats: Mapping[str, NumberFormat] | None, *, quiet: bool
) -> tuple[pd.DataFrame, Mapping[str, NumberFormat]]:
    """Read a CSV or TSV file, without blanks around names and texts, and the rules of its numbers."""
    if path.suffix.lower() not in TABLES:
        raise UserError(f"{path} is no table: its name must end in {', '.join(TABLES)}.{hint_at_suffix(path)}")
    table, found = read_csv(path, targets=targets, texts=texts, formats=formats, quiet=quiet)
    return _checked(table, path), found


def _checked(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return a table that has rows, and columns of different names."""
    if not len(table):
        raise UserError(f"{path} has a header but no rows.")
    if not table.columns.is_unique:
        name = table.columns[table.columns.duplicated()][0]
        raise UserError(f"{path} has two columns {quoted(name)}: give each a name of its own.")
    return table


def _lacks_words(values: pd.Series) -> bool:
    """Return whether a column of words has missing values: they may be words such as NA."""
    is_text = pd.api.types.infer_dtype(values, skipna=True) in ("string", "empty")
    return bool(values.isna().all() or (is_text and values.isna().any()))


def _strip(table: pd.DataFrame) -> pd.DataFrame:
    """Remove blanks around the names of columns and around texts. What is left empty is missing."""
    table.columns = pd.Index([str(name).strip() for name in table.columns])
    if not table.columns.is_unique:
        return table
    texts = table.select_dtypes(include=["object", "string"])
    return _replace_columns(
        table,
        {
            name: values.map(lambda value: (value.strip() or None) if isinstance(value, str) else value)
            for name, values in texts.items()
        },
    )


def _replace_columns(table: pd.DataFrame, columns: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Replace columns of a table, all at once: one by one, the time would grow with the square of their number."""
    if not columns:
        return table
    return pd.DataFrame({name: columns.get(name, values) for name, values in table.items()})


def _refuse_odd_targets(table: pd.DataFrame, targets: list[str], where: Callable[[int], str]) -> None:
    """Raise UserError where a number among the targets is written otherwise than the others of its column."""
    for name in targets:
        is_odd = table[name].map(lambda value: isinstance(value, str))
        if is_odd.any():
            row = int(is_odd.argmax())
            value = quoted(table[name].iloc[row])
            raise UserError(f"{where(row)}: {value} is not written like the other numbers of {quoted(name)}.")


def _read_parquet(path: Path, columns: list[str] | None, max_rows: int | None) -> pd.DataFrame:
    """Read a Parquet file, or some of its rows."""
    with explained(f"{path} is not a whole Parquet file"), open_parquet(path) as file:
        count = file.metadata.num_rows
        names = columns or file.schema_arrow.names
        if max_rows is None or count <= max_rows:
            require_memory(8 * count * len(names), str(path), "use fewer rows or columns")
            return to_frame(file.read(columns)).reset_index(drop=True)
        chosen = np.linspace(0, count - 1, max_rows).astype(int)
        parts, start = [], 0
        for batch in file.iter_batches(max_rows, columns=columns):
            rows = chosen[(start <= chosen) & (chosen < start + len(batch))] - start
            parts.append(to_frame(batch.take(pyarrow.array(rows))))
            start += len(batch)
        return pd.concat(parts, ignore_index=True)


def _normalize_splits(values: np.ndarray, column: str, path: Path) -> np.ndarray:
    """Map usual names of splits (n,), such as "Val", to train, validation and test."""
    names = []
    for value in values:
        name = SPLITS.get(str(value).lower())
        if name is None:
            raise UserError(f"{path}: {quoted(value)} in column {column} is none of train, validation and test.")
        names.append(name)
    return np.array(names)

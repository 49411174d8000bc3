"""Read vectors: from tables of numbers and categories, or from arrays (n, features).

How a table becomes numbers is learned on the train split: missing numbers become the median, a category becomes one
column of 0 and 1 per value. So is how the model scales each feature (`learn_scaling`). How numbers are written
(1.493,87 €) is one rule for a column, which a run keeps. A Parquet file that would take more than `data.max_memory_mb`
is converted chunk by chunk to an array on disk.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..config import DataSettings, UserError, counted, listed, quoted
from .array_files import list_arrays, prepared_path, write_rows
from .arrays import is_arrays, load_array, read_arrays, rows_on_disk
from .columns import to_numeric
from .dates import is_date
from .describe import describe_groups, describe_table, guess_split_column, guess_target, keep
from .number_formats import NumberFormat, find_formats
from .offsets import MANY, find_offsets, learn_offsets, name_features, narrow, quantiles, subtract
from .samples import DiskArray, Samples, explained
from .tables import (
    SPLITS,
    TABLES,
    apply_formats,
    as_list,
    hint_at_suffix,
    is_parquet,
    is_table,
    open_parquet,
    read_csv,
    read_sample_info,
    read_table,
    require_columns,
    target_columns,
    text_columns,
    to_frame,
)
from .text_tables import find_text_format

HAS_UNITS = True  # each column may have its own, unlike pixels
IS_TABLE = True  # columns, which trees suit
NARROW = 0.05  # of the range in training: with less, values are scaled in another way, as 0 to 1 instead of 0 to 255
# Settings that describe a source, before one is inspected.
UNSET: dict[str, Any] = {"target_column": "", "ignore": [], "categories": [], "split_column": "", "id_column": ""}
FORMATS = "a table (.csv, .tsv, .parquet), a folder with train.csv and test.csv, or arrays (.npz, a folder of .npy)"
FILES = "tables with the columns of the training data, or arrays"  # what `predict` takes
# How files begin, to tell what comes through a pipe.
SIGNATURES = {b"PAR1": ".parquet", b"\x93NUMPY": ".npy", b"PK": ".npz"}
MAX_CATEGORIES = 100  # values of one category
CODE_ROWS = 1000  # in which digits with a leading zero are looked for
NUMBERING = re.compile(r"(^|[^a-z])(id|nr|no|index|row|number|unnamed: 0)$|nummer$", re.IGNORECASE)  # usual names
CHUNK = 50_000  # rows of a large table that are in memory at once, and that its preprocessing is learned on
MAX_VALUES = 20_000_000  # of a chunk of a wide table, 160 MB
MAX_SCALED = 5_000  # rows by which the scaling is learned: its quantiles are exact to a percent of the rows
FRACTIONS = np.linspace(0, 1, 17)  # of the samples below each quantile: 16 intervals
CURE = "correct it, or list the column in data.categories or data.ignore"  # of text among numbers


@dataclass
class Columns:
    """Columns of a table as numbers (float64) and categories (text)."""

    table: pd.DataFrame
    formats: Mapping[str, NumberFormat]  # of columns whose numbers are not written plainly

    def take(self, rows: np.ndarray) -> "Columns":
        """Select rows."""
        return Columns(self.table.iloc[rows], self.formats)


class LargeTable:
    """Columns of a Parquet file that is too large for memory."""

    def __init__(self, path: Path, columns: list[str], where: Callable[[int], str], categories: list[str]):
        self.path = path
        self.columns = columns
        self.chunk_rows = _chunk_rows(len(columns))
        self.where = where
        self.categories = categories
        self.fault = f"{path} is not a whole Parquet file"
        with explained(self.fault):
            self.file = open_parquet(path)
        self.rows = np.arange(self.file.metadata.num_rows)
        first = next(self._frames(), pd.DataFrame())
        self.formats = find_formats(text_columns(first), separator="")

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, rows: np.ndarray) -> "LargeTable":
        """Return a view of some rows without reading them."""
        view = copy(self)
        view.rows = self.rows[rows]
        return view

    def chunks(self) -> Iterator[tuple[int, pd.DataFrame]]:
        """Iterate over the file: the number of the first row, and a chunk as `to_numeric` returns it."""
        start = 0
        for frame in self._frames():
            table = apply_formats(frame, text_columns(frame), self.formats)
            yield (
                start,
                to_numeric(table, self._where_from(start), self.categories, formatted=self.formats, cure=CURE),
            )
            start += len(table)

    def sample(self, rows: np.ndarray) -> pd.DataFrame:
        """Read a random sample of the rows, at most a chunk of them."""
        chosen = self.rows[np.random.default_rng(0).permutation(rows)[: self.chunk_rows]]
        wanted = np.isin(np.arange(self.file.metadata.num_rows), chosen)
        sampled = [chunk[wanted[start : start + len(chunk)]] for start, chunk in self.chunks()]
        return pd.concat(sampled, ignore_index=True)

    def to_array(self, preprocessing: dict[str, Any]) -> DiskArray:
        """Convert the file to an array (n, features) float32 on disk, which is kept for the next time."""
        path = prepared_path(self.path, [preprocessing, self.path.stat().st_mtime_ns])
        if not path.is_file():
            print(f"Turning {self.path} into an array on disk, {path}: once.", flush=True)
            shape = (self.file.metadata.num_rows, len(feature_names(preprocessing)))
            write_rows(path, shape, np.float32, (_encode_table(chunk, preprocessing) for _, chunk in self.chunks()))
        return rows_on_disk(list(list_arrays(path).values())).take(self.rows)

    def _frames(self) -> Iterator[pd.DataFrame]:
        """Iterate over the file, a chunk of rows at a time."""
        with explained(self.fault):
            batches = self.file.iter_batches(self.chunk_rows, columns=self.columns)
        while True:
            with explained(self.fault):
                batch = next(batches, None)
                table = None if batch is None else to_frame(batch)
            if table is None:
                return
            yield table

    def _where_from(self, start: int) -> Callable[[int], str]:
        """Return the function that names the place of a row of the chunk that begins at `start`."""
        return lambda row: self.where(start + row)


def from_images(x: np.ndarray) -> np.ndarray:
    """Convert Fashion-MNIST's images (n, 28, 28) to vectors (n, 784)."""
    return x.reshape(len(x), -1)


def read_samples(path: Path, settings: DataSettings) -> Samples:
    """Read a source. Inputs are `Columns` of a table, a `LargeTable`, or an array (n, features).

    Raises:
        UserError: the source can't be read, or does not fit the settings.
    """
    if is_arrays(path):
        samples = read_arrays(path, settings.max_memory_mb, wide=True)
        count, *shape = samples.inputs.shape
        samples.inputs = samples.inputs.reshape(count, math.prod(shape))  # -> (n, features)
        return samples
    if not is_table(path):
        raise UserError(f"{path} is none of these: {FORMATS}.{hint_at_suffix(path)}")
    is_large = bool(_count_rows(path, settings))
    columns = _parquet_columns(path) if is_large else None
    named = _columns_beside_inputs(columns, settings) if columns else None
    texts = [*settings.categories, settings.id_column]
    table, split, where = read_table(path, named, targets=as_list(settings.target_column), texts=texts)
    formats = table.attrs["formats"]
    columns = columns or list(table.columns)
    targets = target_columns(columns, settings, path)
    info = read_sample_info(table, split, settings, path, columns)
    for setting in ("ignore", "categories"):
        require_columns(columns, getattr(settings, setting), f"data.{setting}", path)
    excluded = {*settings.ignore, *_columns_beside_inputs(columns, settings)}
    chosen = [column for column in columns if column not in excluded]
    if not chosen:
        raise UserError(f"{path} has no columns beside the target and those that data.ignore names.")
    if is_large:
        inputs: LargeTable | Columns = LargeTable(path, chosen, where, settings.categories)
    else:
        numbers = to_numeric(table[chosen], where, settings.categories, formatted=formats, cure=CURE)
        inputs = Columns(numbers, {name: rule for name, rule in formats.items() if name in chosen})
    return Samples(inputs, table[targets], where, split=info.split, group=info.group, time=info.time, ids=info.ids)


def learn_preprocessing(
    inputs: Columns | LargeTable | np.ndarray | DiskArray, train: np.ndarray, settings: DataSettings
) -> dict[str, Any]:
    """Learn on the rows `train` how inputs become arrays.

    Returns:
        Preprocessing, ready for JSON. For arrays: {"features": count}, and what is subtracted from each, if anything.
        For a table: median or values of each column, rules by which numbers are written, names of ignored columns, and
        missing values by column. For both "scaling", what `learn_scaling` returns, for arrays without edges.

    Raises:
        UserError: a column is empty, or has too many values for a category.
    """
    if isinstance(inputs, LargeTable):
        table = inputs.sample(train)
    elif isinstance(inputs, Columns):
        table = inputs.table.iloc[train]
    else:
        offsets = learn_offsets(inputs, train)
        preprocessing = {"features": inputs.shape[1], **({"offsets": offsets.tolist()} if offsets.any() else {})}
        rows = train[:: -(-len(train) // MAX_SCALED)]
        scaling = learn_scaling(np.asarray(narrow(inputs[rows], preprocessing.get("offsets"))))
        # No intervals for features without a meaning of their own, such as pixels.
        return preprocessing | {"scaling": scaling | {"edges": []}}
    missing = table.isna().sum()  # by column
    ignored = {*settings.ignore, *as_list(settings.target_column), settings.id_column}
    ignored |= {settings.split_column, settings.group_column, settings.time_column}
    preprocessing = {
        "columns": _learn_columns(table),
        "formats": {name: asdict(rule) for name, rule in inputs.formats.items()},
        "ignored": sorted(ignored - {""}),
        "missing": {column: int(count) for column, count in missing[missing > 0].items()},
    }
    x = _encode_table(table.iloc[:: -(-len(table) // MAX_SCALED)], preprocessing)
    return preprocessing | {"scaling": learn_scaling(x)}


def learn_scaling(x: np.ndarray) -> dict[str, Any]:
    """Learn how the model scales features, by samples (n, features) of the train split.

    The robust scaling of RealMLP, arXiv:2407.04491: (x - median) / (upper quartile - lower quartile), so that a few
    huge values do not press the others together. Where the quartiles are equal, half of the range divides; a constant
    feature is not divided. Features of 0 and 1 stay as they are: a rare category would become a huge number.

    Returns:
        "center" and "scale" of each feature, to subtract and to divide by, and "edges": the different values among the
        17 quantiles, ascending; none where there are but two, since a single interval says what the feature says.
    """
    with np.errstate(all="ignore"):  # what is not finite is refused later, with its place
        parts = [x[:, start : start + MANY] for start in range(0, x.shape[1], MANY)]  # each is copied
        # The nearest value, since one between 0 and 1 would be none of theirs.
        found = np.concatenate([np.quantile(part, FRACTIONS, axis=0, method="nearest").T for part in parts])
    center, scale, edges = [], [], []
    for values in found.astype(np.float64):  # (features, 17)
        low, lower, median, upper, high = values[[0, 4, 8, 12, 16]].tolist()
        is_switch = bool(np.isin(values, (0, 1)).all())
        center.append(0.0 if is_switch else median)
        scale.append(1.0 if is_switch or low == high else upper - lower if upper > lower else (high - low) / 2)
        different = np.unique(values).tolist()
        edges.append(different if len(different) > 2 else [])
    return {"center": center, "scale": scale, "edges": edges}


def to_arrays(
    inputs: Columns | LargeTable | np.ndarray | DiskArray, preprocessing: dict[str, Any], settings: DataSettings
) -> np.ndarray | DiskArray:
    """Convert inputs to (n, features): float32 from a table, arrays as they are, but for float64 and offsets."""
    if isinstance(inputs, LargeTable):
        return inputs.to_array(preprocessing)
    if isinstance(inputs, Columns):
        return _encode_table(inputs.table, preprocessing)
    return narrow(inputs, preprocessing.get("offsets"))


def for_baselines(x: np.ndarray | DiskArray, preprocessing: dict[str, Any]) -> np.ndarray | DiskArray:
    """Return what baselines learn from: inputs (n, *shape) as they are."""
    return x


def measure_samples(block: np.ndarray, preprocessing: dict[str, Any]) -> dict[str, np.ndarray]:
    """Measure what differs between samples (n, *shape), for the statistics: nothing here, (n,) each."""
    return {}


def feature_names(preprocessing: dict[str, Any]) -> list[str]:
    """Name the features, for messages and figures."""
    if "columns" not in preprocessing:
        names = [f"feature {number}" for number in range(preprocessing["features"])]
    else:
        names = []
        for column in preprocessing["columns"]:
            kinds = column.get("values")
            names += [column["name"]] if kinds is None else [f"{column['name']}={kind}" for kind in kinds]
    return name_features(names, _list_offsets(preprocessing))


def find_bad_values(block: np.ndarray, preprocessing: dict[str, Any]) -> np.ndarray:
    """Mark values that are missing or not finite: bool, in the shape of `block`."""
    return ~np.isfinite(block)


def read_new(path: Path, preprocessing: dict[str, Any], settings: DataSettings) -> np.ndarray | DiskArray:
    """Read samples to predict, (n, features). The columns of a table may be in any order.

    Raises:
        UserError: the file has other columns or features than the training data; they are named.
    """
    if path.suffix in (".npy", ".npz"):
        x = load_array(path, FILES, settings.max_memory_mb, wide=True)
        if len(x.shape) == 1:
            x = x.reshape(1, len(x))  # one sample
        x = x.reshape(len(x), math.prod(x.shape[1:]))  # -> (n, features)
    elif "columns" in preprocessing:
        return _encode_table(_read_new_table(path, preprocessing), preprocessing)
    else:
        try:
            x = read_csv(path, header=False)[0].to_numpy(np.float64)
        except ValueError as error:
            raise UserError(f"{path} is not a CSV file of numbers without a header: {error}") from error
    expected = len(feature_names(preprocessing))
    if x.shape[1] != expected:
        raise UserError(f"{path} has {x.shape[1]} features in a row, but the model takes {expected}.")
    return narrow(x, _list_offsets(preprocessing))


def name_samples(
    path: Path, count: int, preprocessing: dict[str, Any], settings: DataSettings
) -> list[tuple[str, Any]]:
    """Name each of the `count` samples that `read_new` returns: its file, and its name or number in the file."""
    if settings.id_column and "columns" in preprocessing and path.suffix not in (".npy", ".npz"):
        table, _, _ = read_table(path, texts=[settings.id_column], quiet=True)
        if settings.id_column in table:
            return [(str(path), name) for name in table[settings.id_column]]
    return [(str(path), number) for number in range(count)]


def inspect_source(path: Path, settings: DataSettings) -> tuple[dict[str, Any], list[str], str]:
    """Look at a source for `data --inspect`.

    Returns:
        Settings that fit the source, lines that describe its content, and why the target is guessed; "" if it is not.

    Raises:
        UserError: the source can't be read.
    """
    if is_arrays(path):
        x = read_arrays(path, settings.max_memory_mb).inputs
        return {}, [f"{counted(len(x), 'vector')} as arrays: {x.dtype} {list(x.shape[1:])}"], ""
    if not is_table(path):
        raise UserError(f"{path} is none of these: {FORMATS}.{hint_at_suffix(path)}")
    count = _count_rows(path, settings)
    max_rows = _chunk_rows(len(_parquet_columns(path))) if count else None
    table, _, _ = read_table(path, targets=as_list(settings.target_column), quiet=True, max_rows=max_rows)
    count = count or len(table)
    id_column = keep(settings.id_column, table)
    split_column = guess_split_column(table, settings)
    target, guess = guess_target(table, settings, {split_column, id_column})
    kept = [keep(name, table) for name in settings.ignore]
    ignored = dict.fromkeys(filter(None, kept), "as --data.ignore says")
    categories = [name for name in settings.categories if name in table.columns]
    beside = {*as_list(target), split_column, id_column, settings.group_column, settings.time_column}
    free = [name for name in table.columns if name not in {*beside, *ignored, *categories}]
    ignored |= {name: reason for name in free if (reason := _why_no_input(table[name], count))}
    codes = [name for name in _find_codes(path, table) if name in free and name not in ignored]
    many = [name for name in codes if _too_many(table[name].nunique(), len(table))]
    ignored |= dict.fromkeys(many, "digits with leading zeros are no amounts, and too many for a category")
    categories += [name for name in codes if name not in many]
    inputs = [name for name in free if name not in {*ignored, *categories}]
    found = {
        "target_column": target,
        "ignore": sorted(ignored),
        "split_column": split_column,
        "id_column": id_column,
        "categories": categories,
    }
    cures = ("data.ignore or data.id_column", "data.categories or data.ignore")
    lines = describe_table(table, target, inputs, ignored, {}, cures=cures)
    if len(table) < count:
        lines[0] = (
            f"{counted(count, 'row')}, {counted(table.shape[1], 'column')}; of so many, {len(table):,} rows at equal"
            " distances are described"
        )
    lines += [f"{name} -> categories: digits with leading zeros are no amounts" for name in codes if name not in many]
    lines += describe_groups(table, [name for name in free if name not in as_list(target)])
    return found, lines, guess


def _find_codes(path: Path, table: pd.DataFrame) -> list[str]:
    """Find columns of digits of one length, some with a leading zero, such as postcodes. A table of numbers lost it."""
    texts = table.head(CODE_ROWS)
    if path.is_dir():
        files = [file for file in path.iterdir() if file.suffix.lower() in TABLES]
        path = next(file for file in files if SPLITS.get(file.stem) == "train")
    if not is_parquet(path):
        text_format = find_text_format(path)
        texts = pd.read_csv(
            path,
            sep=text_format.separator,
            dtype=str,
            index_col=False,
            nrows=CODE_ROWS,
            skipinitialspace=True,
            encoding=text_format.encoding,
            encoding_errors="replace",
            on_bad_lines="skip",
        )
        texts.columns = pd.Index([str(name).strip() for name in texts.columns])
    found = []
    for name in texts.columns.intersection(table.columns):
        values = texts[name].dropna()
        if pd.api.types.is_numeric_dtype(values) or not len(values):
            continue
        values = values.astype(str).str.strip()
        is_code = values.str.fullmatch(r"\d{3,}").all() and values.str.len().nunique() == 1
        if is_code and values.str.startswith("0").any():
            found.append(name)
    return found


def _parquet_columns(path: Path) -> list[str]:
    """Return the names of the columns of a Parquet file, without reading the rest."""
    from pyarrow.parquet import read_schema

    with explained(f"{path} is not a whole Parquet file"):
        return read_schema(path).names


def _count_rows(path: Path, settings: DataSettings) -> int:
    """Count the rows of a Parquet file that is too large for `data.max_memory_mb`; 0: path is none."""
    from pyarrow.parquet import read_metadata  # here and elsewhere, because few projects have such a file

    if not is_parquet(path):
        return 0
    with explained(f"{path} is not a whole Parquet file"):
        metadata = read_metadata(path)
    megabytes = metadata.num_rows * metadata.num_columns * 8 / 1e6  # most are 64-bit numbers
    return metadata.num_rows if megabytes > settings.max_memory_mb else 0


def _chunk_rows(num_columns: int) -> int:
    """Choose how many rows of a large table are in memory at once."""
    return min(CHUNK, max(1000, MAX_VALUES // num_columns))


def _columns_beside_inputs(columns: list[str], settings: DataSettings) -> list[str]:
    """Return the columns of targets, split, group, time and names of samples."""
    named = {*as_list(settings.target_column), settings.split_column, settings.group_column, settings.time_column}
    named.add(settings.id_column)
    return [name for name in columns if name in named]


def _learn_columns(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Learn the median and the offset of columns of numbers, and the values of categories."""
    empty = table.columns[table.isna().all()]
    if len(empty):
        raise UserError(f"The column {quoted(empty[0])} is empty in the train split: list it in data.ignore.")
    numbers = table.select_dtypes("number")
    values = numbers.to_numpy()
    medians = dict(zip(numbers.columns, quantiles(values, [0.5])[0].tolist(), strict=True))
    offsets = dict(zip(numbers.columns, find_offsets(values).tolist(), strict=True))
    learned: list[dict[str, Any]] = []
    for name in table.columns:
        if name in offsets:
            offset = {"offset": offsets[name]} if offsets[name] else {}
            learned.append({"name": name, "median": medians[name], **offset})
        else:
            learned.append({"name": name, "values": _learn_values(table[name])})
    return learned


def _learn_values(values: pd.Series) -> list[str]:
    """Learn the values of a category."""
    kinds = sorted(values.dropna().unique())
    if _too_many(len(kinds), len(values)):
        raise UserError(
            f"The column {quoted(values.name)} has {len(kinds)} different texts in {len(values)} samples, such as"
            f" {quoted(kinds[0])}: it is no category; list it in data.ignore."
        )
    return kinds


def _list_offsets(preprocessing: dict[str, Any]) -> list[float]:
    """List what is subtracted from each feature."""
    if "columns" not in preprocessing:
        return preprocessing.get("offsets") or [0.0] * preprocessing["features"]
    offsets: list[float] = []
    for column in preprocessing["columns"]:
        offsets += [column.get("offset", 0.0)] if "median" in column else [0.0] * len(column["values"])
    return offsets


def _too_many(num_values: int, num_samples: int) -> bool:
    """Return whether a column has too many different values for a category."""
    return num_values > min(MAX_CATEGORIES, max(10, num_samples / 2))


def _encode_table(table: pd.DataFrame, preprocessing: dict[str, Any]) -> np.ndarray:
    """Convert a table to (n, features) float32. A value that training has not seen counts as missing."""
    columns = preprocessing["columns"]
    x = np.zeros((len(table), len(feature_names(preprocessing))), np.float32)
    widths = [1 if "median" in column else len(column["values"]) for column in columns]
    first = np.cumsum([0, *widths])  # feature of each column
    numbers = [number for number, column in enumerate(columns) if "median" in column]
    names = [columns[number]["name"] for number in numbers]
    medians = np.array([columns[number]["median"] for number in numbers])
    offsets = np.array([columns[number].get("offset", 0.0) for number in numbers])
    for start in range(0, len(table), CHUNK):
        rows = slice(start, start + CHUNK)
        values = table[names].iloc[rows].to_numpy(np.float64)
        x[rows, first[numbers]] = subtract(np.where(np.isnan(values), medians, values), offsets)
    for number, column in enumerate(columns):
        if "values" in column:  # a missing value is 0 in all columns of its category
            known = pd.Index(column["values"]).get_indexer(table[column["name"]])  # (n,), -1: none of them
            x[np.flatnonzero(known >= 0), first[number] + known[known >= 0]] = 1
    return x


def _read_new_table(path: Path, preprocessing: dict[str, Any]) -> pd.DataFrame:
    """Read the columns that the model knows, and report what it does not know: columns, and values of categories."""
    formats = {name: NumberFormat(**rule) for name, rule in preprocessing["formats"].items()}
    columns = preprocessing["columns"]
    texts = [column["name"] for column in columns if "values" in column]
    table, _, where = read_table(path, texts=texts, formats=formats)
    names = [column["name"] for column in columns]
    missing = [name for name in names if name not in table.columns]
    unknown = table.columns.difference([*names, *preprocessing["ignored"]], sort=False)
    if missing:
        more = f" and has {listed(unknown)} instead" if len(unknown) else ""
        raise UserError(f"{path} lacks the columns {listed(missing)}{more}: it must be like the training data.")
    if len(unknown):
        print(f"{path}: the model does not use {listed(unknown)}.")
    categories = {column["name"]: column["values"] for column in columns if "values" in column}
    new = to_numeric(
        table[names], where, categories, formatted=formats, guess=False, cure="write it as in the training data"
    )
    for name, known in categories.items():
        values = new[name].dropna()
        unseen = values[~values.isin(known)]
        if len(unseen):
            print(
                f"{path}: new to the model, and counted as missing: {counted(len(unseen), 'value')} of {quoted(name)},"
                f" such as {quoted(unseen.iloc[0])}."
            )
    return new


def _why_no_input(values: pd.Series, count: int) -> str:
    """Say why a column can't be an input, of a table of `count` rows; "" if it can."""
    if values.isna().all():
        return "it is empty"
    if is_date(values):
        return "to split by it, name it in data.time_column"
    if pd.api.types.is_numeric_dtype(values):
        return "it numbers the rows (data.id_column names predictions by it)" if _numbers_rows(values, count) else ""
    is_text = pd.to_numeric(values, errors="coerce").isna().mean() > 0.5
    return "too many texts for a category" if is_text and _too_many(values.nunique(), len(values)) else ""


def _numbers_rows(values: pd.Series, count: int) -> bool:
    """Return whether a column of numbers counts the rows: all different, and consecutive or of a usual name."""
    if not pd.api.types.is_integer_dtype(values) or not values.is_unique:
        return False
    consecutive = len(values) >= 20 and values.max() - values.min() == count - 1
    return consecutive or bool(NUMBERING.search(str(values.name)))

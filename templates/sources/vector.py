"""How vectors are read: from tables of numbers and categories, or from arrays (n, features).

A table becomes numbers by rules that are learned on the train split and kept with the model: a missing number is the
median, a category becomes a column of 0 and 1 for each of its values. A Parquet file that would take more than
`data.memory_mb` is turned into an array on disk, part by part.
"""

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet

from .arrays import is_arrays, load_array, map_array, read_arrays
from .config import DataSettings, UserError
from .files import Items, Rows, reshape
from .tables import (
    describe_column,
    guess_part,
    guess_target,
    is_date,
    is_table,
    numbers,
    read_csv,
    read_table,
    require_columns,
    take_targets,
)

LAYOUTS = "a table (.csv, .tsv, .parquet), a folder with train.csv and test.csv, or arrays (.npz, a folder of .npy)"
FILES = "tables with the columns of the training data, or arrays"  # what `predict` takes
MOST_VALUES = 100  # of a category
NUMBERING = re.compile(r"(^|[^a-z])(id|nr|no|index|row|number|unnamed: 0)$|nummer$", re.IGNORECASE)  # usual names
PART = 50_000  # rows of a large table that are in memory at once, and that its rules are learned on
CURE = "correct it, or list the column in data.categories or data.ignore"  # of text among numbers
PREPARED = Path("data/prepared")  # arrays made from large tables


def from_pictures(x: np.ndarray) -> np.ndarray:
    """Fashion-MNIST's pictures (n, 28, 28) as vectors: (n, 784)."""
    return x.reshape(len(x), -1)


def read(path: Path, settings: DataSettings) -> Items:
    """What the source holds.

    Raises:
        UserError: it can't be read, or does not fit the settings.
    """
    if is_arrays(path):
        items = read_arrays(path, settings.memory_mb)
        items.inputs = reshape(items.inputs, (math.prod(items.inputs.shape[1:]),))
        return items
    if not is_table(path):
        raise UserError(f"{path} is none of these: {LAYOUTS}.")
    large = path.suffix == ".parquet" and _megabytes(path) > settings.memory_mb
    table, part, where = read_table(path, _about_columns(path, settings) if large else None)
    columns = pyarrow.parquet.read_schema(path).names if large else list(table.columns)
    targets, about = take_targets(table, settings, path, columns)
    about.setdefault("part", part)
    for setting in ("ignore", "categories"):
        require_columns(columns, getattr(settings, setting), f"data.{setting}", path)
    others = {*targets, *settings.ignore, settings.part, settings.group, settings.time}
    chosen = [column for column in columns if column not in others]
    if not chosen:
        raise UserError(f"{path} has no columns beside the target and those that data.ignore names.")
    if large:
        inputs = LargeTable(path, chosen, where, settings.categories)
    else:
        inputs = numbers(table[chosen], where, settings.categories, cure=CURE)
    return Items(inputs, table[targets], where, **about)


class LargeTable:
    """The columns of a Parquet file that is too large for memory."""

    def __init__(self, path: Path, columns: list[str], where: Callable[[int], str], categories: list[str]):
        self.path, self.columns, self.where, self.categories = path, columns, where, categories
        self.file = pyarrow.parquet.ParquetFile(path)

    def __len__(self) -> int:
        return self.file.metadata.num_rows

    def parts(self) -> Iterator[tuple[int, pd.DataFrame]]:
        """Some rows after the other, as `numbers` returns them, with the number of their first."""
        start = 0
        for batch in self.file.iter_batches(PART, columns=self.columns):
            rows = batch.to_pandas()
            yield start, numbers(rows, lambda row, start=start: self.where(start + row), self.categories, cure=CURE)
            start += len(rows)

    def sample(self, rows: np.ndarray) -> pd.DataFrame:
        """Some of the rows, at most PART of them."""
        chosen = np.random.default_rng(0).permutation(rows)[:PART]
        wanted = np.isin(np.arange(len(self)), chosen)
        return pd.concat([part[wanted[start : start + len(part)]] for start, part in self.parts()], ignore_index=True)

    def to_array(self, rules: dict[str, Any]) -> Rows:
        """All rows by the rules, as an array on disk, which is kept for the next time."""
        about = json.dumps([rules, str(self.path.resolve()), self.path.stat().st_mtime_ns])
        path = PREPARED / f"{self.path.stem}-{hashlib.sha256(about.encode()).hexdigest()[:12]}.npy"
        if not path.is_file():
            print(f"Turning {self.path} into an array on disk, {path}: once.", flush=True)
            PREPARED.mkdir(parents=True, exist_ok=True)
            unfinished = path.with_suffix(".part")
            shape = (len(self), len(feature_names(rules)))
            array = np.lib.format.open_memmap(unfinished, mode="w+", dtype=np.float32, shape=shape)
            for start, part in self.parts():
                array[start : start + len(part)] = _encode_table(part, rules)
            array.flush()
            unfinished.replace(path)
        return map_array(path)


def _megabytes(path: Path) -> float:
    """What the columns of a Parquet file would take in memory, in MB."""
    try:
        about = pyarrow.parquet.read_metadata(path)
    except (OSError, ValueError) as error:
        raise UserError(f"{path} is not a whole Parquet file: {' '.join(str(error).split())}") from error
    return about.num_rows * about.num_columns * 8 / 1e6  # most are 64-bit numbers


def _about_columns(path: Path, settings: DataSettings) -> list[str]:
    """The columns of a file that are not inputs."""
    targets = [settings.target] if isinstance(settings.target, str) else settings.target
    about = {*targets, settings.part, settings.group, settings.time}
    return [name for name in pyarrow.parquet.read_schema(path).names if name in about]


def learn_rules(
    inputs: pd.DataFrame | LargeTable | np.ndarray | Rows, train: np.ndarray, settings: DataSettings
) -> dict[str, Any]:
    """How inputs become arrays, learned on the rows `train`, ready for JSON."""
    if isinstance(inputs, LargeTable):
        inputs = inputs.sample(train)
        train = np.arange(len(inputs))
    if not isinstance(inputs, pd.DataFrame):
        return {"features": inputs.shape[1]}
    columns = []
    for column in inputs.columns:
        values = inputs[column].iloc[train]
        if values.isna().all():
            raise UserError(f"The column {column!r} is empty in the train split: list it in data.ignore.")
        missing = int(values.isna().sum())
        if pd.api.types.is_numeric_dtype(values):
            columns.append({"name": column, "median": float(values.median()), "missing": missing})
            continue
        kinds = sorted(values.dropna().unique())
        if len(kinds) > min(MOST_VALUES, max(10, len(values) / 2)):
            raise UserError(
                f"The column {column!r} has {len(kinds)} different texts in {len(values)} items, such as {kinds[0]!r}:"
                " it is no category; list it in data.ignore."
            )
        columns.append({"name": column, "values": kinds, "missing": missing})
    targets = [settings.target] if isinstance(settings.target, str) else list(settings.target)
    ignored = [*targets, *settings.ignore, settings.part, settings.group, settings.time]
    return {"columns": columns, "ignored": sorted({name for name in ignored if name})}


def encode(
    inputs: pd.DataFrame | LargeTable | np.ndarray | Rows, rules: dict[str, Any], settings: DataSettings
) -> np.ndarray | Rows:
    """Inputs -> (n, features): float32 from a table, as stored from arrays."""
    if isinstance(inputs, LargeTable):
        return inputs.to_array(rules)
    return _encode_table(inputs, rules) if isinstance(inputs, pd.DataFrame) else inputs


def _encode_table(table: pd.DataFrame, rules: dict[str, Any]) -> np.ndarray:
    parts = []
    for column in rules["columns"]:
        values = table[column["name"]]
        if "median" in column:
            parts.append(values.fillna(column["median"]).to_numpy(np.float32)[:, np.newaxis])
        else:  # a value that training has not seen, or none, is 0 in all columns
            parts.append(np.stack([(values == kind).to_numpy(np.float32) for kind in column["values"]], axis=1))
    return np.concatenate(parts, axis=1)


def feature_names(rules: dict[str, Any]) -> list[str]:
    """What each feature is, for messages and figures."""
    if "columns" not in rules:
        return [f"feature {number}" for number in range(rules["features"])]
    return [
        name
        for column in rules["columns"]
        for name in ([column["name"]] if "median" in column else [f"{column['name']}={v}" for v in column["values"]])
    ]


def read_new(path: Path, rules: dict[str, Any], settings: DataSettings) -> np.ndarray:
    """Items of a file to predict, (n, features); the columns of a table may stand in any order.

    Raises:
        UserError: the file has other columns or shapes than the training data; they are named.
    """
    if path.suffix in (".npy", ".npz"):
        x = load_array(path, FILES)
        x = x.reshape(len(x), -1) if x.ndim > 2 else np.atleast_2d(x)
    elif "columns" not in rules:
        try:
            x = read_csv(path, header=False).to_numpy(np.float32)
        except ValueError as error:
            raise UserError(f"{path} is not a CSV file of numbers without a header: {error}") from error
    else:
        return _encode_table(_new_table(path, rules, settings), rules)
    expected = len(feature_names(rules))
    if x.shape[1] != expected:
        raise UserError(f"{path} has {x.shape[1]} features in a row, but the model takes {expected}.")
    return x


def name_items(path: Path, count: int, rules: dict[str, Any], settings: DataSettings) -> list[tuple[str, int]]:
    """File and number in it of each of the items that `read_new` returns."""
    return [(str(path), number) for number in range(count)]


def _new_table(path: Path, rules: dict[str, Any], settings: DataSettings) -> pd.DataFrame:
    table, _, where = read_table(path)
    names = [column["name"] for column in rules["columns"]]
    missing = [name for name in names if name not in table.columns]
    strange = [str(name) for name in table.columns if name not in {*names, *rules["ignored"]}]
    if missing or strange:
        lacks = f"lacks the columns {', '.join(missing)}" if missing else ""
        has = f"has the unknown columns {', '.join(strange)}" if strange else ""
        raise UserError(f"{path} {' and '.join(filter(None, (lacks, has)))}: it must be like the training data.")
    categories = [column["name"] for column in rules["columns"] if "values" in column]
    new = numbers(table[names], where, categories, guess=False)
    for column in rules["columns"]:
        unseen = new[column["name"]].dropna()
        unseen = unseen[~unseen.isin(column.get("values", unseen))]
        if len(unseen):
            print(
                f"{path}: {len(unseen)} values of {column['name']!r}, such as {unseen.iloc[0]!r}, are new to the model:"
                " they count as missing."
            )
    return new


def inspect_source(path: Path, settings: DataSettings) -> tuple[dict[str, Any], list[str]]:
    """For `data --inspect`: settings that fit the source, and what is in it, in lines."""
    if is_arrays(path):
        x = read_arrays(path, settings.memory_mb).inputs
        return {}, [f"{len(x):,} vectors as arrays: {x.dtype} {list(x.shape[1:])}"]
    if not is_table(path):
        raise UserError(f"{path} is none of these: {LAYOUTS}.")
    table, _, _ = read_table(path)
    part = guess_part(table, settings)
    target = guess_target(table, settings, {part})
    targets = [target] if isinstance(target, str) else target
    ignore = [name for name in settings.ignore if name in table.columns]
    no_inputs = {
        column: why
        for column in table.columns
        if column not in {*targets, part, *ignore, *settings.categories, settings.group, settings.time}
        and (why := _why_no_input(table[column]))
    }
    ignore += no_inputs
    categories = [name for name in settings.categories if name in table.columns]
    found = {"target": target, "ignore": sorted(ignore), "part": part, "categories": categories}
    lines = [f"{len(table):,} rows, {table.shape[1]} columns"]
    lines += [
        describe_column(table[name]) + (f" -> ignore: {no_inputs[name]}" if name in no_inputs else "") for name in table
    ]
    return found, lines


def _why_no_input(values: pd.Series) -> str:
    """Why a column can't be an input, in words; empty where it can."""
    if values.isna().all():
        return "it is empty"
    if is_date(values):
        return "to split by it, name it in data.time"
    if pd.api.types.is_numeric_dtype(values):
        whole = pd.api.types.is_integer_dtype(values) and values.is_unique
        in_a_row = whole and len(values) >= 20 and values.max() - values.min() == len(values) - 1
        return "it numbers the rows" if in_a_row or (whole and NUMBERING.search(str(values.name))) else ""
    many = values.nunique() > min(MOST_VALUES, max(10, len(values) / 2))
    text = pd.to_numeric(values, errors="coerce").isna().mean() > 0.5
    return "too many texts for a category" if many and text else ""

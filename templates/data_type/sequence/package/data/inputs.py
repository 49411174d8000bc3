"""Read sequences: from arrays (n, steps, features), from one file each, or from a table with one row per step.

Sequences of different lengths are padded with NaN after their end. The model knows padding by that, and its predictions
do not depend on it. Gaps inside of a sequence are refused, or filled by `data.fill_gaps`.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..config import DataSettings, UserError, counted, listed, quoted
from .array_files import list_arrays, read_whole
from .arrays import is_arrays, load_array, read_arrays
from .columns import to_numeric
from .dates import is_date, to_sortable
from .describe import MAX_NAMED, describe_groups, describe_table, guess_split_column, guess_target, keep
from .folders import files_below, guess_file_column, list_files
from .number_formats import NumberFormat
from .offsets import MAX_SAMPLED, find_offsets, learn_offsets, name_features, narrow, subtract
from .samples import DiskArray, Samples, block_size, explained
from .tables import (
    as_list,
    is_table,
    read_csv,
    read_sample_info,
    read_table,
    require_columns,
    target_columns,
)
from .text_tables import NUMBER, find_text_format, first_record

HAS_UNITS = True  # each feature may have its own, unlike pixels
IS_TABLE = False  # steps follow each other, unlike columns
NARROW = 0.05  # of the range in training: with less, values are scaled in another way, as 0 to 1 instead of 0 to 255
# Settings that describe a source, before one is inspected.
UNSET: dict[str, Any] = {
    "target_column": "",
    "ignore": [],
    "sequence_column": "",
    "step_column": "",
    "file_column": "",
    "split_column": "",
    "id_column": "",
}
# What `predict` takes.
FILES = "sequences (.csv or .npy: one row per step, one column per feature), or tables like the training data"
# How files begin, to tell what comes through a pipe.
SIGNATURES = {b"PAR1": ".parquet", b"\x93NUMPY": ".npy", b"PK": ".npz"}
SEQUENCES = (".csv", ".npy")
SEQUENCE_COLUMNS = ("sample", "id", "sequence", "series", "case", "recording")  # usual names, for --inspect
STEP_COLUMNS = ("time", "step", "t", "timestamp", "date", "frame")
GAP = "fill it in, or set data.fill_gaps to last, which carries the last value forward"  # cure of a missing value


@dataclass
class Sequences:
    """Sequences that may differ in length."""

    arrays: list[np.ndarray]  # (steps, features) each; NaN where a value is missing
    names: list[str]  # of the features; empty: not known
    formats: Mapping[str, NumberFormat] = field(default_factory=dict)  # of numbers, by column

    def take(self, rows: np.ndarray) -> "Sequences":
        """Select some sequences."""
        return Sequences([self.arrays[row] for row in rows], self.names, self.formats)


def from_images(x: np.ndarray) -> np.ndarray:
    """Take Fashion-MNIST's images (n, 28, 28) as sequences of 28 steps (rows) with 28 features."""
    return x


def read_samples(path: Path, settings: DataSettings) -> Samples:
    """Read a source. Inputs are an array (n, steps, features), or `Sequences`.

    Raises:
        UserError: the source can't be read, or does not fit the settings.
    """
    if is_arrays(path):
        samples = read_arrays(path, settings.max_memory_mb, wide=True)
        if len(samples.inputs.shape) != 3:
            raise UserError(f"{path}: x has the shape {samples.inputs.shape}: it must be (n, steps, features).")
        return samples
    if is_table(path) and not settings.file_column:
        samples = _read_long_table(path, settings)
    else:
        samples = _read_files(path, settings)
    if not settings.pad:
        _require_equal_steps(samples)
    return samples


def learn_preprocessing(
    inputs: Sequences | np.ndarray | DiskArray, train: np.ndarray, settings: DataSettings
) -> dict[str, Any]:
    """Learn the longest sequence of the rows `train`, and the features.

    Returns:
        Number of steps and features; whether shorter sequences are padded, and how gaps are filled. Where they apply:
        names of features, rules by which their numbers are written, what is subtracted from each, and missing values.
    """
    preprocessing: dict[str, Any] = {"pad": settings.pad, "fill_gaps": settings.fill_gaps}
    if isinstance(inputs, Sequences):
        arrays = inputs.take(train).arrays
        preprocessing |= {"steps": max(map(len, arrays)), "features": arrays[0].shape[1]}
        preprocessing["formats"] = {name: asdict(rule) for name, rule in inputs.formats.items()}
        if inputs.names:
            preprocessing["names"] = inputs.names
        missing = sum(np.isnan(array).sum(axis=0) for array in arrays)  # (features,)
        names = feature_names(preprocessing)
        preprocessing["missing"] = {name: int(count) for name, count in zip(names, missing, strict=True) if count}
        step = max(1, sum(map(len, arrays)) // MAX_SAMPLED)
        offsets = find_offsets(np.concatenate(arrays[::step]))
    else:
        preprocessing |= {"steps": inputs.shape[1], "features": inputs.shape[2]}
        offsets = learn_offsets(inputs, train)
    if offsets.any():
        preprocessing["offsets"] = offsets.tolist()
    return preprocessing


def to_arrays(
    inputs: Sequences | np.ndarray | DiskArray, preprocessing: dict[str, Any], settings: DataSettings
) -> np.ndarray | DiskArray:
    """Convert inputs to (n, steps, features), with gaps filled. `Sequences` become float32, padded with NaN."""
    if isinstance(inputs, Sequences):
        return _pad(inputs, preprocessing)
    x = narrow(inputs, preprocessing.get("offsets"))
    may_have_gaps = preprocessing.get("fill_gaps") == "last" and np.issubdtype(x.dtype, np.floating)
    return _fill_arrays(x) if may_have_gaps else x


def for_baselines(x: np.ndarray | DiskArray, preprocessing: dict[str, Any]) -> np.ndarray | DiskArray:
    """Return what baselines learn from: inputs (n, *shape) as they are."""
    return x


def measure_samples(block: np.ndarray, preprocessing: dict[str, Any]) -> dict[str, np.ndarray]:
    """Measure what differs between samples (n, steps, features), for the statistics: the steps before padding, (n,)."""
    return {"steps": (~np.isnan(block[..., 0])).sum(axis=1)} if preprocessing["pad"] else {}


def feature_names(preprocessing: dict[str, Any]) -> list[str]:
    """Name the features, for messages and figures."""
    names = preprocessing.get("names") or [f"feature {number}" for number in range(preprocessing["features"])]
    return name_features(names, preprocessing.get("offsets") or [0.0] * len(names))


def find_bad_values(block: np.ndarray, preprocessing: dict[str, Any]) -> np.ndarray:
    """Mark values that are missing or not finite: bool, in the shape of `block`. Padding is allowed."""
    bad = ~np.isfinite(block)  # (samples, steps, features)
    if preprocessing["pad"]:
        padding = np.isnan(block).all(axis=2)  # (samples, steps)
        ended = np.logical_or.accumulate(padding, axis=1)
        bad &= ~padding[..., np.newaxis]
        bad |= (ended & ~padding)[..., np.newaxis]  # a step after padding
        bad |= padding[:, :1, np.newaxis]  # nothing but padding
    return bad


def read_new(path: Path, preprocessing: dict[str, Any], settings: DataSettings) -> np.ndarray | DiskArray:
    """Read samples to predict, (n, steps, features): a file, the files of a folder, or a table like the training data.

    Raises:
        UserError: the file has other columns or shapes than the training data; they are named.
    """
    fill = preprocessing.get("fill_gaps", "none")
    names, formats = preprocessing.get("names", []), _load_formats(preprocessing)
    if path.is_dir():
        inputs: Sequences | np.ndarray | DiskArray = _read_sequences(files_below(path, SEQUENCES), names, fill, formats)
    elif _is_long_table(path, preprocessing, settings):
        inputs = _read_new_table(path, preprocessing, settings)
    elif path.suffix in (".npy", ".npz"):
        x = load_array(path, FILES, settings.max_memory_mb, wide=True)
        inputs = x if len(x.shape) == 3 else Sequences([_check_sequence(x[:], path, fill)], [])
    else:
        inputs = _read_sequences([str(path)], names, fill, formats)
    for row, sequence in enumerate(inputs.arrays if isinstance(inputs, Sequences) else inputs[:1]):  # of equal shapes
        steps, features = sequence.shape
        if features != preprocessing["features"]:
            raise UserError(
                f"{path} has {features} features in a row, but the model takes {preprocessing['features']}."
            )
        if steps != preprocessing["steps"] and not preprocessing["pad"]:
            raise UserError(
                f"{path}: sequence {row} has {steps} steps, but the model takes {preprocessing['steps']}; one that"
                " takes any number is trained with data.pad."
            )
    return to_arrays(inputs, preprocessing, settings)


def name_samples(
    path: Path, count: int, preprocessing: dict[str, Any], settings: DataSettings
) -> list[tuple[str, Any]]:
    """Name each of the `count` samples that `read_new` returns: its file, and its number or name in the file."""
    if path.is_dir():
        return [(file, 0) for file in files_below(path, SEQUENCES)]
    if _is_long_table(path, preprocessing, settings):
        names = [settings.sequence_column, settings.id_column]
        table, _, _ = read_table(path, texts=names, formats=_load_formats(preprocessing), quiet=True)
        column = settings.id_column if settings.id_column in table else settings.sequence_column
        first = ~table.duplicated(settings.sequence_column)  # row of each sequence
        return [(str(path), name) for name in table.loc[first, column]]
    return [(str(path), number) for number in range(count)]


def inspect_source(path: Path, settings: DataSettings) -> tuple[dict[str, Any], list[str], str]:
    """Look at a source for `data --inspect`.

    Returns:
        Settings that fit the source, lines that describe its content, and why the target is guessed; "" if it is not.
        Where the content of a table has a fault, these are of its columns alone.

    Raises:
        UserError: the source can't be read.
    """
    if is_arrays(path):
        x = read_arrays(path, settings.max_memory_mb).inputs
        is_padded = np.issubdtype(x.dtype, np.floating) and bool(np.isnan(x[:1000]).any())
        return {"pad": is_padded}, [f"{counted(len(x), 'sequence')} as arrays: {x.dtype} {list(x.shape[1:])}"], ""
    found, lines, guess = _inspect_table(path, settings) if is_table(path) else ({}, [], "")
    try:
        sequences = read_samples(path, replace(settings, **{"pad": True, "fill_gaps": "last", **found})).inputs
    except UserError:
        if found:
            return found, lines, guess  # the fault is said where the splits are read
        raise
    steps = [len(sequence) for sequence in sequences.arrays]
    found["pad"] = min(steps) < max(steps)
    features = sequences.names or [str(number) for number in range(sequences.arrays[0].shape[1])]
    lines.append(
        f"{counted(len(steps), 'sequence')} of {min(steps)} to {counted(max(steps), 'step')} with"
        f" {counted(len(features), 'feature')}" + (f": {listed(features, MAX_NAMED)}" if sequences.names else "")
    )
    num_missing = sum(int(np.isnan(sequence).sum()) for sequence in sequences.arrays)
    if num_missing and settings.fill_gaps == "none":
        lines.append(f"Missing: {counted(num_missing, 'value')}; data.fill_gaps: last carries the last value forward")
    return found, lines, guess


def _require_equal_steps(samples: Samples) -> None:
    """Raise UserError where sequences differ in length."""
    steps = [len(sequence) for sequence in samples.inputs.arrays]
    usual = Counter(steps).most_common(1)[0][0]
    for row, count in enumerate(steps):
        if count != usual:
            raise UserError(
                f"{samples.where(row)}: the sequence has {counted(count, 'step')}, others {usual}: correct it, or set"
                " data.pad to true to have the shorter ones padded."
            )


def _pad(sequences: Sequences, preprocessing: dict[str, Any]) -> np.ndarray:
    """Join sequences to (n, steps, features) float32, padded with NaN to the longest."""
    longest = max(len(sequence) for sequence in sequences.arrays)
    features = sequences.arrays[0].shape[1]
    offsets = np.array(preprocessing.get("offsets") or [0.0] * features)
    x = np.full((len(sequences.arrays), longest, features), np.nan, np.float32)  # (n, steps, features)
    for row, sequence in enumerate(sequences.arrays):
        filled = _fill(sequence) if preprocessing.get("fill_gaps") == "last" else sequence
        x[row, : len(sequence)] = subtract(filled, offsets)
    return x


def _fill(x: np.ndarray) -> np.ndarray:
    """Fill gaps (NaN) in (..., steps, features): with the value before, and at the start with the first one."""
    known = ~np.isnan(x)
    steps = np.arange(x.shape[-2])[:, np.newaxis]
    last = np.maximum.accumulate(np.where(known, steps, 0), axis=-2)  # step of the last value
    first = known.argmax(axis=-2)[..., np.newaxis, :]
    return np.take_along_axis(x, np.maximum(last, first), axis=-2)


def _fill_arrays(x: np.ndarray | DiskArray) -> np.ndarray | DiskArray:
    """Fill gaps in arrays (n, steps, features). Steps without any value at the end are padding, and stay so."""
    if isinstance(x, DiskArray):
        read = x.read
        return DiskArray(lambda rows: _fill_but_padding(read(rows)), x.shape, x.dtype, x.rows)
    filled = np.empty_like(x)
    size = block_size(x)
    for start in range(0, len(x), size):
        filled[start : start + size] = _fill_but_padding(x[start : start + size])
    return filled


def _fill_but_padding(block: np.ndarray) -> np.ndarray:
    """Fill gaps in (n, steps, features), but for padding."""
    missing = np.isnan(block)
    if not missing.any():
        return block
    is_empty = missing.all(axis=2)  # (n, steps)
    is_padding = np.logical_and.accumulate(is_empty[:, ::-1], axis=1)[:, ::-1]
    return np.where(is_padding[..., np.newaxis], block, _fill(block))


def _read_files(path: Path, settings: DataSettings) -> Samples:
    """Read one sequence per file."""
    samples = list_files(path, SEQUENCES, settings, "file_column")
    files = samples.inputs
    sequences = _read_sequences(files, [], settings.fill_gaps)
    expected = sequences.arrays[0].shape[1]
    for file, sequence in zip(files, sequences.arrays, strict=True):
        features = sequence.shape[1]
        if features != expected:
            raise UserError(f"{file} has {features} features in a row, but {files[0]} has {expected}.")
    samples.inputs = sequences
    return samples


def _read_long_table(path: Path, settings: DataSettings) -> Samples:
    """Read a table with one row per step of several sequences."""
    names = [settings.sequence_column, settings.id_column]
    table, split, where = read_table(path, targets=as_list(settings.target_column), texts=names)
    formats = table.attrs["formats"]
    if not settings.sequence_column:
        raise UserError(f"{path} is a table: name in data.sequence_column the column that tells its sequences apart.")
    targets = target_columns(list(table), settings, path)
    info = read_sample_info(table, split, settings, path)  # of each row
    require_columns(table, [settings.sequence_column], "data.sequence_column", path)
    if settings.step_column:
        require_columns(table, [settings.step_column], "data.step_column", path)
    require_columns(table, settings.ignore, "data.ignore", path)
    no_features = {*targets, *settings.ignore, settings.sequence_column, settings.step_column}
    no_features |= {settings.split_column, settings.group_column, settings.time_column, settings.id_column}
    columns = [column for column in table.columns if column not in no_features]
    if not columns:
        raise UserError(f"{path} has no column that is left as a feature of the sequences: see data.ignore.")
    rows_of = _rows_by_sequence(table, split, where, settings)
    cure = "correct it, or list the column in data.ignore"
    features = to_numeric(table[columns], where, [], formatted=formats, cure=cure)
    sequences = _cut(features, rows_of, where, settings.fill_gaps)
    sequences.formats = {name: rule for name, rule in formats.items() if name in (*columns, settings.step_column)}
    for column in (*targets, settings.split_column, settings.group_column, settings.id_column):
        if column:
            _require_one_value(table, column, rows_of, where, settings)
    first = np.array([rows[0] for rows in rows_of])  # (n,)
    return Samples(
        sequences,
        table[targets].iloc[first].reset_index(drop=True),
        lambda row: where(int(first[row])),
        split=None if info.split is None else info.split[first],
        group=None if info.group is None else info.group[first],
        time=None if info.time is None else info.time[first],
        ids=None if info.ids is None else info.ids[first],
    )


def _rows_by_sequence(
    table: pd.DataFrame, split: np.ndarray | None, where: Callable[[int], str], settings: DataSettings
) -> list[np.ndarray]:
    """Find the row numbers (steps,) of each sequence, in the order of its steps.

    Args:
        table: with one row per step.
        split: of each row by its file, (rows,). The files of different splits may use the same names of sequences.
        where: row number -> place of the row, for messages.
        settings: that name the columns of sequence and step.

    Raises:
        UserError: the sequence or step of a row is missing.
    """
    for column in (settings.sequence_column, settings.step_column):
        if column and table[column].isna().any():
            row = int(table[column].isna().argmax())
            raise UserError(f"{where(row)}: {quoted(column)} has no value: fill it in.")
    by = [table[settings.sequence_column]]
    if split is not None:
        by.append(pd.Series(split))
    sequence = table.groupby(by, sort=False).ngroup().to_numpy()  # (rows,)
    if settings.step_column:
        step = to_sortable(table[settings.step_column].to_numpy(), "data.step_column")
        order = np.lexsort((step, sequence))  # by sequence, then by step
    else:
        order = np.argsort(sequence, kind="stable")
    starts = np.flatnonzero(np.diff(sequence[order])) + 1  # of all sequences but the first
    return np.split(order, starts)


def _cut(features: pd.DataFrame, rows_of: list[np.ndarray], where: Callable[[int], str], fill_gaps: str) -> Sequences:
    """Cut the features of a table into sequences.

    Raises:
        UserError: a column holds text, or a value is missing and `fill_gaps` is none.
    """
    incomplete = features.isna().any(axis=1)  # (rows,)
    if incomplete.any() and fill_gaps == "none":
        row = int(incomplete.argmax())
        column = features.columns[features.iloc[row].isna()][0]
        raise UserError(f"{where(row)}: {quoted(column)} has no value: {GAP}, or list the column in data.ignore.")
    for column in features.columns:
        if not pd.api.types.is_numeric_dtype(features[column]):
            raise UserError(f"The column {quoted(column)} holds text: list it in data.ignore.")
    values = features.to_numpy(np.float64)  # (rows, features)
    return Sequences([values[rows] for rows in rows_of], list(features.columns))


def _require_one_value(
    table: pd.DataFrame,
    column: str,
    rows_of: list[np.ndarray],
    where: Callable[[int], str],
    settings: DataSettings,
) -> None:
    """Raise UserError where the steps of a sequence differ in a column of the whole sequence, such as the target."""
    number = pd.factorize(table[column], use_na_sentinel=False)[0]  # (rows,), equal for equal values
    for rows in rows_of:
        others = rows[number[rows] != number[rows[0]]]
        if len(others):
            name = table[settings.sequence_column].iloc[others[0]]
            raise UserError(
                f"{where(int(others[0]))}: sequence {quoted(name)} has another value in the column {quoted(column)}"
                f" than in {where(int(rows[0]))}: it must have one."
            )


def _is_long_table(path: Path, preprocessing: dict[str, Any], settings: DataSettings) -> bool:
    """Return whether a file to predict has one row per step of several sequences, as the training data has."""
    trained_on_one = bool(settings.sequence_column) and not settings.file_column and "names" in preprocessing
    return trained_on_one and path.suffix not in (".npy", ".npz")


def _read_new_table(path: Path, preprocessing: dict[str, Any], settings: DataSettings) -> Sequences:
    """Read a table to predict, with one row per step. Other columns are named, and not used."""
    table, _, where = read_table(path, texts=[settings.sequence_column], formats=_load_formats(preprocessing))
    needed = [*preprocessing["names"], settings.sequence_column]
    if settings.step_column:
        needed.append(settings.step_column)
    require_columns(table, needed, "the run", path)
    known = {*needed, *as_list(settings.target_column), *settings.ignore, settings.id_column}
    known |= {settings.split_column, settings.group_column, settings.time_column}
    unknown = [name for name in table.columns if name not in known]
    if unknown:
        print(f"{path}: the model does not use {listed(unknown)}.")
    cure = "write it as in the training data"
    features = to_numeric(
        table[preprocessing["names"]], where, [], formatted=preprocessing.get("formats", {}), guess=False, cure=cure
    )
    fill = preprocessing.get("fill_gaps", "none")
    return _cut(features, _rows_by_sequence(table, None, where, settings), where, fill)


def _load_formats(preprocessing: dict[str, Any]) -> dict[str, NumberFormat] | None:
    """Return the rules by which the numbers of the training data are written; None: it was no text."""
    if "formats" not in preprocessing:
        return None
    return {name: NumberFormat(**rule) for name, rule in preprocessing["formats"].items()}


def _read_sequences(
    files: list[str], names: list[str], fill_gaps: str, formats: Mapping[str, NumberFormat] | None = None
) -> Sequences:
    """Read one sequence per file. A file without a header is taken as it is.

    Args:
        files: to read.
        names: of the features, in their order; empty: those of the first header.
        fill_gaps: whether missing values are allowed, because they will be filled.
        formats: rules of numbers, by feature; None: found in all files together.

    Raises:
        UserError: a header has other columns, or files differ in how they write numbers.
    """
    read = [_read_sequence(Path(file), fill_gaps, _by_column(formats, names)) for file in files]
    names = names or next((header for _, header, _ in read if header), [])
    if formats is None:
        formats = _find_common_formats(files, [found for _, _, found in read], names)
        if formats:
            read = [_read_sequence(Path(file), fill_gaps, _by_column(formats, names)) for file in files]
    arrays = []
    for file, (x, header, _) in zip(files, read, strict=True):
        if header and set(header) != set(names):
            raise UserError(
                f"{file} has the columns {listed(header)} instead of {listed(names)}: give all files the same."
            )
        arrays.append(x[:, [header.index(name) for name in names]] if header and header != names else x)
    return Sequences(arrays, names, formats)


def _by_column(formats: Mapping[str, NumberFormat] | None, names: list[str]) -> Mapping[str, NumberFormat] | None:
    """Give rules by the names of features and by those of columns without a header: 0, 1, 2, ..."""
    if formats is None:
        return None
    return {**formats, **{str(number): formats[name] for number, name in enumerate(names) if name in formats}}


def _find_common_formats(
    files: list[str], found: list[Mapping[str, NumberFormat]], names: list[str]
) -> dict[str, NumberFormat]:
    """Join the rules of numbers that were found in files, by the names of features.

    Raises:
        UserError: two files have different rules for a feature.
    """
    formats: dict[str, NumberFormat] = {}
    source: dict[str, str] = {}
    for file, rules in zip(files, found, strict=True):
        for column, rule in rules.items():
            name = names[int(column)] if column.isdigit() and column not in names and names else column
            if formats.setdefault(name, rule) != rule:
                raise UserError(
                    f"{file} writes the numbers of {quoted(name)} as {rule.describe()}, but {source[name]} as"
                    f" {formats[name].describe()}: write them alike."
                )
            source.setdefault(name, file)
    return formats


def _read_sequence(
    path: Path, fill_gaps: str, formats: Mapping[str, NumberFormat] | None
) -> tuple[np.ndarray, list[str], Mapping[str, NumberFormat]]:
    """Read a .npy or .csv file: (steps, features), the names in its header, if it has one, and rules of its numbers."""
    names: list[str] = []
    found: Mapping[str, NumberFormat] = {}
    with explained(f"{path} is not a whole table of numbers, one row per step"):
        if path.suffix == ".npy":
            x = read_whole(list(list_arrays(path).values()))
        else:
            x, names, found = _read_text_sequence(path, formats)
    return _check_sequence(x, path, fill_gaps), names, found


def _read_text_sequence(
    path: Path, formats: Mapping[str, NumberFormat] | None
) -> tuple[np.ndarray, list[str], Mapping[str, NumberFormat]]:
    """Read a .csv file as numbers, its header, if it has one, and the rules of its numbers."""
    fields = first_record(path, find_text_format(path))
    has_header = not all(NUMBER.fullmatch(field) for field in fields)
    table, found = read_csv(path, header=has_header, formats=formats)
    numbers = table.apply(pd.to_numeric, errors="coerce")
    is_text = (numbers.isna() & table.notna()).to_numpy(copy=True)  # (steps, features)
    for number, name in enumerate(table.columns):
        if name in found:  # a number that is left as text does not fit the rule
            is_text[:, number] = table[name].map(lambda value: isinstance(value, str))
    if is_text.any():
        step, feature = np.argwhere(is_text)[0].tolist()
        raise UserError(
            f"{path}: step {step} of feature {feature} is {quoted(table.iloc[step, feature])}, no number: correct it."
        )
    return numbers.to_numpy(np.float64), list(table.columns) if has_header else [], found


def _check_sequence(x: np.ndarray, path: Path, fill_gaps: str) -> np.ndarray:
    """Return the array of a file as (steps, features).

    Raises:
        UserError: the array has another shape, or a value is not finite, or missing where `fill_gaps` is none.
    """
    x = x[:, np.newaxis] if x.ndim == 1 else x
    if x.ndim != 2 or x.dtype.kind not in "biuf" or not x.size:
        raise UserError(f"{path} has the shape {x.shape} of {x.dtype}: it must be (steps, features) of numbers.")
    bad = np.isinf(x) if fill_gaps == "last" else ~np.isfinite(x)
    if bad.any():
        step, feature = np.argwhere(bad)[0].tolist()
        raise UserError(f"{path}: step {step} of feature {feature} is {x[step, feature]}: {GAP}.")
    return x


def _inspect_table(path: Path, settings: DataSettings) -> tuple[dict[str, Any], list[str], str]:
    """Guess what the columns of a table hold, and describe them in lines."""
    table, split, _ = read_table(path, targets=as_list(settings.target_column), quiet=True)
    ignored = dict.fromkeys((name for name in settings.ignore if name in table.columns), "as --data.ignore says")
    id_column = keep(settings.id_column, table)
    found: dict[str, Any] = {"split_column": guess_split_column(table, settings), "id_column": id_column}
    found["file_column"] = keep(settings.file_column, table) or guess_file_column(table, SEQUENCES)
    if found["file_column"]:
        taken = {found["file_column"], found["split_column"], id_column, settings.group_column, settings.time_column}
        found["target_column"], guess = guess_target(table, settings, taken)
        lines = describe_table(table, found["target_column"], [], ignored, {})
        free = [name for name in table.columns if name not in {*taken, *as_list(found["target_column"])}]
        lines += describe_groups(table, free)
        return {**found, "ignore": list(ignored)}, lines, guess
    columns, guess = _guess_long_columns(table, found["split_column"], settings)
    found |= columns
    taken = {*as_list(found["target_column"]), settings.group_column, settings.time_column, id_column}
    taken |= {found["sequence_column"], found["step_column"], found["split_column"]}
    free = [name for name in table.columns if name not in {*taken, *ignored}]
    reason = "no numbers; may be data.group_column or data.time_column"
    ignored |= {name: reason for name in free if _is_text(table[name])}
    inputs = [name for name in free if name not in ignored]
    hints: dict[str, str] = {}
    if found["sequence_column"]:
        by = [table[found["sequence_column"]], *([] if split is None else [pd.Series(split)])]
        found["pad"] = bool(table.groupby(by).size().nunique() > 1)
        hints = _find_constants(table, inputs, by)
    lines = describe_table(table, found["target_column"], inputs, ignored, hints, cures=("data.ignore", "data.ignore"))
    return {**found, "ignore": list(ignored)}, lines, guess


def _find_constants(table: pd.DataFrame, inputs: list[str], by: list[pd.Series]) -> dict[str, str]:
    """Find inputs that differ between sequences, but not within any: a hint for each."""
    sequences = table[inputs].groupby(by)
    if sequences.ngroups > len(table) / 2:
        return {}
    within = sequences.nunique().max()  # (inputs,): most values in a sequence
    names = [name for name in inputs if within[name] == 1 < table[name].nunique()]
    hint = "the same in all steps of a sequence: does it name one, or its subject? -> data.group_column or data.ignore"
    return dict.fromkeys(names, hint)


def _guess_long_columns(table: pd.DataFrame, split_column: str, settings: DataSettings) -> tuple[dict[str, Any], str]:
    """Guess which columns of a table with one row per step hold sequence, step and target, and say why the target."""
    others = table.drop(columns=settings.sequence_column, errors="ignore")
    step = keep(settings.step_column, table) or _first_column(others, lambda x: x.name.lower() in STEP_COLUMNS)
    likely = table.drop(columns=[step, split_column], errors="ignore")
    sequence = (
        keep(settings.sequence_column, table)
        or _first_column(likely, lambda x: x.name.lower() in SEQUENCE_COLUMNS)
        or _first_column(likely, lambda x: x.nunique() < len(x) / 2)
    )
    target, guess = guess_target(table, settings, {sequence, step, split_column, settings.id_column})
    return {"sequence_column": sequence, "step_column": step, "target_column": target}, guess


def _first_column(table: pd.DataFrame, fits: Callable[[pd.Series], bool]) -> str:
    """Return the name of the first column that fits; "" if none does."""
    return next((name for name in table.columns if fits(table[name])), "")


def _is_text(values: pd.Series) -> bool:
    """Return whether a column holds dates, or mostly text."""
    if is_date(values):
        return True
    if pd.api.types.is_numeric_dtype(values):
        return False
    return bool(pd.to_numeric(values, errors="coerce").isna().mean() > 0.5)

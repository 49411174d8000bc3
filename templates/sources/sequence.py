"""How sequences are read: from arrays (n, steps, features), from a file a sequence, or from a table with a row a step.

Sequences that differ in length are padded with NaN after their end; the model knows padding by that, and its
predictions do not depend on it.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .arrays import is_arrays, load_array, read_arrays
from .config import DataSettings, UserError
from .files import Items, Rows, files_below, list_files
from .tables import (
    describe_column,
    guess_part,
    guess_target,
    is_date,
    is_table,
    keep,
    moments,
    numbers,
    read_csv,
    read_table,
    require_columns,
    separator,
    take_targets,
)

LAYOUTS = "arrays (.npz, a folder of .npy), class folders of .csv or .npy files, or a table with a row a step"
FILES = "sequences (.csv or .npy: a row a step, a column a feature), or tables like that of the training"
SEQUENCES = (".csv", ".npy")
ITEMS = ("item", "id", "sequence", "series", "case", "sample", "recording")  # usual names of the column data.item
NUMBER = re.compile(r"\s*([+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?inf|nan|)\s*", re.IGNORECASE)


def from_pictures(x: np.ndarray) -> np.ndarray:
    """Fashion-MNIST's pictures (n, 28, 28) as sequences of 28 steps with 28 features: row by row."""
    return x


def read(path: Path, settings: DataSettings) -> Items:
    """What the source holds; inputs are an array (n, steps, features), or a list of arrays (steps, features).

    Raises:
        UserError: it can't be read, or does not fit the settings.
    """
    if is_arrays(path):
        items = read_arrays(path, settings.memory_mb)
        if len(items.inputs.shape) != 3:
            raise UserError(f"{path}: x has the shape {items.inputs.shape}: it must be (n, steps, features).")
        return items
    if is_table(path) and not settings.file:
        items = _read_long_table(path, settings)
        _check_steps(items, settings)
        return items
    files, about = list_files(path, SEQUENCES, settings)
    sequences = _read_sequences(files)
    for file, sequence in zip(files, sequences, strict=True):
        if sequence.shape[1] != sequences[0].shape[1]:
            raise UserError(
                f"{file} has {sequence.shape[1]} features in a row, but {files[0]} has {sequences[0].shape[1]}."
            )
    items = Items(sequences, **about)
    _check_steps(items, settings)
    return items


def _check_steps(items: Items, settings: DataSettings) -> None:
    """Refuse sequences of different lengths where they are not to be padded."""
    steps = [len(sequence) for sequence in items.inputs]
    usual = Counter(steps).most_common(1)[0][0]
    if len(set(steps)) > 1 and not settings.pad:
        row = next(row for row, count in enumerate(steps) if count != usual)
        raise UserError(
            f"{items.where(row)}: the sequence has {steps[row]} steps, others {usual}: correct it, or set data.pad to"
            " true to have the shorter ones padded."
        )


def learn_rules(
    inputs: list[np.ndarray] | np.ndarray | Rows, train: np.ndarray, settings: DataSettings
) -> dict[str, Any]:
    """How inputs become arrays, learned on the rows `train`, ready for JSON."""
    if not isinstance(inputs, list):
        return {"steps": inputs.shape[1], "features": inputs.shape[2], "pad": settings.pad}
    steps = [len(inputs[row]) for row in train]
    rules = {"steps": max(steps), "features": inputs[0].shape[1], "pad": settings.pad}
    if isinstance(inputs, Sequences) and inputs.names:
        rules["names"] = inputs.names
    return rules


def encode(
    inputs: list[np.ndarray] | np.ndarray | Rows, rules: dict[str, Any], settings: DataSettings
) -> np.ndarray | Rows:
    """Inputs -> (n, steps, features); a list of sequences becomes float32, padded with NaN to the longest."""
    if not isinstance(inputs, list):
        return inputs
    longest = max(len(sequence) for sequence in inputs)
    x = np.full((len(inputs), longest, rules["features"]), np.nan, np.float32)
    for row, sequence in enumerate(inputs):
        x[row, : len(sequence)] = sequence
    return x


def feature_names(rules: dict[str, Any]) -> list[str]:
    """What each feature is, for messages and figures."""
    return rules.get("names") or [f"feature {number}" for number in range(rules["features"])]


def read_new(path: Path, rules: dict[str, Any], settings: DataSettings) -> np.ndarray:
    """Items of a file to predict: (n, steps, features).

    Raises:
        UserError: the file has other columns or shapes than the training data; they are named.
    """
    if path.is_dir():
        inputs = _read_sequences(files_below(path, SEQUENCES), rules.get("names", []))
    elif _is_long_table(path, rules, settings):
        table, _, where = read_table(path)
        require_columns(table, [*rules["names"], *filter(None, (settings.item, settings.step))], "the run", path)
        features = numbers(table[rules["names"]], where, [], guess=False)
        inputs = _cut(features, _rows_by_item(table, None, where, settings), where)
    elif path.suffix in (".npy", ".npz"):
        x = load_array(path, FILES)
        inputs = x if x.ndim == 3 else [_check_sequence(x, path)]
    else:
        inputs = _read_sequences([str(path)], rules.get("names", []))
    for row, sequence in enumerate(inputs):
        features = sequence.shape[1]
        if features != rules["features"]:
            raise UserError(f"{path} has {features} features in a row, but the model takes {rules['features']}.")
        if len(sequence) != rules["steps"] and not rules["pad"]:
            raise UserError(
                f"{path}: sequence {row} has {len(sequence)} steps, but the model takes {rules['steps']}; one that"
                " takes any number is trained with data.pad."
            )
    return encode(inputs, rules, settings)


def name_items(path: Path, count: int, rules: dict[str, Any], settings: DataSettings) -> list[tuple[str, Any]]:
    """File of each of the items that `read_new` returns, and its number in it, or its name in a table."""
    if path.is_dir():
        return [(file, 0) for file in files_below(path, SEQUENCES)]
    if _is_long_table(path, rules, settings):
        return [(str(path), name) for name in read_table(path)[0][settings.item].unique()]
    return [(str(path), number) for number in range(count)]


def _is_long_table(path: Path, rules: dict[str, Any], settings: DataSettings) -> bool:
    """Whether a file to predict has a row a step of several sequences, as the training data has."""
    return bool(settings.item and not settings.file and "names" in rules and path.suffix not in (".npy", ".npz"))


class Sequences(list):
    """Sequences (steps, features), and the names of their features, where these are known."""

    names: list[str]


def _read_long_table(path: Path, settings: DataSettings) -> Items:
    table, part, where = read_table(path)
    if not settings.item:
        raise UserError(f"{path} is a table: name in data.item the column that tells its sequences apart.")
    targets, about = take_targets(table, settings, path)
    about = {"part": part, **about}
    require_columns(table, [settings.item], "data.item", path)
    require_columns(table, [settings.step] if settings.step else [], "data.step", path)
    require_columns(table, settings.ignore, "data.ignore", path)
    others = {*targets, *settings.ignore, settings.item, settings.step, settings.part, settings.group, settings.time}
    columns = [column for column in table.columns if column not in others]
    if not columns:
        raise UserError(f"{path} has no column that is left as a feature of the sequences: see data.ignore.")
    items = _rows_by_item(table, part, where, settings)
    sequences = _cut(
        numbers(table[columns], where, [], cure="correct it, or list the column in data.ignore"), items, where
    )
    first = np.array([rows[0] for rows in items])
    for column in (*targets, *filter(None, (settings.part, settings.group))):
        number = pd.factorize(table[column], use_na_sentinel=False)[0]
        for rows in items:
            other = rows[number[rows] != number[rows[0]]]
            if len(other):
                raise UserError(
                    f"{where(int(other[0]))}: item {table[settings.item].iloc[other[0]]} has another value in the"
                    f" column {column!r} than in {where(int(rows[0]))}: it must have one."
                )
    about = {name: None if values is None else values[first] for name, values in about.items()}
    return Items(
        sequences, table[targets].iloc[first].reset_index(drop=True), lambda row: where(int(first[row])), **about
    )


def _rows_by_item(
    table: pd.DataFrame, part: np.ndarray | None, where: Callable[[int], str], settings: DataSettings
) -> list[np.ndarray]:
    """Numbers of the rows of each item, in the order of its steps. Files of several parts may count items anew."""
    for column in filter(None, (settings.item, settings.step)):
        if table[column].isna().any():
            row = int(table[column].isna().argmax())
            raise UserError(f"{where(row)}: {column!r} has no value: fill the gap.")
    by = [table[settings.item]] if part is None else [table[settings.item], part]
    items = table.groupby(by, sort=False).ngroup().to_numpy()
    step = moments(table[settings.step].to_numpy(), "data.step") if settings.step else np.zeros(len(table))
    order = np.lexsort((step, items))  # stable
    return np.split(order, np.flatnonzero(np.diff(items[order])) + 1)


def _cut(values: pd.DataFrame, items: list[np.ndarray], where: Callable[[int], str]) -> Sequences:
    """The rows of each item."""
    gaps = values.isna().any(axis=1)
    if gaps.any():
        row = int(gaps.argmax())
        column = values.columns[values.iloc[row].isna()][0]
        raise UserError(f"{where(row)}: {column!r} has no value: fill the gap, or list the column in data.ignore.")
    text = [column for column in values.columns if not pd.api.types.is_numeric_dtype(values[column])]
    if text:
        raise UserError(f"The column {text[0]!r} holds text: list it in data.ignore.")
    array = values.to_numpy(np.float32)
    sequences = Sequences(array[rows] for rows in items)
    sequences.names = [str(column) for column in values.columns]
    return sequences


def _read_sequences(files: list[str], names: list[str] | None = None) -> Sequences:
    """A sequence a file, with their columns in the order of `names`, or else of the first header.

    A file without a header is taken as it is.

    Raises:
        UserError: a header has other columns.
    """
    sequences, names = Sequences(), names or []
    for file in files:
        x, header = _read_sequence(Path(file))
        names = names or header
        if header and set(header) != set(names):
            raise UserError(
                f"{file} has the columns {', '.join(header)} instead of {', '.join(names)}: give all files the same."
            )
        sequences.append(x[:, [header.index(name) for name in names]] if header and header != names else x)
    sequences.names = names
    return sequences


def _read_sequence(path: Path) -> tuple[np.ndarray, list[str]]:
    """One file as (steps, features) float32, .npy or .csv, and the names in its header, if it has one."""
    names: list[str] = []
    try:
        if path.suffix == ".npy":
            x = np.load(path)
        else:
            between = separator(path)
            with path.open(encoding="utf-8-sig") as file:
                first = file.readline().strip()
            header = not all(NUMBER.fullmatch(field) for field in first.split(between))
            table = read_csv(path, header=header)
            names = [str(name).strip() for name in table.columns] if header else []
            parsed = table.apply(pd.to_numeric, errors="coerce")
            text = (parsed.isna() & table.notna()).to_numpy()
            if text.any():
                step, feature = np.argwhere(text)[0].tolist()
                raise UserError(
                    f"{path}: step {step} of feature {feature} is {table.iloc[step, feature]!r}, no number: correct it."
                )
            x = parsed.to_numpy(np.float32)
    except (OSError, ValueError, EOFError) as error:
        raise UserError(
            f"{path} is not a whole table of numbers, a row a step: {' '.join(str(error).split())}"
        ) from error
    return _check_sequence(x, path), names


def _check_sequence(x: np.ndarray, path: Path) -> np.ndarray:
    """The array of a file as (steps, features) float32, without gaps."""
    x = x[:, np.newaxis] if x.ndim == 1 else x
    if x.ndim != 2 or not np.issubdtype(x.dtype, np.number) or not len(x):
        raise UserError(f"{path} has the shape {x.shape} of {x.dtype}: it must be (steps, features) of numbers.")
    gaps = ~np.isfinite(x)
    if gaps.any():
        step, feature = np.argwhere(gaps)[0].tolist()
        raise UserError(f"{path}: step {step} of feature {feature} is {x[step, feature]}: fill the gap.")
    return x.astype(np.float32)


def inspect_source(path: Path, settings: DataSettings) -> tuple[dict[str, Any], list[str]]:
    """For `data --inspect`: settings that fit the source, and what is in it, in lines."""
    if is_arrays(path):
        x = read_arrays(path, settings.memory_mb).inputs
        padded = np.issubdtype(x.dtype, np.floating) and bool(np.isnan(x[:1000]).any())
        return {"pad": padded}, [f"{len(x):,} sequences as arrays: {x.dtype} {list(x.shape[1:])}"]
    found: dict[str, Any] = {"pad": True}
    lines = []
    if is_table(path):
        table, _, _ = read_table(path)
        lines = [f"{len(table):,} rows, {table.shape[1]} columns", *(describe_column(table[name]) for name in table)]
        part = guess_part(table, settings)
        found |= {"part": part, "ignore": [name for name in settings.ignore if name in table.columns]}
        file = keep(settings.file, table) or _guess(table, lambda values: str(values.iloc[0]).endswith(SEQUENCES))
        if file:
            found |= {"file": file, "target": guess_target(table, settings, {file, part})}
        else:
            names = ("time", "step", "t", "timestamp", "date", "frame")
            step = keep(settings.step, table) or next(
                (name for name in table if name.lower() in names and name != settings.item), ""
            )
            likely = table[[name for name in table if name not in (step, part)]]
            item = keep(settings.item, table) or _guess(likely, lambda values: values.name.lower() in ITEMS)
            item = item or _guess(likely, lambda values: values.nunique() < len(values) / 2)
            found |= {"item": item, "step": step, "target": guess_target(table, settings, {item, step, part})}
            targets = [found["target"]] if isinstance(found["target"], str) else found["target"]
            taken = {item, step, part, *targets, *found["ignore"], settings.group, settings.time}
            text = [name for name in table if name not in taken and _is_text(table[name])]
            found["ignore"] += text
            lines += [f"{name} -> ignore: no numbers; may be data.group or data.time" for name in text]
    items = read(path, replace(settings, **found))
    steps = [len(sequence) for sequence in items.inputs]
    found["pad"] = min(steps) < max(steps)
    features = items.inputs[0].shape[1]
    return found, [*lines, f"{len(steps):,} sequences of {min(steps)} to {max(steps)} steps with {features} features"]


def _is_text(values: pd.Series) -> bool:
    """Whether a column holds no numbers."""
    return is_date(values) or (
        not pd.api.types.is_numeric_dtype(values) and bool(pd.to_numeric(values, errors="coerce").isna().mean() > 0.5)
    )


def _guess(table: pd.DataFrame, fits: Any) -> str:
    return next((column for column in table.columns if fits(table[column])), "")

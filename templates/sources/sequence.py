"""How sequences are read: from arrays (n, steps, features), from a file a sequence, or from a table with a row a step.

Sequences that differ in length are padded with NaN after their end; the model knows padding by that, and its
predictions do not depend on it.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .config import DataSettings, UserError
from .files import (
    Items,
    Rows,
    describe_column,
    guess_part,
    guess_target,
    is_arrays,
    is_table,
    list_files,
    numbers,
    read_arrays,
    read_table,
    require_columns,
    take_targets,
)

LAYOUTS = "arrays (.npz, a folder of .npy), class folders of .csv or .npy files, or a table with a row a step"
FILES = "sequences (.csv or .npy: a row a step, a column a feature), or tables like that of the training"
SEQUENCES = (".csv", ".npy")


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
        return _read_long_table(path, settings)
    files, about = list_files(path, SEQUENCES, settings)
    sequences = [_read_sequence(file) for file in files]
    for file, sequence in zip(files, sequences, strict=True):
        if sequence.shape[1] != sequences[0].shape[1]:
            raise UserError(
                f"{file} has {sequence.shape[1]} features in a row, but {files[0]} has {sequences[0].shape[1]}."
            )
    return Items(sequences, **about)


def learn_rules(
    inputs: list[np.ndarray] | np.ndarray | Rows, train: np.ndarray, settings: DataSettings
) -> dict[str, Any]:
    """How inputs become arrays, learned on the rows `train`, ready for JSON."""
    if not isinstance(inputs, list):
        return {"steps": inputs.shape[1], "features": inputs.shape[2], "pad": settings.pad}
    steps = [len(inputs[row]) for row in train]
    rules = {"steps": max(steps), "features": inputs[0].shape[1], "pad": settings.pad}
    if isinstance(inputs, LongTable):
        rules["names"] = inputs.names
    return rules


def encode(inputs: list[np.ndarray] | np.ndarray | Rows, rules: dict[str, Any]) -> np.ndarray | Rows:
    """Inputs -> (n, steps, features); a list of sequences becomes float32, padded with NaN to the longest."""
    if not isinstance(inputs, list):
        return inputs
    longest = max(len(sequence) for sequence in inputs)
    if rules["pad"]:
        x = np.full((len(inputs), longest, rules["features"]), np.nan, np.float32)
        for row, sequence in enumerate(inputs):
            x[row, : len(sequence)] = sequence
        return x
    for row, sequence in enumerate(inputs):
        if len(sequence) != rules["steps"]:
            raise UserError(
                f"Sequence {row} has {len(sequence)} steps, others {rules['steps']}: set data.pad to true to have the"
                " shorter ones padded."
            )
    return np.stack(inputs)


def feature_names(rules: dict[str, Any]) -> list[str]:
    """What each feature is, for messages and figures."""
    return rules.get("names") or [f"feature {number}" for number in range(rules["features"])]


def read_new(path: Path, rules: dict[str, Any], settings: DataSettings) -> np.ndarray:
    """Items of a file to predict: (n, steps, features).

    Raises:
        UserError: the file has other columns or shapes than the training data; they are named.
    """
    if "names" in rules and path.suffix != ".npy" and path.suffix != ".npz":
        table, _, where = read_table(path)
        require_columns(table, [*rules["names"], settings.item], "the run", path)
        inputs = _cut(numbers(table[rules["names"]], where, []), table, where, settings)
    elif path.suffix == ".npz":
        x = _load_npz(path)
        inputs = x if x.ndim == 3 else [x.astype(np.float32)]
    else:
        x = _read_sequence(path, any_rank=True)
        inputs = x if x.ndim == 3 else [x]
    features = inputs.shape[2] if isinstance(inputs, np.ndarray) else inputs[0].shape[1]
    if features != rules["features"]:
        raise UserError(f"{path} has {features} features in a row, but the model takes {rules['features']}.")
    x = encode(inputs, rules)
    if not rules["pad"] and x.shape[1] != rules["steps"]:
        raise UserError(f"{path} has {x.shape[1]} steps, but the model takes {rules['steps']}.")
    return x


class LongTable(list):
    """Sequences (steps, features) cut out of a table, and the names of its features."""

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
    sequences = _cut(numbers(table[columns], where, []), table, where, settings)
    first = _first_rows(table, settings)
    for column in (*targets, *filter(None, (settings.part, settings.group))):
        differs = table.groupby(settings.item, sort=False)[column].nunique(dropna=False) > 1
        if differs.any():
            raise UserError(f"{path}: item {differs.idxmax()} has several values in the column {column!r}, not one.")
    about = {name: None if values is None else values[first] for name, values in about.items()}
    return Items(
        sequences, table[targets].iloc[first].reset_index(drop=True), lambda row: where(int(first[row])), **about
    )


def _cut(values: pd.DataFrame, table: pd.DataFrame, where: Any, settings: DataSettings) -> LongTable:
    """The rows of each item, in the order of its steps."""
    gaps = values.isna().any(axis=1)
    if gaps.any():
        row = int(gaps.argmax())
        column = values.columns[values.iloc[row].isna()][0]
        raise UserError(f"{where(row)}: {column!r} has no value: fill the gap, or list the column in data.ignore.")
    text = [column for column in values.columns if not pd.api.types.is_numeric_dtype(values[column])]
    if text:
        raise UserError(f"The column {text[0]!r} holds text: list it in data.ignore.")
    array = values.to_numpy(np.float32)
    step = table[settings.step].to_numpy() if settings.step in table.columns else None
    groups = table.groupby(settings.item, sort=False).indices
    sequences = LongTable(
        array[rows if step is None else rows[np.argsort(step[rows], kind="stable")]] for rows in groups.values()
    )
    sequences.names = [str(column) for column in values.columns]
    return sequences


def _first_rows(table: pd.DataFrame, settings: DataSettings) -> np.ndarray:
    return np.array([rows[0] for rows in table.groupby(settings.item, sort=False).indices.values()])


def _load_npz(path: Path) -> np.ndarray:
    try:
        return np.load(path)["x"]
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{path} is not a .npz file with an array x; {FILES} will do too.") from error


def _read_sequence(path: Path, *, any_rank: bool = False) -> np.ndarray:
    """One file as (steps, features) float32: .npy, or .csv with or without a header."""
    if not path.is_file():
        raise UserError(f"There is no file {path}.")
    try:
        if path.suffix == ".npy":
            x = np.load(path)
        else:
            with path.open(encoding="utf-8-sig") as file:
                has_header = any(character.isalpha() for character in file.readline().lower().replace("e", ""))
            x = pd.read_csv(path, header=0 if has_header else None).to_numpy(np.float32)
    except (OSError, ValueError, EOFError) as error:
        raise UserError(
            f"{path} is not a whole table of numbers, a row a step: {' '.join(str(error).split())}"
        ) from error
    if any_rank and x.ndim == 3:
        return x
    x = x[:, np.newaxis] if x.ndim == 1 else x
    if x.ndim != 2 or not np.issubdtype(x.dtype, np.number) or not len(x):
        raise UserError(f"{path} has the shape {x.shape} of {x.dtype}: it must be (steps, features) of numbers.")
    gaps = ~np.isfinite(x)
    if gaps.any():
        step, feature = np.argwhere(gaps)[0]
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
        part = guess_part(table)
        found |= {"part": part, "ignore": [name for name in settings.ignore if name in table.columns]}
        file = settings.file or _guess(table, lambda values: str(values.iloc[0]).endswith(SEQUENCES))
        if file:
            found |= {"file": file, "target": guess_target(table, settings, {file, part})}
        else:
            item = settings.item or _guess(table, lambda values: values.nunique() < len(values) / 2)
            names = ("time", "step", "t", "timestamp", "date", "frame")
            step = settings.step or next((name for name in table if str(name).lower() in names and name != item), "")
            found |= {"item": item, "step": step, "target": guess_target(table, settings, {item, step, part})}
    items = read(path, replace(settings, **found))
    steps = [len(sequence) for sequence in items.inputs]
    found["pad"] = min(steps) < max(steps)
    features = items.inputs[0].shape[1]
    return found, [*lines, f"{len(steps):,} sequences of {min(steps)} to {max(steps)} steps with {features} features"]


def _guess(table: pd.DataFrame, fits: Any) -> str:
    return next((column for column in table.columns if fits(table[column])), "")

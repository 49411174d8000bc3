"""Statistics of the data, to be read before any model is made: what is there, and what is wrong with it.

Out: a table on the screen, reports/stats.json, and three figures: balance.png, examples.png, overview.png.
Cost: seconds for what fits into memory, one pass over the rest; no deep-learning framework is imported.
"""

import hashlib
from collections import defaultdict
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from . import figures
from .config import Config
from .data import Split, Splits, blocks, check_numbers, load_splits
from .drawing import draw_overview
from .files import Rows
from .runs import REPORTS, write_json
from .sources import feature_names
from .task import groups
from .task import remarks as remarks_on_targets

MOST_COLUMNS = 40  # that are printed


def main(config: Config) -> None:
    """Measure, print, write, draw."""
    splits = load_splits(config)
    statistics = measure(splits)
    write_json(REPORTS / "stats.json", statistics)
    members = groups_by_split(splits)
    items = {name: len(split) for name, split in splits.named.items()}
    figures.save(figures.balance(statistics["groups"], items), REPORTS / "balance.png")
    figures.save(figures.examples(splits.train.x, members["train"]), REPORTS / "examples.png")
    overview = draw_overview(splits.train.x, members["train"], feature_names(splits.rules))
    figures.save(overview, REPORTS / "overview.png")
    print_statistics(statistics)


def measure(splits: Splits) -> dict[str, Any]:
    """Counts, shares, ranges, gaps and duplicates, ready for JSON."""
    members = groups_by_split(splits)
    for name, split in splits.named.items():
        if isinstance(split.x, Rows):  # what is in memory was checked when it was read
            check_numbers(split.x, lambda row, name=name: f"item {row} of the {name} split", splits.rules)
    return {
        "groups": {
            name: {split: int(found[name].sum()) for split, found in members.items()} for name in members["train"]
        },
        "remarks": remarks_on_targets(splits.train.y, splits.names),
        "targets": splits.target_statistics,
        "splits": {name: _measure_inputs(split) for name, split in splits.named.items()},
        "columns": _measure_columns(splits),
        "missing": {
            column["name"]: column["missing"] for column in splits.rules.get("columns", []) if column["missing"]
        },
        "skipped": splits.skipped,
        "groups_across": _find_groups_across(splits),
        "duplicates": _find_duplicates(splits),
    }


def groups_by_split(splits: Splits) -> dict[str, dict[str, np.ndarray]]:
    """For each split, which of its items (n,) bool are in each group of task.py, such as a class."""
    parts = splits.named
    together = groups(np.concatenate([split.y for split in parts.values()]), splits.names)
    ends = np.cumsum([len(split) for split in parts.values()])[:-1]
    pieces = {name: np.split(members, ends) for name, members in together.items()}
    return {split: {name: piece[number] for name, piece in pieces.items()} for number, split in enumerate(parts)}


def print_statistics(statistics: dict[str, Any]) -> None:
    """The same as tables for people."""
    console = Console(highlight=False, markup=False)  # names may hold brackets
    splits = statistics["splits"]
    table = Table(title="Targets: items, and share of the split")
    table.add_column("")
    for split in splits:
        table.add_column(split, justify="right")
    for name, counts in statistics["groups"].items():
        table.add_row(name, *(f"{n:,} {n / splits[split]['items']:7.1%}" for split, n in counts.items()))
    console.print(table)

    table = Table(title="Inputs")
    table.add_column("")
    for split in splits:
        table.add_column(split, justify="right")
    for key in next(iter(splits.values())):
        values = (part[key] for part in splits.values())
        table.add_row(key, *(f"{value:,.4g}" if isinstance(value, float) else str(value) for value in values))
    console.print(table)

    if statistics["columns"]:
        table = Table("", "lowest", "mean", "highest", "missing", title="Columns of the train split")
        for name, column in list(statistics["columns"].items())[:MOST_COLUMNS]:
            table.add_row(name, *(f"{column[key]:,.4g}" for key in ("lowest", "mean", "highest", "missing")))
        console.print(table)
        if len(statistics["columns"]) > MOST_COLUMNS:
            console.print(f"The first {MOST_COLUMNS} of {len(statistics['columns'])}; stats.json has all.")

    for remark in remarks(statistics):
        console.print(remark, style="yellow")
    inside = ", ".join(f"{split} {count}" for split, count in statistics["duplicates"]["inside"].items())
    console.print(f"Exact copies inside a split: {inside}.")
    console.print(f"Written: {REPORTS}/stats.json, balance.png, examples.png, overview.png")


def remarks(statistics: dict[str, Any]) -> list[str]:
    """What a person should look into before training."""
    found = [*statistics["remarks"]]
    if statistics["skipped"]:
        found.append(f"Damaged, and left out: {statistics['skipped']} items.")
    for column, count in statistics["missing"].items():
        found.append(f"Missing in the train split: {count} values of {column!r}.")
    for pair, names in statistics["groups_across"].items():
        shown = ", ".join(names[:5])
        found.append(f"Leak: {len(names)} groups of {pair.replace(' & ', ' are also in ')}, such as {shown}.")
    duplicates = statistics["duplicates"]
    for pair, count in duplicates["across"].items():
        if count:
            found.append(f"Leak: {count} items of {pair.replace(' & ', ' are also in ')}.")
    if duplicates["with_other_target"]:
        found.append(f"{duplicates['with_other_target']} items have an exact copy with another target.")
    return found


def _measure_inputs(split: Split) -> dict[str, Any]:
    """Ranges over all values, in one pass; the padding of sequences, which is NaN, does not count."""
    x, count, total, squares, lowest, highest, steps = split.x, 0, 0.0, 0.0, np.inf, -np.inf, []
    sequences = len(x.shape) == 3 and np.issubdtype(x.dtype, np.floating)
    for values in blocks(x):
        if sequences:
            present = ~np.isnan(values[..., 0])  # (items, steps)
            steps += present.sum(axis=1).tolist()
            values = values[present]
        count += values.size
        total += float(values.sum(dtype=np.float64))
        squares += float(np.square(values, dtype=np.float64).sum())
        lowest, highest = min(lowest, float(values.min())), max(highest, float(values.max()))
    mean = total / count
    measured = {
        "items": len(x),
        "shape": list(x.shape[1:]),
        "dtype": str(x.dtype),
        "lowest": lowest,
        "highest": highest,
        "mean": mean,
        "deviation": max(squares / count - mean**2, 0.0) ** 0.5,
    }
    if steps:
        measured["steps"] = f"{min(steps)} to {max(steps)}"
    return measured


def _measure_columns(splits: Splits) -> dict[str, dict[str, float]]:
    """Of a table, each column of the train split as the model sees it; a category has a column for each value."""
    missing = [
        column["missing"] for column in splits.rules.get("columns", []) for _ in column.get("values", [column["name"]])
    ]
    if not missing:
        return {}
    x = splits.train.x
    lowest, mean, highest = x.min(axis=0), x.mean(axis=0, dtype=np.float64), x.max(axis=0)
    return {
        name: {"lowest": float(a), "mean": float(b), "highest": float(c), "missing": count}
        for name, a, b, c, count in zip(feature_names(splits.rules), lowest, mean, highest, missing, strict=True)
    }


def _find_groups_across(splits: Splits) -> dict[str, list[str]]:
    """Groups, such as patients, that have items in two splits."""
    if splits.train.group is None:
        return {}
    found = {name: set(split.group.astype(str)) for name, split in splits.named.items()}
    pairs = (("validation", "train"), ("test", "train"), ("test", "validation"))
    return {f"{b} & {a}": sorted(found[b] & found[a]) for b, a in pairs if found[b] & found[a]}


def _find_duplicates(splits: Splits) -> dict[str, Any]:
    """Items with the same bytes: inside each split, across two splits (a leak), and with different targets."""
    targets_of: dict[bytes, set[bytes]] = defaultdict(set)
    items_of: dict[str, list[bytes]] = {}
    for name, split in splits.named.items():
        items = (item for block in blocks(split.x) for item in np.ascontiguousarray(block))
        items_of[name] = [hashlib.blake2b(item, digest_size=16).digest() for item in items]
        for digest, target in zip(items_of[name], split.y, strict=True):
            targets_of[digest].add(target.tobytes())
    names = list(items_of)
    return {
        "inside": {name: len(digests) - len(set(digests)) for name, digests in items_of.items()},
        "across": {
            f"{b} & {a}": sum(digest in set_a for digest in items_of[b])
            for number, a in enumerate(names)
            for set_a in [set(items_of[a])]
            for b in names[number + 1 :]
        },
        "with_other_target": sum(len(targets_of[d]) > 1 for digests in items_of.values() for d in digests),
    }

"""Statistics of the data, to be read before any model is made: what is there, and what is wrong with it.

Out: a table on the screen, reports/stats.json, and three figures: class_balance.png, examples.png, overview.png.
Cost: seconds; no deep-learning framework is imported.
"""

import hashlib
from collections import defaultdict
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from . import figures
from .config import Config
from .data import Splits, load_splits
from .items import draw_overview
from .runs import REPORTS, write_json


def main(config: Config) -> None:
    """Measure, print, write, draw."""
    splits = load_splits(config)
    statistics = measure(splits)
    write_json(REPORTS / "stats.json", statistics)
    figures.save(figures.class_balance(_class_counts(splits), splits.class_names), REPORTS / "class_balance.png")
    figures.save(figures.examples(splits.train.x, splits.train.y, splits.class_names), REPORTS / "examples.png")
    figures.save(draw_overview(splits.train.x, splits.train.y, splits.class_names), REPORTS / "overview.png")
    print_statistics(statistics, splits.class_names)


def measure(splits: Splits) -> dict[str, Any]:
    """Counts, shares, ranges, gaps and duplicates, ready for JSON."""
    counts = _class_counts(splits)
    largest, smallest = counts["train"].max(), counts["train"].min()
    return {
        "classes": {
            name: {split: int(count[label]) for split, count in counts.items()}
            for label, name in enumerate(splits.class_names)
        },
        "imbalance": float(largest / smallest) if smallest else None,  # largest class over smallest; None: one is empty
        "splits": {name: _measure_inputs(split.x) for name, split in _named(splits).items()},
        "duplicates": _find_duplicates(splits),
    }


def print_statistics(statistics: dict[str, Any], class_names: list[str]) -> None:
    """The same as tables for people."""
    console = Console()
    splits = statistics["splits"]
    table = Table(title="Classes: items, and share of the split")
    table.add_column("class")
    for split in splits:
        table.add_column(split, justify="right")
    for name in class_names:
        cells = (f"{n:,} {n / splits[split]['items']:7.1%}" for split, n in statistics["classes"][name].items())
        table.add_row(name, *cells)
    console.print(table)

    table = Table(title="Inputs")
    table.add_column("")
    for split in splits:
        table.add_column(split, justify="right")
    for key in next(iter(splits.values())):
        values = (part[key] for part in splits.values())
        table.add_row(key, *(f"{value:,.4g}" if isinstance(value, float) else str(value) for value in values))
    console.print(table)

    balance = statistics["imbalance"]
    if balance is None:
        console.print("[yellow]A class has no item in the train split.[/]")
    elif balance > 1.5:
        console.print(f"[yellow]Imbalanced: the largest class has {balance:.1f} times the items of the smallest.[/]")
    else:
        console.print(f"Balanced: the largest class has {balance:.2f} times the items of the smallest.")
    duplicates = statistics["duplicates"]
    for pair, count in duplicates["across"].items():
        if count:
            console.print(f"[yellow]Leak: {count} items of {pair.replace(' & ', ' are also in ')}.[/]")
    console.print(f"Exact copies inside a split: {', '.join(f'{k} {v}' for k, v in duplicates['inside'].items())}.")
    if duplicates["with_other_label"]:
        console.print(f"[yellow]{duplicates['with_other_label']} items have an exact copy with another label.[/]")
    console.print(f"Written: {REPORTS}/stats.json, class_balance.png, examples.png, overview.png")


def _named(splits: Splits) -> dict[str, Any]:
    return {"train": splits.train, "validation": splits.val, "test": splits.test}


def _class_counts(splits: Splits) -> dict[str, np.ndarray]:
    return {name: np.bincount(split.y, minlength=splits.num_outputs) for name, split in _named(splits).items()}


def _measure_inputs(x: np.ndarray) -> dict[str, Any]:
    floating = np.issubdtype(x.dtype, np.floating)
    missing = sum(int(np.isnan(block).sum()) for block in _blocks(x)) if floating else 0
    count = x.size - missing
    mean = sum(float(np.nansum(block, dtype=np.float64)) for block in _blocks(x)) / count
    variance = sum(float(np.nansum(np.square(block - mean), dtype=np.float64)) for block in _blocks(x)) / count
    return {
        "items": len(x),
        "shape": list(x.shape[1:]),
        "dtype": str(x.dtype),
        "lowest": float(np.nanmin(x)),
        "highest": float(np.nanmax(x)),
        "mean": mean,
        "deviation": variance**0.5,
        "missing": missing,
    }


def _blocks(x: np.ndarray) -> list[np.ndarray]:
    return [x[start : start + 4096] for start in range(0, len(x), 4096)]  # views: no copy of the whole


def _find_duplicates(splits: Splits) -> dict[str, Any]:
    """Items with the same bytes: inside each split, across two splits (a leak), and with different labels."""
    labels_of: dict[bytes, set[int]] = defaultdict(set)
    items_of: dict[str, list[bytes]] = {}
    for name, split in _named(splits).items():
        digests = [hashlib.blake2b(np.ascontiguousarray(item), digest_size=16).digest() for item in split.x]
        items_of[name] = digests
        for digest, label in zip(digests, split.y.tolist(), strict=True):
            labels_of[digest].add(label)
    names = list(items_of)
    return {
        "inside": {name: len(digests) - len(set(digests)) for name, digests in items_of.items()},
        "across": {
            f"{b} & {a}": sum(digest in set_a for digest in items_of[b])
            for number, a in enumerate(names)
            for set_a in [set(items_of[a])]
            for b in names[number + 1 :]
        },
        "with_other_label": sum(len(labels_of[d]) > 1 for digests in items_of.values() for d in digests),
    }

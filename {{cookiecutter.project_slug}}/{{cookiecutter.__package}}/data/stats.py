"""Statistics of the data, to be read before a model is trained: balance, ranges, missing values, duplicates, leaks.

Out: tables on the screen, reports/stats.json, and the figures balance.png, examples.png and overview.png in reports/.
With --labels: reports/doubtful_labels.csv and doubtful_labels.png, in a minute or so on the example.
Cost: seconds for what fits into memory, a few passes over what stays on disk. No deep-learning framework is imported.
"""

import hashlib
from collections.abc import Iterable
from itertools import combinations
from typing import Any

import numpy as np
from jsonargparse import ArgumentParser
from rich.console import Console
from rich.table import Table

from ..config import Config, add_settings, counted, listed
from ..storage import REPORTS, write_json
from ..task import class_masks, target_warnings
from .describe import MAX_NAMED, near_duplicates
from .inputs import feature_names, measure_samples
from .labels import check_labels, draw_doubtful, write_doubtful
from .plots import draw_balance, draw_examples, draw_overview, save_figure
from .samples import DiskArray, blocks
from .splits import RunningStatistics, Split, Splits, by_feature, feature_ranges, load_splits

MAX_FEATURES = 40  # that a table is printed for
MAX_CHANCE = 200  # features, up to which samples may be alike by chance
MAX_SAMPLES = 20_000  # of a split, that chance is estimated from


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of the command `stats`."""
    add_settings(parser)
    parser.add_argument("--labels", action="store_true", help="list doubtful labels of the train split")


def main(config: Config, labels: bool = False) -> None:
    """Describe the data in tables, in reports/stats.json and in figures; with `labels` list doubtful ones."""
    splits = load_splits(config)
    statistics = describe_data(splits)
    write_json(REPORTS / "stats.json", statistics)
    draw_figures(splits, statistics)
    print_statistics(statistics)
    if labels:
        list_doubtful_labels(splits, config)


def list_doubtful_labels(splits: Splits, config: Config) -> None:
    """Write and draw the labels of the train split that a linear model doubts."""
    doubtful = check_labels(splits, config)
    table, figure = REPORTS / "doubtful_labels.csv", REPORTS / "doubtful_labels.png"
    write_doubtful(table, doubtful)
    save_figure(draw_doubtful(splits, doubtful), figure)
    print(f"Doubtful labels in the train split: {len(doubtful):,}. Written: {table} and {figure}")


def describe_data(splits: Splits) -> dict[str, Any]:
    """Compute counts, ranges, missing values, duplicates and leaks, ready for JSON."""
    return {
        "classes": _count_classes(splits),
        "warnings": target_warnings(splits.train.y, splits.target_names),
        "target_statistics": splits.target_statistics,
        "splits": {name: _describe_inputs(split, splits.preprocessing) for name, split in splits.named.items()},
        "features": _describe_features(splits),
        "missing_values": splits.preprocessing.get("missing", {}),
        "num_skipped": splits.num_skipped,
        "num_without_target": splits.num_without_target,
        "near_duplicates": _find_near_duplicates(splits),
        "groups_in_two_splits": _find_groups_in_two_splits(splits),
        "duplicates": _find_duplicates(splits),
    }


def masks_by_split(splits: Splits) -> dict[str, dict[str, np.ndarray]]:
    """Mark the samples (n,) bool of each class (or label, or range of targets), for each split and class name."""
    y = np.concatenate([split.y for split in splits.named.values()])  # together, so that ranges are the same in all
    masks = class_masks(y, splits.target_names)
    found = {}
    start = 0
    for name, split in splits.named.items():
        end = start + len(split)
        found[name] = {label: mask[start:end] for label, mask in masks.items()}
        start = end
    return found


def draw_figures(splits: Splits, statistics: dict[str, Any]) -> None:
    """Draw balance, examples and overview into reports/."""
    masks = masks_by_split(splits)["train"]
    num_samples = {name: len(split) for name, split in splits.named.items()}
    save_figure(draw_balance(statistics["classes"], num_samples), REPORTS / "balance.png")
    save_figure(draw_examples(splits.train.x, masks), REPORTS / "examples.png")
    overview = draw_overview(splits.train.x, masks, feature_names(splits.preprocessing))
    save_figure(overview, REPORTS / "overview.png")


def print_statistics(statistics: dict[str, Any]) -> None:
    """Print the statistics as tables."""
    console = Console(highlight=False, markup=False)  # names may hold brackets
    console.print(_class_table(statistics))
    console.print(_input_table(statistics))
    if 1 < len(statistics["features"]) <= MAX_FEATURES:
        console.print(_feature_table(statistics))
    for warning in collect_warnings(statistics):
        console.print(warning, style="yellow")
    inside = ", ".join(f"{split} {count}" for split, count in statistics["duplicates"]["inside"].items())
    console.print(f"Exact copies inside a split: {inside}.")
    console.print(f"Written: {REPORTS}/stats.json, balance.png, examples.png, overview.png")


def collect_warnings(statistics: dict[str, Any]) -> list[str]:
    """List what a person should look into before training."""
    found = [*statistics["warnings"]]
    if statistics["num_skipped"]:
        found.append(f"Corrupt, and left out: {counted(statistics['num_skipped'], 'sample')}.")
    if statistics["num_without_target"]:
        found.append(f"Without a target, and left out: {counted(statistics['num_without_target'], 'sample')}.")
    for column, count in statistics["missing_values"].items():
        found.append(f"Missing in the train split: {counted(count, 'value')} of {column!r}.")
    features = statistics["features"]
    constant = [name for name, feature in features.items() if feature["min"] == feature["max"]]
    if constant:
        found.append(f"The same in the whole train split, so that they tell nothing: {listed(constant, MAX_NAMED)}.")
    found += [
        f"{column}: {alike}." for column, all_alike in statistics["near_duplicates"].items() for alike in all_alike
    ]
    for pair, names in statistics["groups_in_two_splits"].items():
        first, second = pair.split(" & ")
        found.append(
            f"Leak: {first} and {second} share {counted(len(names), 'group')}, such as {listed(names, MAX_NAMED)}."
        )
    duplicates = statistics["duplicates"]
    for pair, count in duplicates["across"].items():
        if count:
            found.append(explain_copies(pair, count, duplicates["by_chance"][pair]))
    if duplicates["with_other_target"]:
        found.append(f"{duplicates['with_other_target']:,} samples have an exact copy with another target.")
    return found


def explain_copies(pair: str, count: int, by_chance: float) -> str:
    """Say how many samples of a split are in another one too: an alarm only where chance gives far fewer."""
    first, second = pair.split(" & ")
    shared = f"{first} has {counted(count, 'sample')} that {second} has too"
    if not count > 2 * by_chance + 3 * by_chance**0.5:
        return (
            f"{shared}, about as many as chance gives ({by_chance:,.0f}): the columns have few different values, so"
            " that samples are alike."
        )
    chance = f"; columns that do not depend on each other would give about {by_chance:,.0f}" if by_chance >= 0.5 else ""
    return f"Leak: {shared}{chance}."


def _class_table(statistics: dict[str, Any]) -> Table:
    """Lay out the samples of each class in each split."""
    splits = statistics["splits"]
    table = _table("Targets: samples, and fraction of the split", splits)
    for name, counts in statistics["classes"].items():
        table.add_row(name, *(f"{n:,} {n / splits[split]['samples']:7.1%}" for split, n in counts.items()))
    return table


def _input_table(statistics: dict[str, Any]) -> Table:
    """Lay out shape, range and std of the inputs of each split."""
    splits = statistics["splits"]
    table = _table("Inputs", splits)
    for key in splits["train"]:
        values = [split[key] for split in splits.values()]
        table.add_row(key, *(f"{value:,.4g}" if isinstance(value, float) else str(value) for value in values))
    return table


def _feature_table(statistics: dict[str, Any]) -> Table:
    """Lay out range and mean of each feature."""
    columns = ("min", "mean", "max")
    table = _table("Features of the train split", columns)
    for name, feature in statistics["features"].items():
        table.add_row(name, *(f"{feature[column]:,.4g}" for column in columns))
    return table


def _table(title: str, columns: Iterable[str]) -> Table:
    """Make an empty table: names on the left, columns of right-aligned numbers."""
    table = Table(title=title)
    table.add_column("")
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _count_classes(splits: Splits) -> dict[str, dict[str, int]]:
    """Count the samples of each class in each split."""
    masks = masks_by_split(splits)
    return {label: {name: int(masks[name][label].sum()) for name in masks} for label in masks["train"]}


def _describe_inputs(split: Split, preprocessing: dict[str, Any]) -> dict[str, Any]:
    """Compute the range of all inputs of a split, and of what inputs.py measures. Padding (NaN) does not count."""
    x = split.x
    statistics = RunningStatistics(columns=1)
    smallest, largest = np.inf, -np.inf
    measured: dict[str, list[float]] = {}  # of each sample, by name
    for block in blocks(x):
        statistics.update(block.reshape(-1, 1))
        smallest = min(smallest, float(np.nanmin(block)))
        largest = max(largest, float(np.nanmax(block)))
        for name, values in measure_samples(block, preprocessing).items():
            measured.setdefault(name, []).extend(values.tolist())
    return {
        "samples": len(x),
        "shape": list(x.shape[1:]),
        "dtype": str(x.dtype),
        "min": smallest,
        "max": largest,
        "mean": float(statistics.mean[0]),
        "std": float(np.sqrt(statistics.variance[0])),
        **{name: f"{min(values):.4g} to {max(values):.4g}" for name, values in measured.items()},
    }


def _describe_features(splits: Splits) -> dict[str, dict[str, float]]:
    """Compute range and mean of each feature of the train split, without padding."""
    smallest, largest = feature_ranges(by_feature(splits.train.x, splits.preprocessing))
    names = feature_names(splits.preprocessing)
    ranges = zip(names, smallest, splits.info.mean, largest, strict=True)
    return {name: {"min": float(low), "mean": mean, "max": float(high)} for name, low, mean, high in ranges}


def _find_groups_in_two_splits(splits: Splits) -> dict[str, list[str]]:
    """Find groups, such as patients, with samples in two splits: {"test & train": ["patient 7"]}."""
    groups = {name: set(split.group.astype(str)) for name, split in splits.named.items() if split.group is not None}
    found = {}
    for first, second in combinations(groups, 2):
        shared = groups[first] & groups[second]
        if shared:
            found[f"{second} & {first}"] = sorted(shared)
    return found


def _find_duplicates(splits: Splits) -> dict[str, Any]:
    """Count samples with equal bytes: inside a split, across two (a leak, or chance), and with different targets."""
    hashes = {name: _hash_samples(split.x) for name, split in splits.named.items()}  # (n,) each
    across, by_chance = {}, {}
    for first, second in combinations(hashes, 2):
        pair = f"{second} & {first}"
        across[pair] = int(np.isin(hashes[second], hashes[first]).sum())
        by_chance[pair] = _expect_copies(splits, first, second) if across[pair] else 0.0
    samples = np.concatenate(list(hashes.values()))  # of all splits
    targets = np.concatenate([_hash_samples(split.y) for split in splits.named.values()])
    pairs = np.unique(np.stack([samples, targets], axis=1), axis=0)  # each sample with each of its targets once
    values, counts = np.unique(pairs[:, 0], return_counts=True)
    return {
        "inside": {name: len(found) - len(np.unique(found)) for name, found in hashes.items()},
        "across": across,
        "by_chance": by_chance,
        "with_other_target": int(np.isin(samples, values[counts > 1]).sum()),
    }


def _expect_copies(splits: Splits, first: str, second: str) -> float:
    """Estimate how many samples of the split `second` are in `first` by chance, if columns do not depend on each other.

    A sample is there with the probability 1 - (1 - p)^n: p is the product of the frequencies that its values have in
    the columns of all other samples, n the samples of `first`. Copies count once, so that they do not explain
    themselves. Large splits are judged by their first samples. Images and sequences are never alike by chance.
    """
    x, other = splits.named[first].x[:MAX_SAMPLES], splits.named[second].x[:MAX_SAMPLES]
    if x.ndim > 2 or x.shape[1] > MAX_CHANCE:
        return 0.0
    different, number = np.unique(np.concatenate([x, other]), axis=0, return_inverse=True)
    if len(different) == 1:
        return float(len(splits.named[second]))
    probability = np.ones(len(different))
    start = 0
    for width in _column_widths(splits.preprocessing, x.shape[1]):
        values = different[:, start : start + width]
        _, place, counts = np.unique(values, axis=0, return_inverse=True, return_counts=True)
        probability *= (counts[place.reshape(-1)] - 1) / (len(different) - 1)
        start += width
    found = -np.expm1(len(splits.named[first]) * np.log1p(-np.minimum(probability, 0.999)))  # (different,)
    return float(found[number.reshape(-1)[len(x) :]].mean() * len(splits.named[second]))


def _column_widths(preprocessing: dict[str, Any], num_features: int) -> list[int]:
    """Count the features that each column became: a category has one for each value."""
    if "columns" not in preprocessing:
        return [1] * num_features
    return [len(column.get("values", [column["name"]])) for column in preprocessing["columns"]]


def _find_near_duplicates(splits: Splits) -> dict[str, list[str]]:
    """Find categories and classes that differ in case or blanks alone, by the name of their column."""
    texts = {
        column["name"]: column["values"] for column in splits.preprocessing.get("columns", []) if "values" in column
    }
    found = {name: near_duplicates(values) for name, values in {**texts, "targets": splits.target_names}.items()}
    return {name: alike for name, alike in found.items() if alike}


def _hash_samples(x: np.ndarray | DiskArray) -> np.ndarray:
    """Hash the bytes of each sample: (n,) uint64. One million samples have a pair by chance once in 40 million."""
    samples = (sample for block in blocks(x) for sample in np.ascontiguousarray(block))
    hashes = (hashlib.blake2b(sample.tobytes(), digest_size=8).digest() for sample in samples)
    return np.fromiter((int.from_bytes(digest, "little") for digest in hashes), np.uint64, len(x))

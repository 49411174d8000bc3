"""Train, validation and test: read a source, turn it into arrays and split it.

In: the example (demo.py), or your own file or folder (`data.source`, read by inputs.py).
Out: `Splits`, with inputs as stored (n, *shape) and targets (n, ...) as task.py defines them.
Splits that the source gives are kept. A missing one is held out by `data.split_by`: at random and stratified, by group,
or by time; `data.folds` cuts train and validation anew. Only `evaluate` uses the test split. Preprocessing, mean and
std are learned on the train split.
Cost: inputs are held once in their own dtype, or stay on disk (`data.max_memory_mb`).
"""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .. import task
from ..config import Config, TargetError, UserError, counted
from ..data_info import DataInfo
from . import demo, inputs
from .dates import to_sortable
from .samples import DiskArray, Samples, arrange, block_size, blocks, leave_out_missing_targets

MAX_SAMPLES = 20_000  # random samples on disk that mean and std are computed from
MAX_HASHED = 200_000_000  # bytes of inputs that are hashed whole; of more, HASHED samples
HASHED = 1000
MIN_VALIDATION = 100  # samples; the loss of fewer goes up and down by chance


@dataclass(frozen=True)
class Split:
    """Samples of one split."""

    x: np.ndarray | DiskArray  # (n, *shape), in the dtype of the source
    y: np.ndarray  # (n, ...), as task.py defines targets
    group: np.ndarray | None = None  # (n,), such as the patient of each sample
    ids: np.ndarray | None = None  # (n,), the name of each sample
    where: Callable[[int], str] = str  # row number -> place of the sample in the source: "wine.csv line 7"

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class Splits:
    """Train, validation and test, with what was learned on the train split."""

    train: Split
    val: Split
    test: Split
    target_names: list[str]  # of classes, labels or targets
    preprocessing: dict[str, Any]  # of inputs.py, ready for JSON
    num_skipped: int = 0  # corrupt samples that were left out
    num_without_target: int = 0  # samples that were left out because their target is missing

    @property
    def named(self) -> dict[str, Split]:
        """Return the splits by name, in the order train, validation, test."""
        return {"train": self.train, "validation": self.val, "test": self.test}

    @cached_property
    def target_statistics(self) -> dict[str, Any]:
        """Compute what the loss must know of the targets of the train split."""
        return task.target_statistics(self.train.y, self.target_names)

    @cached_property
    def info(self) -> DataInfo:
        """Collect what the model must know of its data."""
        mean, std = self.normalization
        smallest, largest = feature_ranges(by_feature(self._measured, self.preprocessing))
        return DataInfo(
            input_shape=list(self.train.x.shape[1:]),
            num_outputs=task.num_outputs(self.target_names),
            preprocessing=self.preprocessing,
            target_names=self.target_names,
            target_statistics=self.target_statistics,
            mean=mean.tolist(),
            std=std.tolist(),
            min=smallest.tolist(),
            max=largest.tolist(),
            num_samples={name: len(split) for name, split in self.named.items()},
            digests=self.digests,
        )

    @cached_property
    def digests(self) -> dict[str, dict[str, str]]:
        """Hash targets and inputs of each split."""
        return {name: digest(split) for name, split in self.named.items()}

    @cached_property
    def normalization(self) -> tuple[np.ndarray, np.ndarray]:
        """Compute mean and std of each feature of the train split: (features,) float32 each."""
        return mean_and_std(by_feature(self._measured, self.preprocessing))

    @property
    def _measured(self) -> np.ndarray | DiskArray:
        """Return the samples of the train split that are measured: all in memory, or some of those on disk."""
        x = self.train.x
        if isinstance(x, DiskArray) and len(x) > MAX_SAMPLES:
            rows = np.random.default_rng(0).permutation(len(x))[:MAX_SAMPLES]
            return x.take(np.sort(rows))
        return x


def load_splits(config: Config) -> Splits:
    """Read `data.source` and split it. The example is downloaded if it is absent.

    Raises:
        UserError: the source is not available, has a fault, or does not fit the settings.
    """
    samples, y, target_names = read_source(config)
    train, val, test = split_samples(samples, y, target_names, config)
    preprocessing = inputs.learn_preprocessing(samples.inputs, train, config.data)
    x = inputs.to_arrays(samples.inputs, preprocessing, config.data)  # (n, *shape)
    samples.inputs = None  # a table takes more memory than its array
    check_numbers(x, samples.where, preprocessing)  # of arrays on disk too: one pass, far less than an epoch

    def split(part: np.ndarray | DiskArray, rows: np.ndarray) -> Split:
        group, ids = (None if values is None else values[rows] for values in (samples.group, samples.ids))
        return Split(part, y[rows], group, ids, lambda row: where(int(rows[row])))

    where = samples.where
    train_x, val_x, test_x = arrange(x, [train, val, test])
    splits = Splits(
        split(train_x, train),
        split(val_x, val),
        split(test_x, test),
        target_names,
        preprocessing,
        samples.num_skipped,
        samples.num_without_target,
    )
    _ = splits.target_statistics  # raises UserError where the train split lacks a class
    return splits


def read_source(config: Config) -> tuple[Samples, np.ndarray, list[str]]:
    """Read `data.source`.

    Returns:
        Samples, their targets y (n, ...), and the names of classes, labels or targets.

    Raises:
        TargetError: the targets do not fit the task.
        UserError: the source can't be read.
    """
    if config.data.source == demo.SOURCE:
        samples = demo.read_demo(config.data)
    else:
        samples = inputs.read_samples(find(Path(config.data.source)), config.data)
    missing = samples.targets.isna().any(axis=1).to_numpy()  # (n,)
    if missing.all():
        raise TargetError("No sample has a target: fill in the column that data.target_column names.")
    if missing.any() and not config.data.skip_missing_targets:
        raise TargetError(
            f"{samples.where(int(missing.argmax()))} has no target: fill it in, or set data.skip_missing_targets to"
            f" true, which leaves out {counted(int(missing.sum()), 'sample')}."
        )
    samples = leave_out_missing_targets(samples) if missing.any() else samples
    if samples.group is not None and pd.isna(samples.group).any():
        row = int(pd.isna(samples.group).argmax())
        raise UserError(f"{samples.where(row)} has no group: fill it in, or leave the sample out.")
    try:
        y, target_names = task.encode_targets(samples.targets, samples.where, samples.target_names)
    except UserError as error:
        raise TargetError(str(error)) from error
    return samples, y, target_names


def find(path: Path) -> Path:
    """Return the path of an existing file or folder.

    Raises:
        UserError: the path does not exist, or is a pipe or device, which might never end.
    """
    if not path.exists():
        raise UserError(f"data.source: there is no {path}; write {demo.SOURCE}, or the path of a file or folder.")
    if not path.is_file() and not path.is_dir():
        raise UserError(f"data.source: {path} is neither a file nor a folder.")
    return path


def split_samples(
    samples: Samples, y: np.ndarray, target_names: list[str], config: Config
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Choose the rows of train, validation and test.

    Returns:
        Three sorted arrays of row numbers.

    Raises:
        UserError: a split is left without a sample, or the data can't be cut into folds.
    """
    given = np.full(len(y), "train") if samples.split is None else samples.split  # (n,)
    train = np.flatnonzero(given == "train")
    val = np.flatnonzero(given == "validation")
    test = np.flatnonzero(given == "test")
    if not len(train):
        raise UserError("The source has no sample for train: give it some, or leave the splits to data.split_by.")
    if not len(test):
        train, test = hold_out(train, config.data.test_fraction, samples, y, config)
    if config.data.folds or config.data.fold:
        if len(val):
            raise UserError(
                "The source says which samples are for validation, so there are no folds to cut: set data.folds and"
                " data.fold to 0, or leave that to data.split_by."
            )
        fold = cut_into_folds(train, samples, y, config)  # (n,), of the rows in train
        for number in range(1, config.data.folds + 1):  # all, so that none fails after others were trained
            task.target_statistics(y[train[fold != number]], target_names)
        train, val = train[fold != config.data.fold], train[fold == config.data.fold]
    elif not len(val):
        train, val = hold_out(train, config.data.validation_fraction, samples, y, config)
    for name, rows in (("train", train), ("validation", val), ("test", test)):
        if not len(rows):
            raise UserError(
                f"No sample is left for {name}: there are too few samples or groups, or data.validation_fraction or"
                " data.test_fraction does not fit them."
            )
    return train, val, test


def hold_out(
    rows: np.ndarray, fraction: float, samples: Samples, y: np.ndarray, config: Config
) -> tuple[np.ndarray, np.ndarray]:
    """Hold out about `fraction` of the rows by `data.split_by`.

    Returns:
        Row numbers that stay and row numbers held out, both sorted.

    Raises:
        UserError: `data.split_by` is group or time, which the source does not have.
    """
    by = config.data.split_by
    if by == "group" and samples.group is not None:
        held_out = by_group(samples.group[rows], fraction=fraction, seed=config.data.seed)
    elif by == "time" and samples.time is not None:
        held_out = by_time(samples.time[rows], fraction=fraction)
    elif by == "random":
        held_out = stratified(task.stratify_by(y[rows]), fraction=fraction, seed=config.data.seed)
    else:
        raise UserError(
            f"data.split_by is {by}, but no {by} is known: name its column in data.{by}_column, or set split_by to"
            " random."
        )
    return rows[~held_out], rows[held_out]


def cut_into_folds(rows: np.ndarray, samples: Samples, y: np.ndarray, config: Config) -> np.ndarray:
    """Cut the rows into `data.folds` parts of about the same size, by `data.split_by`.

    Returns:
        The part of each row, from 1, (n,).

    Raises:
        UserError: the parts would be by time, their number does not fit, or there are too few samples or groups.
    """
    data = config.data
    if data.folds < 2 or not 1 <= data.fold <= data.folds:
        raise UserError(
            f"data.folds is {data.folds} and data.fold {data.fold}: there must be at least 2 folds, and fold one of"
            " them, from 1. Both are 0 without cross-validation."
        )
    if data.split_by == "time":
        raise UserError(
            "data.split_by is time, and most folds would be validated on samples older than those they learn from:"
            " use train --repeats, or split by random or group."
        )
    group = samples.group[rows] if data.split_by == "group" and samples.group is not None else None
    if data.split_by == "group" and group is None:
        raise UserError(
            "data.split_by is group, but no group is known: name its column in data.group_column, or set split_by to"
            " random."
        )
    count, noun = (len(rows), "sample") if group is None else (len(np.unique(group.astype(str))), "group")
    if count < data.folds:
        raise UserError(
            f"{counted(count, noun)} can't be cut into {data.folds} folds: lower their number, or add {noun}s."
        )
    if group is None:
        return stratified_folds(task.stratify_by(y[rows]), folds=data.folds, seed=data.seed)
    return group_folds(group, folds=data.folds, seed=data.seed)


def stratified_folds(classes: np.ndarray, *, folds: int, seed: int) -> np.ndarray:
    """Deal samples out to folds at random, class after class: the counts of a class differ by one at most.

    Args:
        classes: class number of each sample, (n,).
        folds: how many.
        seed: of the random order.

    Returns:
        The fold of each sample, from 1, (n,).
    """
    random = np.random.default_rng(seed)
    order = np.concatenate([random.permutation(np.flatnonzero(classes == label)) for label in np.unique(classes)])
    fold = np.empty(len(classes), dtype=int)
    fold[order] = 1 + np.arange(len(classes)) % folds
    return fold


def group_folds(group: np.ndarray, *, folds: int, seed: int) -> np.ndarray:
    """Give whole groups to folds, the largest first, each to the fold with the fewest samples so far.

    So does scikit-learn's GroupKFold. Here groups of equal size come in random order.

    Args:
        group: of each sample, (n,).
        folds: how many, at most as many as there are groups.
        seed: of the random order.

    Returns:
        The fold of each sample, from 1, (n,).
    """
    names, number = np.unique(group.astype(str), return_inverse=True)
    sizes = np.bincount(number)  # (groups,)
    order = np.random.default_rng(seed).permutation(len(names))
    fold_of_group = np.empty(len(names), dtype=int)
    totals = np.zeros(folds, dtype=int)  # samples of each fold
    for group_number in order[np.argsort(-sizes[order], kind="stable")]:
        smallest = totals.argmin()
        fold_of_group[group_number] = 1 + smallest
        totals[smallest] += sizes[group_number]
    return fold_of_group[number]


def stratified(classes: np.ndarray, *, fraction: float, seed: int) -> np.ndarray:
    """Mark random samples to hold out: about the same `fraction` of every class.

    Unlike scikit-learn's train_test_split, it accepts classes of one sample and fewer samples than classes.

    Args:
        classes: class number of each sample, (n,).
        fraction: of all samples.
        seed: of the random choice.

    Returns:
        Mask (n,) bool.
    """
    random = np.random.default_rng(seed)
    members = [random.permutation(np.flatnonzero(classes == label)) for label in np.unique(classes)]
    sizes = np.array([len(rows) for rows in members])  # (classes,)
    counts = (fraction * sizes).astype(int)
    # Rounding down leaves some samples to choose: one each from the classes that lost most by it.
    lost = (fraction * sizes - counts).round(9)
    lost[sizes == 1] = 0  # the only sample of a class stays
    num_left = max(round(fraction * len(classes)) - counts.sum(), 0)
    order = np.lexsort((random.random(len(members)), -lost))[:num_left]  # ties in random order
    counts[order[lost[order] > 0]] += 1
    held_out = np.zeros(len(classes), dtype=bool)
    for rows, count in zip(members, counts, strict=True):
        held_out[rows[:count]] = True
    if not held_out.any():  # every class has one sample
        held_out[random.permutation(len(classes))[:num_left]] = True
    return held_out


def by_group(group: np.ndarray, *, fraction: float, seed: int) -> np.ndarray:
    """Mark samples of whole groups to hold out: (n,) bool.

    In random order, each group is taken that brings their number nearer to `fraction` of all. At least one is: where
    all are too large, the one that is nearest.
    """
    names, number = np.unique(group.astype(str), return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(names))
    sizes = np.bincount(number)  # (groups,)
    wanted = fraction * len(group)
    chosen: list[int] = []
    total = 0
    for candidate in order:
        if abs(total + sizes[candidate] - wanted) < abs(total - wanted):
            chosen.append(candidate)
            total += sizes[candidate]
    if not chosen:
        chosen = order[np.abs(sizes[order] - wanted).argsort(kind="stable")][:1].tolist()
    return np.isin(number, chosen)


def by_time(time: np.ndarray, *, fraction: float) -> np.ndarray:
    """Mark the newest samples to hold out: (n,) bool. Samples of the same time stay together."""
    times = to_sortable(time, "data.time_column")
    num_kept = len(times) - round(fraction * len(times))
    last_kept = np.sort(times)[num_kept - 1]
    return times > last_kept


class RunningStatistics:
    """Mean and variance of each column of a table that is given block by block; NaN rows are left out.

    Chan, Golub and LeVeque's update (Am. Stat. 37, 1983) needs one pass and adds up no large sums that cancel. A float
    copy of all values would take eight times the memory of the pixels.
    """

    def __init__(self, columns: int):
        self.count = 0
        self.mean = np.zeros(columns)
        self._squares = np.zeros(columns)  # of the distances from the mean

    def update(self, values: np.ndarray) -> None:
        """Add the rows of a block (rows, columns)."""
        if np.issubdtype(values.dtype, np.floating):
            values = values[~np.isnan(values).any(axis=1)]
        if not len(values):
            return
        new_count = self.count + len(values)
        block_mean = values.mean(axis=0, dtype=np.float64)
        shift = block_mean - self.mean
        self._squares += np.square(values - block_mean).sum(axis=0)
        self._squares += shift**2 * self.count * len(values) / new_count
        self.mean += shift * len(values) / new_count
        self.count = new_count

    @property
    def variance(self) -> np.ndarray:
        """Return the variance of each column, (columns,) float64."""
        return self._squares / self.count


def digest(split: Split) -> dict[str, str]:
    """Hash targets and inputs of a split in their order, to see later whether the data is still the same.

    Of large inputs some are hashed, at equal distances, by a rule that does not depend on where the inputs are held.
    """
    x = split.x
    rows = np.arange(len(x))
    if len(x) * math.prod(x.shape[1:]) * x.dtype.itemsize > MAX_HASHED:
        rows = np.linspace(0, len(x) - 1, HASHED).astype(int)
    inputs_hash = hashlib.blake2b(digest_size=8)
    size = block_size(x)
    for start in range(0, len(rows), size):
        inputs_hash.update(x[rows[start : start + size]].tobytes())
    targets_hash = hashlib.blake2b(split.y.tobytes(), digest_size=8)
    return {"targets": targets_hash.hexdigest(), "inputs": inputs_hash.hexdigest()}


def by_feature(x: np.ndarray | DiskArray, preprocessing: dict[str, Any]) -> np.ndarray | DiskArray:
    """Return a view (n, values, features) of inputs (n, *shape), with the features that inputs.py names."""
    num_features = len(inputs.feature_names(preprocessing))
    return x.reshape(len(x), math.prod(x.shape[1:]) // num_features, num_features)


def mean_and_std(x: np.ndarray | DiskArray) -> tuple[np.ndarray, np.ndarray]:
    """Compute mean and std over all axes but the last: (features,) float32 each.

    The std of a constant feature is set to 1. Padding of sequences (NaN) does not count.
    """
    statistics = RunningStatistics(x.shape[-1])
    for block in blocks(x):
        statistics.update(block.reshape(-1, x.shape[-1]))
    mean, variance = statistics.mean, statistics.variance
    # Rounding leaves a little variance where there is none: as much as scikit-learn's StandardScaler allows for.
    rounding = statistics.count * np.finfo(np.float64).eps
    constant = variance <= rounding * variance + (rounding * mean) ** 2
    std = np.sqrt(np.where(constant, 1, variance))
    return mean.astype(np.float32), std.astype(np.float32)


def feature_ranges(x: np.ndarray | DiskArray) -> tuple[np.ndarray, np.ndarray]:
    """Compute min and max over all axes but the last: (features,) float64 each. Padding (NaN) does not count."""
    smallest, largest = np.full(x.shape[-1], np.inf), np.full(x.shape[-1], -np.inf)
    for block in blocks(x):
        values = block.reshape(-1, x.shape[-1])  # (samples or steps or pixels, features)
        smallest = np.fmin(smallest, np.fmin.reduce(values))
        largest = np.fmax(largest, np.fmax.reduce(values))
    return smallest, largest


def check_numbers(x: np.ndarray | DiskArray, where: Callable[[int], str], preprocessing: dict[str, Any]) -> None:
    """Refuse missing and infinite values. Padding (NaN at the end of a sequence) is allowed.

    Args:
        x: inputs (n, *shape).
        where: row number -> place of the sample, for the message.
        preprocessing: of inputs.py.

    Raises:
        UserError: a value is missing or infinite; the message names its sample and feature.
    """
    if not np.issubdtype(x.dtype, np.floating):
        return
    for number, block in enumerate(blocks(x)):
        if np.isfinite(block.sum(dtype=np.float64)):  # much faster than a look at each value
            continue
        bad = inputs.find_bad_values(block, preprocessing)  # (samples, *shape)
        if bad.any():
            row, *place, feature = np.argwhere(bad)[0].tolist()
            sample = where(number * block_size(x) + row)
            name = inputs.feature_names(preprocessing)[feature]
            inside = f" at {', '.join(map(str, place))}" if place else ""  # such as the step of a sequence
            raise UserError(f"{sample}: {name}{inside} is missing or not finite: fill it, or leave the sample out.")

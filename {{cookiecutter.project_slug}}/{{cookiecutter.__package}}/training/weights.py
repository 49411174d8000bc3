"""The weights from which training starts, by `training.weights`: those of another run, or of a file.

All but the head must fit. The head is taken too where the targets have the same names; else it stays random.
Mean and std are those of the new train split, not of the other run: so the first layer gets inputs of mean 0 and std 1,
as it did before, whatever their units are now.
A sample that the other run was trained on tells nothing in a validation or test split. data.json of that run says
whether the splits are the same. If they are not, a warning goes into the run, its report and its model card.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ..config import Config, UserError, counted, cut, list_settings, listed
from ..data import inputs
from ..data_info import DataInfo, load_info
from ..runs import RUNS, find_run, has_checkpoint
from ..storage import hash_file, read_json, write_json
from .checkpoint import load_weights

# Settings of the data that decide which sample is in which split.
SPLITTING = (
    "target_column",
    "skip_missing_targets",
    "seed",
    "split_by",
    "group_column",
    "time_column",
    "split_column",
    "validation_fraction",
    "test_fraction",
    "folds",
    "fold",
)


@dataclass(frozen=True)
class Start:
    """The weights from which a run has started, as its environment.json keeps them."""

    weights: str  # path of the file
    weights_sha256: str
    head: str  # kept or random
    warning: str = ""  # of what makes the results of this run look too good, or the weights useless


@dataclass(frozen=True)
class _Origin:
    """What is known of the run that has made a file of weights."""

    run: Path
    info: DataInfo
    settings: dict[str, Any]  # by section, unchecked: those of another project may be others


def find_weights(name: str) -> Path:
    """Find the file that `training.weights` names: that of the best epoch of a run, or a file of weights.

    Raises:
        UserError: there is no such run or file, or the run has not finished an epoch.
    """
    if Path(name).is_file():
        return Path(name)
    try:
        run = find_run(name)
    except UserError as error:
        raise UserError(f"training.weights: {error}") from error
    for path in run.glob("best.*"):
        return path
    raise UserError(f"training.weights: {run} has no best epoch yet: train it on with --resume, or name another run.")


def load_start(model: Any, info: DataInfo, config: Config, *, resume: bool = False) -> Start | None:
    """Give a new model the weights that `training.weights` names, and print what was taken.

    Args:
        model: built for this data; its weights are replaced.
        info: of this data.
        config: the settings.
        resume: a run may be resumed, whose checkpoint has weights already.

    Returns:
        What the run has to keep of it, None if it starts from random weights or goes on from its checkpoint.

    Raises:
        UserError: there are no such weights, or they do not fit.
    """
    if not config.training.weights or (resume and has_checkpoint(config.run)):
        return None
    path = find_weights(config.training.weights)
    origin = _find_origin(path)
    if origin:
        _check_inputs(origin, info)
    same_targets = origin is None or origin.info.target_names == info.target_names
    try:
        kept = load_weights(model, path, keep_head=same_targets)
    except UserError as error:
        raise UserError(f"{error}{_compare_models(origin, config)}") from error
    start = Start(
        weights=str(path),
        weights_sha256=hash_file(path),
        head="kept" if kept else "random",
        warning=_compare_data(origin, info, config) if origin else "",
    )
    words = "all of them" if kept else f"all but the head, which is random{_compare_targets(origin, info)}"
    _say(f"Training starts from the weights of {path}: {words}.")
    if start.warning:
        _say(f"Warning: {start.warning}")
    return start


def save_start(run: Path, start: Start) -> None:
    """Note in environment.json of a run from which weights it has started."""
    path = run / "environment.json"
    write_json(path, {**read_json(path), "start": asdict(start)})


@cache  # so that a series of runs says it once
def _say(line: str) -> None:
    """Print a line."""
    print(line)


def _find_origin(path: Path) -> _Origin | None:
    """Read data and settings of the run in whose folder a file lies; None if it is in none.

    Raises:
        UserError: its data.json is corrupt.
    """
    run = path.parent
    if not (run / "data.json").is_file():
        return None
    try:
        settings = yaml.safe_load((run / "config.yaml").read_text(encoding="utf-8"))
        return _Origin(run, load_info(run / "data.json"), settings)
    except (OSError, ValueError, TypeError, yaml.YAMLError) as error:
        raise UserError(
            f"data.json or config.yaml of {run} is corrupt: name another run in training.weights."
        ) from error


def _check_inputs(origin: _Origin, info: DataInfo) -> None:
    """Check that samples have as many axes and features as those that the weights were trained on.

    Raises:
        UserError: they do not, such as images and tables.
    """
    before, now = origin.info.input_shape, info.input_shape
    if len(before) != len(now) or before[-1] != now[-1]:
        shapes = [" x ".join(map(str, shape)) for shape in (before, now)]
        raise UserError(
            f"The weights of {origin.run} are for samples of the shape {shapes[0]}, and those of this data have the"
            f" shape {shapes[1]}: name another run in training.weights, or leave it empty."
        )


def _compare_models(origin: _Origin | None, config: Config) -> str:
    """Say which settings of the model differ, after a sentence that weights do not fit."""
    before = origin.settings.get("model", {}) if origin else {}
    now = {name.removeprefix("model."): value for name, value in list_settings(config).items() if "model." in name}
    pairs = [f"model.{name} {cut(before[name])}" for name in now if before.get(name, now[name]) != now[name]]
    return f" Of its settings, these differ from now: {listed(pairs)}." if pairs else ""


def _compare_targets(origin: _Origin | None, info: DataInfo) -> str:
    """Say how the targets differ, after a sentence that the head is random."""
    if origin is None:
        return ""
    before, now = origin.info.target_names, info.target_names
    if len(before) != len(now):
        return f": {origin.run} has {counted(len(before), 'target')}, this data {len(now):,}"
    pairs = zip(before, now, strict=True)
    first, second = next((pair for pair in pairs if pair[0] != pair[1]), (before[0], now[0]))
    return f": {origin.run} predicts {cut(first)} where this data has {cut(second)}"


def _compare_data(origin: _Origin, info: DataInfo, config: Config) -> str:
    """Warn of inputs that mean something else than before, and of samples that the weights were trained on."""
    names = inputs.feature_names(origin.info.preprocessing), inputs.feature_names(info.preprocessing)
    for before, now in zip(*names, strict=True):
        if before != now:
            return f"the weights of {origin.run} are for the input {cut(before)} where this data has {cut(now)}."
    leaks = (_find_leak(each, info, config) for each in _list_origins(origin))
    return next(filter(None, leaks), "")


def _list_origins(origin: _Origin) -> Iterator[_Origin]:
    """List a run, the one from whose weights it has started, and so on, as far as they are still there."""
    seen = set()
    while origin.run.resolve() not in seen:
        yield origin
        seen.add(origin.run.resolve())
        environment = origin.run / "environment.json"
        start = read_json(environment).get("start") if environment.is_file() else None
        if not start:
            return
        root = _root(origin.run)
        before = _find_origin(Path(start["weights"]) if root == Path.cwd() else root / start["weights"])
        if not before:
            return
        origin = before


def _find_leak(origin: _Origin, info: DataInfo, config: Config) -> str:
    """Warn if validation or test split may have samples that the weights were trained on; "" if they have none.

    The hashes are of whole splits, so what differs is known, and not how many samples are concerned.
    """
    before, now = ({split: values["inputs"] for split, values in each.digests.items()} for each in (origin.info, info))
    held_out = [split for split in ("validation", "test") if now[split] != before.get(split)]
    learned = [split for split in held_out if now[split] == before.get("train")]
    if learned:
        return (
            f"{origin.run} was trained on the samples that are now the {learned[0]} split, whose metrics are too good."
        )
    old, new = origin.settings.get("data", {}), vars(config.data)
    same_source = _resolve(_root(origin.run), old.get("source")) == _resolve(Path(), new["source"])
    if not held_out or not (same_source or set(before.values()) & set(now.values())):
        return ""
    changed = [f"data.{name}" for name in SPLITTING if old.get(name, new[name]) != new[name]]
    others = [name for name in new if old.get(name, new[name]) != new[name]]
    if not changed and others and origin.info.num_samples == info.num_samples:
        return ""  # the same samples, read otherwise, such as images of another size
    has = "has" if len(changed) < 2 else "have"
    return (
        f"{origin.run} may have been trained on samples that are now in the {' and '.join(held_out)} split, whose"
        f" metrics would be too good: {listed(changed) or 'the source'} {has} changed."
    )


def _root(run: Path) -> Path:
    """Return the folder of the project of a run, from which its paths count: runs/001, or runs/tune-default/001."""
    folders = run.resolve().parents
    return next((folder.parent for folder in folders if folder.name == RUNS.name), folders[0])


def _resolve(root: Path, source: Any) -> str:
    """Name a source as an absolute path; root: the folder of its project."""
    return str(source) if source == "fashion_mnist" else str((root / str(source)).resolve())

"""The command `data`: read the data and split it. With --inspect, look at files first and write their settings.

What is found in the files goes into config.yaml and is printed. Some of it is guessed, such as the target column. A
wrong guess is corrected in config.yaml, or by naming the column at once: `--data.target_column price`.
"""

import json
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from jsonargparse import ArgumentParser

from ..config import Config, TargetError, UserError, add_settings, counted, load_config
from ..storage import whole_file
from ..task import class_masks, target_warnings
from .inputs import IS_TABLE, UNSET, inspect_source
from .splits import MIN_VALIDATION, Splits, find, load_splits

CONFIG = Path("config.yaml")
MIN_STEPS = 20  # per epoch; with fewer, more epochs of smaller batches are advised
NUM_STEPS = 2000  # of a whole training that are advised
MAX_EPOCHS = 100  # that are advised
MAX_CLASSES = 20  # that are printed


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of the command `data`."""
    add_settings(parser)
    parser.add_argument("--inspect", default="", help="look at a file or folder, and write its settings")


def main(config: Config, inspect: str = "", typed: list[str] | None = None) -> None:
    """Read the data, split it and print the splits.

    Args:
        config: the settings.
        inspect: path to look at first, whose settings are written to config.yaml. They are written even if the data
            has a fault, which is said afterwards.
        typed: options as typed; --data.ignore is kept by an inspection, the same setting in config.yaml may not be.

    Raises:
        UserError: the data has a fault, or does not suit the task.
    """
    if not inspect:
        print_splits(load_splits(config))
        return
    is_kept = any(word.startswith("--data.ignore") for word in typed or [])
    config, guess = write_found_settings(Path(inspect), config, keep_ignored=is_kept)
    try:
        splits = load_splits(config)
    except TargetError as error:
        if not guess:
            raise
        target = json.dumps(config.data.target_column, ensure_ascii=False)
        raise UserError(
            f"{error} The target {target} is a guess, {guess}: --data.target_column names another."
        ) from error
    print_splits(splits)
    print_advice(splits, config)


def write_found_settings(path: Path, config: Config, *, keep_ignored: bool) -> tuple[Config, str]:
    """Look at a file or folder, and write what was found to config.yaml.

    Args:
        path: to look at.
        config: the settings.
        keep_ignored: keep data.ignore. Otherwise it may be that of an earlier inspection, of a table with other
            faults or of another source.

    Returns:
        The settings with what was found, and why the target is guessed; "" if it is not.
    """
    in_file = asdict(load_config(CONFIG).data)
    options = {name: value for name, value in asdict(config.data).items() if value != in_file[name]}
    data = config.data
    before = in_file.get("ignore", [])
    if before and not keep_ignored and "ignore" not in options:
        nothing: dict[str, Any] = {"ignore": []}  # images have no such setting
        data = replace(data, **nothing)
    found, lines, guess = inspect_source(find(path), data)
    found = {**UNSET, **options, **found, "source": path.as_posix()}
    print(f"Found in {path}:")
    for line in lines:
        print(f"  {line}")
    write_settings(found)
    back = [name for name in before if name not in found.get("ignore", [])]
    if back:
        names = json.dumps(back, ensure_ascii=False)
        print(f"No longer ignored, as config.yaml said: {names}. --data.ignore '{names}' leaves them out.")
    print(f"Written to the data section of {CONFIG}:")
    for name, value in found.items():
        if value != UNSET.get(name):
            note = f" (a guess: {guess})" if name == "target_column" and guess else ""
            print(f"  {name}: {json.dumps(value, ensure_ascii=False)}{note}")
    return replace(config, data=replace(config.data, **found)), guess


def print_splits(splits: Splits) -> None:
    """Print the size of each split."""
    for name, split in splits.named.items():
        print(f"{name:>12}: {counted(len(split), 'sample'):>14}, {split.x.dtype} {list(split.x.shape[1:])}")
    if splits.num_skipped:
        print(f"Left out, because corrupt: {counted(splits.num_skipped, 'sample')}.")
    if splits.num_without_target:
        print(f"Left out, because they have no target: {counted(splits.num_without_target, 'sample')}.")


def print_advice(splits: Splits, config: Config) -> None:
    """Print what the data means for training."""
    counts = [f"{name} {mask.sum():,}" for name, mask in class_masks(splits.train.y, splits.target_names).items()]
    more = ", ..." if len(counts) > MAX_CLASSES else ""
    print(f"  train split: {', '.join(counts[:MAX_CLASSES])}{more}")
    for warning in target_warnings(splits.train.y, splits.target_names):
        print(f"  {warning}")
    num_train = len(splits.train)
    steps = -(-num_train // config.training.batch_size)  # per epoch, rounded up
    if steps < MIN_STEPS or (IS_TABLE and steps * config.training.epochs < NUM_STEPS):
        size = int(2 ** np.clip(np.log2(num_train / MIN_STEPS).round(), 3, 7))
        epochs = int(np.clip(NUM_STEPS * size // num_train, 20, MAX_EPOCHS))
        print(f"  Few samples: training.batch_size {size} and training.epochs {epochs} fit.")
    if len(splits.val) < MIN_VALIDATION:
        print(
            f"  The validation split has {counted(len(splits.val), 'sample')}, too few to stop training early by, and"
            " few to choose the best epoch by: a larger data.validation_fraction gives it more."
        )
    print("Next: stats, baseline, train.")


def write_settings(values: dict[str, Any], path: Path = CONFIG) -> None:
    """Replace values in the data section of config.yaml. Comments and all other lines stay as they are.

    Raises:
        UserError: the section has no lines.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    start, end = _find_data_section(lines)
    section = lines[start:end]
    for name, value in values.items():
        if not _replace_value(section, name, value):
            if not any(line.startswith("  source:") for line in section):
                raise UserError(
                    f"{path} has no line '  source: ...' in its data section: write a line for each setting."
                )
            section.insert(0, f"  {name}: {json.dumps(value, ensure_ascii=False)}")  # the file is older than it
    with whole_file(path) as temporary:
        temporary.write_text("\n".join([*lines[:start], *section, *lines[end:]]) + "\n", encoding="utf-8")


def _find_data_section(lines: list[str]) -> tuple[int, int]:
    """Find the lines below `data:`, from the first up to the next line that is not indented."""
    start = next((number for number, line in enumerate(lines, 1) if line.startswith("data:")), len(lines))
    end = next((number for number in range(start, len(lines)) if re.match(r"\S", lines[number])), len(lines))
    return start, end


def _replace_value(section: list[str], name: str, value: Any) -> bool:
    """Replace the value of a setting in the lines of a section, in place. Return whether the setting is there."""
    setting = re.compile(rf'  {name}:(\s*"[^"]*"|.*?)(?P<comment>\s#.*)?$')
    continued = re.compile(r"   +[^\s#]|  -")  # a line that belongs to the value above, such as "    - color"
    for number, line in enumerate(section):
        match = setting.match(line)
        if match:
            comment = (match["comment"] or "").strip()
            new = f"  {name}: {json.dumps(value, ensure_ascii=False)}"
            end = number + 1
            while end < len(section) and continued.match(section[end]):
                end += 1
            section[number:end] = [f"{new:<27} {comment}".rstrip()]
            return True
    return False

"""`data --inspect PATH`: look at a file or folder, say what is in it, and write the data section of config.yaml.

What can be known from the files is written; what is guessed, such as the target column, is said so that it can be
corrected: either in config.yaml, or by naming it at once (`--data.target price`).
"""

import json
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from .config import Config, UserError, load_config
from .data import load_splits
from .files import find
from .sources import inspect_source
from .task import groups, remarks

CONFIG = Path("config.yaml")
FEW = 20  # steps an epoch, under which a training needs more epochs of smaller batches; items to choose an epoch by
MOST_EPOCHS = 100  # that are advised
# What describes a source; the rest of the section is about splitting, and stays as it is.
UNSET = {"target": "", "ignore": [], "categories": [], "file": "", "item": "", "step": "", "part": ""}


def main(path: Path, config: Config) -> None:
    """Look, write, try to split, and say what was found.

    Raises:
        UserError: the data has a fault; the settings are written all the same.
    """
    found, lines = inspect_source(find(path), config.data)
    present, before = asdict(config.data), asdict(load_config(CONFIG).data)
    options = {name: value for name, value in present.items() if value != before[name]}  # such as --data.split
    unset = {name: value for name, value in UNSET.items() if name in present}
    found = {**unset, **options, **found, "source": path.as_posix()}
    print(f"Found in {path}:")
    for line in lines:
        print(f"  {line}")
    write_settings(found)
    changed = replace(config, data=replace(config.data, **found))
    print(f"Written to the data section of {CONFIG}:")
    for name, value in found.items():
        if value != UNSET.get(name):
            print(f"  {name}: {json.dumps(value, ensure_ascii=False)}")
    describe_splits(changed)


def describe_splits(config: Config) -> None:
    """How the data parts, and what that means for training."""
    splits = load_splits(config)
    for name, split in splits.named.items():
        print(f"  {name:>10}: {len(split):>6,} items, {split.x.dtype} {list(split.x.shape[1:])}")
    members = groups(splits.train.y, splits.names)
    shown = [f"{name} {int(chosen.sum()):,}" for name, chosen in members.items()]
    print(f"  train split: {', '.join(shown[:20])}{', ...' if len(shown) > 20 else ''}")
    for remark in remarks(splits.train.y, splits.names):
        print(f"  {remark}")
    if splits.skipped:
        print(f"  Left out, because damaged: {splits.skipped} items.")
    steps = -(-len(splits.train) // config.training.batch_size)
    if steps < FEW:
        size = int(2 ** np.clip(np.log2(len(splits.train) / FEW).round(), 3, 7))
        epochs = int(np.clip(2000 * size // len(splits.train), 20, MOST_EPOCHS))
        print(
            f"  Few items: training.batch_size {size}, training.epochs {epochs} and training.patience"
            f" {max(config.training.patience, epochs // 5)} fit."
        )
    if len(splits.val) < FEW:
        print(
            f"  The validation split has {len(splits.val)} items, too few to choose the best epoch by: a larger"
            " data.validation_share gives it more."
        )
    print("Next: stats, baseline, train.")


def write_settings(values: dict[str, Any], path: Path = CONFIG) -> None:
    """Replace values in the data section of config.yaml; comments and all other lines stay as they are.

    Raises:
        UserError: a setting has no line of its own there.
    """
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    start = next((number for number, line in enumerate(lines) if line.startswith("data:")), len(lines))
    end = next((n for n in range(start + 1, len(lines)) if re.match(r"\S", lines[n])), len(lines))
    for name, value in values.items():
        for number in range(start + 1, end):
            match = re.match(rf"  {name}:(\s*\"[^\"]*\"|.*?)(\s#.*)?\n?$", lines[number])
            if match:
                text = f"  {name}: {json.dumps(value, ensure_ascii=False)}"
                comment = (match[2] or "").strip()
                lines[number] = f"{text:<27} {comment}".rstrip() + "\n"
                while number + 1 < end and re.match(r"   +[^\s#]|  -", lines[number + 1]):  # more of the old value
                    del lines[number + 1]
                    end -= 1
                break
        else:
            raise UserError(f"{path} has no line '  {name}: ...' in its data section: add one.")
    part = path.with_name(path.name + ".part")
    part.write_text("".join(lines), encoding="utf-8")
    part.replace(path)

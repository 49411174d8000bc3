"""The settings: what config.yaml may say, typed, with the reason of each.

In: config.yaml, and overrides such as `--training.epochs 3` from the command line.
Out: one `Config`, checked. A wrong name or value ends in one sentence before anything else runs.
The values are in config.yaml alone; a run keeps a copy of the ones that it was trained with.
"""

import json
import re
from dataclasses import asdict, dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from jsonargparse import ArgumentError, ArgumentParser, Namespace
from jsonargparse.typing import (
    ClosedUnitInterval,
    NonNegativeFloat,
    NonNegativeInt,
    OpenUnitInterval,
    PositiveFloat,
    PositiveInt,
)


class UserError(Exception):
    """Something the user can put right; the message is one sentence with the cause and the cure."""


{% include "settings/data/" ~ cookiecutter.data_type ~ ".py" %}


@dataclass
class DataSettings(InputSettings):
    """Where the data is and how it is split (data.py). `data --inspect PATH` fills this in."""

    source: str  # fashion_mnist, or a file or folder of yours; README.md lists the layouts
    folder: str  # where the raw files of Fashion-MNIST are kept; may be a copy shared by several projects
    target: str | list[str]  # table: the column, or columns, to predict
    split: Literal["random", "group", "time"]  # how train, validation and test part where the source does not say
    group: str  # table: the column of what must not be in two splits, such as a patient; for split: group
    time: str  # table: the column by which the newest items become the test split; for split: time
    part: str  # table: the column that says train, validation or test, which is then honoured; may be empty
    validation_share: OpenUnitInterval  # of the training part, held out to watch and to choose by
    test_share: OpenUnitInterval  # of all, where the source has no test part
    memory_mb: NonNegativeInt  # inputs that take more are left on disk and read batch by batch


{% include "settings/task/" ~ cookiecutter.task ~ ".py" %}


@dataclass
class CompileSettings(LossSettings):
    """How training makes it small (compile.py)."""

    optimizer: Literal["adamw", "adam", "sgd"]
    learning_rate: PositiveFloat  # the highest of the schedule
    weight_decay: NonNegativeFloat  # AdamW's, decoupled from the gradient; adam and sgd do without
    schedule: Literal["cosine", "one_cycle", "constant"]  # the first two fall to (almost) zero at the last epoch
    warmup: ClosedUnitInterval  # share of all steps in which the learning rate climbs


@dataclass
class TrainingSettings:
    """How long to train, and when to stop (train.py)."""

    batch_size: PositiveInt
    epochs: PositiveInt
    patience: PositiveInt  # stop after so many epochs in which the validation loss was no better


{% include ["settings/hardware/" ~ cookiecutter.hardware ~ "_" ~ cookiecutter.framework ~ ".py", "settings/hardware/" ~ cookiecutter.hardware ~ ".py", "settings/hardware/gpu.py"] %}


@dataclass
class Config:
    """All settings. `run` names the folder runs/<run>; empty takes the next free number."""

    seed: NonNegativeInt  # fixes split, weights, order of batches, dropout and augmentation
    run: str
    task: Task
    data: DataSettings
    model: ModelSettings
    compile: CompileSettings
    training: TrainingSettings
    hardware: HardwareSettings


def add_settings(parser: ArgumentParser) -> None:
    """Let `parser` take every setting as an option, on top of a YAML file (config.yaml unless --config is given)."""
    parser.default_config_files = ["config.yaml"]
    parser.add_argument("--config", action="config", help="another settings file, over config.yaml")
    parser.add_class_arguments(Config)


def load_config(path: str | Path = "config.yaml", **overrides: Any) -> Config:
    """Read settings from a YAML file; `overrides` have dots as double underscores: `training__epochs=3`.

    Raises:
        UserError: the file is missing, or a setting is unknown, absent or has a value that it can't take.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"There is no {path}: go to the project's folder, or name the settings file.")
    parser = ArgumentParser(exit_on_error=False, default_config_files=[str(path)])
    parser.add_class_arguments(Config)
    arguments = [f"--{name.replace('__', '.')}={value}" for name, value in overrides.items()]
    try:
        return make_config(parser.instantiate(parser.parse_args(arguments)))
    except ArgumentError as error:
        raise UserError(f"{path}: {explain(error)}") from error


def explain(error: ArgumentError) -> str:
    """What is wrong with a setting, in one sentence."""
    sentence = " ".join(str(error).split())
    choice = re.search(r'Parser key "(\S+)": Expected a typing\.Literal\[(.+?)\]\. Got value: (.*)', sentence)
    if choice:
        setting, choices, value = choice.groups()
        return f"{setting} can't be {value}: it must be one of {choices.replace(chr(39), '')}."
    return sentence


def make_config(parsed: Namespace | dict[str, Any]) -> Config:
    """The settings among parsed options, as plain numbers: YAML and checkpoints refuse jsonargparse's checked types."""
    values = {field.name: parsed[field.name] for field in fields(Config)}
    plain = json.loads(json.dumps({name: asdict(v) if is_dataclass(v) else v for name, v in values.items()}))
    return Config(**{name: type(v)(**plain[name]) if is_dataclass(v) else plain[name] for name, v in values.items()})


def save_config(config: Config, path: Path) -> None:
    """Write all settings as YAML that `load_config` reads."""
    path.write_text(yaml.safe_dump(asdict(config), sort_keys=False), encoding="utf-8")

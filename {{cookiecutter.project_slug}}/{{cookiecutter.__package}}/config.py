"""The settings: what config.yaml may say, typed, with the reason of each.

In: config.yaml, and overrides such as `--training.epochs 3` from the command line.
Out: one `Config`, checked. A wrong name or value ends in one sentence before anything else runs.
The values are in config.yaml alone; a run keeps a copy of those it was trained with.
"""

import json
import math
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

import yaml
from jsonargparse import ArgumentError, ArgumentParser, Namespace, get_loader, set_loader

from .storage import whole_file

MAX_SHOWN = 60  # characters of a value in a message
MAX_LISTED = 20  # names in a message
MAX_DEPTH = 20  # of lists and mappings in a settings file
MAX_MESSAGE = 2000  # characters


class UserError(Exception):
    """Something the user can put right; the message is one sentence with the cause and the cure.

    Names and cells of a file may be of any length, and have line breaks: the middle of a very long message is left out.
    """

    def __init__(self, message: str) -> None:
        message = " ".join(message.splitlines())
        if len(message) > MAX_MESSAGE:
            message = f"{message[: MAX_MESSAGE // 2]} ... {message[-MAX_MESSAGE // 3 :]}"
        super().__init__(message)


def cut(value: Any) -> str:
    """Write a value of the user's data for a message, cut to MAX_SHOWN characters."""
    text = str(value)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."


def quoted(value: Any) -> str:
    """Write a value of the user's data for a message, text in quotes."""
    return repr(cut(value)) if isinstance(value, str) else cut(value)


def listed(values: Iterable[Any], most: int = MAX_LISTED) -> str:
    """List values of the user's data for a message; of many, the first ones."""
    texts = [cut(value) for value in values]
    more = f" and {len(texts) - most:,} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more


class TargetError(UserError):
    """Targets do not fit the task."""


def counted(number: int, noun: str) -> str:
    """Say how many: 1 sample, 2,000 samples."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


@dataclass(frozen=True)
class Range:
    """Limits of a number: from `min` to `max`, or strictly between `above` and `below`."""

    min: float | None = None
    max: float | None = None
    above: float | None = None
    below: float | None = None


@dataclass(frozen=True)
class Absent:
    """The value of a setting that settings files lack which are older than it: as if it did not exist."""

    value: str | bool | float | tuple[int, ...]


PositiveInt = Annotated[int, Range(min=1)]
NonNegativeInt = Annotated[int, Range(min=0)]
Seed = Annotated[int, Range(min=0, max=4_000_000_000)]  # NumPy takes up to 2^32; a series counts up
PositiveFloat = Annotated[float, Range(above=0)]
NonNegativeFloat = Annotated[float, Range(min=0)]
Fraction = Annotated[float, Range(min=0, max=1)]
OpenFraction = Annotated[float, Range(above=0, below=1)]


@dataclass
class DataSettings:
    """Where the data is, how it is read and how it is split. `data --inspect PATH` fills this in."""

    source: str  # the example (data/demo.py), or a file or folder of yours; README.md lists the formats
    data_dir: str  # where the raw files of the example are kept; several projects may share a copy
    target_column: str | list[str]  # table: the column, or columns, to predict
    skip_missing_targets: Annotated[bool, Absent(False)]  # leave out and count those without a target
    id_column: Annotated[str, Absent("")]  # table: names samples in predictions; no input
{% filter indent(4, first=True) %}{% include "data_type/" ~ cookiecutter.data_type ~ "/settings_data.py" %}{% endfilter %}
    seed: Annotated[Seed, Absent(0)]  # of the splits and baselines: trainings of several seeds share them
    split_by: Literal["random", "group", "time"]  # how samples are split where the source does not say
    group_column: str  # table: the column of what must not be in two splits, such as a patient; for split_by: group
    time_column: str  # table: the column by which the newest samples become the test split; for split_by: time
    split_column: str  # table: the column that says train, validation or test; may be empty
    validation_fraction: OpenFraction  # of the training data, held out to watch and to choose by
    test_fraction: OpenFraction  # of all samples, where the source has no test split
    folds: Annotated[NonNegativeInt, Absent(0)]  # parts of train and validation; train --folds sets both
    fold: Annotated[NonNegativeInt, Absent(0)]  # the part that is the validation split, from 1; 0: validation_fraction
    max_memory_mb: NonNegativeInt  # inputs that take more stay on disk and are read batch by batch


@dataclass
class ModelSettings:
    """The network (model.py)."""

{% filter indent(4, first=True) %}{% include "data_type/" ~ cookiecutter.data_type ~ "/settings_model.py" %}{% endfilter %}


@dataclass
class CompileSettings:
    """Loss, metric, optimizer and learning-rate schedule (losses.py, metrics.py, compile.py)."""

{% filter indent(4, first=True) %}{% include "task/" ~ cookiecutter.task ~ "/settings_compile.py" %}{% endfilter %}
    optimizer: Literal["adamw", "adam", "sgd"]
    learning_rate: PositiveFloat  # the peak of the schedule
    weight_decay: NonNegativeFloat  # AdamW's, decoupled from the gradient; adam and sgd do without
    schedule: Literal["cosine", "one_cycle", "constant"]  # the first two fall to (almost) zero at the last epoch
    warmup_fraction: Fraction  # of all steps, in which the learning rate climbs
    clip_norm: Annotated[NonNegativeFloat, Absent(0)]  # a longer gradient is shortened to this norm; 0: none is


@dataclass
class TrainingSettings:
    """How long to train, and when to stop (training/train.py)."""

    batch_size: Annotated[int, Range(min=2)]  # batch norm compares the samples of a batch
    epochs: PositiveInt
    early_stopping_patience: PositiveInt  # epochs without a lower validation loss; few samples never stop training
    weights: Annotated[str, Absent("")]  # to start from: a run, or a file of weights; empty: random ones
    save_minutes: Annotated[NonNegativeFloat, Absent(0)]  # so often a long epoch is saved; 0: at its end
    tracking: Annotated[Literal["none", "mlflow", "wandb", "trackio"], Absent("none")]  # see training/tracking.py


@dataclass
class HardwareSettings:
    """What to compute on (device.py); `doctor` says what is there."""

{% filter indent(4, first=True) %}{% include ["hardware/settings_" ~ cookiecutter.hardware ~ "_" ~ cookiecutter.framework ~ ".py", "hardware/settings_" ~ cookiecutter.hardware ~ ".py", "hardware/settings_gpu.py"] %}{% endfilter %}


@dataclass
class Config:
    """All settings."""

    seed: Seed  # fixes splits, initial weights, order of samples, dropout and augmentation
    run: str  # folder runs/<run>; empty: the next free number
    data: DataSettings
    model: ModelSettings
    compile: CompileSettings
    training: TrainingSettings
    tune: dict[str, dict[str, Any]]  # what the command tune searches: {low, high, log} or {choices} of other settings
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
        return make_config(parse(parser, arguments))
    except ArgumentError as error:
        raise UserError(f"{path}: {explain(error)}") from error
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def parse(parser: ArgumentParser, arguments: list[str]) -> Namespace:
    """Read options and the settings file; a mistake is an ArgumentError, which `explain` puts in words.

    Settings that the file lacks because it is older are printed, and get the value that changes nothing.

    Raises:
        UserError: the settings are to be printed, and a number is out of its range.
    """
    others = [argument for argument in arguments if argument.split("=")[0] != "--print_config"]
    try:
        if len(others) < len(arguments):  # the parser prints, and ends the program
            make_config(parser.instantiate(parser.parse_args(others)))
        return parser.instantiate(parser.parse_args(arguments))
    except UnicodeDecodeError as error:
        raise ArgumentError(None, "The settings file is not text in UTF-8: save it as that.") from error
    except ArgumentError as error:
        found = re.search(r"arguments are required: (.*)", str(error))
        names = found[1].split(", ") if found else []
        values = {name: limit.value for name, limit in _annotated(Config) if isinstance(limit, Absent)}
        if not names or not set(names) <= set(values):
            raise
        lacking = listed(f"{name}: {json.dumps(values[name])}" for name in names)
        print(f"The settings file is older than {lacking}.", file=sys.stderr)
        filled = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
        return parse(parser, [*arguments, *(f"--{name}={filled[name]}" for name in names)])


def make_config(parsed: Namespace | dict[str, Any]) -> Config:
    """Take the settings from parsed options.

    Raises:
        UserError: a number is out of its range.
    """
    config = Config(**{field.name: parsed[field.name] for field in fields(Config)})
    _check_ranges(config)
    return config


def change_settings(config: Config, changes: dict[str, Any]) -> Config:
    """Return a copy of the settings in which some are others; changes: by names that `list_settings` gives.

    Raises:
        UserError: a setting can't take its value.
    """
    settings = asdict(config)
    for name, value in changes.items():
        section, _, key = name.rpartition(".")
        (settings[section] if section else settings)[key] = value
    parser = _settings_parser()
    try:
        return make_config(parser.instantiate(parser.parse_object(settings)))
    except ArgumentError as error:
        raise UserError(explain(error)) from error


@cache  # it takes longer to make than to use
def _settings_parser() -> ArgumentParser:
    """Make a parser of all settings."""
    parser = ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(Config)
    return parser


def save_config(config: Config, path: Path) -> None:
    """Write all settings as YAML that `load_config` reads."""
    with whole_file(path) as temporary:
        temporary.write_text(yaml.safe_dump(asdict(config), sort_keys=False), encoding="utf-8")


def list_settings(config: Config) -> dict[str, Any]:
    """Give the settings by their names as options: {"training.epochs": 12, ...}; not what `tune` searches."""
    found: dict[str, Any] = {}
    for name, value in asdict(config).items():
        if name == "tune":
            continue
        if isinstance(value, dict):
            found |= {f"{name}.{key}": inner for key, inner in value.items()}
        else:
            found[name] = value
    return found


_load_yaml = get_loader("yaml")
_yaml_parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _load_settings(text: str) -> Any:
    """Load YAML, but no aliases, whose content can grow without bounds, and no key that is there twice.

    Raises:
        YAMLError: it has one of these, or is no YAML.
    """
    levels: list[dict[str, int] | None] = []  # of each open mapping: its keys, and their lines; None: a list
    key_next: list[bool] = []  # of each of them: whether a key comes next
    for event in yaml.parse(text, Loader=_yaml_parser):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            raise yaml.YAMLError(f"the alias *{event.anchor} in line {line} is not read: write out what it stands for")
        if isinstance(event, yaml.CollectionEndEvent):
            levels.pop()
            key_next.pop()
        elif isinstance(event, yaml.NodeEvent):
            keys = levels[-1] if levels else None
            if keys is not None:
                if key_next[-1] and isinstance(event, yaml.ScalarEvent):
                    if event.value in keys:
                        raise yaml.YAMLError(
                            f"{event.value} stands there twice, in lines {keys[event.value]} and {line}: remove one"
                        )
                    keys[event.value] = line
                key_next[-1] = not key_next[-1]
            if isinstance(event, yaml.CollectionStartEvent):
                if len(levels) == MAX_DEPTH:
                    raise yaml.YAMLError(f"line {line} is nested too deeply")
                levels.append({} if isinstance(event, yaml.MappingStartEvent) else None)
                key_next.append(True)
    try:
        return _load_yaml(text)
    except (ValueError, OverflowError) as error:  # such as a number of too many digits
        raise yaml.YAMLError(str(error)) from error


set_loader("yaml", _load_settings, (yaml.YAMLError,))

# What the parser says of a mistake, and what the user reads.
KINDS = {
    "<class 'int'>": "a whole number",
    "<class 'float'>": "a number",
    "<class 'bool'>": "true or false",
    "<class 'str'>": "text",
    "<class 'list'>": "a list",
}
SENTENCES = {
    r'key "(\S+)": Expected a (.+?)\. Got value: ?(.*)': r"\1 can't be \3: it must be \2.",
    r'key "(\S+)": Does not validate .* Given value: ?(.*)': r"\1 can't be \2: it must be text, or a list of texts.",
    r"arguments are required: (\S+, \S+, \S+), .*": r"There is no value for \1 and more: add them to config.yaml.",
    r"arguments are required: (.*)": r"There is no value for \1: add it to config.yaml.",
    r"Group '(\S+)' does not accept option '(\S+)'": r"There is no setting \1.\2: config.py lists all settings.",
    r"Option '(\S+)' is not accepted": r"There is no setting \1: config.py lists all settings.",
    r"Problems parsing config: (.*)": r"The settings file is not valid YAML: \1.",
    r"Unexpected config: ": "The settings file holds no settings: each is a line such as seed: 0.",
    r"File does not exist: '(.*)'": r"There is no file \1.",
}


def explain(error: ArgumentError) -> str:
    """Say in one sentence what is wrong with the settings, or with an option."""
    sentence = " ".join(str(error).replace(' in "<unicode string>",', " in").split())
    sentence = re.sub(r"typing\.Literal\[(.+?)\]", lambda match: f"one of {match[1].replace(chr(39), '')}", sentence)
    for kind, words in KINDS.items():
        sentence = sentence.replace(kind, words)
    for pattern, answer in SENTENCES.items():
        if found := re.search(pattern, sentence):
            return found.expand(answer).replace("can't be :", "can't be empty:")
    return sentence


def _check_ranges(config: Config) -> None:
    """Raise UserError where a number is out of the range that its type is annotated with."""
    for setting, value, limits in _limited(config):
        numbers = value if isinstance(value, list) else [value]
        for number in numbers:
            if not math.isfinite(number):
                raise UserError(f"{setting} can't be {number}: it must be a finite number.")
            wrong = limits.min is not None and number < limits.min
            wrong |= limits.max is not None and number > limits.max
            wrong |= limits.above is not None and number <= limits.above
            wrong |= limits.below is not None and number >= limits.below
            if wrong:
                raise UserError(f"{setting} can't be {number}: it must be {_describe(limits)}.")


def _limited(config: Config) -> Iterator[tuple[str, Any, Range]]:
    """Name, value and range of each setting that has a range."""
    values = list_settings(config)
    for name, limits in _annotated(Config):
        if isinstance(limits, Range):
            yield name, values[name], limits


def _annotated(section: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Name of each setting that is annotated, and with what."""
    for name, hint in get_type_hints(section, include_extras=True).items():
        if is_dataclass(hint):
            yield from _annotated(hint, f"{prefix}{name}.")
        for note in _notes(hint):
            yield f"{prefix}{name}", note


def _notes(hint: Any) -> Iterator[Any]:
    """What a type and its parts are annotated with, such as list[PositiveInt]."""
    yield from getattr(hint, "__metadata__", ())
    for part in get_args(hint):
        yield from _notes(part)


def _describe(limits: Range) -> str:
    """A range in words."""
    words = {"at least": limits.min, "at most": limits.max, "above": limits.above, "below": limits.below}
    return " and ".join(f"{word} {limit:.10g}" for word, limit in words.items() if limit is not None)

"""The settings: what is wrong with them is said in one sentence, and editors know what is right."""

import json
import time
from dataclasses import asdict
from pathlib import Path

import pytest
import yaml

from {{ cookiecutter.__package }}.__main__ import main
from {{ cookiecutter.__package }}.config import Config, UserError, load_config, save_config
from {{ cookiecutter.__package }}.config_schema import SCHEMA, make_schema

PROJECT = Path(__file__).parent.parent
pytestmark = pytest.mark.usefixtures("config")  # its folder, with a config.yaml


def change(setting: str, value: object) -> None:
    """Set a setting in config.yaml."""
    settings = yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))
    *sections, name = setting.split(".")
    section = settings[sections[0]] if sections else settings
    section[name] = value
    Path("config.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one sentence with which a command refuses the settings; `load_config` says the same."""
    capsys.readouterr()
    assert main(["data", *arguments]) != 0
    error = capsys.readouterr().err
    assert error.startswith("Error: ")
    assert error.count("\n") == 1
    sentence = error.removeprefix("Error: ").rstrip("\n")
    if not arguments:
        with pytest.raises(UserError) as found:
            load_config()
        assert str(found.value).removeprefix("config.yaml: ") == sentence
    return sentence


@pytest.mark.parametrize(
    ("setting", "value", "cause"),
    [
        ("seed", -1, "can't be -1: it must be at least 0 and at most 4000000000."),
        ("data.seed", 2**32, "can't be 4294967296: it must be at least 0 and at most 4000000000."),
        ("training.epochs", 0, "can't be 0: it must be at least 1."),
        ("training.epochs", 1.5, "can't be 1.5: it must be a whole number."),
        ("training.epochs", True, "can't be True: it must be a whole number."),
        ("training.epochs", "many", "can't be many: it must be a whole number."),
        ("training.epochs", "", "can't be empty: it must be a whole number."),
        ("training.epochs", [1], "can't be [1]: it must be a whole number."),
        ("training.epochs", float("nan"), "can't be nan: it must be a whole number."),
        ("compile.learning_rate", 0, "can't be 0.0: it must be above 0."),
        ("compile.learning_rate", True, "can't be True: it must be a number."),
        ("compile.learning_rate", float("nan"), "can't be nan: it must be a finite number."),
        ("compile.learning_rate", float("inf"), "can't be inf: it must be a finite number."),
        ("compile.loss", "hope", "can't be hope: it must be one of "),
        ("compile.schedule", 1, "can't be 1: it must be one of cosine, one_cycle, constant."),
        ("data.validation_fraction", 1, "can't be 1.0: it must be above 0 and below 1."),
        ("model.dropout", 1.5, "can't be 1.5: it must be at least 0 and at most 1."),
        ("data.target_column", 7, "can't be 7: it must be text, or a list of texts."),
        ("data.target_column", ["a", 7], "can't be ['a', 7]: it must be text, or a list of texts."),
        ("run", 7, "can't be 7: it must be text."),
    ],
)
def test_wrong_values(capsys: pytest.CaptureFixture[str], setting: str, value: object, cause: str) -> None:
    change(setting, value)
    assert refusal(capsys).startswith(f"{setting} {cause}")


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        ([16, 0], "can't be 0: it must be at least 1."),
        ([16, "a"], "can't be a: it must be a whole number."),
        ([16, True], "can't be True: it must be a whole number."),
        (16, "can't be 16: it must be a list."),
    ],
)
def test_wrong_lists(config: Config, capsys: pytest.CaptureFixture[str], value: object, cause: str) -> None:
    name = next(name for name, value in asdict(config.model).items() if isinstance(value, list))
    change(f"model.{name}", value)
    assert refusal(capsys) == f"model.{name} {cause}"


def test_what_is_missing_or_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    rest = {"weights": "", "batch_size": 32, "early_stopping_patience": 5, "save_minutes": 10, "tracking": "none"}
    change("training", rest)
    assert refusal(capsys) == "There is no value for training.epochs: add it to config.yaml."
    change("training", {**rest, "epochs": None})
    assert refusal(capsys) == "There is no value for training.epochs: add it to config.yaml."
    change("training", None)
    assert refusal(capsys).startswith("There is no value for training.batch_size, training.epochs, training.early_")
    change("training", {"batch_size": 32, "early_stopping_patience": 5, "epochs": 3, "epoch": 3})
    assert refusal(capsys) == "There is no setting training.epoch: config.py lists all settings."
    change("training", {"batch_size": 32, "early_stopping_patience": 5, "epochs": 3})
    change("speed", 3)
    assert refusal(capsys) == "There is no setting speed: config.py lists all settings."


def test_files_that_are_older_than_a_setting_are_read(capsys: pytest.CaptureFixture[str], config: Config) -> None:
    whole = load_config()
    settings = yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))
    del settings["data"]["id_column"], settings["training"]["save_minutes"]
    Path("config.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    capsys.readouterr()
    found = load_config()
    said = 'The settings file is older than data.id_column: "", training.save_minutes: 0.'
    assert capsys.readouterr().err == said + "\n"
    assert found.training.save_minutes == 0
    found.training.save_minutes = whole.training.save_minutes
    assert found == whole
    assert main(["data", "--inspect", str(config.data.source)]) == 0
    assert said in capsys.readouterr().err
    assert load_config().data.id_column == ""
    change("training.steps", 3)
    assert "There is no setting training.steps" in refusal(capsys)


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "There is no value for seed, run, data.source and more: add them to config.yaml."),
        (b"# seed: 0\n", "The settings file holds no settings: each is a line such as seed: 0."),
        (b"- seed: 0\n", "The settings file holds no settings: each is a line such as seed: 0."),
        (b"seed: [0\n", "The settings file is not valid YAML: while parsing a flow sequence in line 1, column 7"),
        (b"seed: 0\nrun: a\nseed: 1\n", "The settings file is not valid YAML: seed stands there twice, in lines 1"),
        (b"data:\n  source: a\n  source: b\n", "The settings file is not valid YAML: source stands there twice, in"),
        (b"a: &a [1]\nb: *a\n", "The settings file is not valid YAML: the alias *a in line 2 is not read: write out"),
        (b"seed: " + b"9" * 5000 + b"\n", "The settings file is not valid YAML: Exceeds the limit"),
        (b"[" * 100_000, "The settings file is not valid YAML: "),  # by PyYAML, or by us
        (b"\tseed: 0\n", "The settings file is not valid YAML: while scanning"),
        (b"seed: \xff\n", "The settings file is not text in UTF-8: save it as that."),
    ],
)
def test_files_without_settings(capsys: pytest.CaptureFixture[str], content: bytes, cause: str) -> None:
    Path("config.yaml").write_bytes(content)
    assert refusal(capsys).startswith(cause)


def test_aliases_of_aliases_take_no_memory(capsys: pytest.CaptureFixture[str]) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    Path("config.yaml").write_text("\n".join(lines), encoding="utf-8")
    start = time.process_time()
    assert refusal(capsys).startswith("The settings file is not valid YAML: the alias *a0 in line 2 is not read")
    assert time.process_time() - start < 5


def test_messages_are_one_line_and_keep_their_ends() -> None:
    assert str(UserError("own.csv: the cell 'a\nb\u2028c' is no number")) == "own.csv: the cell 'a b c' is no number"
    sentence = str(UserError(f"own.csv has no column {'a' * 10_000}: rename it."))
    assert len(sentence) <= 2000
    assert sentence.startswith("own.csv has no column aaa")
    assert sentence.endswith("aaa: rename it.")


def test_wrong_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(capsys, "--training.epochs=0") == "training.epochs can't be 0: it must be at least 1."
    assert "unrecognized arguments: --speed" in refusal(capsys, "--speed=3")
    assert refusal(capsys, "--config=none.yaml").startswith("There is no file ")


def test_settings_of_a_run_are_read_back(config: Config) -> None:
    save_config(config, Path("kept.yaml"))
    assert load_config("kept.yaml") == config
    assert load_config("kept.yaml", training__epochs=7).training.epochs == 7


def test_print_config_shows_all_settings_in_force(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["train", "--print_config", "--training.epochs=7"])
    assert end.value.code == 0
    output, error = capsys.readouterr()
    printed = yaml.safe_load(output)
    assert not error
    expected = asdict(load_config(training__epochs=7))
    assert {name: printed[name] for name in expected} == expected
    assert set(printed) - set(expected) == {"resume", "like", "repeats", "folds"}  # train's own options


@pytest.mark.parametrize("options", [["--print_config"], ["--print_config=", "--run=a"]])
def test_print_config_checks_ranges_as_a_run_does(capsys: pytest.CaptureFixture[str], options: list[str]) -> None:
    change("training.epochs", 0)
    assert main(["train", *options]) != 0
    output, error = capsys.readouterr()
    assert (output, error) == ("", "Error: training.epochs can't be 0: it must be at least 1.\n")


def test_editors_know_the_settings() -> None:
    stored = json.loads((PROJECT / SCHEMA).read_text(encoding="utf-8"))
    assert stored == make_schema(), "config.py has changed: run config_schema.py anew, as it says"
    first = (PROJECT / "config.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == f"# yaml-language-server: $schema={SCHEMA}"

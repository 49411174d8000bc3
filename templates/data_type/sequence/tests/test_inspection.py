"""What `data --inspect` says of tables of sequences: features by name, doubts, and faults last."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from own_data import answer, refusal

pytestmark = pytest.mark.usefixtures("config")  # its folder, with a config.yaml

N = 30


def table() -> pd.DataFrame:
    """Make a table with a row for each step of N recordings. The target suits every task."""
    random = np.random.default_rng(0)
    made = pd.DataFrame({"recording": np.repeat([f"r{number}" for number in range(N)], 8)})
    made["time"] = list(range(8)) * N
    made["subject"] = np.repeat(np.arange(N) // 3, 8)
    made["acc"] = random.normal(size=8 * N)
    made["room"] = 21.5
    made["target"] = np.repeat(np.arange(N) % 2, 8)
    return made


def data_settings() -> dict:
    """Read the data section of config.yaml."""
    return yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))["data"]


def test_features_are_named_and_what_names_a_sequence_is_called_so() -> None:
    table().to_csv("long.csv", index=False)
    printed = answer("data", "--inspect", "long.csv")
    assert "30 sequences of 8 to 8 steps with 3 features: subject, acc, room" in printed
    assert "subject: numbers, 0 to 9; the same in all steps of a sequence: does it name one, or its subject?" in printed
    assert "room: numbers, 21.5 to 21.5; the same in all rows: it tells nothing" in printed
    assert "  acc: numbers" in printed
    assert """To leave out the doubtful ones too: --data.ignore '["subject", "room"]'""" in printed
    assert 'target_column: "target" (a guess: by its name' in printed
    printed = answer("data", "--inspect", "long.csv", """--data.ignore=["subject", "room"]""")
    assert "with 1 feature: acc" in printed
    assert "the same in all" not in printed


def test_settings_are_written_though_the_data_has_a_fault() -> None:
    made = table()
    made.loc[6, "acc"] = None
    made.drop(index=9).to_csv("long.csv", index=False)
    assert "long.csv line 8: 'acc' has no value" in refusal("data", "--inspect", "long.csv")
    expected = {"source": "long.csv", "sequence_column": "recording", "step_column": "time", "target_column": "target"}
    assert {name: data_settings()[name] for name in expected} == expected
    assert data_settings()["pad"] is True

    pd.DataFrame({"name": ["absent.csv"] * 4, "target": [0, 1, 0, 1]}).to_csv("list.csv", index=False)
    assert "list.csv line 2: there is no file absent.csv" in refusal("data", "--inspect", "list.csv")
    assert (data_settings()["file_column"], data_settings()["target_column"]) == ("name", "target")

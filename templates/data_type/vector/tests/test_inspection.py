"""What `data --inspect` and `stats` say of tables: roles of columns, doubts, and leaks beside what chance gives."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from own_data import answer, refusal, task

pytestmark = pytest.mark.usefixtures("config")  # its folder, with a config.yaml

N = 200
RANDOM = np.random.default_rng(0)


def table() -> pd.DataFrame:
    """Make a table like those of shops and hospitals. The target suits every task."""
    made = pd.DataFrame({"customer": RANDOM.permutation(9 * N)[:N] + 10_000, "age": RANDOM.integers(18, 90, N)})
    made["price"] = RANDOM.lognormal(4, 1, N).round(2)
    made["visit"] = 20240100 + RANDOM.integers(1, 29, N)
    made["plz"] = [f"{code:05}" for code in RANDOM.integers(1000, 99_999, N)]
    made["area"] = [f"{code:03}" for code in RANDOM.integers(8, 14, N)]
    made["patient"] = [f"p{row // 4}" for row in range(N)]
    made["land"] = ["De", "DE", "FR", "de"] * (N // 4)
    made["site"] = "Bonn"
    made["y"] = [row // 2 % 2 for row in range(N)]
    return made


def data_settings() -> dict:
    """Read the data section of config.yaml."""
    return yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))["data"]


def test_numbers_that_name_something_are_called_so() -> None:
    table().to_csv("own.csv", index=False)
    printed = answer("data", "--inspect", "own.csv", "--data.target_column=y")
    for text in (
        "200 different whole numbers in 200 rows: an id? -> data.ignore or data.id_column\n",
        "dates as numbers, such as 202401",
        "-> data.time_column or data.ignore",
        "-> ignore: digits with leading zeros are no amounts, and too many for a category",
        "area -> categories: digits with leading zeros are no amounts",
        '"De", "DE", "de" differ in case or blanks alone',
        "site: text, 1 value: Bonn; the same in all rows: it tells nothing",
        """To leave out the doubtful ones too: --data.ignore '["plz", "customer", "visit", "site"]'""",
        "Several rows of each patient belong together? --data.split_by group",
    ):
        assert text in printed
    for line in printed.splitlines():
        assert not line.startswith(("  age:", "  price:", "  y:")) or ("; " not in line and " -> " not in line)
    assert (data_settings()["ignore"], data_settings()["categories"]) == (["plz"], ["area"])
    assert "a guess" not in printed
    option = """--data.ignore=["customer", "visit", "site"]"""
    answer("data", "--inspect", "own.csv", option, "--data.split_by=group", "--data.group_column=patient")
    assert data_settings()["ignore"] == ["customer", "plz", "site", "visit"]


def test_codes_are_found_in_every_format() -> None:
    made = table()[["plz", "area", "age", "y"]]
    made.to_parquet("own.parquet")
    printed = answer("data", "--inspect", "own.parquet", "--data.target_column=y")
    assert (data_settings()["ignore"], data_settings()["categories"]) == (["plz"], ["area"])
    assert "area -> categories" in printed
    Path("own").mkdir()
    made.iloc[:150].to_csv("own/train.csv", index=False)
    made.iloc[150:].to_csv("own/test.csv", index=False)
    made.assign(hour=[f"{row % 24:02}" for row in range(N)]).to_csv("own.csv", index=False)
    for source in ("own", "own.csv"):  # hours are no codes
        answer("data", "--inspect", source, "--data.target_column=y", "--data.categories=[]")
        assert (data_settings()["ignore"], data_settings()["categories"]) == (["plz"], ["area"])


def test_a_guessed_target_is_called_a_guess_and_named_where_it_does_not_suit() -> None:
    made = table()[["age", "price", "y"]].rename(columns={"y": "bought"})
    made.to_csv("own.csv", index=False)
    printed = answer("data", "--inspect", "own.csv")
    target = data_settings()["target_column"]
    assert f"target_column: {json.dumps(target)} (a guess: " in printed
    assert "a guess" not in answer("data", "--inspect", "own.csv")  # config.yaml names it now

    made = made.assign(price=[f"p{row}" for row in range(N)], age="old").drop(columns="bought").assign(y="same")
    made.to_csv("own.csv", index=False)
    before = Path("config.yaml").read_text(encoding="utf-8")
    sentence = refusal("data", "--inspect", "own.csv", "--data.target_column=")
    assert 'The target "y" is a guess, by its name: --data.target_column names another.' in sentence
    assert data_settings()["target_column"] == "y"  # written all the same
    Path("config.yaml").write_text(before, encoding="utf-8")
    assert "is a guess" not in refusal("data", "--inspect", "own.csv", "--data.target_column=y")


def test_settings_are_written_though_the_data_has_a_fault() -> None:
    made = table()[["age", "land", "y"]].astype({"age": object})
    made.loc[3, "age"] = "old"
    made.to_csv("own.csv", index=False)
    assert "own.csv line 5: 'old' is text in the number column 'age'" in refusal("data", "--inspect", "own.csv")
    assert (data_settings()["source"], data_settings()["target_column"]) == ("own.csv", "y")


def stats_of(made: pd.DataFrame) -> str:
    """Print the statistics of a table with the target y."""
    made.to_csv("own.csv", index=False)
    return " ".join(answer("stats", "--data.source=own.csv", "--data.target_column=y").split())


def test_statistics_name_constant_columns_and_categories_that_are_alike() -> None:
    printed = stats_of(table()[["age", "land", "site", "y"]].assign(five=5))
    assert "The same in the whole train split, so that they tell nothing: site=Bonn, five." in printed
    assert 'land: "DE", "De", "de" differ in case or blanks alone: write them alike.' in printed


def test_a_table_of_few_values_is_no_leak() -> None:
    made = pd.DataFrame({"a": RANDOM.integers(0, 3, 600), "b": RANDOM.choice(["red", "green"], 600)})
    made["c"] = np.where(RANDOM.random(600) < 0.8, made["a"], 1)  # depends on another
    printed = stats_of(made.assign(y=RANDOM.integers(0, 2, 600)))
    assert "Leak" not in printed
    assert "about as many as chance gives" in printed


def test_copies_of_measurements_are_a_leak() -> None:
    made = pd.DataFrame({"a": RANDOM.normal(size=150), "b": RANDOM.choice(["red", "green"], 150)})
    made = pd.concat([made.assign(y=RANDOM.integers(0, 2, 150))] * 2)
    printed = stats_of(made)
    assert "Leak: test has " in printed
    assert "chance" not in printed


def test_predictions_far_from_the_training_are_warned_of() -> None:
    made = table()[["age", "price", "land", "y"]]
    made.to_csv("own.csv", index=False)
    answer("train", "--data.source=own.csv", "--data.target_column=y", "--training.epochs=1", "--model.units=[8]")
    new = made.drop(columns="y").head(20)
    new.to_csv("new.csv", index=False)
    assert "training" not in answer("predict", "new.csv")
    new.loc[[3, 5], "price"] = [1e30, 1e9]
    new.to_csv("new.csv", index=False)
    printed = answer("predict", "new.csv")
    assert "new.csv: 2 of 20 samples have values far outside of those in training: price 1e+30, in training " in printed
    new.head(1).to_csv("new.csv", index=False)
    assert "(1 prediction by " in answer("predict", "new.csv")
    assert task.METRIC in Path("runs/001/history.csv").read_text(encoding="utf-8")

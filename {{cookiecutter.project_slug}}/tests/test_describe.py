"""What is said of a table's columns: what seems to name something is called so, and measurements are not."""

import numpy as np
import pandas as pd
import pytest

from {{ cookiecutter.__package }}.config import Config, counted
from {{ cookiecutter.__package }}.data import Splits, stats
from {{ cookiecutter.__package }}.data.describe import (
    describe_groups,
    describe_table,
    find_times,
    guess_target,
    names_something,
    near_duplicates,
)
from {{ cookiecutter.__package }}.data.inputs import NARROW
from {{ cookiecutter.__package }}.inference.ranges import range_warnings

RANDOM = np.random.default_rng(0)
N = 1000
CODES = RANDOM.permutation(20 * N)[:N]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("who", CODES + 10_000),  # all different, and spread evenly
        ("nearly", np.append(CODES[: N - 20], CODES[:20])),
        ("who", [*(CODES[:500] + 10_000.0), None]),  # a missing value makes floats of them
        ("customer", CODES % 400),
        ("customerID", CODES % 400),
        ("user_nr", CODES[:50]),
        ("zip", CODES[:50] + 10_000),
        ("x", 10**17 + 1000 * CODES[:50]),  # 18 digits, which float32 does not hold
        ("phone line", 4_900_000_000 + CODES[:50] ** 2),
    ],
)
def test_numbers_that_name_something(name: str, values: np.ndarray) -> None:
    assert "different whole numbers in" in names_something(pd.Series(values, name=name))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("age", RANDOM.integers(18, 90, N)),
        ("age", RANDOM.permutation(70)[:40]),
        ("rooms", RANDOM.poisson(4, N)),
        ("price", RANDOM.lognormal(4, 1, N).round(2)),
        ("price", RANDOM.permutation(N) + 0.5),
        ("income", RANDOM.lognormal(10.5, 0.6, N).round()),  # nearly all different
        ("steps a day", RANDOM.normal(9000, 2500, N).round()),
        ("salary", RANDOM.normal(55_000, 9000, 200).round()),
        ("houses", (RANDOM.lognormal(12.5, 0.5, N) // 1000) * 1000),
        ("pressure", RANDOM.integers(95, 180, N)),
        ("pixel", RANDOM.integers(0, 256, N)),
        ("year", RANDOM.integers(1950, 2024, N)),
        ("customers", RANDOM.poisson(400, N)),
        ("valid", RANDOM.integers(0, 2, N)),
        ("zip", RANDOM.integers(0, 2, N)),
        ("height", RANDOM.normal(1.7, 0.1, N)),
        ("few", CODES[:19] + 10_000),
    ],
)
def test_measurements_are_not_suspected(name: str, values: np.ndarray) -> None:
    column = pd.Series(values, name=name)
    assert (names_something(column), find_times(column)) == ("", "")
    lines = describe_table(column.to_frame(), [], [name], {}, {}, cures=("data.ignore", "data.ignore"))
    assert len(lines) == 2
    assert " -> " not in lines[1]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (20240100 + RANDOM.integers(1, 29, 50), "dates as numbers, such as 202401"),
        (1_600_000_000 + CODES, "Unix times in seconds, 2020-09-13 to 2020-09-1"),
        (1_600_000_000.5 + CODES, "Unix times in seconds"),
        (1000 * (1_600_000_000 + CODES), "Unix times in milliseconds, 2020-09-13"),
        (1e9 * (1_600_000_000 + CODES), "Unix times in nanoseconds, 2020-09-13"),
        (20240000 + RANDOM.integers(1, 9999, 50), ""),
        (RANDOM.lognormal(20, 1, N), ""),
        (["2024-01-31"] * 50, ""),
    ],
)
def test_times_as_numbers(values: np.ndarray, message: str) -> None:
    found = find_times(pd.Series(values, name="when"))
    assert found.startswith(message)
    assert bool(found) == bool(message)


def lines_of(**columns: list) -> dict[str, str]:
    """Describe columns that are all inputs: a line each, by the name of the column."""
    table = pd.DataFrame(columns)
    lines = describe_table(table, [], list(table), {}, {}, cures=("data.ignore", "data.ignore"))
    return {line.partition(":")[0]: line for line in lines}


def test_what_is_wrong_with_a_column_is_said() -> None:
    ages = RANDOM.integers(20, 60, 100)
    marked = np.where(np.arange(100) < 3, -999, ages)
    found = lines_of(
        age=ages.tolist(),
        marked=marked.tolist(),
        high=np.where(np.arange(100) < 2, 9999, ages).tolist(),
        site=[5.0] * 99 + [None],
        land=["De", "DE", "FR", "de"] * 25,
        blood=["A+", "A-", "B+", "B-"] * 25,
        note=["seen"] * 99 + [None],
        cold=RANDOM.integers(-1200, 900, 100).tolist(),
    )
    assert "; " not in "".join(found[name] for name in ("age", "blood", "note", "cold"))
    assert "-999 in 3 rows stands for a missing value? leave these cells empty" in found["marked"]
    assert "9999 in 2 rows stands for a missing value?" in found["high"]
    assert "the same in all rows: it tells nothing" in found["site"]
    assert '"De", "DE", "de" differ in case or blanks alone: write them alike' in found["land"]
    assert found["To leave out the doubtful ones too"].endswith("""--data.ignore '["site"]'""")
    assert near_duplicates(["New York", "NewYork", "York"]) == [
        '"New York", "NewYork" differ in case or blanks alone: write them alike'
    ]


def test_columns_that_may_group_rows_are_named() -> None:
    table = pd.DataFrame({"patient": [f"p{row // 4}" for row in range(40)], "code": ["K7", "K8"] * 20})
    table["who"] = [f"S-{row // 3:03}" for row in range(40)]
    table["customer_id"] = [row // 5 for row in range(40)]
    table["color"] = ["red", "green"] * 20
    table["age"] = [row // 2 for row in range(40)]
    found = describe_groups(table, list(table))
    names = [line.split()[4] for line in found]
    assert names == ["patient", "who", "customer_id"]
    assert found[0] == (
        'Several rows of each patient belong together? --data.split_by group --data.group_column "patient"'
    )


def test_the_guess_says_why(config: Config) -> None:
    table = pd.DataFrame({"user": range(20, 40), "size": [0.5, 1.5] * 10, "n": [1, 2, 3, 4] * 5})
    table["outcome"] = [0, 1] * 10
    assert guess_target(table, config.data, set())[1].startswith("by its name")
    target, reason = guess_target(table.drop(columns="outcome").assign(bought=[0, 1] * 10), config.data, set())
    assert target in ("bought", ["bought"])
    assert reason
    config.data.target_column = "size"
    assert guess_target(table, config.data, set()) == ("size", "")


def test_counts_are_words() -> None:
    assert [counted(number, "sample") for number in (0, 1, 2000)] == ["0 samples", "1 sample", "2,000 samples"]


def test_a_run_knows_the_range_of_its_inputs(splits: Splits) -> None:
    x = splits.train.x.reshape(-1, len(splits.info.min))
    assert splits.info.min == x.min(axis=0).tolist()
    assert splits.info.max == x.max(axis=0).tolist()


def test_inputs_far_outside_of_those_in_training_are_warned_of(splits: Splits) -> None:
    info = splits.info
    x = splits.test.x[:20]
    assert range_warnings(x, info) == []
    assert range_warnings(x[:1], info) == []
    far = x.astype(np.float32)
    far[3].reshape(-1)[7] = 1e30
    (sentence,) = range_warnings(far, info)
    assert sentence.startswith("1 of 20 samples has values far outside of those in training: ")
    assert " 1e+30, in training " in sentence
    far[4] = -1e9
    assert "2 of 20 samples have values far outside" in range_warnings(far, info)[0]
    (sentence,) = range_warnings(x * np.float32(NARROW / 2), info)
    assert sentence.startswith("The values vary far less than in training: ")
    assert sentence.endswith(": are they scaled in another way?")
    assert range_warnings(np.zeros_like(x), info) == []


def test_a_leak_is_set_beside_chance() -> None:
    sentence = stats.explain_copies("test & train", 404, 390.2)
    assert not sentence.startswith("Leak")
    assert "about as many as chance gives (390)" in sentence
    assert stats.explain_copies("test & train", 404, 40).startswith("Leak: test has 404 samples that train has too")
    assert stats.explain_copies("test & train", 1, 0) == "Leak: test has 1 sample that train has too."

"""Importance of columns: the one that decides is found, and those that do not change nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from own_data import Splits, importance, near_truth

N = 180


def with_deciding_column(splits: Splits, columns: int) -> tuple[Splits, np.ndarray]:
    """Make a validation split whose column 2 alone holds the number of the sample; predictions that are right too."""
    x = np.random.default_rng(0).normal(size=(N, columns))
    x[:, 2] = np.arange(N)
    preprocessing = {"features": columns}
    val = replace(splits.train, x=x.astype(np.float32))
    return replace(splits, val=val, preprocessing=preprocessing), near_truth(val.y, splits.target_names)


def test_the_column_that_decides_is_found(splits: Splits) -> None:
    changed, right = with_deciding_column(splits, 4)
    (section,) = importance.make_sections(Path(), changed, lambda x: right[x[:, 2].astype(int)])
    table = pd.read_csv("importance.csv")
    assert table["feature"].tolist()[0] == "feature 2"
    assert table["low"][0] > 0.1
    assert (table["low"][1:] <= 0).all() and (table["high"][1:] >= 0).all()
    assert section.is_drawing and "180 samples" in section.lines[0]


def test_chance_stays_inside_the_interval(splits: Splits) -> None:
    """Predictions that depend on a column, but are no better by it."""
    changed, right = with_deciding_column(splits, 3)
    shuffled = np.random.default_rng(1).permutation(right)
    number = np.arange(N)

    def predict(x: np.ndarray) -> np.ndarray:
        return shuffled[(x[:, 2].astype(int) + number[: len(x)].sum() + (x[:, 0] > 0)) % N]

    importance.make_sections(Path(), changed, predict)
    table = pd.read_csv("importance.csv").set_index("feature")
    assert table["low"]["feature 0"] <= 0 <= table["high"]["feature 0"]
    assert table["low"]["feature 2"] <= 0 <= table["high"]["feature 2"]


@pytest.mark.parametrize("columns", [3, 400, 5000])
def test_the_budget_holds(splits: Splits, columns: int) -> None:
    changed, right = with_deciding_column(splits, columns)
    asked = []

    def predict(x: np.ndarray) -> np.ndarray:
        asked.append(len(x))
        return right[x[:, 2].astype(int)]

    (section,) = importance.make_sections(Path(), changed, predict)
    assert sum(asked) <= 110_000 and len(asked) <= 1 + sum(asked) // 500
    table = pd.read_csv("importance.csv")
    assert "feature 2" in table["feature"][0] or "to feature 3" in table["feature"][0] or columns == 5000
    assert len(table) <= 2000
    assert ("The first 20 of" in " ".join(section.lines)) == (columns > 20)


def test_the_columns_of_a_category_are_shuffled_together() -> None:
    columns = importance.list_columns({"columns": [{"name": "size"}, {"name": "color", "values": ["red", "blue"]}]})
    assert columns == {"size": [0], "color": [1, 2]}
    x = np.arange(12).reshape(4, 3)
    shuffled = importance.shuffle(x, np.array([1, 0, 3, 2]), columns["color"])
    assert shuffled.tolist() == [[0, 4, 5], [3, 1, 2], [6, 10, 11], [9, 7, 8]]

"""The targets of this task: what is read as a class, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from own_data import encode_targets, load, refused


@pytest.mark.parametrize(
    ("column", "y", "names"),
    [
        (["b", "a", "b", "a"], [1, 0, 1, 0], ["a", "b"]),
        ([7, 5, 7, 5], [1, 0, 1, 0], ["5", "7"]),
        ([7.0, 5.0, 7.0, 5.0], [1, 0, 1, 0], ["5", "7"]),
        ([True, False, True, False], [1, 0, 1, 0], ["False", "True"]),
    ],
)
def test_classes_are_numbered_in_order(column: list, y: list[int], names: list[str]) -> None:
    found, found_names = encode_targets(pd.DataFrame({"kind": column}))
    assert (found.dtype, found.tolist(), found_names) == (np.int64, y, names)


def test_names_and_one_hot_rows() -> None:
    y, names = encode_targets(pd.DataFrame({0: [0, 2, 2]}), ["a", "b", "c"])
    assert (y.tolist(), names) == ([0, 2, 2], ["a", "b", "c"])
    y, names = encode_targets(pd.DataFrame({"a": [0, 1, 0], "b": [1, 0, 1]}))
    assert (y.tolist(), names) == ([1, 0, 1], ["a", "b"])


@pytest.mark.parametrize(
    ("columns", "names", "message"),
    [
        ({"kind": ["a", None, "b"]}, None, "item 1 has no target"),
        ({"kind": [0, None, 1]}, None, "item 1 has no target"),
        ({"kind": [1, 1, 1]}, None, "All 3 items are of one class, 1"),
        ({"kind": ["a", "b", "a"]}, None, "item 1 is the only item of class b: add more"),
        ({"kind": [0, 1, 2, 7]}, ["a", "b", "c"], "item 3: the class 7 is not a number from 0 to 2"),
        ({0: [0, 1], 1: [1, 1]}, None, "0, 1 are 2 targets: data.target must be one"),
        ({"kind": np.arange(300) / 7}, None, "has 300 different values"),
    ],
)
def test_faults_are_named(columns: dict, names: list[str] | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        encode_targets(pd.DataFrame(columns), names)


@pytest.mark.usefixtures("config")
def test_a_class_that_is_not_in_the_train_split_is_named() -> None:
    x = np.zeros((12, 4, 4), np.uint8)
    y = np.arange(12) % 3
    parts = {"x_train": x[y < 2], "y_train": y[y < 2], "x_test": x, "y_test": y}

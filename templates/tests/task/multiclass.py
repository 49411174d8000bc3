"""The targets: what is read as a class, and what is refused."""

import numpy as np
import pytest
from own_data import encode_targets, refused, unfit_targets


@pytest.mark.parametrize(
    ("column", "names"),
    [
        (["b", "a", "b", "a"], ["a", "b"]),
        ([7, 5, 7, 5], ["5", "7"]),
        ([7.0, 5.0, 7.0, 5.0], ["5", "7"]),
        ([True, False, True, False], ["False", "True"]),
    ],
)
def test_classes_are_numbered_in_their_order(column: list, names: list[str]) -> None:
    y, found = encode_targets({"kind": column})
    assert (y.dtype, y.tolist(), found) == (np.int64, [1, 0, 1, 0], names)


def test_the_source_may_name_the_classes() -> None:
    y, names = encode_targets({0: [0, 2, 2]}, ["a", "b", "c"])
    assert (y.tolist(), names) == ([0, 2, 2], ["a", "b", "c"])
    y, names = encode_targets({"a": [0, 1, 0], "b": [1, 0, 1]})  # one column a class
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
    assert message in unfit_targets(columns, names)


def test_a_class_that_training_would_not_see_is_named(config) -> None:
    arrays = dict(np.load(config.data.source))
    kept = arrays["y_train"] != 3
    np.savez("own.npz", **{**arrays, "x_train": arrays["x_train"][kept], "y_train": arrays["y_train"][kept]})
    assert "No item of the train split is Dress" in refused("own.npz")

"""The targets: what is read as yes and no, and what is refused."""

import numpy as np
import pytest
from own_data import encode_targets, refused, unfit_targets


@pytest.mark.parametrize(
    ("column", "names"),
    [
        (["yes", "no", "yes", "no"], ["no", "yes"]),
        ([1, 0, 1, 0], ["0", "1"]),
        ([1.0, 0.0, 1.0, 0.0], ["0", "1"]),
        ([True, False, True, False], ["False", "True"]),
    ],
)
def test_the_second_class_is_the_positive_one(column: list, names: list[str]) -> None:
    y, found = encode_targets({"kind": column})
    assert (y.dtype, y.tolist(), found) == (np.int64, [1, 0, 1, 0], names)


def test_the_source_may_name_the_classes() -> None:
    y, names = encode_targets({0: [0, 1, 1]}, ["ham", "spam"])
    assert (y.tolist(), names) == ([0, 1, 1], ["ham", "spam"])


@pytest.mark.parametrize(
    ("columns", "names", "message"),
    [
        ({"kind": ["a", None, "b"]}, None, "item 1 has no target"),
        ({"kind": [0, None, 1]}, None, "item 1 has no target"),
        ({"kind": [1, 1, 1]}, None, "All 3 items are of one class, 1"),
        ({"kind": ["a", "b", "a"]}, None, "item 1 is the only item of class b: add more"),
        ({"kind": ["a", "b", "c"]}, None, "item 2: c is a third class beside a and b"),
        ({"kind": [0, 1, 2]}, ["a", "b"], "item 2: the class 2 is neither 0 nor 1"),
        ({"kind": [0, 1, 1]}, ["a", "b", "c"], "There are 3 names of classes, a, b, c: there must be two"),
        ({0: [0, 1], 1: [1, 1]}, None, "0, 1 are 2 targets: data.target must be one"),
    ],
)
def test_faults_are_named(columns: dict, names: list[str] | None, message: str) -> None:
    assert message in unfit_targets(columns, names)


def test_a_class_that_training_would_not_see_is_named(config) -> None:
    arrays = dict(np.load(config.data.source))
    np.savez("own.npz", **{**arrays, "y_train": np.zeros_like(arrays["y_train"])})
    assert "No item of the train split is long sleeves" in refused("own.npz")

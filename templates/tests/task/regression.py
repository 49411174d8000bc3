"""The targets: what is read as a number, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from own_data import encode_targets, unfit_targets


@pytest.mark.parametrize("column", [[1, 0, 2.5], ["1", "0", "2.5"], np.array([1, 0, 2.5], np.float16)])
def test_targets_are_numbers(column: list) -> None:
    y, names = encode_targets({"price": column, "size": [3, 4, 5]})
    assert (y.dtype, y.tolist(), names) == (np.float32, [[1, 3], [0, 4], [2.5, 5]], ["price", "size"])


@pytest.mark.parametrize(
    ("columns", "names", "message"),
    [
        ({"price": [0, None, 1]}, None, "item 1: the target price is missing: correct it"),
        ({"price": pd.array([0, None, 1], dtype="Int64")}, None, "item 1: the target price is missing"),
        ({"price": [0, 1, np.inf]}, None, "item 2: the target price is inf, which is no number"),
        ({"price": [0, 1, 2], "size": [1, 2, "large"]}, None, "item 2: the target size is large, which is no number"),
        ({"price": [1, 1, 1]}, None, "The target price is 1 in all items: there is nothing to predict"),
        ({"price": [0, 1, 2]}, ["price", "size"], "There are 1 columns of targets, but 2 names of targets"),
    ],
)
def test_faults_are_named(columns: dict, names: list[str] | None, message: str) -> None:
    assert message in unfit_targets(columns, names)

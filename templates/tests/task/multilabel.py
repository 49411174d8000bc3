"""The targets: what is read as a label, and what is refused."""

import numpy as np
import pytest
from own_data import encode_targets, refused, task, unfit_targets


@pytest.mark.parametrize("column", [[1, 0, 1], [1.0, 0.0, 1.0], [True, False, True], ["1", "0", "1"]])
def test_labels_are_0_and_1(column: list) -> None:
    y, names = encode_targets({"new": column, "cheap": [0, 0, 1]})
    assert (y.dtype, y.tolist(), names) == (np.float32, [[1, 0], [0, 0], [1, 1]], ["new", "cheap"])


@pytest.mark.parametrize(
    ("columns", "names", "message"),
    [
        ({"new": [0, None, 1]}, None, "item 1: the label new is missing: it must be 0 or 1"),
        ({"new": [0, 1, 2]}, None, "item 2: the label new is 2: it must be 0 or 1"),
        ({"new": [0, 1, 0], "cheap": ["no", "no", "yes"]}, None, "item 0: the label cheap is no: it must be 0 or 1"),
        ({"new": [0, 1, 1], "cheap": [1, 1, 1]}, None, "'cheap' is 1 in all items: leave it out of data.target"),
        ({"new": [0, 1, 1]}, ["new", "cheap"], "There are 1 columns of targets, but 2 names of labels"),
    ],
)
def test_faults_are_named(columns: dict, names: list[str] | None, message: str) -> None:
    assert message in unfit_targets(columns, names)


def test_a_split_parts_combinations_that_occur_once() -> None:
    y = (np.random.default_rng(0).random((200, 12)) < 0.4).astype(np.float32)
    y[:, 0] = np.arange(200) == 3  # a label of one item, which is to stay in the train split
    strata = task.strata(y).tolist()
    assert strata.count(-1) > 150
    assert strata.count(strata[3]) == 1


def test_a_label_that_training_would_not_see_is_named(config) -> None:
    arrays = dict(np.load(config.data.source))
    arrays["y_train"][:, 3] = 0
    np.savez("own.npz", **arrays)
    assert "No item of the train split is long sleeves" in refused("own.npz")
    arrays["y_train"][:, 3] = 1
    np.savez("own.npz", **arrays)
    assert "All items of the train split are long sleeves" in refused("own.npz")

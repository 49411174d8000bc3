"""Importance of features: the one that decides is found, and padding stays where it is."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from own_data import Splits, importance, near_truth

N = 180


def test_the_feature_that_decides_is_found(splits: Splits) -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(N, 6, 4)).astype(np.float32)  # (n, steps, features)
    x[..., 2] = np.arange(N)[:, np.newaxis]
    x[np.arange(6) >= random.integers(2, 7, N)[:, np.newaxis]] = np.nan  # padding
    val = replace(splits.train, x=x)
    changed = replace(splits, val=val, preprocessing={**splits.preprocessing, "features": 4, "pad": True})
    right = near_truth(val.y, splits.target_names)
    lengths = (~np.isnan(x[..., 0])).sum(axis=1)
    asked = []

    def predict(inputs: np.ndarray) -> np.ndarray:
        asked.append(len(inputs))
        found = ~np.isnan(inputs)
        assert (found.all(axis=2) == found.any(axis=2)).all()  # all features of a step, or none
        assert (found[..., 0].sum(axis=1) == np.tile(lengths, len(inputs) // N)).all()
        return right[inputs[:, 0, 2].astype(int)]

    importance.make_sections(Path(), changed, predict)
    table = pd.read_csv("importance.csv")
    assert table["feature"][0].endswith("2")
    assert table["low"][0] > 0.1
    assert (table["low"][1:] <= 0).all() and (table["high"][1:] >= 0).all()
    assert sum(asked) == N + 4 * 5 * N


def test_a_course_is_stretched_to_the_length_of_the_other_sequence() -> None:
    nan = np.nan
    x = np.array([[[1, 10], [2, 20], [3, 30], [4, 40]], [[5, 50], [6, 60], [nan, nan], [nan, nan]]])
    shuffled = importance.shuffle(x, np.array([1, 0]), [1])
    np.testing.assert_array_equal(shuffled[..., 1], [[50, 50, 60, 60], [10, 30, nan, nan]])
    np.testing.assert_array_equal(shuffled[..., 0], x[..., 0])

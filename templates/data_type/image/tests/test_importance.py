"""Importance of parts of an image: the corner that decides is found, within the budget."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from own_data import Splits, importance, near_truth


def test_the_corner_that_decides_is_found(splits: Splits, monkeypatch: pytest.MonkeyPatch) -> None:
    x = splits.train.x.copy()
    x[:, -1, 0, 0] = np.arange(len(x))  # the pixel holds the number of the sample
    changed = replace(splits, val=replace(splits.train, x=x))
    right = near_truth(changed.val.y, splits.target_names)
    asked, maps = [], []
    original = importance.draw_maps
    monkeypatch.setattr(importance, "draw_maps", lambda x, found: maps.append(found) or original(x, found))

    def predict(images: np.ndarray) -> np.ndarray:
        asked.append(len(images))
        return right[images[:, -1, 0, 0].astype(int)]

    (section,) = importance.make_sections(Path(), changed, predict)
    mean = maps[0].mean(axis=0)
    assert mean.shape == (7, 7)
    assert mean[-1, 0] > 0.1
    mean[-1, 0] = 0
    assert (mean == 0).all()  # the other places decide nothing
    assert sum(asked) <= importance.MIN_BUDGET + len(x)
    assert section.figure is not None and Path("figures/importance.png").is_file()


def test_small_images_of_few_pixels_have_fewer_places() -> None:
    x = np.arange(24, dtype=np.uint8).reshape(2, 3, 4, 1)
    hidden = []

    def errors(images: np.ndarray) -> np.ndarray:
        hidden.append(images)
        return (images != x).sum(axis=(1, 2, 3))

    maps = importance.measure(x, errors, np.array([200], np.uint8))
    assert maps.shape == (2, 3, 4)
    assert (maps == 1).all()  # each patch is one pixel
    assert len(hidden) == 13

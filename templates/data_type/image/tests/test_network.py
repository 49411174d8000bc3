"""The network for images: predictions are the mean over mirrored and moved copies."""

import numpy as np
import pytest
from own_data import Splits, UserError, new_outputs


def move(images: np.ndarray, by: int) -> np.ndarray:
    """Take images (n, height, width, channels) `by` pixels further down and right; pixels at the edge repeat."""
    _, height, width, _ = images.shape
    rows, columns = (np.clip(np.arange(size) + by, 0, size - 1) for size in (height, width))
    return images[:, rows][:, :, columns]


@pytest.mark.parametrize("flip", [True, False])
@pytest.mark.parametrize("shift", [0.0, 0.1])
def test_outputs_are_the_mean_over_copies(splits: Splits, flip: bool, shift: float) -> None:
    x = splits.test.x[:5]
    settings = {"model__horizontal_flip": flip, "model__shift": shift}
    found = new_outputs(splits, x, **settings, model__test_time_augmentation=True)
    pixels = round(shift * x.shape[1])
    copies = [x] + [move(x, by) for by in (pixels, -pixels) if shift]
    copies += [copy[:, :, ::-1].copy() for copy in copies if flip]
    single = [new_outputs(splits, copy, **settings, model__test_time_augmentation=False) for copy in copies]
    np.testing.assert_allclose(found, np.mean(single, axis=0), atol=1e-5)
    if len(copies) > 1:
        assert np.abs(single[0] - single[1]).max() > 1e-3


@pytest.mark.parametrize("shape", [[1, 1], [3, 40]])
def test_small_and_flat_images_can_be_moved(splits: Splits, shape: list[int]) -> None:
    x = np.random.default_rng(0).integers(0, 256, (4, *shape, splits.train.x.shape[3]), np.uint8)
    splits.info.input_shape[:2] = shape
    assert np.isfinite(new_outputs(splits, x, model__shift=0.4)).all()


def test_a_network_without_a_block_is_refused(splits: Splits) -> None:
    with pytest.raises(UserError, match=r"model\.channels is empty: give the channels"):
        new_outputs(splits, splits.test.x[:2], model__channels=[])

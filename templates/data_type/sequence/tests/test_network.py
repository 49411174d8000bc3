"""The network for sequences: padding changes nothing, the order of the steps does."""

import numpy as np
from own_data import Splits, new_outputs


def test_steps_have_an_order(splits: Splits) -> None:
    x = splits.test.x[:5]
    assert np.abs(new_outputs(splits, x) - new_outputs(splits, x[:, ::-1].copy())).max() > 1e-3


def test_padding_changes_nothing(splits: Splits) -> None:
    x = splits.test.x[:5].astype(np.float32)
    padding = np.full((5, 7, x.shape[2]), np.nan, np.float32)
    found = new_outputs(splits, np.concatenate([x, padding], axis=1), data__pad=True)
    np.testing.assert_allclose(found, new_outputs(splits, x, data__pad=True), atol=1e-5)

"""The network for sounds: how loud a recording is changes nothing, what is heard in it does."""

import numpy as np
import pytest
from own_data import Splits, UserError, new_outputs


def test_loudness_changes_nothing(splits: Splits) -> None:
    x = splits.test.x[:20] // 2 * 2  # so that half of it is exact
    outputs = new_outputs(splits, x)
    differ = np.ptp(outputs, axis=0).max()  # as much as different words do
    np.testing.assert_allclose(new_outputs(splits, x // 2), outputs, atol=differ / 100)


def test_silence_and_full_scale_are_answered(splits: Splits) -> None:
    x = np.zeros_like(splits.test.x[:2])
    x[1, ::2], x[1, 1::2] = 32767, -32768
    assert np.isfinite(new_outputs(splits, x)).all()


def test_a_network_without_a_block_is_refused(splits: Splits) -> None:
    with pytest.raises(UserError, match=r"model\.channels is empty: give the channels"):
        new_outputs(splits, splits.test.x[:2], model__channels=[])

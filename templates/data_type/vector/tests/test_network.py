"""The network for vectors: what is a part of it, in front of the layers."""

import numpy as np
from own_data import Splits, new_outputs


def test_units_of_a_column_change_nothing(splits: Splits) -> None:
    x = splits.test.x[:5].astype(np.float32)
    expected = new_outputs(splits, x)
    scaling = splits.info.preprocessing["scaling"]
    for name in ("center", "scale"):
        scaling[name] = [1000 * value for value in scaling[name]]
    np.testing.assert_allclose(new_outputs(splits, 1000 * x), expected, atol=1e-4)


def test_a_wild_value_is_limited(splits: Splits) -> None:
    x = splits.test.x[:5].astype(np.float32)
    large, larger = x.copy(), x.copy()
    large[:, 0], larger[:, 0] = 1e5, 1e30
    assert np.isfinite(new_outputs(splits, larger)).all()
    np.testing.assert_allclose(new_outputs(splits, larger), new_outputs(splits, large), atol=1e-3)

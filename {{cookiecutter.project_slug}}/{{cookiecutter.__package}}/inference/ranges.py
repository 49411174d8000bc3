"""Compare inputs with the range that training saw. A model answers surely what is in other units, and wrongly."""

import numpy as np

from ..config import counted
from ..data.inputs import NARROW, feature_names
from ..data.samples import DiskArray, blocks
from ..data_info import DataInfo

MIN_VALUES = 20  # of each feature, from which on a narrow range says something


def range_warnings(x: np.ndarray | DiskArray, info: DataInfo) -> list[str]:
    """Warn in a sentence of inputs (n, *shape) far outside the range of the train split, or of another scale.

    Far outside is what is farther from it than it is wide. Image files on disk are not looked at, since reading scales
    them as it did in training.
    """
    if isinstance(x, DiskArray) and np.issubdtype(x.dtype, np.integer):
        return []
    names = feature_names(info.preprocessing)
    low, high = np.array(info.min), np.array(info.max)  # (features,)
    width = np.where(high > low, high - low, np.maximum(1, np.abs(low)))
    smallest, largest = np.full(len(low), np.inf), np.full(len(low), -np.inf)
    num_outside = 0
    for block in blocks(x):
        values = block.reshape(-1, len(low))  # (samples or steps or pixels, features)
        is_outside = (values < low - width) | (values > high + width)  # padding (NaN) is not
        num_outside += int(is_outside.reshape(len(block), -1).any(axis=1).sum())
        smallest, largest = np.fmin(smallest, np.fmin.reduce(values)), np.fmax(largest, np.fmax.reduce(values))
    if num_outside:
        distance = np.maximum(low - smallest, largest - high) / width
        worst = int(distance.argmax())
        value = largest[worst] if largest[worst] - high[worst] >= low[worst] - smallest[worst] else smallest[worst]
        verb = "has" if num_outside == 1 else "have"
        return [
            f"{num_outside:,} of {counted(len(x), 'sample')} {verb} values far outside of those in training:"
            f" {names[worst]} {value:g}, in training {low[worst]:g} to {high[worst]:g}."
        ]
    num_values = x.size // len(low) if isinstance(x, np.ndarray) else len(x)
    varies = largest - smallest  # (features,)
    if num_values >= MIN_VALUES and varies.any() and (varies < NARROW * width).all():
        widest = int(varies.argmax())
        return [
            f"The values vary far less than in training: {names[widest]} {smallest[widest]:g} to {largest[widest]:g},"
            f" in training {low[widest]:g} to {high[widest]:g}: are they scaled in another way?"
        ]
    return []

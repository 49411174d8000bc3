"""What the model looks at: how much worse it predicts where a feature is shuffled (permutation.py).

Out: importance.csv in the folder of the run, and a section of the report.
"""

from pathlib import Path

import numpy as np

from ..data import Splits
from ..data.inputs import feature_names
from .permutation import Predict, describe_shuffled
from .report import Section


def make_sections(run: Path, splits: Splits, predict: Predict) -> list[Section]:
    """Measure the importance of each feature, and describe it for the report.

    Args:
        run: folder of the run.
        splits: the data.
        predict: inputs (n, steps, features) -> predictions (n, ...).
    """
    features = {name: [number] for number, name in enumerate(feature_names(splits.preprocessing))}
    return [describe_shuffled(run, splits, predict, features, shuffle)]


def shuffle(x: np.ndarray, donors: np.ndarray, features: list[int]) -> np.ndarray:
    """Give each sequence the whole course of some features of another one.

    Of a donor with more or fewer steps, the course is shrunk or stretched: padding stays where it was.

    Args:
        x: sequences (n, steps, features), with padding as NaN.
        donors: row numbers (n,).
        features: to take from the donors.

    Returns:
        A changed copy of x.
    """
    padded = np.isnan(x).all(axis=2)  # (n, steps)
    lengths = np.maximum(1, (~padded).sum(axis=1))  # (n,)
    steps = np.arange(x.shape[1]) * lengths[donors, np.newaxis] // lengths[:, np.newaxis]  # (n, steps), of the donor
    steps = np.minimum(steps, lengths[donors, np.newaxis] - 1)
    shuffled = x.copy()
    shuffled[..., features] = x[donors[:, np.newaxis], steps][..., features]
    shuffled[padded] = x[padded]
    return shuffled

"""What the model looks at: how much worse it predicts where a column is shuffled (permutation.py).

Out: importance.csv in the folder of the run, and a section of the report.
"""

from pathlib import Path
from typing import Any

import numpy as np

from ..data import Splits
from ..data.inputs import feature_names
from .permutation import Predict, describe_shuffled
from .report import Section


def make_sections(run: Path, splits: Splits, predict: Predict) -> list[Section]:
    """Measure the importance of each column, and describe it for the report.

    Args:
        run: folder of the run.
        splits: the data.
        predict: inputs (n, features) -> predictions (n, ...).
    """
    return [describe_shuffled(run, splits, predict, list_columns(splits.preprocessing), shuffle)]


def list_columns(preprocessing: dict[str, Any]) -> dict[str, list[int]]:
    """List the features that each column became, by its name: a category has one for each value."""
    if "columns" not in preprocessing:
        return {name: [number] for number, name in enumerate(feature_names(preprocessing))}
    columns: dict[str, list[int]] = {}
    start = 0
    for column in preprocessing["columns"]:
        width = len(column.get("values", [column["name"]]))
        columns[column["name"]] = list(range(start, start + width))
        start += width
    return columns


def shuffle(x: np.ndarray, donors: np.ndarray, features: list[int]) -> np.ndarray:
    """Give each sample some features of another one: a copy of x (n, features); donors: row numbers (n,)."""
    shuffled = x.copy()
    shuffled[:, features] = x[donors][:, features]
    return shuffled

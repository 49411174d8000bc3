"""What a model must know of its data: everything that inference needs beside the weights.

The splits make it, the model is built from it, and a run keeps it as data.json.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from .storage import read_json, write_json

UNKNOWN = "unknown"  # of a file that was written before it said on what a run is calibrated


@dataclass(frozen=True)
class DataInfo:
    """Shapes, names and statistics of the train split; plain types, ready for JSON."""

    input_shape: list[int]  # of one sample, as stored
    num_outputs: int  # numbers that the model gives for a sample
    preprocessing: dict[str, Any]  # how files become arrays (data/inputs.py)
    target_names: list[str]  # of classes, labels or targets
    target_statistics: dict[str, Any]  # what the loss must know of the targets; what predictions and decisions need
    mean: list[float]  # of each feature, for normalization
    std: list[float]
    min: list[float]  # of the same samples as mean and std; inference warns of inputs far outside
    max: list[float]
    num_samples: dict[str, int]  # of each split
    digests: dict[str, dict[str, str]]  # of each split: hashes of its targets and of its inputs
    calibrated_on: str = ""  # SHA-256 of the checkpoint whose outputs target_statistics suit; empty before calibration


def save_info(info: DataInfo, path: Path) -> None:
    """Write data.json."""
    write_json(path, asdict(info))


def load_info(path: Path) -> DataInfo:
    """Read data.json.

    Raises:
        TypeError, ValueError or OSError: it is absent, no JSON, or holds something else.
    """
    info = DataInfo(**{"calibrated_on": UNKNOWN, **read_json(path)})
    for name, hint in get_type_hints(DataInfo).items():
        value = getattr(info, name)
        kind, inner = get_origin(hint) or hint, get_args(hint)
        entry = (inner[0], int) if inner == (float,) else inner[:1]  # JSON writes some floats as whole numbers
        if not isinstance(value, kind) or (inner and not all(isinstance(part, entry) for part in value)):
            raise TypeError(f"{name} in {path} must be {hint}")
    return info

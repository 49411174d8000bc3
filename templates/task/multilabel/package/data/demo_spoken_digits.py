"""The example data: spoken digits, and what is to be learned from them. Your own data replaces them (`data.source`)."""

from pathlib import Path

import numpy as np
import pandas as pd

from ..config import DataSettings
from . import inputs
from .samples import Samples
from .spoken_digits import SAMPLE_RATE, has_files, read_spoken_digits

SOURCE = "spoken_digits"  # the value of data.source
NAME = "spoken digits"

# Published test results on the same data, by name: `evaluate` prints them beside yours.
PUBLISHED: dict[str, float] = {}
PUBLISHED_SOURCE = ""

# The digits that have each sound in their English names.
LABELS = {
    "f": (4, 5),
    "n": (1, 7, 9),
    "r": (0, 3),
    "s": (6, 7),
    "t": (2, 8),
    "v": (5, 7),
    "long i": (5, 9),
}


def read_demo(settings: DataSettings) -> Samples:
    """Read the spoken digits with the targets of `demo_targets`. Absent files are downloaded into `data.data_dir`.

    Their own split has the same speakers in both parts. With `data.split_by: group` whole speakers are held out.
    """
    recordings, digits, speakers, split = read_spoken_digits(Path(settings.data_dir))  # (n,) each
    x, y, target_names = demo_targets(recordings, digits)
    targets = pd.DataFrame(y.reshape(len(y), -1))
    return Samples(
        inputs.from_recordings(x, SAMPLE_RATE),
        targets,
        lambda row: f"sample {row}",
        target_names,
        split=None if settings.split_by == "group" else split,
        group=speakers,
    )


def has_demo(settings: DataSettings) -> bool:
    """Return whether the spoken digits are in `data.data_dir`."""
    return has_files(Path(settings.data_dir))


def demo_targets(x: list[np.ndarray], digits: np.ndarray) -> tuple[list[np.ndarray], np.ndarray, list[str]]:
    """Make an example of this task from spoken digits: which sounds are in its name, such as n in seven?

    Args:
        x: waveforms (samples,) int16, n of them.
        digits: (n,) int64, 0 to 9.

    Returns:
        Waveforms, targets and target names.
    """
    y = np.stack([np.isin(digits, members) for members in LABELS.values()], axis=1)
    return x, y.astype(np.float32), list(LABELS)

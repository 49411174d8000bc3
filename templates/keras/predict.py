"""Inference: raw inputs -> predictions, with the best model of a run."""

from pathlib import Path

import keras
import numpy as np

from .config import load_config
from .device import find_device
from .files import Rows
from .model import load_model
from .runs import read_json
from .task import decode

BATCH_SIZE = 1000  # bounds memory; the result does not depend on it


def predict(run: Path, inputs: np.ndarray | Rows) -> np.ndarray:
    """Predictions (n, ...) float32, as task.py says, for raw inputs (n, *shape), by the best checkpoint in `run`.

    Raises:
        UserError: there is no checkpoint, or it does not fit.
    """
    find_device(load_config(run / "config.yaml"))
    model = load_model(run / "best.keras")
    batches = (inputs[start : start + BATCH_SIZE] for start in range(0, len(inputs), BATCH_SIZE))
    outputs = [keras.ops.convert_to_numpy(model(batch, training=False)) for batch in batches]
    return decode(np.concatenate(outputs), read_json(run / "data.json")["targets"])

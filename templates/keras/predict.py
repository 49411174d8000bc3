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
    with keras.device(find_device(load_config(run / "config.yaml"))):
        model = load_model(run / "best.keras")
        outputs = []
        for start in range(0, len(inputs), BATCH_SIZE):
            batch = inputs[start : start + BATCH_SIZE]
            # The last one is filled up to the shape of the others, for which the model is compiled.
            filled = np.resize(batch, (min(BATCH_SIZE, len(inputs)), *batch.shape[1:]))
            outputs.append(model.predict_on_batch(filled)[: len(batch)])
    return decode(np.concatenate(outputs), read_json(run / "data.json")["targets"])

"""Inference: raw inputs -> class probabilities, with the best model of a run."""

from pathlib import Path

import keras
import numpy as np

from .config import load_config
from .device import find_device
from .model import load_model

BATCH_SIZE = 1000  # bounds memory; the result does not depend on it


def predict(run: Path, inputs: np.ndarray) -> np.ndarray:
    """Probabilities (n, classes) float32 for raw inputs (n, *shape), by the best checkpoint in the folder `run`.

    Raises:
        UserError: there is no checkpoint, or it does not fit.
    """
    find_device(load_config(run / "config.yaml"))
    model = load_model(run / "best.keras")
    starts = range(0, len(inputs), BATCH_SIZE)
    logits = [model(inputs[start : start + BATCH_SIZE], training=False) for start in starts]
    return keras.ops.convert_to_numpy(keras.ops.softmax(keras.ops.concatenate(logits)))

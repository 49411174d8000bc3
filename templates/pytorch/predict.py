"""Inference: raw inputs -> predictions, with the best model of a run."""

from pathlib import Path

import numpy as np
import torch

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
    device = find_device(load_config(run / "config.yaml"))
    model = load_model(run / "best.pt").to(device)
    with torch.no_grad():  # not inference_mode, which not all devices have
        batches = (inputs[start : start + BATCH_SIZE] for start in range(0, len(inputs), BATCH_SIZE))
        outputs = [model(torch.from_numpy(batch).to(device)).cpu().numpy() for batch in batches]
    return decode(np.concatenate(outputs), read_json(run / "data.json")["targets"])

"""Inference: raw inputs -> class probabilities, with the best model of a run."""

from pathlib import Path

import numpy as np
import torch

from .config import load_config
from .device import find_device
from .model import load_model

BATCH_SIZE = 1000  # bounds memory; the result does not depend on it


def predict(run: Path, inputs: np.ndarray) -> np.ndarray:
    """Probabilities (n, classes) float32 for raw inputs (n, *shape), by the best checkpoint in the folder `run`.

    Raises:
        UserError: there is no checkpoint, or it does not fit.
    """
    device = find_device(load_config(run / "config.yaml"))
    model = load_model(run / "best.pt").to(device)
    with torch.inference_mode():
        logits = [model(batch.to(device)) for batch in torch.from_numpy(inputs).split(BATCH_SIZE)]
        return torch.cat(logits).softmax(dim=1).cpu().numpy()

"""The model before the first step of a run: built, on its device, with the weights from which training starts."""

import keras

from ..config import Config
from ..data import Splits
from ..device import Device
from ..model import build_model
from .weights import Start, load_start


def start_model(
    device: Device, splits: Splits, config: Config, *, resume: bool = False
) -> tuple[keras.Model, Start | None]:
    """Build the model with the weights from which training starts: random ones, or those of another run.

    Returns:
        The model on its device, and what the run has to keep of its weights; None as of `load_start`.
    """
    model = device.prepare_model(build_model(splits.info, config))
    start = load_start(model, splits.info, config, resume=resume)
    return model, start

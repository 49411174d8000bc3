"""Calibration: what the validation split tells of the best model of a run, beside the epoch that is best.

By it `to_predictions` turns outputs into predictions, and these become decisions (task.py, metrics.py).
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from ..config import Config
from ..data import Splits
from ..data_info import load_info, save_info
from ..metrics import choose_threshold
from ..runs import hash_best
from ..task import calibrate, to_predictions
from .checkpoint import load_model, run_model


def calibrate_run(run: Path, config: Config, splits: Splits) -> np.ndarray:
    """Calibrate the best model of a run, keep the result in data.json, and return predictions of the validation split.

    Raises:
        UserError: there is no checkpoint, or it does not fit.
    """
    checkpoint = hash_best(run)  # before it is read: a training that goes on may replace it
    outputs = run_model(load_model(run), splits.val.x, config)
    statistics = calibrate(outputs, splits.val.y, splits.target_statistics)
    predictions = to_predictions(outputs, statistics)
    statistics = statistics | choose_threshold(splits.val.y, predictions, config.compile.primary_metric)
    info = replace(splits.info, target_statistics=statistics, calibrated_on=checkpoint)
    if info != load_info(run / "data.json"):  # else files that were made by it would seem outdated
        save_info(info, run / "data.json")
    return predictions

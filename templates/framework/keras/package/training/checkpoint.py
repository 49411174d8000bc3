"""Checkpoints: save and load weights, and run a model that was loaded.

best.keras: the model of the epoch with the lowest validation loss. last.keras: all that resuming needs.
"""

import json
import math
import shutil
import zipfile
from dataclasses import asdict, dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

import keras
import numpy as np

from .. import model as _model  # noqa: F401  # registers the layers of model.py, by which Keras finds them in a file
from ..compile import Compiled
from ..config import Config, UserError
from ..data.samples import DiskArray
from ..device import Device, find_device
from ..runs import check_model, read_history
from ..storage import whole_file

BEST, LAST = "best.keras", "last.keras"
PROGRESS = "progress.json"  # a file inside last.keras, which is a zip archive
# Of inference, to limit memory; the outputs do not depend on them.
BATCH_SIZE = 1000  # samples at once
BATCH_VALUES = 400_000  # numbers of these samples: large images come in smaller batches


def load_model(run: Path) -> keras.Model:
    """Load the best model of a run, for inference.

    Raises:
        UserError: there is no checkpoint, it is corrupt, or another model.py wrote it.
    """
    path = run / BEST
    if not path.is_file():
        raise UserError(f"There is no {path}: train first.")
    check_model(run)
    try:
        return keras.saving.load_model(path, compile=False)
    except Exception as error:  # of many kinds: the file may hold anything
        raise UserError(f"{path} is corrupt, or was made by another model.py: train again.") from error


def load_weights(model: keras.Model, path: Path, *, keep_head: bool) -> bool:
    """Give a new model the weights of a file, with the running statistics of batch norm.

    What the model has as constants, such as mean and std of the train split, stays. The head is the last layer.

    Args:
        model: built for this data.
        path: best.keras of a run, or a whole model of the same layers, saved as .keras.
        keep_head: whether the file's head has the same targets.

    Returns:
        Whether the head was taken. It stays as it is where it has another number of outputs.

    Raises:
        UserError: the file holds no weights, or those of another network.
    """
    try:
        other = keras.saving.load_model(path, compile=False)
    except Exception as error:  # of many kinds: the file may hold anything
        raise UserError(f"{path} holds no model that Keras can read: name a run, or its {BEST}.") from error
    (*body, head), (*other_body, other_head) = (
        [layer for layer in each.layers if layer.weights] for each in (model, other)
    )
    for number, (here, there) in enumerate(zip_longest(map(_shapes, body), map(_shapes, other_body)), start=1):
        if here != there:
            words = f"layer {number} has {there or 'nothing'} there and {here or 'nothing'} here"
            raise UserError(f"The weights of {path} are of another network: {words}.")
    keep = keep_head and _shapes(head) == _shapes(other_head)
    for layer, source in zip([*body, head] if keep else body, [*other_body, other_head], strict=False):
        layer.set_weights(source.get_weights())
    return keep


def run_model(model: keras.Model, inputs: np.ndarray | DiskArray, config: Config) -> np.ndarray:
    """Compute the outputs (n, num_outputs) float32 for raw inputs (n, *shape), on the device of the settings."""
    batch_size = max(1, min(len(inputs), BATCH_SIZE, BATCH_VALUES // math.prod(inputs.shape[1:])))
    outputs = []
    with keras.device(find_device(config)):
        for start in range(0, len(inputs), batch_size):
            batch = inputs[start : start + batch_size]
            # The last batch is filled up to the shape of the others, for which the model is compiled.
            filled = np.resize(batch, (batch_size, *batch.shape[1:]))
            outputs.append(model.predict_on_batch(filled)[: len(batch)])
    return np.concatenate(outputs)


@dataclass
class Progress:
    """How far training has come. Random numbers need no state: train.py seeds them anew every few steps."""

    epochs: int = 0  # whole ones
    steps: int = 0  # of the epoch after them
    sums: list[float] = field(default_factory=list)  # of losses and metric in these steps; Keras has them in variables

    def note(self, compiled: Compiled) -> None:
        """Take the sums from the model."""
        self.sums = [float(variable.numpy()) for variable in _sums(compiled)]  # of all devices

    def restore(self, compiled: Compiled) -> None:
        """Give the sums to the model, for the rest of an epoch."""
        for variable, value in zip(_sums(compiled), self.sums, strict=True):
            variable.assign(value)


def save_checkpoint(
    device: Device, run: Path, compiled: Compiled, progress: Progress, *, improved: bool = False
) -> None:
    """Write last.keras, and best.keras if the last epoch improved.

    best.keras is replaced first. A process that is killed in between repeats the epoch and finds the same best again.

    Args:
        device: only the first process writes.
        run: folder of the run.
        compiled: the model, which holds its optimizer.
        progress: how far training has come.
        improved: whether the last epoch had the lowest validation loss so far.
    """
    if not device.is_first:
        return
    with device.alone(), whole_file(run / LAST) as path:
        compiled.model.save(path)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(PROGRESS, json.dumps(asdict(progress)))
        if improved:
            with whole_file(run / BEST) as best:
                shutil.copyfile(path, best)


def load_checkpoint(device: Device, run: Path, compiled: Compiled) -> Progress:
    """Restore model, optimizer and schedule from last.keras.

    Returns:
        How far training had come: nowhere if it ended before the first checkpoint.

    Raises:
        UserError: the file is corrupt, another model.py wrote it, or it is gone.
    """
    path = run / LAST
    if not path.is_file():
        if len(read_history(run)) > 1:  # one: training ended while its first checkpoint was written
            raise UserError(f"{path} is missing, and {run / 'history.csv'} has epochs: restore it, or start a new run.")
        return Progress()
    try:
        compiled.model.load_weights(path)
        with zipfile.ZipFile(path) as archive:
            return Progress(**json.loads(archive.read(PROGRESS)))
    except Exception as error:  # of many kinds: the file may hold anything
        raise UserError(f"{path} is corrupt, or was made by another model.py: start a new run.") from error


def _shapes(layer: keras.Layer) -> list[tuple[int, ...]]:
    """List the shapes of the weights of a layer."""
    return [tuple(weight.shape) for weight in layer.weights]


def _sums(compiled: Compiled) -> list[Any]:
    """List the variables in which Keras adds up loss and metric of an epoch."""
    loss, *_ = compiled.model.metrics
    return [*loss.variables, *compiled.metric.variables]

"""What the tests need of the framework: batches, gradients of one, and a few training steps on it."""

from pathlib import Path
from typing import Any

import keras
import numpy as np


def gradients(model: keras.Model, loss: keras.losses.Loss, x: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """Compute the gradient of the loss of one batch, by parameter, from one step of plain gradient descent."""
    rate = 1000.0  # large, so that a small gradient is seen beside a large weight
    before = {weight.path: keras.ops.convert_to_numpy(weight).copy() for weight in model.trainable_variables}
    model.compile(loss=loss, optimizer=keras.optimizers.SGD(rate))
    model.train_on_batch(x, y)
    after = {weight.path: keras.ops.convert_to_numpy(weight) for weight in model.trainable_variables}
    return {path: (before[path] - after[path]) / rate for path in before}


def train_steps(
    model: keras.Model,
    loss: keras.losses.Loss,
    optimizer: keras.optimizers.Optimizer,
    x: np.ndarray,
    y: np.ndarray,
    *,
    steps: int,
) -> list[float]:
    """Train on one batch; return the loss before each step. optimizer: what make_optimizer returns."""
    model.compile(loss=loss, optimizer=optimizer)
    losses = []
    for _ in range(steps):
        model.reset_metrics()  # else the loss would be the mean of all steps so far
        losses.append(float(model.train_on_batch(x, y)))
    return losses


def last_weights(run: Path) -> dict[str, np.ndarray]:
    """Weights and the optimizer's state in the last checkpoint of a run."""
    model = keras.saving.load_model(run / "last.keras")
    found = {}
    for number, variable in enumerate([*model.variables, *model.optimizer.variables]):  # names count up in a process
        if variable.name != "seed_generator_state":  # of dropout, set anew in each epoch
            found[str(number)] = keras.ops.convert_to_numpy(variable)
    return found


def read_epoch(batches: Any) -> list[np.ndarray]:
    """Read the targets of each batch of an epoch."""
    return [batches[number][1] for number in range(len(batches))]

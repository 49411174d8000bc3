"""What the tests need of the framework: gradients of one batch, and a few steps of training on it."""

import keras
import numpy as np


def gradients(model, loss, x: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """Gradient of the loss of one batch for each trainable parameter, as a step of plain descent shows it."""
    rate = 1000.0  # large, so that a small gradient is seen beside a large weight
    before = {weight.path: keras.ops.convert_to_numpy(weight).copy() for weight in model.trainable_variables}
    model.compile(loss=loss, optimizer=keras.optimizers.SGD(rate))
    model.train_on_batch(x, y)
    after = {weight.path: keras.ops.convert_to_numpy(weight) for weight in model.trainable_variables}
    return {path: (before[path] - after[path]) / rate for path in before}


def train_steps(model, loss, optimizer, x: np.ndarray, y: np.ndarray, *, steps: int) -> list[float]:
    """Loss before each of some steps on the same batch; optimizer: what make_optimizer returns."""
    model.compile(loss=loss, optimizer=optimizer)
    losses = []
    for _ in range(steps):
        model.reset_metrics()  # else the loss would be the mean of all steps so far
        losses.append(float(model.train_on_batch(x, y)))
    return losses

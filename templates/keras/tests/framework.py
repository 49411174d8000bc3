"""What the tests need of the framework: gradients of one batch, and a few steps of training on it."""

import numpy as np
import tensorflow as tf


def gradients(model, loss, x: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray | None]:
    """Gradient of the loss of one batch for each trainable parameter; None where the loss does not depend on it."""
    with tf.GradientTape() as tape:
        batch_loss = loss(y, model(x, training=True))
    found = tape.gradient(batch_loss, model.trainable_variables)
    named = zip(model.trainable_variables, found, strict=True)
    return {weight.path: None if gradient is None else gradient.numpy() for weight, gradient in named}


def train_steps(model, loss, optimizer, x: np.ndarray, y: np.ndarray, *, steps: int) -> list[float]:
    """Loss before each of some steps on the same batch; optimizer: what make_optimizer returns."""
    model.compile(loss=loss, optimizer=optimizer)
    losses = []
    for _ in range(steps):
        model.reset_metrics()  # else the loss would be the mean of all steps so far
        losses.append(float(model.train_on_batch(x, y)))
    return losses

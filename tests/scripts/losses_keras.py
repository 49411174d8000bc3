"""What compute_losses.py does in Keras; losses_pytorch.py is its twin.

Losses, metrics and optimizers are those that a saved model gives back.
"""

import json
from collections.abc import Callable, Iterable

import keras
import numpy as np
import tensorflow as tf


def compute_loss(loss_function: Callable, outputs: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
    """Compute the loss, and its gradient by the outputs."""
    loss_function = _restored(loss_function)
    variable = tf.constant(outputs)
    with tf.GradientTape() as tape:
        tape.watch(variable)
        loss = loss_function(targets, variable)
    assert loss.shape == () and loss.dtype == "float32"
    return loss.numpy(), tape.gradient(loss, variable).numpy()


def compute_metric(metric: keras.metrics.Metric, batches: Iterable[tuple[np.ndarray, np.ndarray]]) -> float:
    """Compute the metric over batches of (outputs, targets)."""
    metric = _restored(metric)
    for outputs, targets in batches:
        metric.update_state(targets, outputs)
    return metric.result().numpy()


def learning_rates(schedule: Callable, peak: float, steps: int) -> list[float]:
    """List the learning rate of each step: here a schedule knows its peak."""
    return [float(schedule(step)) for step in range(steps)]


def descend(make_optimizer: Callable, config: object, gradients: np.ndarray) -> np.ndarray:
    """Change weights that start at 1 by gradients (steps, weights)."""
    layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    model = keras.Sequential([keras.Input((gradients.shape[1],)), layer])
    optimizer = _restored(make_optimizer(model, config, total_steps=len(gradients)))
    for gradient in gradients:
        optimizer.apply([tf.constant(gradient[:, np.newaxis])], model.trainable_variables)
    return keras.ops.convert_to_numpy(layer.kernel)[:, 0]


def _restored(thing: Callable) -> Callable:
    """What a file of a model gives back of it."""
    saved = json.dumps(keras.saving.serialize_keras_object(thing))
    return keras.saving.deserialize_keras_object(json.loads(saved))

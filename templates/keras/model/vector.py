"""The model: a dense network for vectors. Put your own network here.

In: vectors as stored (batch, features), any number type. Out: (batch, outputs), which task.py explains.
Normalisation is inside, so that training, evaluation and inference can't disagree about it.
"""

from pathlib import Path

import keras
import numpy as np

from .config import Config, UserError


def build_model(
    input_shape: tuple[int, ...], num_outputs: int, config: Config, *, normalisation: tuple[np.ndarray, np.ndarray]
) -> keras.Model:
    """Hidden layers of linear, batch norm, ReLU and dropout; linear. With random weights.

    normalisation: mean and deviation of each feature on the train split.
    """
    settings = config.model
    mean, deviation = normalisation
    inputs = keras.Input(input_shape)
    features = keras.layers.Rescaling((1 / deviation).tolist(), (-mean / deviation).tolist(), dtype="float32")(inputs)
    for units in settings.units:
        features = keras.layers.Dense(units, use_bias=False)(features)  # -> (batch, units)
        features = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(features)
        features = keras.layers.ReLU()(features)
        features = keras.layers.Dropout(settings.dropout)(features)
    outputs = keras.layers.Dense(num_outputs, dtype="float32")(features)  # -> (batch, outputs)
    return keras.Model(inputs, outputs)


def save_model(model: keras.Model, path: Path) -> None:
    """Write the network, its weights and the state of its optimizer, whole or not at all."""
    part = path.with_name(f"{path.stem}.part.keras")
    model.save(part)
    part.replace(path)


def load_model(path: Path) -> keras.Model:
    """The model of `save_model`, for inference.

    Raises:
        UserError: the file is absent or damaged, or was made by another model.py.
    """
    if not path.is_file():
        raise UserError(f"There is no {path}: train first.")
    try:
        return keras.saving.load_model(path, compile=False)
    except Exception as error:  # of many kinds: the file may hold anything
        raise UserError(f"{path} is damaged, or was made by another model.py: train anew.") from error

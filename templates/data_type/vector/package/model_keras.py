"""The model: a dense network for vectors. Put your own network here.

In: vectors as stored (batch, features), any number type. Out: (batch, outputs), see task.py.
Normalization is a part of the model, so that training, evaluation and inference can't disagree about it.
"""

import keras
import numpy as np

from .config import Config
from .data_info import DataInfo


def build_model(info: DataInfo, config: Config) -> keras.Model:
    """Build the network with random weights and the normalization of the train split.

    Hidden layers of linear, batch norm, ReLU and dropout; then linear.
    """
    settings = config.model
    mean = np.array(info.mean, np.float32)  # (features,)
    std = np.array(info.std, np.float32)
    inputs = keras.Input(tuple(info.input_shape))
    # In two steps: x / std - mean / std would lose digits where the mean is large.
    features = keras.layers.Rescaling(1.0, (-mean).tolist(), dtype="float32")(inputs)
    features = keras.layers.Rescaling((1 / std).tolist(), dtype="float32")(features)
    for units in settings.units:
        features = keras.layers.Dense(units, use_bias=False)(features)  # (batch, units)
        features = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(features)
        features = keras.layers.ReLU()(features)
        features = keras.layers.Dropout(settings.dropout)(features)
    outputs = keras.layers.Dense(info.num_outputs, dtype="float32")(features)  # (batch, outputs)
    return keras.Model(inputs, outputs)

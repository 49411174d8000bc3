"""The model: an ensemble of dense networks for vectors. Put your own network here.

In: vectors as stored (batch, features), any number type. Out: (batch, outputs), see task.py.
Scaling and encoding are a part of the model, so that training, evaluation and inference can't disagree about them.
"""

from typing import Any

import keras
import numpy as np
from keras import ops

from .config import Config
from .data_info import DataInfo

CLIP = 3  # the limit of a scaled feature
HUGE = 1e6  # far beyond that limit, and its square is a float32


@keras.saving.register_keras_serializable()
class Network(keras.Model):
    """Dense networks that share their hidden layers: TabM-mini, arXiv:2410.24210, here with batch norm.

    Each member multiplies the features by numbers of its own, and has an output layer of its own. In training each
    answers for itself, so that they learn different things. The mean of their outputs is the output of the model.
    """

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """Score each answer of a sample: in training there are several, (batch * members, outputs)."""
        return super().compute_loss(x, *_repeat(y, y_pred, sample_weight), training=training)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Score each answer of a sample."""
        return super().compute_metrics(x, *_repeat(y, y_pred, sample_weight))


def _repeat(targets: Any, outputs: Any, weights: Any) -> tuple[Any, Any, Any]:
    """Repeat targets (batch, ...) and weights (batch,) for each answer of a sample; outputs stay as they are."""
    answers = ops.shape(outputs)[0] // ops.shape(targets)[0]
    weights = None if weights is None else ops.repeat(weights, answers, axis=0)
    return ops.repeat(targets, answers, axis=0), outputs, weights


@keras.saving.register_keras_serializable()
class Scale(keras.layers.Layer):
    """Scale features, and limit them smoothly to -3 and 3: RealMLP, arXiv:2407.04491."""

    def __init__(self, center: list[float], scale: list[float], **options: Any) -> None:
        super().__init__(**{**options, "dtype": "float32"})
        self.center, self.scale = center, scale

    def call(self, inputs: Any) -> Any:
        """Scale vectors (batch, features)."""
        center, scale = (ops.convert_to_tensor(values, "float32") for values in (self.center, self.scale))
        features = ops.clip((inputs - center) / scale, -HUGE, HUGE)
        return features * ops.rsqrt(1 + ops.square(features / CLIP))

    def get_config(self) -> dict[str, Any]:
        """Return what the constructor takes, ready for JSON."""
        return {**super().get_config(), "center": self.center, "scale": self.scale}


@keras.saving.register_keras_serializable()
class Parts(keras.layers.Layer):
    """Piecewise linear encoding, arXiv:2203.05556, equation 1: which part of each interval lies below."""

    def __init__(self, edges: list[list[float]], **options: Any) -> None:
        super().__init__(**{**options, "dtype": "float32"})
        self.edges = edges
        self.intervals = find_intervals(edges)

    def call(self, inputs: Any) -> Any:
        """Encode vectors (batch, features): (batch, intervals) from 0 to 1."""
        values = ops.take(inputs, self.intervals["column"], axis=1)
        low, width = (ops.convert_to_tensor(self.intervals[name], "float32") for name in ("low", "width"))
        return ops.clip((values - low) / width, 0, 1)

    def get_config(self) -> dict[str, Any]:
        """Return what the constructor takes, ready for JSON."""
        return {**super().get_config(), "edges": self.edges}


@keras.saving.register_keras_serializable()
class Adapt(keras.layers.Layer):
    """Multiply features by the numbers of each member: the rows of a sample, one for each, follow one another."""

    def __init__(self, members: int, **options: Any) -> None:
        super().__init__(**options)
        self.members = members

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Draw signs at random."""
        shape = (self.members, input_shape[-1])
        # One network alone learns without: its first layer can do the same. That saves a third of the layer's time.
        learned = self.members > 1
        self.adapters = self.add_weight(shape=shape, initializer=_draw_signs, trainable=learned, name="adapters")

    def call(self, features: Any) -> Any:
        """Turn features (batch, features) into (batch * members, features)."""
        features = ops.expand_dims(features, 1) * self.adapters  # (batch, members, features)
        return ops.reshape(features, (-1, features.shape[-1]))

    def get_config(self) -> dict[str, Any]:
        """Return what the constructor takes, ready for JSON."""
        return {**super().get_config(), "members": self.members}


def _draw_signs(shape: tuple[int, ...], dtype: Any = None) -> Any:
    """Draw 1 or -1 at random."""
    return ops.sign(keras.initializers.RandomNormal()(shape, dtype))


@keras.saving.register_keras_serializable()
class Heads(keras.layers.Layer):
    """The output layer of each member, and the mean of their outputs; in training the outputs of each."""

    def __init__(self, members: int, outputs: int, **options: Any) -> None:
        super().__init__(**options)
        self.members = members
        self.outputs = outputs

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Draw weights at random: within the limit of a dense layer."""
        units = int(input_shape[-1] or 0)
        limit = (6 / (units + self.outputs)) ** 0.5
        draw = keras.initializers.RandomUniform(-limit, limit)
        self.kernel = self.add_weight(shape=(self.members, units, self.outputs), initializer=draw, name="kernel")
        self.bias = self.add_weight(shape=(self.members, self.outputs), initializer="zeros", name="bias")

    def call(self, features: Any, training: bool = False) -> Any:
        """Turn features (batch * members, units) into outputs (batch, outputs), or (batch * members, outputs)."""
        features = ops.reshape(features, (-1, self.members, features.shape[-1]))
        outputs = ops.einsum("bmu,muo->bmo", features, self.kernel) + self.bias
        return ops.reshape(outputs, (-1, self.outputs)) if training else ops.mean(outputs, axis=1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Tell Keras the shape, which some backends would try with a batch that members can't share."""
        return None, self.outputs

    def get_config(self) -> dict[str, Any]:
        """Return what the constructor takes, ready for JSON."""
        return {**super().get_config(), "members": self.members, "outputs": self.outputs}


def find_intervals(edges: list[list[float]]) -> dict[str, np.ndarray]:
    """List the intervals between the edges of all features.

    Returns:
        The feature of each interval (intervals,) int64, where it begins and how long it is, both float32.
    """
    return {
        "column": np.repeat(np.arange(len(edges)), [max(0, len(values) - 1) for values in edges]),
        "low": np.array([low for values in edges for low in values[:-1]], np.float32),
        "width": np.array([width for values in edges for width in np.diff(values)], np.float32),
    }


def build_model(info: DataInfo, config: Config) -> keras.Model:
    """Build the network with random weights and the scaling of the train split.

    Hidden layers of linear, batch norm, ReLU and dropout, which all members share.
    """
    settings = config.model
    scaling = info.preprocessing["scaling"]
    inputs = keras.Input(tuple(info.input_shape))
    features = Scale(scaling["center"], scaling["scale"])(inputs)  # (batch, encoded)
    if settings.piecewise_linear and any(scaling["edges"]):
        features = keras.layers.Concatenate(dtype="float32")([features, Parts(scaling["edges"])(inputs)])
    features = Adapt(settings.members)(features)  # (batch * members, encoded)
    for units in settings.units:
        features = keras.layers.Dense(units, use_bias=False)(features)  # (batch * members, units)
        features = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(features)
        features = keras.layers.ReLU()(features)
        features = keras.layers.Dropout(settings.dropout)(features)
    outputs = Heads(settings.members, info.num_outputs, dtype="float32")(features)  # (batch, outputs)
    return Network(inputs, outputs)

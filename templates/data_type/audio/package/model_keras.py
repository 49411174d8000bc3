"""The model: a convolutional network for sounds. Put your own network here.

In: recordings as stored (batch, samples) int16. Out: (batch, outputs), see task.py.
The log-mel spectrogram is a part of the model, so that training, evaluation and inference can't disagree about it.
"""

from typing import Any

import keras
from keras import ops

from .config import Config, UserError
from .data_info import DataInfo
from .spectrogram import DYNAMIC_RANGE, FLOOR, FULL_SCALE, frame_sizes, make_bands, make_curves, make_filters

LARGEST_MAP = 8  # bands or frames that the last block may have, whichever is less


@keras.saving.register_keras_serializable()
class LogMel(keras.layers.Layer):
    """Log-mel spectrograms by a convolution with fixed filters, from 0 (silence) to 3 (loudest of the recording)."""

    def __init__(self, sample_rate: int, window: int, hop: int, n_mels: int, **options: Any) -> None:
        super().__init__(dtype="float32")  # bfloat16 has too few digits for a spectrogram
        self.settings = {"sample_rate": sample_rate, "window": window, "hop": hop, "n_mels": n_mels}
        self.hop = hop
        self.filters = make_filters(window)[:, None]  # (window, 1, 2 x bins)
        self.bands = make_bands(sample_rate, window, n_mels)  # (bins, n_mels)

    def call(self, waves: Any) -> Any:
        """Compute (batch, n_mels, frames) from waves (batch, samples) in -1 to 1."""
        parts = ops.conv(waves[..., None], self.filters, strides=self.hop)  # (batch, frames, 2 x bins)
        cosines, sines = ops.split(parts, 2, axis=2)
        mels = ops.matmul(ops.square(cosines) + ops.square(sines), self.bands)  # (batch, frames, n_mels)
        loudest = ops.maximum(ops.max(mels, axis=(1, 2), keepdims=True), FLOOR)
        levels = 10 * ops.log10(mels / loudest + 10 ** (-DYNAMIC_RANGE / 10))
        return (ops.transpose(levels, (0, 2, 1)) + DYNAMIC_RANGE) / 20  # a step for each factor of ten in amplitude

    def get_config(self) -> dict[str, Any]:
        """Return what the layer is made of, for a file."""
        return {**super().get_config(), **self.settings}


@keras.saving.register_keras_serializable()
class Noise(keras.layers.Layer):
    """Add white noise in training alone: its std is up to a fraction of the recording's."""

    def __init__(self, most: float, **options: Any) -> None:
        super().__init__(dtype="float32")
        self.most = most
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, waves: Any, training: bool = False) -> Any:
        """Change waves (batch, samples)."""
        if not training:
            return waves
        batch, samples = ops.shape(waves)
        scale = keras.random.uniform((batch, 1), seed=self.seed_generator) * self.most
        scale = scale * ops.std(waves, axis=1, keepdims=True)
        return waves + scale * keras.random.normal((batch, samples), seed=self.seed_generator)

    def get_config(self) -> dict[str, Any]:
        """Return what the layer is made of, for a file."""
        return {**super().get_config(), "most": self.most}


@keras.saving.register_keras_serializable()
class Augmentation(keras.layers.Layer):
    """Change each spectrogram at random, in training alone: so that other voices, rooms and microphones are known.

    Stretched bands are about those of another vocal tract (Jaitly and Hinton, ICML workshop 2013); masks are those of
    SpecAugment (arXiv:1904.08779).

    Args:
        stretches: the most of them along bands and frames, as logarithms of a factor.
        coloring: std of the levels that are added to bands.
        shifts: the most places along bands and frames.
        masks: the most places along bands and frames.
    """

    def __init__(
        self, stretches: list[float], coloring: float, shifts: list[int], masks: list[int], **options: Any
    ) -> None:
        super().__init__(dtype="float32")
        self.stretches, self.coloring = stretches, coloring
        self.shifts, self.masks = shifts, masks
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, maps: Any, training: bool = False) -> Any:
        """Change spectrograms (batch, n_mels, frames)."""
        if not training:
            return maps
        maps = self._color(maps) if self.coloring else maps
        # In two turns: along an inner axis a backend may transpose the indices, and print a notice.
        for stretch, shift in zip(self.stretches, self.shifts, strict=True):
            maps = ops.transpose(maps, (0, 2, 1))  # the axis to change is the last: bands, then frames
            maps = self._stretch(maps, stretch) if stretch else maps
            maps = self._shift(maps, shift) if shift else maps
        for axis, most in ((2, self.masks[1]), (1, self.masks[0])):
            maps = self._mask(maps, most, axis) if most else maps
        return maps

    def _stretch(self, maps: Any, most: float) -> Any:
        """Stretch or shrink the last axis from its start, by a factor of up to exp(most); what comes in is silence."""
        size = maps.shape[2]
        if size == 1:
            return maps
        uniform = keras.random.uniform((ops.shape(maps)[0], 1), seed=self.seed_generator)
        place = ops.arange(size, dtype="float32") * ops.exp((2 * uniform - 1) * most)  # (batch, size)
        before = ops.floor(place)
        share = _along(2, place - before)
        is_inside = _along(2, before < size - 1)
        index = _along(2, ops.cast(ops.clip(before, 0, size - 2), "int32"))
        index = ops.broadcast_to(index, ops.shape(maps))
        low, high = (ops.take_along_axis(maps, index + step, axis=2) for step in (0, 1))
        return ops.where(is_inside, low * (1 - share) + high * share, 0.0)

    def _color(self, maps: Any) -> Any:
        """Raise and lower bands along a smooth random curve."""
        curves = make_curves(maps.shape[1])  # (curves, n_mels)
        weights = keras.random.normal((ops.shape(maps)[0], len(curves)), seed=self.seed_generator) * self.coloring
        return ops.maximum(maps + ops.expand_dims(ops.matmul(weights, curves), 2), 0.0)

    def _shift(self, maps: Any, most: int) -> Any:
        """Move by up to `most` places along the last axis; what comes in is silence."""
        size = maps.shape[2]
        shift = self._draw(maps, 2 * most + 1) - most
        place = ops.arange(size, dtype="int32") - ops.cast(shift, "int32")  # (batch, size), where each comes from
        is_inside = _along(2, ops.logical_and(place >= 0, place < size))
        index = _along(2, ops.clip(place, 0, size - 1))
        index = ops.broadcast_to(index, ops.shape(maps))
        return ops.where(is_inside, ops.take_along_axis(maps, index, axis=2), 0.0)

    def _mask(self, maps: Any, most: int, axis: int) -> Any:
        """Hide up to `most` neighboring places of an axis by silence."""
        size = maps.shape[axis]
        width = self._draw(maps, min(most, size) + 1)
        start = ops.floor(keras.random.uniform(ops.shape(width), seed=self.seed_generator) * (size - width + 1))
        place = ops.arange(size, dtype="float32")
        is_hidden = ops.logical_and(place >= start, place < start + width)
        return ops.where(_along(axis, is_hidden), 0.0, maps)

    def _draw(self, maps: Any, count: int) -> Any:
        """Draw a whole number from 0 to `count` - 1 for each sample, (batch, 1) float32."""
        uniform = keras.random.uniform((ops.shape(maps)[0], 1), seed=self.seed_generator)
        return ops.minimum(ops.floor(uniform * count), count - 1.0)

    def get_config(self) -> dict[str, Any]:
        """Return what the layer is made of, for a file."""
        names = ("stretches", "coloring", "shifts", "masks")
        return super().get_config() | {name: getattr(self, name) for name in names}


def _along(axis: int, values: Any) -> Any:
    """Give values (batch, size) the shape (batch, size, 1) for axis 1, (batch, 1, size) for axis 2."""
    return ops.expand_dims(values, 3 - axis)


def _draw_weights() -> keras.initializers.Initializer:
    """Draw the weights of a layer within 1 / sqrt(its inputs): from Keras' wider ones 30 epochs come less far."""
    return keras.initializers.VarianceScaling(1 / 3, mode="fan_in", distribution="uniform")


def build_model(info: DataInfo, config: Config) -> keras.Model:
    """Build the network with random weights.

    Log-mel spectrogram; blocks of convolution, batch norm and ReLU; mean and maximum over bands and frames; linear. All
    blocks but the last halve bands and frames, as long as both are above 1.
    """
    settings = config.model
    (samples,), rate = info.input_shape, info.preprocessing["sample_rate"]
    window, hop = frame_sizes(rate, samples, settings.window_seconds, settings.hop_seconds)
    size = min(settings.n_mels, 1 + (samples - window) // hop)
    widths = list(settings.channels)
    if not widths:
        raise UserError("model.channels is empty: give the channels of one block at least.")
    while size // 2 ** (len(widths) - 1) > LARGEST_MAP:
        widths.append(widths[-1])
    inputs = keras.Input((samples,))
    waves = keras.layers.Rescaling(1 / FULL_SCALE, dtype="float32")(inputs)
    if settings.noise:
        waves = Noise(settings.noise)(waves)
    maps = LogMel(rate, window, hop, settings.n_mels)(waves)  # (batch, n_mels, frames)
    time_shift, time_mask = (
        round(seconds / settings.hop_seconds) for seconds in (settings.time_shift, settings.time_mask)
    )
    augment = Augmentation(
        stretches=[settings.pitch_stretch, settings.time_stretch],
        coloring=settings.coloring,
        shifts=[settings.pitch_shift, time_shift],
        masks=[settings.frequency_mask, time_mask],
    )
    maps = augment(maps)
    maps = keras.layers.Reshape((*maps.shape[1:], 1))(maps)
    for number, channels in enumerate(widths, start=1):
        layer = keras.layers.Conv2D(channels, 3, padding="same", use_bias=False, kernel_initializer=_draw_weights())
        maps = layer(maps)
        if number < len(widths) and size > 1:
            # Before batch norm and ReLU, which then have a quarter of the work.
            maps = keras.layers.MaxPooling2D(2)(maps)  # (batch, bands / 2, frames / 2, channels)
            size //= 2
        maps = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(maps)
        maps = keras.layers.ReLU()(maps)
    mean_features = keras.layers.GlobalAveragePooling2D()(maps)  # (batch, channels of the last block)
    max_features = keras.layers.GlobalMaxPooling2D()(maps)
    features = keras.layers.Concatenate()([mean_features, max_features])
    features = keras.layers.Dropout(settings.dropout)(features)
    head = keras.layers.Dense(info.num_outputs, kernel_initializer=_draw_weights(), dtype="float32")
    outputs = head(features)  # (batch, outputs)
    return keras.Model(inputs, outputs)

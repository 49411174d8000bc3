"""The model: a convolutional network for sounds. Put your own network here.

In: recordings as stored (batch, samples) int16. Out: (batch, outputs), see task.py.
The log-mel spectrogram is a part of the model, so that training, evaluation and inference can't disagree about it.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from .config import Config, UserError
from .data_info import DataInfo
from .spectrogram import DYNAMIC_RANGE, FLOOR, FULL_SCALE, frame_sizes, make_bands, make_curves, make_filters

LARGEST_MAP = 8  # bands or frames that the last block may have, whichever is less


class LogMel(nn.Module):
    """Log-mel spectrograms by a convolution with fixed filters, from 0 (silence) to 3 (loudest of the recording)."""

    filters: Tensor  # (2 x bins, 1, window)
    bands: Tensor  # (n_mels, bins)

    def __init__(self, info: DataInfo, config: Config) -> None:
        super().__init__()
        settings, rate = config.model, info.preprocessing["sample_rate"]
        window, self.hop = frame_sizes(rate, info.input_shape[0], settings.window_seconds, settings.hop_seconds)
        self.frames = 1 + (info.input_shape[0] - window) // self.hop
        filters = torch.from_numpy(make_filters(window)).T[:, None].contiguous()
        bands = torch.from_numpy(make_bands(rate, window, settings.n_mels)).T.contiguous()
        self.register_buffer("filters", filters, persistent=False)
        self.register_buffer("bands", bands, persistent=False)

    def forward(self, waves: Tensor) -> Tensor:
        """Compute (batch, n_mels, frames) from waves (batch, samples) in -1 to 1."""
        parts = functional.conv1d(waves[:, None], self.filters, stride=self.hop)  # (batch, 2 x bins, frames)
        cosines, sines = parts.chunk(2, dim=1)
        mels = self.bands @ (cosines.square() + sines.square())  # (batch, n_mels, frames)
        loudest = mels.amax(dim=(1, 2), keepdim=True).clamp(min=FLOOR)
        levels = 10 * torch.log10(mels / loudest + 10 ** (-DYNAMIC_RANGE / 10))
        return (levels + DYNAMIC_RANGE) / 20  # a step for each factor of ten in amplitude


class Augmentation(nn.Module):
    """Change each spectrogram at random, in training alone: so that other voices, rooms and microphones are known.

    Stretched bands are about those of another vocal tract (Jaitly and Hinton, ICML workshop 2013); masks are those of
    SpecAugment (arXiv:1904.08779).
    """

    curves: Tensor  # (CURVES, n_mels)

    def __init__(self, config: Config) -> None:
        super().__init__()
        settings = config.model
        self.time_shift = round(settings.time_shift / settings.hop_seconds)  # in frames
        self.time_mask = round(settings.time_mask / settings.hop_seconds)
        self.pitch_shift = settings.pitch_shift
        self.frequency_mask = settings.frequency_mask
        self.time_stretch = settings.time_stretch
        self.pitch_stretch = settings.pitch_stretch
        self.coloring = settings.coloring
        self.register_buffer("curves", torch.from_numpy(make_curves(settings.n_mels)), persistent=False)

    def forward(self, maps: Tensor) -> Tensor:
        """Change spectrograms (batch, n_mels, frames)."""
        maps = self._color(maps)
        maps = self._stretch(maps, self.pitch_stretch, axis=1)
        maps = self._shift(maps, self.pitch_shift, axis=1)
        maps = self._stretch(maps, self.time_stretch, axis=2)
        maps = self._shift(maps, self.time_shift, axis=2)
        maps = self._mask(maps, self.time_mask, axis=2)
        return self._mask(maps, self.frequency_mask, axis=1)

    def _stretch(self, maps: Tensor, most: float, axis: int) -> Tensor:
        """Stretch or shrink an axis from its start, by a factor of up to exp(most); what comes in is silence."""
        size = maps.shape[axis]
        if not most or size == 1:
            return maps
        factor = torch.exp((2 * torch.rand(len(maps), 1, device=maps.device) - 1) * most)
        place = torch.arange(size, device=maps.device) * factor  # (batch, size), where each value comes from
        before = place.floor()
        share = _along(axis, place - before)
        is_inside = _along(axis, before < size - 1)
        index = _along(axis, before.long().clamp(0, size - 2)).expand(maps.shape)
        mixed = maps.gather(axis, index) * (1 - share) + maps.gather(axis, index + 1) * share
        return torch.where(is_inside, mixed, 0)

    def _color(self, maps: Tensor) -> Tensor:
        """Raise and lower bands along a smooth random curve."""
        if not self.coloring:
            return maps
        weights = torch.randn(len(maps), len(self.curves), device=maps.device) * self.coloring
        return (maps + (weights @ self.curves)[:, :, None]).clamp(min=0)

    def _shift(self, maps: Tensor, most: int, axis: int) -> Tensor:
        """Move by up to `most` places along an axis; what comes in is silence."""
        if not most:
            return maps
        size = maps.shape[axis]
        shift = torch.randint(-most, most + 1, (len(maps), 1), device=maps.device)
        place = torch.arange(size, device=maps.device) - shift  # (batch, size), where each value comes from
        is_inside = _along(axis, (place >= 0) & (place < size))
        index = _along(axis, place.clamp(0, size - 1)).expand(maps.shape)
        return torch.where(is_inside, maps.gather(axis, index), 0)

    def _mask(self, maps: Tensor, most: int, axis: int) -> Tensor:
        """Hide up to `most` neighboring places of an axis by silence."""
        if not most:
            return maps
        size = maps.shape[axis]
        width = torch.randint(0, min(most, size) + 1, (len(maps), 1), device=maps.device)
        start = (torch.rand(len(maps), 1, device=maps.device) * (size - width + 1)).floor()
        place = torch.arange(size, device=maps.device)
        return torch.where(_along(axis, (place >= start) & (place < start + width)), 0, maps)


def _along(axis: int, values: Tensor) -> Tensor:
    """Give values (batch, size) the shape (batch, size, 1) for axis 1, (batch, 1, size) for axis 2."""
    return values.unsqueeze(3 - axis)


class Network(nn.Module):
    """Log-mel spectrogram; blocks of convolution, batch norm and ReLU; mean and maximum over bands and frames; linear.

    All blocks but the last halve bands and frames, as long as both are above 1.
    """

    def __init__(self, info: DataInfo, config: Config) -> None:
        super().__init__()
        settings = config.model
        self.noise = settings.noise
        self.log_mel = LogMel(info, config)
        self.augmentation = Augmentation(config)
        layers: list[nn.Module] = []
        size = min(settings.n_mels, self.log_mel.frames)
        in_channels = 1
        widths = list(settings.channels)
        if not widths:
            raise UserError("model.channels is empty: give the channels of one block at least.")
        while size // 2 ** (len(widths) - 1) > LARGEST_MAP:
            widths.append(widths[-1])
        for number, channels in enumerate(widths, start=1):
            layers.append(nn.Conv2d(in_channels, channels, 3, padding=1, bias=False))
            if number < len(widths) and size > 1:
                layers.append(nn.MaxPool2d(2))  # before batch norm and ReLU, which then have a quarter of the work
                size //= 2
            layers.append(nn.BatchNorm2d(channels))
            layers.append(nn.ReLU())
            in_channels = channels
        self.blocks = nn.Sequential(*layers)
        self.dropout = nn.Dropout(settings.dropout)
        self.head = nn.Linear(2 * in_channels, info.num_outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Compute outputs (batch, outputs) from recordings (batch, samples)."""
        if torch.is_autocast_enabled(inputs.device.type):
            with torch.autocast(inputs.device.type, enabled=False):  # bfloat16 has too few digits for a spectrogram
                maps = self.spectrograms(inputs)
        else:
            maps = self.spectrograms(inputs)
        maps = self.blocks(maps[:, None])  # (batch, channels of the last block, fewer bands, fewer frames)
        features = torch.cat([maps.mean(dim=(2, 3)), maps.amax(dim=(2, 3))], dim=1)
        return self.head(self.dropout(features))

    def spectrograms(self, inputs: Tensor) -> Tensor:
        """Compute (batch, n_mels, frames) from recordings (batch, samples), changed at random in training."""
        waves = inputs.float() / FULL_SCALE
        if self.training and self.noise:
            scale = torch.rand(len(waves), 1, device=waves.device) * self.noise * waves.std(dim=1, keepdim=True)
            waves = waves + scale * torch.randn_like(waves)
        maps = self.log_mel(waves)
        return self.augmentation(maps) if self.training else maps


def build_model(info: DataInfo, config: Config) -> nn.Module:
    """Build the network with random weights."""
    network = Network(info, config)
    # The stubs of PyTorch leave memory_format out.
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

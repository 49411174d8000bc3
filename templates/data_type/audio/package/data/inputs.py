"""Read recordings: from class folders, from a table of file names, or from arrays (n, samples).

Every sample is a waveform (samples,) int16 at `data.sample_rate`. Recordings of another rate are resampled, several
channels mixed down to their mean, and all are cut or padded with silence to `data.seconds`.
Several threads decode files at once. Recordings that take at most `data.max_memory_mb` are decoded once and held in
memory; more are decoded again for each batch.
"""

import math
import os
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from ..config import DataSettings, UserError, counted
from ..spectrogram import FLOOR, FULL_SCALE, N_MELS, log_mel
from .array_files import list_arrays
from .arrays import is_arrays, load_array, read_arrays
from .describe import describe_groups, describe_table, guess_split_column, guess_target, keep
from .folders import files_below, guess_file_column, list_files
from .samples import DiskArray, Samples, explained, take, take_samples
from .tables import as_list, is_table, read_table

HAS_UNITS = False  # the values of a waveform share one, unlike the columns of a table
IS_TABLE = False
NARROW = 0.001  # of the range in training (-60 dB): with less, values are scaled in another way; others are quiet
# Settings that describe a source, before one is inspected.
UNSET: dict[str, Any] = {"target_column": "", "audio_column": "", "split_column": "", "id_column": ""}
FILES = "recordings, folders of recordings, or arrays"  # what `predict` takes
# How files begin, to tell what comes through a pipe.
SIGNATURES = {
    b"RIFF": ".wav",
    b"fLaC": ".flac",
    b"OggS": ".ogg",
    b"ID3": ".mp3",
    b"\xff\xfb": ".mp3",
    b"\xff\xfa": ".mp3",
    b"\xff\xf3": ".mp3",
    b"\xff\xf2": ".mp3",
    b"\xff\xe3": ".mp3",
    b"\x93NUMPY": ".npy",
    b"PK": ".npz",
}
FORMATS = ("WAV", "WAVEX", "RF64", "FLAC", "OGG", "MP3")  # as libsndfile calls them; it knows many more
SOUNDS = (".wav", ".flac", ".ogg", ".opus", ".mp3")
RATES = (1000, 768_000)  # Hz: of what is resampled
MAX_FACTOR = 100_000  # by which a rate is multiplied or divided: the filter of a resampling has 20 times as many values
FILTER = 10  # half the length of that filter, in values of the lower rate: so does resample_poly
BLOCK = 2**16  # frames of a file that are decoded at once
MAX_VALUES = 2**20  # of waveforms, whose spectrograms are computed at once
BLOCK_OF_ROWS = 1024  # recordings that are decoded at once
STREAM = 0x7FFF_F000  # bytes that the header of a WAV file claims where a program could not know the length, or more
SILENT = 0.001  # of full scale (-60 dB): what is nowhere louder is called silent
LOUDEST = 8  # times full scale, which decoders may exceed a little: a file of floats beyond has another scale
CLIPPED = 0.9999  # of full scale: several such values in a row are called clipped
LARGEST_RATE = 16_000  # Hz that --inspect writes as data.sample_rate
LONGEST = 10  # seconds that --inspect writes as data.seconds
UNCUT = 0.95  # of the recordings, which data.seconds as written by --inspect leaves whole

_threads = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="decode")  # libsndfile needs no Python's lock
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))  # the bits of each byte in the other order


class CorruptSoundError(UserError):
    """A file is not a whole recording."""


@dataclass
class Recordings:
    """Waveforms in memory or in array files, before they are resampled, cut and padded."""

    waveforms: list[np.ndarray] | np.ndarray | DiskArray  # (n,) of any length each, or (n, frames)
    sample_rate: int  # Hz
    where: Callable[[int], str]  # row number -> place of the recording for messages

    def __len__(self) -> int:
        return len(self.waveforms)

    def take(self, rows: np.ndarray) -> "Recordings":
        """Select rows."""
        where = self.where
        return Recordings(take(self.waveforms, rows), self.sample_rate, lambda row: where(int(rows[row])))


@dataclass(frozen=True)
class SoundInfo:
    """What a recording is, as a whole."""

    path: str
    sample_rate: int  # Hz
    channels: int
    seconds: float
    peak: float  # largest value after the channels are mixed down; 1: full scale
    is_clipped: bool  # in some channel


def from_recordings(recordings: list[np.ndarray], sample_rate: int) -> Recordings:
    """Make inputs of waveforms (frames,) int16 of any length."""
    return Recordings(recordings, sample_rate, lambda row: f"sample {row}")


def read_samples(path: Path, settings: DataSettings) -> Samples:
    """Read a source. Inputs are `Recordings`, or a list of file names.

    Raises:
        UserError: the source can't be read, or does not fit the settings.
    """
    if not _num_samples(settings):
        raise UserError(f"data.seconds is {settings.seconds}: at {settings.sample_rate} Hz that is no value at all.")
    if not is_arrays(path):
        samples = list_files(path, SOUNDS, settings, "audio_column")
        return _skip_corrupt(samples, settings) if settings.skip_corrupt else samples
    samples = read_arrays(path, settings.max_memory_mb)
    _check_arrays(samples.inputs, path)
    samples.inputs = Recordings(samples.inputs, _rate_of_arrays(path, settings.sample_rate), samples.where)
    return samples


def learn_preprocessing(inputs: list[str] | Recordings, train: np.ndarray, settings: DataSettings) -> dict[str, Any]:
    """Return how inputs become arrays, ready for JSON. Nothing is learned on the rows `train`: the settings say all."""
    return {"sample_rate": settings.sample_rate, "samples": _num_samples(settings)}


def to_arrays(
    inputs: list[str] | Recordings,
    preprocessing: dict[str, Any],
    settings: DataSettings,
    *,
    cure: str = " data.skip_corrupt leaves out all such.",
) -> np.ndarray | DiskArray:
    """Convert inputs to waveforms (n, samples) int16. Arrays that are so already are not copied.

    `cure` is added to the message of a corrupt file.
    """
    shape = (len(inputs), preprocessing["samples"])
    if isinstance(inputs, Recordings) and not isinstance(inputs.waveforms, list):
        is_ready = inputs.waveforms.shape == shape and inputs.waveforms.dtype == np.int16
        if is_ready and inputs.sample_rate == preprocessing["sample_rate"]:
            return inputs.waveforms

    def read_rows(rows: np.ndarray) -> np.ndarray:
        found = np.empty((len(rows), shape[1]), np.int16)
        try:
            for start in range(0, len(rows), BLOCK_OF_ROWS):
                block = rows[start : start + BLOCK_OF_ROWS]
                for place, waveform in enumerate(_read_waveforms(inputs, block, preprocessing), start):
                    found[place] = waveform
        except CorruptSoundError as error:
            raise CorruptSoundError(f"{error}{cure}") from error
        return found

    if 2 * math.prod(shape) <= settings.max_memory_mb * 1e6:
        return read_rows(np.arange(len(inputs)))
    return DiskArray(read_rows, shape, np.int16)


def read_recording(path: str | Path, preprocessing: dict[str, Any]) -> np.ndarray:
    """Read a file as a waveform (samples,) int16, as `preprocessing` says. No more of the file is decoded than counts.

    Raises:
        CorruptSoundError: the file is not a whole recording.
        UserError: the file is absent, or has a rate that can't be resampled.
    """
    rate, num_samples = preprocessing["sample_rate"], preprocessing["samples"]
    with _open(path) as file:
        up, down = _factors(path, file.samplerate, rate)
        blocks = _decode(file, _needed_frames(num_samples, up, down))
        waveform = np.concatenate([block.mean(axis=1) for block in blocks])
    return _fit(_resample(waveform, up, down), num_samples)


def for_baselines(x: np.ndarray | DiskArray, preprocessing: dict[str, Any]) -> np.ndarray | DiskArray:
    """Return what baselines learn from waveforms (n, samples): mean and std over time of each band of frequencies.

    Returns:
        (n, 2 x bands) float32, computed when it is read.
    """
    size = max(1, MAX_VALUES // x.shape[1])

    def read(rows: np.ndarray) -> np.ndarray:
        table = np.empty((len(rows), 2 * N_MELS), np.float32)
        for start in range(0, len(rows), size):
            levels = log_mel(x[rows[start : start + size]], preprocessing["sample_rate"])
            table[start : start + size] = np.concatenate([levels.mean(axis=2), levels.std(axis=2)], axis=1)
        return table

    return DiskArray(read, (len(x), 2 * N_MELS), np.float32)


def measure_samples(block: np.ndarray, preprocessing: dict[str, Any]) -> dict[str, np.ndarray]:
    """Measure what differs between waveforms (n, samples), for the statistics: length and level, (n,) each."""
    lengths = block.shape[1] - (block[:, ::-1] != 0).argmax(axis=1)  # without silence at the end
    lengths[~block.any(axis=1)] = 0
    power = np.square(block / FULL_SCALE).sum(axis=1) / np.maximum(1, lengths)
    return {
        "seconds": lengths / preprocessing["sample_rate"],
        "level in dB": 10 * np.log10(power + FLOOR),
    }


def feature_names(preprocessing: dict[str, Any]) -> list[str]:
    """Name the values of a waveform, for messages and figures."""
    return ["amplitude"]


def find_bad_values(block: np.ndarray, preprocessing: dict[str, Any]) -> np.ndarray:
    """Mark values that are missing or not finite: bool, in the shape of `block`."""
    return ~np.isfinite(block)


def read_new(path: Path, preprocessing: dict[str, Any], settings: DataSettings) -> np.ndarray | DiskArray:
    """Read samples to predict, (n, samples): a recording, the recordings of a folder, or arrays.

    Recordings that are longer than the model takes are cut off, which is said.

    Raises:
        UserError: there is none, the file is of another kind, or the arrays hold something else.
    """
    inputs: list[str] | Recordings
    if path.is_dir():
        files = files_below(path, SOUNDS)
        inputs = _find_whole_files(files, settings)
        for file in sorted(set(files) - set(inputs)):
            print(f"Left out: {file} is not a whole recording.")
        if not inputs:
            raise UserError(f"No recording of {path} is whole: make them anew.")
        seconds = list(_threads.map(_claimed_seconds, inputs))
    elif path.suffix not in (".npy", ".npz"):
        if path.exists() and path.suffix and path.suffix.lower() not in SOUNDS:
            raise UserError(f"{path} is none of these: {FILES} ({', '.join(SOUNDS)}).")
        inputs = [str(path)]
        seconds = [_claimed_seconds(str(path))]
    else:
        x = load_array(path, FILES, settings.max_memory_mb)
        x = x[:].reshape(1, -1) if len(x.shape) == 1 else x  # one recording
        _check_arrays(x, path)
        rate = _rate_of_arrays(path, preprocessing["sample_rate"])
        inputs = Recordings(x, rate, lambda row: f"{path} sample {row}")
        seconds = [x.shape[1] / rate] * len(x)
    _say_what_is_cut(path, seconds, preprocessing)
    return to_arrays(inputs, preprocessing, settings, cure="")


def name_samples(
    path: Path, count: int, preprocessing: dict[str, Any], settings: DataSettings
) -> list[tuple[str, int]]:
    """Name each of the `count` samples that `read_new` returns: its file, and its number in the file."""
    if path.is_dir():
        files = files_below(path, SOUNDS)
        if len(files) != count:  # the run leaves out corrupt ones
            files = _find_whole_files(files, settings)
        return [(file, 0) for file in files]
    return [(str(path), number) for number in range(count)]


def inspect_source(path: Path, settings: DataSettings) -> tuple[dict[str, Any], list[str], str]:
    """Look at a source for `data --inspect`. Every recording is decoded to its end.

    Returns:
        Settings that fit the source, lines that describe its content, and why the target is guessed; "" if it is not.
        Where a table names an absent file, these are of the table alone.

    Raises:
        UserError: the source can't be read, or holds no whole recording.
    """
    if is_arrays(path):
        x = read_arrays(path, settings.max_memory_mb).inputs
        _check_arrays(x, path)
        rate = _rate_of_arrays(path, settings.sample_rate)
        lines = [f"{counted(len(x), 'recording')} as arrays: {x.dtype} {list(x.shape[1:])}"]
        lines.append(
            f"{x.shape[1] / rate:g} seconds each, at the {rate:,} Hz of the array sample_rate, or else of the settings"
        )
        return {"sample_rate": min(LARGEST_RATE, rate), "seconds": min(LONGEST, x.shape[1] / rate)}, lines, ""
    found, lines, guess = _inspect_table(path, settings) if is_table(path) else ({}, [], "")
    try:
        files = list_files(path, SOUNDS, replace(settings, **found), "audio_column").inputs
    except UserError:
        if found:
            return found, lines, guess  # the fault is said where the splits are read
        raise
    sounds = list(_threads.map(_sound_info, files))  # None: corrupt
    corrupt = [file for file, sound in zip(files, sounds, strict=True) if sound is None]
    whole = [sound for sound in sounds if sound is not None]
    lines.append(counted(len(files), "recording"))
    lines += [f"{file} is not a whole recording" for file in corrupt]
    if not whole:
        raise UserError(f"{path} holds no whole recording.")
    [(common, _)] = Counter(sound.sample_rate for sound in whole).most_common(1)
    found |= {
        "sample_rate": min(LARGEST_RATE, common),
        "seconds": _long_enough([sound.seconds for sound in whole]),
        "skip_corrupt": bool(corrupt),
    }
    return found, [*lines, *_describe_sounds(whole, found)], guess


def _num_samples(settings: DataSettings) -> int:
    """Count the values of a waveform of `data.seconds`."""
    return round(settings.seconds * settings.sample_rate)


def _read_waveforms(
    inputs: list[str] | Recordings, rows: np.ndarray, preprocessing: dict[str, Any]
) -> Iterable[np.ndarray]:
    """Read some rows as waveforms (samples,) int16 each."""
    if isinstance(inputs, list):
        return _threads.map(lambda row: read_recording(inputs[row], preprocessing), rows)
    up, down = _factors(inputs.where(int(rows[0])), inputs.sample_rate, preprocessing["sample_rate"])
    num_samples = preprocessing["samples"]
    needed = _needed_frames(num_samples, up, down)
    waveforms = take(inputs.waveforms, rows) if isinstance(inputs.waveforms, list) else inputs.waveforms[rows]
    floats = (
        _to_floats(waveform[:needed], inputs.where(int(row))) for row, waveform in zip(rows, waveforms, strict=True)
    )
    return (_fit(_resample(waveform, up, down), num_samples) for waveform in floats)


def _factors(what: str | Path, rate: int, target: int) -> tuple[int, int]:
    """Return by how much a rate is multiplied, and then divided, to become another one.

    Raises:
        UserError: the factors are too large.
    """
    divisor = math.gcd(rate, target)
    up, down = target // divisor, rate // divisor
    if max(up, down) > MAX_FACTOR:
        raise UserError(f"{what} has {rate:,} Hz, which can't be resampled to {target:,} Hz: save it at another rate.")
    return up, down


def _needed_frames(num_samples: int, up: int, down: int) -> int:
    """Count the frames that the first values depend on after resampling: up to those within the filter's length."""
    return ((num_samples - 1) * down + FILTER * max(up, down)) // up + 1


def _resample(waveform: np.ndarray, up: int, down: int) -> np.ndarray:
    """Resample a waveform (frames,) by SciPy's polyphase filter."""
    if up == down:
        return waveform
    from scipy.signal import resample_poly  # takes a while to import

    return resample_poly(waveform, up, down)


def _fit(waveform: np.ndarray, num_samples: int) -> np.ndarray:
    """Turn a waveform (frames,) of floats into (num_samples,) int16: cut off, or with silence at its end."""
    fitted = np.zeros(num_samples, np.int16)
    part = waveform[:num_samples]
    fitted[: len(part)] = (part * FULL_SCALE).round().clip(-FULL_SCALE, FULL_SCALE - 1)
    return fitted


def _to_floats(waveform: np.ndarray, where: str) -> np.ndarray:
    """Turn a waveform of an array, int16 or floats from -1 to 1, into float32.

    Raises:
        UserError: a value is missing, or out of this range, so that the scale is not known.
    """
    limit = FULL_SCALE if waveform.dtype.kind == "i" else 1
    largest = np.abs(waveform.astype(np.float64)).max(initial=0)
    if not np.isfinite(largest):
        raise UserError(f"{where} holds values that are missing or not finite: fill them, or leave the sample out.")
    if largest > limit:
        raise UserError(
            f"{where} holds {largest:g}: waveforms are int16, or floats from -1 to 1; scale all of them alike."
        )
    return (waveform / limit).astype(np.float32)


def _check_arrays(x: np.ndarray | DiskArray, path: Path) -> None:
    """Raise UserError where arrays are no waveforms (n, samples) of int16 or floats."""
    if len(x.shape) != 2:
        raise UserError(f"{path}: x has the shape {x.shape}: it must be (n, samples), of one channel.")
    if x.dtype.kind not in "if":
        raise UserError(f"{path}: x holds {x.dtype}: it must hold int16, or floats from -1 to 1.")


def _rate_of_arrays(path: Path, default: int) -> int:
    """Return the rate of waveforms in arrays: that of the array sample_rate, else the default.

    Raises:
        UserError: the array holds something else than a rate.
    """
    stored = None if path.suffix == ".npy" else list_arrays(path).get("sample_rate")
    if stored is None:
        return default
    if math.prod(stored.shape) != 1 or stored.dtype.kind not in "iu":
        raise UserError(f"{path}: sample_rate must be one whole number, the rate of all waveforms in Hz.")
    with explained(f"{path}: sample_rate can't be read"):
        rate = int((np.load(path / "sample_rate.npy") if path.is_dir() else np.load(path)["sample_rate"]).item())
    if not RATES[0] <= rate <= RATES[1]:
        raise UserError(f"{path}: sample_rate is {rate:,}: it must be from {RATES[0]:,} to {RATES[1]:,} Hz.")
    return rate


@contextmanager
def _open(path: str | Path) -> Iterator[soundfile.SoundFile]:
    """Open a sound file, for a block that works with it.

    Raises:
        CorruptSoundError: the file is not a whole recording, or the block fails on it.
        UserError: the file is absent, or does not say how long it is.
    """
    try:
        with soundfile.SoundFile(path) as file:
            if file.format not in FORMATS or not RATES[0] <= file.samplerate <= RATES[1] or not file.frames:
                raise ValueError(f"{file.format} of {file.frames} frames at {file.samplerate} Hz")
            if file.frames >= 2**62:  # a FLAC file that a program wrote into a pipe
                raise UserError(f"{path} does not say how long it is: write it into a file anew, not through a pipe.")
            claimed = re.search(r"^data : (\d+) \(should be", file.extra_info, re.MULTILINE)  # of WAV files
            if claimed and int(claimed[1]) < STREAM:
                raise ValueError("it is cut short")
            yield file
    except UserError:
        raise
    except MemoryError as error:
        raise UserError(f"{path} does not fit into memory: make it smaller.") from error
    except Exception as error:  # libsndfile's are of several kinds
        if not Path(path).exists():
            raise UserError(f"There is no file {path}.") from None
        raise CorruptSoundError(f"{path} is not a whole recording: make it anew or leave it out.") from error


def _decode(file: soundfile.SoundFile, most: int = 2**62) -> Iterator[np.ndarray]:
    """Decode the first frames of a file in blocks (frames, channels) float32, full scale 1.

    Raises:
        ValueError: it holds less than it claims, or values that are not finite.
        UserError: its floats have another scale.
    """
    if file.format == "OGG":  # libsndfile takes a page that is corrupt for the end
        _check_pages(Path(file.name), most / file.samplerate)
    left = min(most, file.frames)
    while left:
        block = file.read(min(left, max(1, BLOCK // file.channels)), "float32", always_2d=True)
        largest = np.abs(block).max(initial=0)
        if not np.isfinite(largest):
            raise ValueError("it holds values that are not finite")
        if largest > LOUDEST:
            raise UserError(f"{file.name} holds {largest:g}: floats go from -1 to 1; scale all files alike.")
        if not len(block):
            raise ValueError("it ends too early")
        yield block
        left -= len(block)


def _check_pages(path: Path, seconds: float) -> None:
    """Check the checksums of an Ogg file, page by page (RFC 3533), up to those of a time.

    Raises:
        ValueError: a page is corrupt or cut short.
    """
    with path.open("rb") as file:
        while header := file.read(27):
            segments = file.read(header[-1])
            page = header[:22] + bytes(4) + header[26:] + segments + file.read(sum(segments))
            # Ogg's checksum is that of zlib with bits in the other order, and starts and ends with 0.
            checksum = zlib.crc32(page.translate(_REVERSED), 0xFFFF_FFFF) ^ 0xFFFF_FFFF
            if header[:4] != b"OggS" or f"{checksum:032b}"[::-1] != f"{int.from_bytes(header[22:26], 'little'):032b}":
                raise ValueError("a page is corrupt")
            position = int.from_bytes(header[6:14], "little", signed=True)  # of its end, in frames of up to 48 kHz
            if position > 48_000 * seconds:
                return


def _sound_info(path: str) -> SoundInfo | None:
    """Decode a file to its end, and describe it; None if it is corrupt."""
    frames, peak, is_clipped = 0, 0.0, False
    try:
        with _open(path) as file:
            for block in _decode(file):
                frames += len(block)
                peak = max(peak, float(np.abs(block.mean(axis=1)).max()))
                loud = np.abs(block) >= CLIPPED
                is_clipped |= bool((loud[2:] & loud[1:-1] & loud[:-2]).any())
            return SoundInfo(path, file.samplerate, file.channels, frames / file.samplerate, peak, is_clipped)
    except CorruptSoundError:
        return None


def _skip_corrupt(samples: Samples, settings: DataSettings) -> Samples:
    """Leave out files that can't be decoded, and count them. Every file is decoded once to find them."""
    whole = set(_find_whole_files(samples.inputs, settings))
    rows = np.array([row for row, file in enumerate(samples.inputs) if file in whole], int)
    for file in sorted(set(samples.inputs) - whole):
        print(f"Left out: {file} is not a whole recording.")
    if not len(rows):
        raise UserError("No recording of data.source is whole: make them anew.")
    return replace(take_samples(samples, rows), num_skipped=len(samples.inputs) - len(rows))


def _find_whole_files(files: list[str], settings: DataSettings) -> list[str]:
    """Find the files that are whole recordings, where the settings leave out corrupt ones; all files otherwise."""
    if not settings.skip_corrupt:
        return files
    return [file for file, sound in zip(files, _threads.map(_sound_info, files), strict=True) if sound]


def _say_what_is_cut(path: Path, seconds: list[float], preprocessing: dict[str, Any]) -> None:
    """Print how many new recordings are longer than the model takes; seconds: of each."""
    longest = preprocessing["samples"] / preprocessing["sample_rate"]
    num_longer = sum(value > longest for value in seconds)
    if num_longer:
        print(
            f"{path}: {counted(num_longer, 'recording')} of up to {max(seconds):.3g} seconds, of which the model takes"
            f" the first {longest:g}."
        )


def _claimed_seconds(path: str) -> float:
    """Return the length of a recording that its header claims; 0 if it is corrupt, which is said where it is read."""
    try:
        with _open(path) as file:
            return file.frames / file.samplerate
    except UserError:
        return 0.0


def _inspect_table(path: Path, settings: DataSettings) -> tuple[dict[str, Any], list[str], str]:
    """Guess which columns of a table hold files, split and target, and describe all columns in lines."""
    table, _, _ = read_table(path, targets=as_list(settings.target_column), quiet=True)
    id_column = keep(settings.id_column, table)
    audio_column = keep(settings.audio_column, table) or guess_file_column(table, SOUNDS)
    split_column = guess_split_column(table, settings)
    target, guess = guess_target(table, settings, {audio_column, split_column, id_column})
    found = {"audio_column": audio_column, "split_column": split_column, "target_column": target}
    found["id_column"] = id_column
    taken = {*as_list(target), audio_column, split_column, id_column, settings.group_column, settings.time_column}
    free = [name for name in table.columns if name not in taken]
    lines = describe_table(table, target, [], {}, {}) + describe_groups(table, free)
    return found, lines, guess


def _long_enough(seconds: list[float]) -> float:
    """Return seconds that leave most recordings whole: tenths, or the length of all if it is the same."""
    enough = float(np.quantile(seconds, UNCUT, method="higher"))
    if min(seconds) < max(seconds):
        enough = math.ceil(round(10 * enough, 6)) / 10
    return min(LONGEST, enough)


def _describe_sounds(sounds: list[SoundInfo], found: dict[str, Any]) -> list[str]:
    """Describe recordings in lines, and what becomes of them by the settings that were found."""
    seconds = [sound.seconds for sound in sounds]
    lines = [f"{min(seconds):.3g} to {max(seconds):.3g} seconds, median {np.median(seconds):.3g}"]
    rates = Counter(sound.sample_rate for sound in sounds).most_common(5)
    lines.append("rates: " + ", ".join(f"{count:,} of {rate:,} Hz" for rate, count in rates))
    channels = Counter(sound.channels for sound in sounds).most_common(5)
    lines.append("channels: " + ", ".join(f"{count:,} of {number}" for number, count in channels))
    kinds = {
        f"resampled to {found['sample_rate']:,} Hz": lambda sound: sound.sample_rate != found["sample_rate"],
        "of several channels, mixed down to their mean": lambda sound: sound.channels > 1,
        f"longer than {found['seconds']:g} seconds, cut off there": lambda sound: sound.seconds > found["seconds"],
        "silent": lambda sound: sound.peak < SILENT,
        "clipped: too loud for the recorder": lambda sound: sound.is_clipped,
    }
    for words, is_so in kinds.items():
        paths = [sound.path for sound in sounds if is_so(sound)]
        if paths:
            lines.append(f"{len(paths):,} {words}: {paths[0]}{', ...' if len(paths) > 1 else ''}")
    return lines

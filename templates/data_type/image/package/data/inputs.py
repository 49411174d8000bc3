"""Read images: from class folders, from a table of file names, or from arrays (n, height, width, channels).

Several threads decode files at once. Images that take at most `data.max_memory_mb` are decoded once and held in memory;
more are decoded again for each batch.
"""

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from ..config import DataSettings, UserError, counted
from .array_files import free_memory
from .arrays import is_arrays, load_array, read_arrays
from .describe import describe_groups, describe_table, guess_split_column, guess_target, keep
from .folders import files_below, guess_file_column, list_files
from .samples import DiskArray, Samples, take_samples
from .tables import as_list, is_table, read_table

HAS_UNITS = False  # pixels share one, unlike the columns of a table
IS_TABLE = False
NARROW = 0.05  # of the range in training: with less, values are scaled in another way, as 0 to 1 instead of 0 to 255
# Settings that describe a source, before one is inspected.
UNSET: dict[str, Any] = {"target_column": "", "image_column": "", "split_column": "", "id_column": ""}
FILES = "images, folders of images, or arrays"  # what `predict` takes
# How files begin, to tell what comes through a pipe.
SIGNATURES = {
    b"\x89PNG": ".png",
    b"\xff\xd8": ".jpg",
    b"BM": ".bmp",
    b"GIF8": ".gif",
    b"II*\x00": ".tif",
    b"MM\x00*": ".tif",
    b"RIFF": ".webp",
    b"\x93NUMPY": ".npy",
    b"PK": ".npz",
}
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")  # as Pillow calls them; it knows many more, some by programs
IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")
WIDE = ("I", "I;16", "I;16B", "I;16L")  # modes of Pillow with 16 bits and more
GRAY = ("1", "L", "LA", *WIDE, "F")  # modes without color
NARROW_FILES = (".jpg", ".jpeg", ".bmp", ".gif", ".webp")  # files that have 8 bits
LEVELS = (255, 1023, 4095, 16383, 65535)  # largest values of 8, 10, 12, 14 and 16 bits
MAX_PIXELS = 105_000_000  # of an image: up to 1 GB of memory while it is decoded and scaled
LARGE = 2**24  # pixels of an image (170 MB of memory), above which only one is decoded at a time
STRIP = 256  # rows of an image that are converted at once
LARGEST_SIDE = 224  # pixels that --inspect writes as data.shape

Image.MAX_IMAGE_PIXELS = None  # `_decode` names the file
_large_image = Lock()
# Pillow decodes without Python's lock.
_threads = ThreadPoolExecutor(
    max(1, min(os.cpu_count() or 1, free_memory() // 170_000_000)), thread_name_prefix="decode"
)


class CorruptImageError(UserError):
    """A file is not a whole image."""


@dataclass(frozen=True)
class ImageInfo:
    """Size and color of an image file, as it is shown."""

    path: str
    height: int
    width: int
    color: str  # "gray" or "RGB"
    is_transparent: bool  # in some pixel
    loses_bits: bool  # color of 16 bits, of which Pillow reads 8


def from_images(x: np.ndarray) -> np.ndarray:
    """Convert Fashion-MNIST's images (n, 28, 28) to (n, 28, 28, 1), with an axis for the channel."""
    return x[..., np.newaxis]


def read_samples(path: Path, settings: DataSettings) -> Samples:
    """Read a source. Inputs are an array (n, height, width, channels), or a list of file names.

    Raises:
        UserError: the source can't be read, or does not fit the settings.
    """
    if len(settings.shape) != 3 or settings.shape[2] not in (1, 3):
        raise UserError(f"data.shape is {settings.shape}: it must be height, width and channels, 1 (gray) or 3 (RGB).")
    if not is_arrays(path):
        samples = list_files(path, IMAGES, settings, "image_column")
        return _skip_corrupt(samples, settings) if settings.skip_corrupt else samples
    samples = read_arrays(path, settings.max_memory_mb)
    if len(samples.inputs.shape) == 3:
        samples.inputs = samples.inputs.reshape(*samples.inputs.shape, 1)  # -> (n, height, width, 1)
    shape = list(samples.inputs.shape[1:])
    if shape != list(settings.shape):
        raise UserError(f"{path} holds images of {shape}, data.shape says {settings.shape}.")
    return samples


def learn_preprocessing(
    inputs: list[str] | np.ndarray | DiskArray, train: np.ndarray, settings: DataSettings
) -> dict[str, Any]:
    """Learn on the rows `train` how inputs become arrays, ready for JSON.

    Files of 16 bits and more may use fewer, as those of cameras do: "max_value" is their value that becomes 255.
    """
    preprocessing = {"shape": list(settings.shape), "convert": settings.convert}
    if isinstance(inputs, list):
        found = [value for value in _threads.map(_largest_value, (inputs[row] for row in train)) if value is not None]
        if found:
            largest = max(found)
            preprocessing["max_value"] = next((level for level in LEVELS if level >= largest), largest)
    return preprocessing


def to_arrays(
    inputs: list[str] | np.ndarray | DiskArray,
    preprocessing: dict[str, Any],
    settings: DataSettings,
    *,
    cure: str = " data.skip_corrupt leaves out all such.",
) -> np.ndarray | DiskArray:
    """Convert inputs to (n, height, width, channels): uint8 from files, arrays as they are.

    `cure` is added to the message of a corrupt file.
    """
    if not isinstance(inputs, list):
        return inputs
    files = inputs
    shape = tuple(preprocessing["shape"])

    def read_images(rows: np.ndarray) -> np.ndarray:
        images = np.empty((len(rows), *shape), np.uint8)  # (rows, height, width, channels)
        try:
            for place, image in enumerate(_threads.map(lambda row: read_image(files[row], preprocessing), rows)):
                images[place] = image
        except CorruptImageError as error:
            raise CorruptImageError(f"{error}{cure}") from error
        return images

    if len(files) * np.prod(shape) <= settings.max_memory_mb * 1e6:
        return read_images(np.arange(len(files)))
    return DiskArray(read_images, (len(files), *shape), np.uint8)


def read_image(path: str | Path, preprocessing: dict[str, Any]) -> np.ndarray:
    """Read an image file as (height, width, channels) uint8, turned as its EXIF data says, and scaled.

    Transparent images are laid on white.

    Raises:
        CorruptImageError: the file is not a whole image.
        UserError: the file is absent, or is RGB where gray is asked for, or the other way round.
    """
    with _decode(path) as image:
        _check_color(path, image, preprocessing)
        return _scale(image, preprocessing)


def _check_color(path: str | Path, image: Image.Image, preprocessing: dict[str, Any]) -> None:
    """Raise UserError where an image has other channels than `data.shape`, or values whose range is not known."""
    channels = preprocessing["shape"][2]
    color = _color(image)
    if color != ("gray" if channels == 1 else "RGB") and not preprocessing["convert"]:
        plural = "" if channels == 1 else "s"
        raise UserError(
            f"{path} is {color}, but data.shape asks for {channels} channel{plural}: correct it, or set data.convert"
            " to true."
        )
    if image.mode == "F":
        raise UserError(f"{path} holds fractions, whose range is not known: save it with 8 or 16 bits, or as an array.")


def _scale(image: Image.Image, preprocessing: dict[str, Any]) -> np.ndarray:
    """Convert an image to (height, width, channels) uint8."""
    height, width, channels = preprocessing["shape"]
    if image.mode in WIDE:
        image = _to_8_bits(image, preprocessing.get("max_value", LEVELS[-1]))
    elif image.has_transparency_data:
        image = _lay_on_white(image)
    mode = "L" if channels == 1 else "RGB"
    image = image if image.mode == mode else image.convert(mode)
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BILINEAR)  # with antialiasing
    return np.asarray(image, np.uint8).reshape(height, width, channels)


def for_baselines(x: np.ndarray | DiskArray, preprocessing: dict[str, Any]) -> np.ndarray | DiskArray:
    """Return what baselines learn from: inputs (n, *shape) as they are."""
    return x


def measure_samples(block: np.ndarray, preprocessing: dict[str, Any]) -> dict[str, np.ndarray]:
    """Measure what differs between samples (n, *shape), for the statistics: nothing here, (n,) each."""
    return {}


def feature_names(preprocessing: dict[str, Any]) -> list[str]:
    """Name the channels (last axis), for messages and figures."""
    return ["gray"] if preprocessing["shape"][-1] == 1 else ["red", "green", "blue"]


def find_bad_values(block: np.ndarray, preprocessing: dict[str, Any]) -> np.ndarray:
    """Mark values that are missing or not finite: bool, in the shape of `block`."""
    return ~np.isfinite(block)


def read_new(path: Path, preprocessing: dict[str, Any], settings: DataSettings) -> np.ndarray | DiskArray:
    """Read samples to predict, (n, height, width, channels): an image, the images of a folder, or arrays.

    Raises:
        UserError: there is none, the file is of another kind, or arrays have another shape than the training data.
    """
    if path.is_dir():
        files = files_below(path, IMAGES)
        whole = _find_whole_files(files, preprocessing, settings)
        for file in sorted(set(files) - set(whole)):
            print(f"Left out: {file} is not a whole image.")
        if not whole:
            raise UserError(f"No image of {path} is whole: make them anew.")
        return to_arrays(whole, preprocessing, settings, cure="")
    if path.suffix not in (".npy", ".npz"):
        if path.exists() and path.suffix and path.suffix.lower() not in IMAGES:
            raise UserError(f"{path} is none of these: {FILES} ({', '.join(IMAGES)}).")
        return to_arrays([str(path)], preprocessing, settings, cure="")
    x = load_array(path, FILES, settings.max_memory_mb)
    shape = tuple(preprocessing["shape"])
    if x.shape in (shape, shape[:2]):  # one image
        return x[:].reshape(1, *shape)
    if len(x.shape) == 3 and shape[2] == 1:  # (n, height, width)
        x = x.reshape(*x.shape, 1)
    if x.shape[1:] != shape:
        raise UserError(f"{path} holds images of the shape {x.shape[1:]}, but the model takes {shape}.")
    return x


def name_samples(
    path: Path, count: int, preprocessing: dict[str, Any], settings: DataSettings
) -> list[tuple[str, int]]:
    """Name each of the `count` samples that `read_new` returns: its file, and its number in the file."""
    if path.is_dir():
        files = files_below(path, IMAGES)
        if len(files) != count:  # the run leaves out corrupt ones
            files = _find_whole_files(files, preprocessing, settings)
        return [(file, 0) for file in files]
    return [(str(path), number) for number in range(count)]


def inspect_source(path: Path, settings: DataSettings) -> tuple[dict[str, Any], list[str], str]:
    """Look at a source for `data --inspect`. Every image is decoded.

    Returns:
        Settings that fit the source, lines that describe its content, and why the target is guessed; "" if it is not.
        Where a table names an absent file, these are of the table alone.

    Raises:
        UserError: the source can't be read, or holds no whole image.
    """
    if is_arrays(path):
        x = read_arrays(path, settings.max_memory_mb).inputs
        if len(x.shape) not in (3, 4):
            raise UserError(f"{path}: x has the shape {x.shape}: it must be (n, height, width), with channels or not.")
        shape = [*x.shape[1:], 1][:3]  # the channel may be left out
        return {"shape": shape}, [f"{counted(len(x), 'image')} as arrays: {x.dtype} {shape}"], ""
    found, lines, guess = _inspect_table(path, settings) if is_table(path) else ({}, [], "")
    try:
        files = list_files(path, IMAGES, replace(settings, **found), "image_column").inputs
    except UserError:
        if found:
            return found, lines, guess  # the fault is said where the splits are read
        raise
    images = list(_threads.map(_image_info, files))  # None: corrupt
    corrupt = [file for file, image in zip(files, images, strict=True) if image is None]
    whole = [image for image in images if image is not None]
    lines.append(counted(len(files), "image file"))
    lines += [f"{file} is not a whole image" for file in corrupt]
    if not whole:
        raise UserError(f"{path} holds no whole image.")
    colors = Counter(image.color for image in whole)
    found |= {
        "shape": [*_median_size(whole), 3 if "RGB" in colors else 1],
        "convert": len(colors) > 1,
        "skip_corrupt": bool(corrupt),
    }
    return found, [*lines, *_describe_images(whole)], guess


@contextmanager
def _decode(path: str | Path) -> Iterator[Image.Image]:
    """Decode an image file, turned as its EXIF data says, for a block that works with it.

    Raises:
        CorruptImageError: the file is not a whole image, or the block fails on it.
        UserError: the file is absent, or the image too large.
    """
    with _image_faults(path), Image.open(path, formats=FORMATS) as file:
        pixels = file.width * file.height
        if pixels > MAX_PIXELS:
            raise UserError(
                f"{path} has {file.width} x {file.height} pixels, and the limit is {MAX_PIXELS:,}: make it smaller."
            )
        with _large_image if pixels > LARGE else nullcontext():
            ImageOps.exif_transpose(file, in_place=True)
            file.load()
            yield file


@contextmanager
def _image_faults(path: str | Path) -> Iterator[None]:
    """Turn whatever Pillow raises on a corrupt file, exceptions of many kinds, into one sentence."""
    try:
        yield
    except UserError:
        raise
    except FileNotFoundError:
        raise UserError(f"There is no file {path}.") from None
    except MemoryError as error:
        raise UserError(f"{path} does not fit into memory: make it smaller.") from error
    except Exception as error:
        raise CorruptImageError(f"{path} is not a whole image: make it anew or leave it out.") from error


def _color(image: Image.Image) -> str:
    """Return "gray" or "RGB"."""
    return "gray" if image.mode in GRAY else "RGB"


def _largest_value(path: str) -> int | None:
    """Return the largest value of an image of 16 bits or more; None for others, and for corrupt files."""
    if path.lower().endswith(NARROW_FILES):
        return None
    try:
        with _image_faults(path), Image.open(path, formats=FORMATS) as file:  # reads the header alone
            if file.mode not in WIDE or file.width * file.height > MAX_PIXELS:
                return None
            with _large_image if file.width * file.height > LARGE else nullcontext():
                return int(np.asarray(file).max())
    except UserError:  # said where the image is read
        return None


def _to_8_bits(image: Image.Image, max_value: int) -> Image.Image:
    """Scale an image of 16 bits or more, where Pillow would cut off at 255, so that `max_value` becomes 255."""
    scaled = np.empty((image.height, image.width), np.uint8)
    for top, strip in _strips(image):
        values = np.asarray(strip, np.float64)  # (rows, width)
        scaled[top : top + len(values)] = (values * (255 / max_value)).round().clip(0, 255)
    return Image.fromarray(scaled)


def _lay_on_white(image: Image.Image) -> Image.Image:
    """Lay an image with transparent pixels on a white ground, where Pillow would show the color below, often black."""
    ground = Image.new("RGB", image.size, "white")
    for top, strip in _strips(image):
        strip = strip.convert("RGBA")
        ground.paste(Image.alpha_composite(Image.new("RGBA", strip.size, "white"), strip), (0, top))
    return ground


def _strips(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """Iterate over an image in strips of some rows, whose copies take little memory: the first row, and the strip."""
    for top in range(0, image.height, STRIP):
        yield top, image.crop((0, top, image.width, min(top + STRIP, image.height)))


def _is_transparent(image: Image.Image) -> bool:
    """Return whether some pixel of an image is transparent."""
    if image.mode in WIDE or not image.has_transparency_data:
        return False
    return any((np.asarray(strip.convert("RGBA").getchannel("A")) < 255).any() for _, strip in _strips(image))


def _loses_bits(path: str) -> bool:
    """Return whether a file has color of 16 bits, of which Pillow reads the upper 8. Reads the header alone."""
    with _image_faults(path), Image.open(path, formats=FORMATS) as file:
        return file.mode not in WIDE and any(";16" in str(tile[3]) for tile in file.tile)


def _skip_corrupt(samples: Samples, settings: DataSettings) -> Samples:
    """Leave out files that can't be decoded, and count them. Every file is decoded once to find them."""
    preprocessing = {"shape": list(settings.shape), "convert": settings.convert}
    whole = set(_find_whole_files(samples.inputs, preprocessing, settings))
    rows = np.array([row for row, file in enumerate(samples.inputs) if file in whole], int)
    for file in sorted(set(samples.inputs) - whole):
        print(f"Left out: {file} is not a whole image.")
    if not len(rows):
        raise UserError("No image of data.source is whole: make them anew.")
    return replace(take_samples(samples, rows), num_skipped=len(samples.inputs) - len(rows))


def _find_whole_files(files: list[str], preprocessing: dict[str, Any], settings: DataSettings) -> list[str]:
    """Find the files that are whole images, where the settings leave out corrupt ones; all files otherwise."""
    if not settings.skip_corrupt:
        return files

    def is_whole(path: str) -> bool:
        try:
            read_image(path, preprocessing)
        except CorruptImageError:
            return False
        return True

    return [file for file, whole in zip(files, _threads.map(is_whole, files), strict=True) if whole]


def _inspect_table(path: Path, settings: DataSettings) -> tuple[dict[str, Any], list[str], str]:
    """Guess which columns of a table hold files, split and target, and describe all columns in lines."""
    table, _, _ = read_table(path, targets=as_list(settings.target_column), quiet=True)
    id_column = keep(settings.id_column, table)
    image_column = keep(settings.image_column, table) or guess_file_column(table, IMAGES)
    split_column = guess_split_column(table, settings)
    target, guess = guess_target(table, settings, {image_column, split_column, id_column})
    found = {"image_column": image_column, "split_column": split_column, "target_column": target}
    found["id_column"] = id_column
    taken = {*as_list(target), image_column, split_column, id_column, settings.group_column, settings.time_column}
    free = [name for name in table.columns if name not in taken]
    lines = describe_table(table, target, [], {}, {}) + describe_groups(table, free)
    return found, lines, guess


def _image_info(path: str) -> ImageInfo | None:
    """Return size and color of an image file; None if it can't be decoded."""
    try:
        loses_bits = _loses_bits(path)
        with _decode(path) as image:
            return ImageInfo(path, image.height, image.width, _color(image), _is_transparent(image), loses_bits)
    except CorruptImageError:
        return None


def _median_size(images: list[ImageInfo]) -> tuple[int, int]:
    """Return median height and width, at most LARGEST_SIDE each."""
    height, width = np.median([(image.height, image.width) for image in images], axis=0)
    return min(LARGEST_SIDE, int(height)), min(LARGEST_SIDE, int(width))


def _describe_images(images: list[ImageInfo]) -> list[str]:
    """Describe sizes and colors of images in lines."""
    sizes = Counter((image.height, image.width) for image in images)
    colors = Counter(image.color for image in images).most_common()
    lines = [f"{count:,} of {height} x {width} pixels" for (height, width), count in sizes.most_common(5)]
    lines.append("colors: " + ", ".join(f"{count:,} {color}" for color, count in colors))
    num_transparent = sum(image.is_transparent for image in images)
    if num_transparent:
        lines.append(f"{num_transparent:,} with transparent pixels, laid on white")
    lossy = [image.path for image in images if image.loses_bits]
    if lossy:
        lines.append(f"{len(lossy):,} with color of 16 bits, read with the upper 8: {lossy[0]}; arrays keep all")
    if len(colors) > 1:
        rare, _ = colors[-1]
        example = next(image.path for image in images if image.color == rare)
        lines.append(f"mixed channels, converted: {example} is {rare}")
    return lines

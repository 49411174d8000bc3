"""How pictures are read: from class folders, from a table of file names, or from arrays (n, height, width, channels).

Files are decoded by several threads at once. Pictures that take less than `data.memory_mb` are decoded once and held;
more are decoded anew for each batch.
"""

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from .arrays import is_arrays, load_array, read_arrays
from .config import DataSettings, UserError
from .files import Items, Rows, files_below, list_files, reshape
from .tables import describe_column, guess_part, guess_target, is_table, keep, read_table

LAYOUTS = "class folders of pictures (train/cats/1.png, or cats/1.png), a table of file names, or arrays (.npz, .npy)"
FILES = "pictures, folders of pictures, or arrays"  # what `predict` takes
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")

WIDE = ("I", "I;16", "I;16B", "I;16L")  # modes of Pillow with 16 bits and more
GREY = ("1", "L", "LA", *WIDE, "F")  # without colour

_threads = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="decode")  # Pillow decodes without Python's lock


def from_pictures(x: np.ndarray) -> np.ndarray:
    """Fashion-MNIST's pictures (n, 28, 28) with an axis for the channel: (n, 28, 28, 1)."""
    return x[..., np.newaxis]


def read(path: Path, settings: DataSettings) -> Items:
    """What the source holds; inputs are an array (n, height, width, channels), or a list of files.

    Raises:
        UserError: it can't be read, or does not fit the settings.
    """
    if len(settings.shape) != 3 or settings.shape[2] not in (1, 3):
        raise UserError(f"data.shape is {settings.shape}: it must be height, width and channels, 1 (grey) or 3 (RGB).")
    if is_arrays(path):
        items = read_arrays(path, settings.memory_mb)
        if len(items.inputs.shape) == 3:
            items.inputs = reshape(items.inputs, (*items.inputs.shape[1:], 1))
        if list(items.inputs.shape[1:]) != list(settings.shape):
            raise UserError(
                f"{path} holds pictures of {list(items.inputs.shape[1:])}, data.shape says {settings.shape}."
            )
        return items
    files, about = list_files(path, PICTURES, settings)
    items = Items(files, **about)
    return _skip_damaged(items, settings) if settings.skip_damaged else items


def learn_rules(inputs: list[str] | np.ndarray | Rows, train: np.ndarray, settings: DataSettings) -> dict[str, Any]:
    """How inputs become arrays, ready for JSON."""
    return {"shape": list(settings.shape), "convert": settings.convert}


def encode(inputs: list[str] | np.ndarray | Rows, rules: dict[str, Any], settings: DataSettings) -> np.ndarray | Rows:
    """Inputs -> (n, height, width, channels), uint8 from files."""
    if not isinstance(inputs, list):
        return inputs
    shape = tuple(rules["shape"])

    def read_pictures(rows: np.ndarray) -> np.ndarray:
        found = np.empty((len(rows), *shape), np.uint8)
        for place, picture in enumerate(_threads.map(lambda row: decode(inputs[row], rules), rows)):
            found[place] = picture
        return found

    if len(inputs) * np.prod(shape) <= settings.memory_mb * 1e6:
        return read_pictures(np.arange(len(inputs)))
    return Rows(read_pictures, (len(inputs), *shape), np.uint8)


def decode(path: str | Path, rules: dict[str, Any]) -> np.ndarray:
    """A picture file as (height, width, channels) uint8: turned as its EXIF data says, and scaled.

    Raises:
        UserError: the file is not a whole picture, or is RGB where grey is asked for, or the other way round.
    """
    height, width, channels = rules["shape"]
    mode = "L" if channels == 1 else "RGB"
    try:
        with Image.open(path) as file:
            picture = ImageOps.exif_transpose(file)
            picture.load()
    except FileNotFoundError:
        raise UserError(f"There is no file {path}.") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UserError(
            f"{path} is not a whole picture: make it anew or leave it out; data.skip_damaged leaves out all such."
        ) from error
    grey = picture.mode in GREY
    if grey != (channels == 1) and not rules["convert"]:
        raise UserError(
            f"{path} is {'grey' if grey else 'RGB'}, but data.shape asks for {channels} channel{'s' * (channels > 1)}:"
            " correct it, or set data.convert to true."
        )
    if picture.mode == "F":
        raise UserError(f"{path} holds fractions, whose range is not known: save it with 8 or 16 bits, or as an array.")
    if picture.mode in WIDE:  # Pillow would cut them off at 255
        wide = np.asarray(picture, np.float32)
        picture = Image.fromarray((wide * (255 / max(wide.max(), 65535))).astype(np.uint8))
    picture = picture.convert(mode)
    if picture.size != (width, height):
        picture = picture.resize((width, height), Image.Resampling.BILINEAR)  # with antialiasing
    return np.asarray(picture, np.uint8).reshape(height, width, channels)


def feature_names(rules: dict[str, Any]) -> list[str]:
    """What the last axis is, for messages and figures."""
    return ["grey"] if rules["shape"][-1] == 1 else ["red", "green", "blue"]


def read_new(path: Path, rules: dict[str, Any], settings: DataSettings) -> np.ndarray | Rows:
    """Items to predict, (n, height, width, channels): a picture, the pictures of a folder, or arrays.

    Raises:
        UserError: there is none, or arrays have another shape than the training data.
    """
    if path.is_dir():
        return encode(files_below(path, PICTURES), rules, settings)
    if path.suffix not in (".npy", ".npz"):
        return encode([str(path)], rules, settings)
    x = load_array(path, FILES)
    shape = tuple(rules["shape"])
    if x.shape in (shape, shape[:2]):
        x = x[np.newaxis]
    if x.ndim == 3 and shape[2] == 1:
        x = x[..., np.newaxis]
    if x.shape[1:] != shape:
        raise UserError(f"{path} holds pictures of the shape {x.shape[1:]}, but the model takes {shape}.")
    return x


def name_items(path: Path, count: int, rules: dict[str, Any], settings: DataSettings) -> list[tuple[str, int]]:
    """File and number in it of each of the items that `read_new` returns."""
    if path.is_dir():
        return [(file, 0) for file in files_below(path, PICTURES)]
    return [(str(path), number) for number in range(count)]


def _skip_damaged(items: Items, settings: DataSettings) -> Items:
    """Leave out the files that can't be decoded, and count them. Every file is decoded once to find them."""
    rules = learn_rules(items.inputs, np.empty(0, int), settings)

    def whole(path: str) -> bool:
        try:
            decode(path, rules)
        except UserError as error:
            if "not a whole picture" not in str(error):
                raise
            print(f"Left out: {path} is not a whole picture.")
            return False
        return True

    good = np.flatnonzero(np.fromiter(_threads.map(whole, items.inputs), bool, len(items.inputs)))
    if not len(good):
        raise UserError("No picture of data.source is whole: make them anew.")
    files = [items.inputs[row] for row in good]
    return Items(
        files,
        items.targets.iloc[good].reset_index(drop=True),
        lambda row: items.where(int(good[row])),
        part=None if items.part is None else items.part[good],
        group=None if items.group is None else items.group[good],
        time=None if items.time is None else items.time[good],
        skipped=len(items.inputs) - len(good),
    )


def inspect_source(path: Path, settings: DataSettings) -> tuple[dict[str, Any], list[str]]:
    """For `data --inspect`: settings that fit the source, and what is in it, in lines; every picture is decoded."""
    if is_arrays(path):
        x = read_arrays(path, settings.memory_mb).inputs
        shape = [*x.shape[1:], 1][:3]
        return {"shape": shape}, [f"{len(x):,} pictures as arrays: {x.dtype} {shape}"]
    found: dict[str, Any] = {}
    lines = []
    if is_table(path):
        table, _, _ = read_table(path)
        lines = [f"{len(table):,} rows, {table.shape[1]} columns", *(describe_column(table[name]) for name in table)]
        is_file = (name for name in table if str(table[name].iloc[0]).lower().endswith(PICTURES))
        file, part = keep(settings.file, table) or next(is_file, ""), guess_part(table, settings)
        found |= {"file": file, "part": part, "target": guess_target(table, settings, {file, part})}
    files, _ = list_files(path, PICTURES, replace(settings, **found))
    looks = list(_threads.map(_look, files))
    good = [look for look in looks if look]
    lines.append(f"{len(files):,} picture files")
    lines += [f"{file} is not a whole picture" for file, look in zip(files, looks, strict=True) if not look]
    if not good:
        raise UserError(f"{path} holds no whole picture.")
    sizes, modes = Counter(look[:2] for look in good), Counter(look[2] for look in good)
    lines += [f"{count:,} of {height} x {width} pixels" for (height, width), count in sizes.most_common(5)]
    lines.append("colours: " + ", ".join(f"{count:,} {mode}" for mode, count in modes.most_common()))
    if len(modes) > 1:
        rare = modes.most_common()[-1][0]
        lines.append(
            f"mixed channels, converted: {files[[bool(x) and x[2] == rare for x in looks].index(True)]} is {rare}"
        )
    height, width = (min(224, int(np.median([look[axis] for look in good]))) for axis in (0, 1))
    found |= {
        "shape": [height, width, 3 if "RGB" in modes else 1],
        "convert": len(modes) > 1,
        "skip_damaged": len(good) < len(files),
    }
    return found, lines


def _look(path: str) -> tuple[int, int, str] | None:
    """Height, width and colour of a picture as it is shown; None where it can't be decoded."""
    try:
        with Image.open(path) as file:
            picture = ImageOps.exif_transpose(file)
            picture.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
    return picture.height, picture.width, "grey" if picture.mode in GREY else "RGB"

"""What the service answers: samples of a request, or a file, to predictions as `predict` gives them.

Samples are read as `predict` reads files, by data/inputs.py. ONNX Runtime runs the exported model: no framework is
loaded. Whatever is wrong with a request is a UserError.
"""

import io
import re
import tempfile
import threading
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..config import Config, UserError, counted, cut, listed, quoted
from ..data.inputs import read_new
from ..data.samples import explained
from ..data.splits import check_numbers
from ..data_info import DataInfo
from ..runs import is_outdated, load_run
from ..task import to_predictions, to_rows
from .ranges import range_warnings

NUMPY_TYPES = {"float": "float32", "double": "float64"}  # others have NumPy's names
PACKED = (".npz", ".parquet")  # a few bytes of these may stand for gigabytes
SAMPLES = "samples"  # the key of a request, and what messages call its content

_reading = threading.Lock()  # what is printed while a file is read belongs to one request


@dataclass
class Service:
    """The exported model of a run, and what is needed to read for it."""

    run: Path
    config: Config
    info: DataInfo
    session: Any  # of ONNX Runtime, which many threads may use
    shape: tuple[int, ...]  # of a sample
    dtype: np.dtype  # that the model takes
    max_samples: int  # in a request


def load_service(run: str, max_samples: int) -> Service:
    """Load export/model.onnx of a run; the newest run if the name is empty.

    Raises:
        UserError: there is no such run, or no exported model as new as its best checkpoint and calibration.
    """
    folder, config, info = load_run(run)
    path = folder / "export" / "model.onnx"
    cure = f"run export --run {folder.name} first."
    if not path.is_file():
        raise UserError(f"There is no {path}: {cure}")
    if is_outdated(path, folder):
        raise UserError(f"{path} is older than the best checkpoint of {folder}, or than its calibration: {cure}")
    import onnxruntime  # here, because it belongs to an extra

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # requests run side by side: threads of each would wait for each other
    with explained(f"{path} can't be loaded; {cure[:-1]}"):
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        taken = session.get_inputs()[0]
        name = taken.type.removeprefix("tensor(").removesuffix(")")
        dtype = np.dtype(NUMPY_TYPES.get(name, name))
    return Service(folder, config, info, session, tuple(taken.shape[1:]), dtype, max_samples)


def answer_samples(service: Service, samples: list[Any]) -> dict[str, Any]:
    """Predict the samples of a request: nested lists by shape, or objects by the names of columns.

    Returns:
        "predictions", a row a sample as `predict` writes them, and "warnings".

    Raises:
        UserError: a sample has another shape, other columns, or values that the model can't take.
    """
    if all(isinstance(sample, list) for sample in samples):
        notes, lists = _to_lists(service, samples)
        content: np.ndarray | pd.DataFrame = _to_array(service, lists)
    elif all(isinstance(sample, dict) for sample in samples):
        notes, content = _to_table(service, samples)
    else:
        raise UserError(f"{SAMPLES} must be lists of numbers{_or_objects(service)}, and all alike.")
    suffix = ".npy" if isinstance(content, np.ndarray) else ".parquet"  # both keep types as they are

    def write(path: Path) -> None:
        if isinstance(content, np.ndarray):
            np.save(path, content)
        else:
            with explained(f"{SAMPLES} can't be read as a table"):
                content.to_parquet(path)

    return _answer(service, write, suffix, SAMPLES, notes)


def answer_file(service: Service, name: str, content: bytes) -> dict[str, Any]:
    """Predict a file as `predict` does: an image, a table or an array. See `answer_samples`."""
    suffix = re.search(r"\.[a-z0-9]{1,8}$", name.lower())
    kind = suffix.group() if suffix else ""
    name = re.sub(r"[^\w. -]", "_", name)[-80:] or "file"
    if kind in PACKED:
        raise UserError(f"{name} is compressed, so its size is not known: send .npy or .csv.")
    return _answer(service, lambda path: path.write_bytes(content), kind, name, [])


def columns_of(info: DataInfo) -> list[dict[str, Any]]:
    """Return the columns that samples may have as objects, each with its name; empty if the run knows none.

    Categories have "values" too. Of sequences these are the features of a step.
    """
    if "columns" in info.preprocessing:
        return info.preprocessing["columns"]
    return [{"name": name} for name in info.preprocessing.get("names", [])]


def is_formatted(info: DataInfo, column: dict[str, Any]) -> bool:
    """Return whether the numbers of a table's column were written in a way of their own, such as 1.493,87 €."""
    return "median" in column and column["name"] in info.preprocessing.get("formats", {})


def may_be_padded(info: DataInfo) -> bool:
    """Return whether sequences may have fewer steps than the model takes."""
    return bool(info.preprocessing.get("pad"))


def _answer(service: Service, write: Callable[[Path], Any], suffix: str, name: str, notes: list[str]) -> dict[str, Any]:
    """Read a temporary file as `predict` would, and predict its samples; `name` is what messages call it."""
    info = service.info
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:  # Windows keeps files that are open
        path = Path(scratch, f"file{suffix}")
        write(path)
        printed = io.StringIO()
        try:
            with _reading, redirect_stdout(printed), explained(f"{path} can't be read"):
                x = read_new(path, info.preprocessing, service.config.data)
            if len(x) > service.max_samples:
                raise UserError(f"{path} holds {len(x):,} samples, and the limit is {service.max_samples:,}.")
            x = x[np.arange(len(x))]  # from disk, if it is there
            inputs = _fit(service, x, name)
            check_numbers(inputs, lambda row: f"{name}, sample {row}", info.preprocessing)
            warnings = [*notes, *printed.getvalue().splitlines(), *range_warnings(x, info)]
        except UserError as error:
            raise UserError(str(error).replace(str(path), name)) from error
    (outputs,) = service.session.run(["outputs"], {"inputs": inputs})
    with np.errstate(invalid="ignore", over="ignore"):  # of outputs that are not finite
        predictions = to_predictions(outputs, info.target_statistics)  # as `predict` does
    bad = ~np.isfinite(predictions).reshape(len(predictions), -1).all(axis=1)
    if bad.any():
        raise UserError(f"{name}, sample {bad.argmax()}: its values are too large for the model.")
    texts = [warning.replace(str(path), name).removeprefix(f"{name}: ") for warning in warnings]
    return {"predictions": to_rows(predictions, info.target_names, info.target_statistics), "warnings": texts}


def _fit(service: Service, x: np.ndarray, name: str) -> np.ndarray:
    """Pad samples (n, *shape) to the steps of the exported model, and convert them to its dtype."""
    if may_be_padded(service.info) and x.shape[1] < service.shape[0]:
        x = np.pad(x.astype(np.float32), [(0, 0), (0, service.shape[0] - x.shape[1]), (0, 0)], constant_values=np.nan)
    if x.shape[1:] != service.shape:
        raise UserError(
            f"{name}: the samples have the shape {list(x.shape[1:])}, but the model takes {_shape(service)}."
        )
    if service.dtype.kind == "f":
        with np.errstate(over="ignore"):  # what is not finite is refused later, with its place
            return np.ascontiguousarray(x, service.dtype)
    low, high = limits(service.dtype)
    with np.errstate(invalid="ignore"):  # infinity
        bad = ~((x >= low) & (x <= high) & (np.mod(x, 1) == 0))  # NaN too
    if bad.any():
        row, *place = np.argwhere(bad)[0].tolist()
        value = x[(row, *place)]
        raise UserError(f"{name}, sample {row}: {value} is no whole number from {low} to {high}.")
    return np.ascontiguousarray(x, service.dtype)


def limits(dtype: np.dtype) -> tuple[int, int]:
    """Return the lowest and the highest number of a dtype of whole numbers."""
    return (0, 1) if dtype.kind == "b" else (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))


def _to_lists(service: Service, samples: list[Any]) -> tuple[list[str], list[Any]]:
    """Turn sequences whose steps are objects into lists, in the order of the features; return notes too."""
    names = [column["name"] for column in columns_of(service.info)]
    steps = list(chain.from_iterable(samples))
    if "names" not in service.info.preprocessing or not all(isinstance(step, dict) for step in steps) or not steps:
        return [], samples
    notes = _check_columns(steps, names, "step", service.info)
    return notes, [[[step[name] for name in names] for step in sample] for sample in samples]


def _to_array(service: Service, samples: list[Any]) -> np.ndarray:
    """Convert nested lists of numbers to an array (n, *shape); null becomes NaN."""
    *outer, channels = shape = list(service.shape)
    if len(shape) == 3 and channels == 1 and samples[0] and isinstance(samples[0], list):
        row = samples[0][0]
        if isinstance(row, list) and row and not isinstance(row[0], list):
            shape = outer  # of gray images the last axis may be left out
    if may_be_padded(service.info):
        samples = _pad(service, samples)
    level = samples
    for depth, size in enumerate(shape):
        wrong = next((part for part in level if not isinstance(part, list) or len(part) != size), None)
        if wrong is not None:
            raise UserError(
                f"A sample must have the shape {_shape(service)}: on level {depth + 1} there is {_name(wrong)} instead"
                f" of a list of {size}."
            )
        level = list(chain.from_iterable(level))
    if not set(map(type, level)) <= {int, float, type(None)}:
        wrong = next(value for value in level if type(value) not in (int, float, type(None)))
        raise UserError(f"A sample must hold numbers, and {_name(wrong)} is none.")
    has_fractions = any(type(value) is not int for value in level)
    try:
        values = np.array(level, np.float64 if has_fractions else np.int64)
    except OverflowError:
        raise UserError(f"A number is too large: {cut(max(level, key=lambda value: abs(value or 0)))}.") from None
    return values.reshape(len(samples), *shape)


def _pad(service: Service, samples: list[Any]) -> list[Any]:
    """Pad sequences with steps of null to the steps of the model."""
    steps, features = service.shape
    for row, sample in enumerate(samples):
        if not 0 < len(sample) <= steps:
            raise UserError(f"Sample {row} has {counted(len(sample), 'step')}, but the model takes 1 to {steps:,}.")
    return [sample + [[None] * features] * (steps - len(sample)) for sample in samples]


def _to_table(service: Service, samples: list[dict[str, Any]]) -> tuple[list[str], pd.DataFrame]:
    """Convert objects to the table that a file with these columns would be; return notes too."""
    if "columns" not in service.info.preprocessing:
        raise UserError(f"{SAMPLES} must be lists of numbers{_or_objects(service)}.")
    columns = columns_of(service.info)
    notes = _check_columns(samples, [column["name"] for column in columns], "sample", service.info)
    table: dict[str, list[Any]] = {}
    for column in columns:
        values = [sample[column["name"]] for sample in samples]
        odd = next((value for value in values if not isinstance(value, (str, int, float, type(None)))), None)
        if odd is not None:
            raise UserError(f"{quoted(column['name'])} must be a number or text, or null, and {_name(odd)} is neither.")
        if "values" in column:
            table[column["name"]] = [_to_text(value) for value in values]
        else:
            table[column["name"]] = _to_numbers(column["name"], values, may_be_text=is_formatted(service.info, column))
    with explained(f"{SAMPLES} can't be read as a table"):
        return notes, pd.DataFrame(table)


def _to_text(value: Any) -> Any:
    """Write a value of a category as reading a file would."""
    if isinstance(value, float):
        return f"{value:.15g}"
    return None if value is None else str(value)


def _to_numbers(name: str, values: list[Any], *, may_be_text: bool) -> list[Any]:
    """Convert the values of a number column to floats. Text is left to the reader, where numbers may be written so."""
    texts = [value for value in values if isinstance(value, str)]
    numbers = [value for value in values if value is not None and not isinstance(value, str)]
    if texts and not may_be_text:
        raise UserError(f"{quoted(texts[0])} is text in the number column {quoted(name)}: give a number, or null.")
    if texts and numbers:
        raise UserError(f"{quoted(name)} has numbers and texts: give all of one kind.")
    try:
        return values if texts else [None if value is None else float(value) for value in values]
    except OverflowError:
        raise UserError(f"A number of {quoted(name)} is too large.") from None


def _check_columns(objects: list[dict[str, Any]], names: list[str], noun: str, info: DataInfo) -> list[str]:
    """Refuse objects that lack one of the columns; return a note about keys that the model does not know."""
    for row, found in enumerate(objects):
        missing = [name for name in names if name not in found]
        if missing:
            raise UserError(
                f"{noun.capitalize()} {row} lacks {listed(missing)}: it must be like the training data; null stands for"
                " a missing value."
            )
    known = {*names, *info.preprocessing.get("ignored", [])}
    unknown = [name for name in dict.fromkeys(chain.from_iterable(objects)) if name not in known]
    return [f"the model does not use {listed(unknown)}."] if unknown else []


def _or_objects(service: Service) -> str:
    """Say that objects will do too, where they will."""
    return " or objects of the columns" if "columns" in service.info.preprocessing else ""


def _name(value: Any) -> str:
    """Name a value for a message; what holds others may be nested too deeply to be written out."""
    if isinstance(value, (list, dict)):
        return f"a list of {len(value)}" if isinstance(value, list) else "an object"
    return cut(repr(value))


def _shape(service: Service) -> str:
    """Describe the shape of a sample: "[28, 28, 1]"."""
    steps, *others = service.shape
    return str([f"up to {steps}", *others]).replace("'", "") if may_be_padded(service.info) else str([*service.shape])

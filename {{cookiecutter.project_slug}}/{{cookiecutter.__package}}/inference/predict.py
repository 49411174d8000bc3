"""Inference: predictions for the test split, for files of yours, or for what another program writes.

In: the folder of a run, which holds model, settings, preprocessing and target names; and the files, if any.
Out: CSV or JSON lines, a row a sample, named by `data.id_column`, or by file and number. Samples go through the model
block by block, and their rows are written at once.
"""

import csv
import json
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TextIO

import numpy as np
from jsonargparse import ArgumentParser
from rich.console import Console
from rich.table import Table

from ..config import Config, UserError, counted
from ..data import load_splits
from ..data.inputs import SIGNATURES, name_samples, read_new
from ..data.samples import DiskArray, blocks, explained
from ..data.splits import check_numbers
from ..data_info import DataInfo
from ..runs import check_data, load_run, warn_if_not_calibrated
from ..storage import whole_file
from ..task import to_predictions, to_rows
from ..training.checkpoint import load_model, run_model
from .ranges import range_warnings

FORMATS = ("csv", "jsonl")
MAX_SHOWN = 20  # predictions on the screen; the file has all
BLOCK = 1000  # samples of several files that go through the model together, which is faster
MAX_COLUMNS = 6  # of them: what a narrow window has room for
STREAM = "-"  # standard input as a file to read, standard output as one to write

Name = tuple[str, Any]  # of a sample: its file, and its number or name there
Row = tuple[Name, dict[str, Any]]  # name and prediction of a sample


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of the command `predict`."""
    parser.add_argument("--run", default="", help="name of the run; without it, the newest")
    parser.add_argument("files", nargs="*", help="files of yours, - for standard input; without them, the test split")
    parser.add_argument(
        "--output", default="", help="file to write, - for standard output; without it, predictions.* of the run"
    )
    parser.add_argument("--format", default="", choices=["", *FORMATS], help="without it, as --output ends, else csv")
    parser.add_argument("--top", type=int, default=1, help="classes in a row, the likeliest first")


def main(run: str = "", files: list[str] | None = None, output: str = "", format: str = "", top: int = 1) -> None:  # noqa: A002  # the option --format
    """Predict files, or the test split; write all predictions, and print the first.

    Args:
        run: name of the run; the newest if it is empty.
        files: what to predict; the test split if there are none.
        output: file to write; predictions.csv or .jsonl in the folder of the run if it is empty.
        format: one of FORMATS; if it is empty, what the name of the file ends in.
        top: classes in a row.

    Raises:
        UserError: there is no such run or file, or it does not hold what the model takes.
    """
    folder, config, info = load_run(run)
    kind = format or (Path(output).suffix[1:] if Path(output).suffix[1:] in FORMATS else "csv")
    blocks_of_samples = read_files(files, config, info) if files else read_test_split(folder, config, info)
    rows = predict_rows(folder, config, info, blocks_of_samples, top)
    if output == STREAM:
        screen = sys.stdout
        with redirect_stdout(sys.stderr):  # messages go where errors go
            write_rows(screen, kind, rows, config.data.id_column)
        return
    target = Path(output) if output else folder / f"predictions.{kind}"
    shown: list[Row] = []
    with whole_file(target) as path, path.open("w", newline="", encoding="utf-8") as file:
        count = write_rows(file, kind, _keep_first(rows, shown), config.data.id_column)
    print_rows(shown)
    print(f"Written: {target} ({counted(count, 'prediction')} by {folder})")


def predict(run: Path, inputs: np.ndarray | DiskArray) -> np.ndarray:
    """Predict raw inputs (n, *shape) with the best model of a run: (n, ...), see task.py.

    Raises:
        UserError: there is no checkpoint, or it does not fit.
    """
    _, config, info = load_run(str(run))
    warn_if_not_calibrated(run, info)
    return to_predictions(run_model(load_model(run), inputs, config), info.target_statistics)


def predict_rows(
    run: Path, config: Config, info: DataInfo, inputs: Iterable[tuple[list[Name], np.ndarray]], top: int
) -> Iterator[Row]:
    """Predict blocks of samples, one after the other.

    Args:
        run: folder of the run.
        config: its settings.
        info: of its data.
        inputs: names of the samples of a block, and the samples (n, *shape).
        top: classes in a row.

    Returns:
        Name and prediction of each sample.
    """
    model = load_model(run)
    warn_if_not_calibrated(run, info)
    for names, x in inputs:
        predictions = to_predictions(run_model(model, x, config), info.target_statistics)
        rows = to_rows(predictions, info.target_names, info.target_statistics, top)
        yield from zip(names, rows, strict=True)


def read_test_split(run: Path, config: Config, info: DataInfo) -> Iterator[tuple[list[Name], np.ndarray]]:
    """Read the test split of a run, in blocks: names, and samples (n, *shape)."""
    splits = load_splits(config)
    check_data(splits.info, info, run)
    ids: Iterable[Any] = range(len(splits.test)) if splits.test.ids is None else splits.test.ids
    names = iter([("test", name) for name in ids])
    for x in blocks(splits.test.x):
        yield list(islice(names, len(x))), x


def read_files(files: list[str], config: Config, info: DataInfo) -> Iterator[tuple[list[Name], np.ndarray]]:
    """Read files to predict, in blocks: names, and samples (n, *shape). Small files are joined.

    Raises:
        UserError: a file is missing, or does not hold what the model takes.
    """
    names: list[Name] = []
    parts: list[np.ndarray] = []
    for file in files:
        for new_names, part in read_file(file, config, info):
            fits = not parts or (part.shape[1:], part.dtype) == (parts[0].shape[1:], parts[0].dtype)
            if len(names) >= BLOCK or not fits:
                yield names, np.concatenate(parts)
                names, parts = [], []
            names += new_names
            parts.append(part)
    yield names, np.concatenate(parts)


def read_file(file: str, config: Config, info: DataInfo) -> Iterator[tuple[list[Name], np.ndarray]]:
    """Read one file or folder to predict, or standard input, in blocks: names, and samples (n, *shape)."""
    if file == STREAM:
        with keep_stream() as kept:
            for named, block in read_file(str(kept), config, info):
                yield [(STREAM, name) for _, name in named], block
        return
    path = Path(file)
    if not path.exists():
        raise UserError(f"There is no file {file}.")
    if not path.is_file() and not path.is_dir():  # a pipe or device might never end
        raise UserError(f"{file} is neither a file nor a folder; what a program writes is read as {STREAM}.")
    with explained(f"{file} can't be read as data.json of the run says"):
        x = read_new(path, info.preprocessing, config.data)
        check_numbers(x, _place_in(file), info.preprocessing)
        for warning in range_warnings(x, info):
            print(f"{file}: {warning}")
        names = iter(name_samples(path, len(x), info.preprocessing, config.data))
        for block in blocks(x):
            yield list(islice(names, len(block))), block


@contextmanager
def keep_stream() -> Iterator[Path]:
    """Keep what comes through standard input in a file, for a block that reads it. The first bytes say what it is.

    Raises:
        UserError: nothing comes.
    """
    stream = sys.stdin.buffer
    start = stream.read(16)
    if not start:
        raise UserError(f"Nothing came through standard input, which {STREAM} stands for: is the pipe empty?")
    suffix = next((suffix for signature, suffix in SIGNATURES.items() if start.startswith(signature)), ".csv")
    with TemporaryDirectory(prefix="stdin-") as folder:
        path = Path(folder, f"stdin{suffix}")
        with path.open("wb") as file:
            file.write(start)
            shutil.copyfileobj(stream, file)
        yield path


def write_rows(file: TextIO, kind: str, rows: Iterable[Row], id_column: str) -> int:
    """Write a row a sample.

    Args:
        file: open, to write to.
        kind: one of FORMATS.
        rows: name and prediction of each sample.
        id_column: column that names the samples; "" if their number does.

    Returns:
        The number of rows.
    """
    count = 0
    writer = csv.writer(file, lineterminator="\n")  # of lists: an id column may be called as another one
    for (source, sample), row in rows:
        if kind == "jsonl":
            record = {"source": source, "sample": sample, "prediction": row}
            file.write(json.dumps(record, ensure_ascii=False, default=_to_json) + "\n")
        else:
            if not count:
                writer.writerow([*([id_column, "source"] if id_column else ["source", "sample"]), *row])
            writer.writerow([*([sample, source] if id_column else [source, sample]), *row.values()])
        count += 1
    return count


def print_rows(rows: list[Row]) -> None:
    """Print predictions as a table."""
    columns = list(rows[0][1])
    table = Table(caption=f"and {len(columns) - MAX_COLUMNS} more columns" if len(columns) > MAX_COLUMNS else None)
    for column in ("source", "sample", *columns[:MAX_COLUMNS]):
        table.add_column(column, overflow="fold")
    for (source, sample), row in rows:
        table.add_row(source, str(sample), *(str(row[column]) for column in columns[:MAX_COLUMNS]))
    Console(highlight=False, markup=False).print(table)  # names may hold brackets


def _keep_first(rows: Iterable[Row], shown: list[Row]) -> Iterator[Row]:
    """Iterate over rows, and add the first to `shown`."""
    for row in rows:
        if len(shown) < MAX_SHOWN:
            shown.append(row)
        yield row


def _to_json(value: Any) -> Any:
    """Turn the name of a sample, as pandas holds it, into what JSON knows."""
    return value.item() if isinstance(value, np.generic) else str(value)


def _place_in(file: str) -> Callable[[int], str]:
    """Make a function that describes where a sample stands, for messages."""
    return lambda row: f"{file} sample {row}"

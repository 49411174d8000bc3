"""Read headers and rows of arrays in .npy and .npz files.

What a header claims is compared with the file and with the free memory before any memory is taken. No file is mapped
into memory: where a mapped file is cut short meanwhile, the process ends by SIGBUS, without a word.
"""

import hashlib
import io
import json
import math
import os
import shutil
import struct
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
import numpy.typing as npt

from ..config import UserError
from ..storage import whole_file
from .samples import explained

PREPARED = Path("data/prepared")  # copies of large arrays whose rows can't be read one by one
MAX_HEADER = 2**16  # bytes of a header that are read
BLOCK = 2**24  # bytes that are read at once


Readable = io.FileIO | IO[bytes]


@dataclass(frozen=True)
class StoredArray:
    """An array in a file, of which only the header was read."""

    path: Path
    member: str  # of a .npz file; empty: of a .npy file
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    by_column: bool  # Fortran order: the first values of all rows come first
    header: int  # bytes before the values, in the member
    offset: int | None  # bytes before the values, in the file; None: they are compressed
    stamp: tuple[int, int]  # size and time of change of the file

    def __str__(self) -> str:
        return f"{self.path}: {self.member.removesuffix('.npy')}" if self.member else str(self.path)

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def nbytes(self) -> int:
        """Return the bytes of all values."""
        return math.prod(self.shape) * self.dtype.itemsize


def list_arrays(path: Path) -> dict[str, StoredArray]:
    """Read the headers of all arrays of a .npz file, of a .npy file, or of the .npy files of a folder.

    Returns:
        Arrays by name; the name of a file is without .npy.

    Raises:
        UserError: a file is corrupt, holds Python objects, or less than its header claims.
    """
    if path.suffix == ".npz":
        with explained(f"{path} is not a whole .npz file of plain arrays"), zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if info.filename.endswith(".npy")]
            return {info.filename.removesuffix(".npy"): _read_member_header(path, archive, info) for info in members}
    files = [path] if path.suffix == ".npy" else sorted(file for file in path.glob("*.npy") if file.is_file())
    return {file.stem: _read_file_header(file) for file in files}


def read_whole(arrays: Sequence[StoredArray], dtype: npt.DTypeLike | None = None) -> np.ndarray:
    """Read arrays (n, *shape) into memory, one after the other.

    Args:
        arrays: with equal shapes of their rows.
        dtype: of the result; None: that of the arrays, in the byte order of this machine.

    Raises:
        UserError: they are corrupt, or do not fit into memory.
    """
    if not all(array.shape for array in arrays):
        raise UserError(f"{arrays[0]} is a single value: it must have one entry per sample.")
    common = np.result_type(*(array.dtype for array in arrays)).newbyteorder("=")
    dtype = common if dtype is None else np.dtype(dtype)
    shape = (sum(map(len, arrays)), *arrays[0].shape[1:])
    require_memory(math.prod(shape) * dtype.itemsize, str(arrays[0]), "use fewer samples, or lower data.max_memory_mb")
    found = np.empty(shape, dtype)
    start = 0
    for array in arrays:
        for block in _blocks(array):
            with np.errstate(over="ignore"):  # infinite values are named by their place, later
                found[start : start + len(block)] = block
            start += len(block)
    return found


def by_rows(array: StoredArray) -> StoredArray:
    """Return an array whose rows can be read one by one: itself, or a copy on disk, which is kept for the next time.

    Raises:
        UserError: the array is corrupt, or the disk too small for a copy.
    """
    if array.offset is not None and not array.by_column:
        if array.member:
            for _ in _blocks(array):  # to its end, where zip files have a checksum
                pass
        return array
    path = prepared_path(array.path, [array.member, *array.stamp])
    if not path.is_file():
        PREPARED.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(PREPARED).free
        if 2 * array.nbytes > free:
            raise UserError(
                f"{array} takes {array.nbytes / 1e6:,.0f} MB without compression, too much for the {free / 1e6:,.0f} MB"
                f" that are free in {PREPARED}: save it as a .npy file, by row."
            )
        print(f"Turning {array} into an array whose rows can be read from disk, {path}: once.", flush=True)
        if array.offset is None and array.by_column:  # columns can't be found in what is compressed
            with tempfile.TemporaryDirectory(dir=PREPARED) as folder:
                unpacked = Path(folder, "x.npy")
                with _open(array, header=True) as values, unpacked.open("wb") as file:
                    shutil.copyfileobj(values, file, BLOCK)
                write_rows(path, array.shape, array.dtype, _blocks(_read_file_header(unpacked)))
        else:
            write_rows(path, array.shape, array.dtype, _blocks(array))
    return _read_file_header(path)


def prepared_path(source: Path, key: list[Any]) -> Path:
    """Return where a copy of `source` is kept, by whatever determines its content."""
    text = json.dumps([*key, str(source.resolve())])
    return PREPARED / f"{source.stem}-{hashlib.sha256(text.encode()).hexdigest()[:12]}.npy"


def write_rows(path: Path, shape: tuple[int, ...], dtype: npt.DTypeLike, blocks: Iterable[np.ndarray]) -> None:
    """Write a .npy file block by block. The blocks (m, *shape) follow each other."""
    header = {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False, "shape": shape}
    with whole_file(path) as unfinished, unfinished.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for block in blocks:
            file.write(np.ascontiguousarray(block, dtype).data.cast("B"))


def read_rows(array: StoredArray, rows: np.ndarray) -> np.ndarray:
    """Read rows of an array that `by_rows` returned: (m, *shape), without memory that grows with the file.

    Raises:
        UserError: the file is gone, or was changed since it was opened.
    """
    found = np.empty((len(rows), *array.shape[1:]), array.dtype)
    size = array.nbytes // len(array)  # bytes of a row
    offsets = (cast(int, array.offset) + rows * size).tolist()
    buffer = found.reshape(-1).view(np.uint8).reshape(len(rows), size)
    with _open_unchanged(array) as file:  # its own handle: several threads may read at once
        if hasattr(os, "posix_fadvise"):  # the disk fetches many rows at once: 1.7 times as fast if none is cached
            for offset in offsets:
                os.posix_fadvise(file.fileno(), offset, size, os.POSIX_FADV_WILLNEED)
        for row, offset in enumerate(offsets):
            file.seek(offset)
            if file.readinto(buffer[row]) != size:
                raise _changed(array)
    return found


def require_memory(need: int, what: str, cure: str) -> None:
    """Raise UserError where something takes more bytes of memory than are free."""
    free = free_memory()
    if need > free:
        raise UserError(f"{what} takes {need / 1e6:,.0f} MB of memory, and {free / 1e6:,.0f} MB are free: {cure}.")


def free_memory() -> int:
    """Estimate the bytes of memory that are free; where the system does not say, all that it has."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):  # not Linux
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows
        return sys.maxsize


def _read_file_header(path: Path) -> StoredArray:
    """Read the header of a .npy file."""
    with explained(f"{path} is not a whole .npy file of plain numbers"), path.open("rb") as file:
        state = os.fstat(file.fileno())
        stamp = (state.st_size, state.st_mtime_ns)
        shape, by_column, dtype, header = _parse_header(file.read(MAX_HEADER), state.st_size)
    return StoredArray(path, "", shape, dtype, by_column, header, header, stamp)


def _read_member_header(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> StoredArray:
    """Read the header of an array in a .npz file."""
    state = path.stat()
    with archive.open(info) as file:
        shape, by_column, dtype, header = _parse_header(file.read(MAX_HEADER), info.file_size)
    offset = None
    if info.compress_type == zipfile.ZIP_STORED:
        with path.open("rb") as file:
            file.seek(info.header_offset + 26)
            offset = info.header_offset + 30 + sum(struct.unpack("<HH", file.read(4))) + header  # name, extra field
    stamp = (state.st_size, state.st_mtime_ns)
    return StoredArray(path, info.filename, shape, dtype, by_column, header, offset, stamp)


def _parse_header(start: bytes, size: int) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """Parse the start of an array of `size` bytes: shape, whether by column, dtype, and bytes of the header.

    Raises:
        ValueError and others: it is no header, or claims what can't be read.
    """
    stream = io.BytesIO(start)
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, by_column, dtype = read(stream)
    if dtype.hasobject:
        raise ValueError("it holds Python objects, which are not read; save it as an array of numbers or of text")
    claimed = math.prod(shape) * dtype.itemsize
    present = size - stream.tell()
    if not dtype.itemsize or min(shape, default=0) < 0:
        raise ValueError(f"its header claims the shape {list(shape)} of {dtype}")
    if claimed > present:
        raise ValueError(
            f"its header claims {list(shape)} of {dtype}, {claimed:,} bytes, and {present:,} are there; make it anew"
        )
    return shape, by_column, dtype, stream.tell()


@contextmanager
def _open(array: StoredArray, *, header: bool = False) -> Iterator[Readable]:
    """Open an array at its first value, or at its header."""
    with explained(f"{array} is not a whole array"):
        if array.member:
            with zipfile.ZipFile(array.path) as archive, archive.open(array.member) as file:
                file.read(0 if header else array.header)
                yield file
        else:
            with _open_unchanged(array) as file:
                file.seek(0 if header else array.header)
                yield file


@contextmanager
def _open_unchanged(array: StoredArray) -> Iterator[io.FileIO]:
    """Open the file of an array, and see that it is still the one whose header was read."""
    try:
        file = io.FileIO(array.path)  # not buffered: rows are read by their place
    except OSError as error:
        raise _changed(array) from error
    with file:
        state = os.fstat(file.fileno())
        if (state.st_size, state.st_mtime_ns) != array.stamp:
            raise _changed(array)
        yield file


def _changed(array: StoredArray) -> UserError:
    """Say that a file is no longer the one that was opened."""
    return UserError(f"{array.path} was changed or removed since it was opened: restore it.")


def _blocks(array: StoredArray) -> Iterator[np.ndarray]:
    """Iterate over the rows of an array in blocks (m, *shape), of BLOCK bytes where a row is not larger."""
    if not math.prod(array.shape):
        return
    if array.by_column:
        yield from _column_blocks(array)
        return
    rows = max(1, BLOCK // (array.nbytes // len(array)))
    with _open(array) as file:
        for start in range(0, len(array), rows):
            block = np.empty((min(rows, len(array) - start), *array.shape[1:]), array.dtype)
            _fill(block, file)
            yield block
        file.read(1)  # a zip file is checked where it ends


def _column_blocks(array: StoredArray) -> Iterator[np.ndarray]:
    """Iterate over an array in column order. One that is compressed is a single block."""
    count = len(array)
    columns = math.prod(array.shape[1:])
    turned = array.shape[:0:-1]  # of a row
    rows = count if array.offset is None else max(1, BLOCK // (array.nbytes // count))
    with _open(array) as file:
        first = file.tell() if array.offset is not None else 0
        for start in range(0, count, rows):
            block = np.empty((columns, min(rows, count - start)), array.dtype)
            for column in range(columns):
                if array.offset is not None:
                    file.seek(first + (column * count + start) * array.dtype.itemsize)
                _fill(block[column], file)
            yield block.reshape(*turned, -1).T


def _fill(block: np.ndarray, file: Readable) -> None:
    """Read the values of a block from where the file is."""
    view = block.reshape(-1).view(np.uint8).data
    while len(view):
        count = cast(io.RawIOBase, file).readinto(view)
        if not count:
            raise ValueError("it ends before its last value; make it anew")
        view = view[count:]

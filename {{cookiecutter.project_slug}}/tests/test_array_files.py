"""Files of arrays: rows are the same however they are stored, and no header or change of a file does harm."""

import io
import os
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from {{ cookiecutter.__package }}.config import Config, UserError
from {{ cookiecutter.__package }}.data import Splits, array_files, inputs
from {{ cookiecutter.__package }}.data.arrays import load_array, read_arrays
from {{ cookiecutter.__package }}.data.samples import DiskArray
from {{ cookiecutter.__package }}.data.tables import read_table

pytestmark = pytest.mark.usefixtures("config")  # its folder

N = 50
X = np.random.default_rng(0).normal(size=(N, 4, 3))
Y = np.arange(N) % 2


def save_folder(x: np.ndarray) -> Path:
    Path("own").mkdir()
    np.save("own/x.npy", x)
    np.save("own/y.npy", Y)
    return Path("own")


def save_npz(x: np.ndarray) -> Path:
    np.savez("own.npz", x=x, y=Y)
    return Path("own.npz")


def save_compressed(x: np.ndarray) -> Path:
    np.savez_compressed("own.npz", x=x, y=Y)
    return Path("own.npz")


def claim(shape: tuple[int, ...], descr: str = "<f8") -> bytes:
    """A .npy file of 80 bytes of values, whose header claims another shape."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})
    return file.getvalue() + bytes(80)


@pytest.mark.parametrize("max_memory_mb", [1, 0])
def test_half_precision_becomes_float32(max_memory_mb: int) -> None:
    x = X.astype(np.float16)
    found = read_arrays(save_npz(x), max_memory_mb=max_memory_mb).inputs
    assert found.dtype == np.float32  # models of float16 run neither in browsers nor in C++
    np.testing.assert_array_equal(found[np.arange(N)], x)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("save", [save_folder, save_npz, save_compressed])
def test_rows_are_the_same_however_they_are_stored(
    save: Callable[[np.ndarray], Path], order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(array_files, "BLOCK", 700)  # so that there are several
    path = save(np.asarray(X, order=order))
    expected = X.astype(np.float32)
    np.testing.assert_array_equal(read_arrays(path, max_memory_mb=1).inputs, expected)
    for _ in range(2):  # the second time a copy is there, if one is needed
        disk = read_arrays(path, max_memory_mb=0).inputs
        assert isinstance(disk, DiskArray)
        np.testing.assert_array_equal(disk[:], expected)
        rows = np.array([N - 1, 0, 7, 7])
        np.testing.assert_array_equal(disk[rows], expected[rows])
    assert len(list(Path("data/prepared").glob("*"))) == (order == "F" or save is save_compressed)
    np.testing.assert_array_equal(load_array(path / "x.npy" if path.is_dir() else path, "", 1000), expected)


def test_a_copy_is_made_anew_for_other_content() -> None:
    path = save_npz(np.asfortranarray(X))
    read_arrays(path, max_memory_mb=0)
    np.savez("own.npz", x=np.asfortranarray(X + 1), y=Y)
    os.utime("own.npz", (2**31, 2**31))
    np.testing.assert_array_equal(read_arrays(path, max_memory_mb=0).inputs[:], (X + 1).astype(np.float32))


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (claim((2 * 10**6, 10**6)), "its header claims [2000000, 1000000] of float64, 16,000,000,000,000 bytes, and"),
        (claim((11,)), "its header claims [11] of float64, 88 bytes, and 80 are there; make it anew"),
        (claim((-1,)), "its header claims the shape [-1]"),
        (claim((10**15,), "<U0"), "its header claims the shape [1000000000000000]"),
        (claim((10,), "|O"), "it holds Python objects, which are not read"),
        (claim((10,))[:90], "is not a whole"),
        (claim((10,)).replace(b"}", b" "), "is not a whole"),
        (b"", "is not a whole"),
    ],
)
@pytest.mark.parametrize("ending", ["npy", "stored", "deflated"])
def test_what_a_header_claims_is_compared_with_the_file(content: bytes, cause: str, ending: str) -> None:
    path = Path("own.npz")
    if ending == "npy":
        path = save_folder(X)
        Path("own/x.npy").write_bytes(content)
    else:
        kind = zipfile.ZIP_STORED if ending == "stored" else zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(path, "w", kind) as archive:
            archive.writestr("x.npy", content)
            archive.writestr("y.npy", claim((10,)))
    start = time.process_time()
    tracemalloc.start()
    array = Path("own/x.npy") if path.is_dir() else path
    for read in (lambda: read_arrays(path, 0), lambda: load_array(array, "", 1000)):
        with pytest.raises(UserError) as error:
            read()
        assert cause in str(error.value) or "is not a .npy file of numbers" in str(error.value)
        assert str(path) in str(error.value)
        assert "\n" not in str(error.value)
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()
    assert time.process_time() - start < 5


def test_what_does_not_fit_into_memory_or_on_disk_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    path = save_compressed(X)
    with monkeypatch.context() as patch:
        patch.setattr(array_files, "free_memory", lambda: 1000)
        for read in (lambda: read_arrays(path, 1000), lambda: load_array(path, "", 1000)):
            with pytest.raises(UserError, match=r"own\.npz: x takes 0 MB of memory, and 0 MB are free: use fewer"):
                read()
    monkeypatch.setattr(array_files.shutil, "disk_usage", lambda path: Usage())
    with pytest.raises(UserError, match=r"own\.npz: x takes 0 MB without compression, too much for the 0 MB"):
        read_arrays(path, 0)


class Usage:
    """Of a full disk."""

    free = 1000


@pytest.mark.parametrize("name", ["own.csv", "own.parquet"])
def test_tables_that_do_not_fit_into_memory_are_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    table = pd.DataFrame({"a": np.arange(100), "y": np.arange(100) % 2})
    table.to_csv(name, index=False) if name.endswith("csv") else table.to_parquet(name)
    assert len(read_table(Path(name))[0]) == 100
    monkeypatch.setattr(array_files, "free_memory", lambda: 300)
    with pytest.raises(UserError, match=f"{name} takes 0 MB of memory, and 0 MB are free: use fewer rows or columns"):
        read_table(Path(name))


def test_a_corrupt_compressed_array_is_named() -> None:
    path = save_compressed(X)
    content = bytearray(path.read_bytes())
    content[200:210] = bytes(10)
    path.write_bytes(content)
    for max_memory_mb in (0, 1):
        with pytest.raises(UserError, match=r"own\.npz.* is not a whole"):
            read_arrays(path, max_memory_mb)
        assert not list(Path().glob("data/prepared/*.npy"))


def test_the_checksum_holds_on_disk_too() -> None:
    path = save_npz(X)
    content = path.read_bytes()
    path.write_bytes(content.replace(X[3].tobytes(), X[4].tobytes()))
    with pytest.raises(UserError, match=r"own\.npz.* is not a whole .*: Bad CRC-32"):
        read_arrays(path, 0)


def truncate(path: Path) -> None:
    os.truncate(path, 1000)


def change(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(X[3].tobytes(), X[4].tobytes()))
    os.utime(path, (2**31, 2**31))  # as a clock of coarse steps may not


@pytest.mark.parametrize("harm", [truncate, change, Path.unlink])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_file_that_changes_while_it_is_used_is_named(harm: Callable[[Path], None], order: str) -> None:
    path = save_folder(np.asarray(X, order=order))
    disk = read_arrays(path, 0).inputs
    used = Path("own/x.npy") if order == "C" else next(Path("data/prepared").iterdir())
    harm(used)
    with pytest.raises(UserError) as error:
        disk[np.array([N - 1, 3])]
    assert str(error.value) == f"{used} was changed or removed since it was opened: restore it."


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes")
def test_a_pipe_is_no_array(config: Config) -> None:
    path = save_folder(X)
    Path("own/y.npy").unlink()
    os.mkfifo("own/y.npy")
    with pytest.raises(UserError, match="own lacks the array y: it holds x"):
        read_arrays(path, config.data.max_memory_mb)


def test_new_arrays_larger_than_allowed_stay_on_disk(config: Config, splits: Splits) -> None:
    expected = np.asarray(splits.test.x)
    np.save("new.npy", expected)
    for max_memory_mb, kind in ((1000, np.ndarray), (0, DiskArray)):
        config.data.max_memory_mb = max_memory_mb
        x = inputs.read_new(Path("new.npy"), splits.info.preprocessing, config.data)
        assert isinstance(x, kind)
        np.testing.assert_array_equal(x[:], expected)

"""Download Fashion-MNIST, check its four files, and read them as arrays.

Sources, in order: a copy on this system, the publisher, Debian's package. The first that answers is used. Each file is
checked by the size and SHA-256 of its decompressed content, and written whole or not at all.
Cost: 55 MB on disk, 30 MB over the network.
"""

import gzip
import hashlib
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable
from functools import partial
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

import certifi
import numpy as np

from ..config import UserError
from ..storage import whole_file

CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
# Size in bytes and SHA-256 of the decompressed files: compressed copies differ by their compressor.
FILES = {
    "train-images-idx3-ubyte": (47_040_016, "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
    "train-labels-idx1-ubyte": (60_008, "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
    "t10k-images-idx3-ubyte": (7_840_016, "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
    "t10k-labels-idx1-ubyte": (10_008, "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
}
DEBIAN_PACKAGE = "dataset-fashion-mnist"
SYSTEM_COPY = Path("/usr/share/datasets/fashion-mnist")  # where Debian's package installs it
PUBLISHERS = (  # https first: on plain http anybody on the way can answer, though only with what the checksums allow
    "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)
PATIENCE = 30  # seconds that a server may take to answer, and to become as fast as SLOWEST
SLOWEST = 20_000  # bytes a second; a file that comes slower is given up


def read_fashion_mnist(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read all images and labels, train before test.

    Args:
        folder: with the raw files; absent ones are downloaded into it.

    Returns:
        Images (70000, 28, 28) uint8; class numbers (70000,) int64; the official split (70000,), "train" or "test".
    """
    files = raw_files(folder)
    images, labels, splits = [], [], []
    for split, prefix in (("train", "train"), ("test", "t10k")):
        # The idx format: a header of 16 bytes before images, of 8 before labels.
        images.append(np.frombuffer(files[f"{prefix}-images-idx3-ubyte"], np.uint8, offset=16))
        labels.append(np.frombuffer(files[f"{prefix}-labels-idx1-ubyte"], np.uint8, offset=8))
        splits.append(np.full(len(labels[-1]), split))
    x = np.concatenate(images).reshape(-1, 28, 28)  # (n, height, width)
    return x, np.concatenate(labels).astype(np.int64), np.concatenate(splits)


def raw_files(folder: Path) -> dict[str, bytes]:
    """Return the decompressed content of the four files by name. Absent ones are downloaded into `folder`.

    Raises:
        UserError: no source answered, or `folder` can't be written; the message says what to do by hand.
    """
    contents = {}
    missing = []
    for name in FILES:
        content = read_verified(folder, name)
        if content is None:
            missing.append(name)
        else:
            contents[name] = content
    return {**contents, **fetch(folder, missing)} if missing else contents


def read_verified(folder: Path, name: str) -> bytes | None:
    """Return the content of `name`, or of its .gz, decompressed; None if it is absent or corrupt."""
    size, digest = FILES[name]
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            try:
                with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
                    content = file.read(size + 1)  # a small file may decompress to more than the memory holds
            except (OSError, EOFError, zlib.error):  # a file cut short, or not gzip at all
                content = b""
            if hashlib.sha256(content).hexdigest() == digest:
                return content
            print(f"{path} is corrupt: its SHA-256 is not that of the published file.")
    return None


def fetch(folder: Path, names: list[str]) -> dict[str, bytes]:
    """Write the named files into `folder`, decompressed, from the first source that has all of them.

    Returns:
        Content of the files by name.

    Raises:
        UserError: no source answered, or `folder` can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as scratch:
            source, contents = _ask_sources(names, Path(scratch), folder)
        for name, content in contents.items():
            with whole_file(folder / name) as path:
                path.write_bytes(content)
    except OSError as error:
        raise UserError(f"{folder} can't be written ({error.strerror}): set another data.data_dir.") from error
    print(f"Fashion-MNIST: from {source} into {folder}, checksums right.")
    return contents


def _ask_sources(names: list[str], scratch: Path, folder: Path) -> tuple[str, dict[str, bytes]]:
    """Return the first source that has all of the named files, and their content."""
    sources: dict[str, Callable[[], Path]] = {f"the copy in {SYSTEM_COPY}": lambda: SYSTEM_COPY}
    for url in PUBLISHERS:
        sources[url] = partial(_download, url, names, scratch)
    sources[f"Debian's package {DEBIAN_PACKAGE}"] = partial(_unpack_debian_package, scratch)

    failures = []
    for source, get in sources.items():
        try:
            downloaded = get()
            found = {name: read_verified(downloaded, name) for name in names}
        except (OSError, ValueError, HTTPException, subprocess.SubprocessError) as error:
            failures.append(f"{source}: {_last_line(error)}")
            continue
        contents = {name: content for name, content in found.items() if content is not None}
        if len(contents) == len(names):
            return source, contents
        failures.append(f"{source}: not there, or not the published files")
    raise UserError(
        f"No source of Fashion-MNIST answered ({'; '.join(failures)}): get the four .gz files by hand from"
        f" https://github.com/zalandoresearch/fashion-mnist and put them into {folder.resolve()}, or set data.data_dir"
        " to a folder that holds them."
    )


def _download(url: str, names: list[str], scratch: Path) -> Path:
    """Download the named files from a web server, and return the folder that holds them."""
    print(f"Fashion-MNIST: asking {url}", flush=True)
    for name in names:
        content = None
        try:
            content = read_url(f"{url}{name}.gz", FILES[name][0])
        except urllib.error.HTTPError:  # an answer, such as "not found"
            raise
        except (ConnectionError, HTTPException) as error:
            print(f"Once more, because the connection broke: {_last_line(error)}", flush=True)
        (scratch / f"{name}.gz").write_bytes(content or read_url(f"{url}{name}.gz", FILES[name][0]))
    return scratch


def read_url(url: str, size: int) -> bytes:
    """Read a URL whose content, decompressed, has `size` bytes.

    Raises:
        OSError or HTTPException: there is no answer, or it is too slow, too long, or ends too early.
    """
    from rich.progress import Progress  # takes longer to import than the rest of this file

    start = time.monotonic()
    limit = size + size // 1000 + 1000  # what can't be compressed grows a little
    content = bytearray()
    with _open_url(url) as response, Progress(transient=True, disable=not sys.stdout.isatty()) as bar:
        task = bar.add_task(Path(url).name, total=response.length)
        while part := response.read1(2**16):  # what is there already: a slow server can't make it wait for more
            content += part
            bar.update(task, completed=len(content))
            if len(content) > limit:
                raise OSError(f"it sends more than the {limit:,} bytes that the file can have")
            if time.monotonic() - start > PATIENCE + len(content) / SLOWEST:
                raise OSError(f"it sent {len(content):,} bytes in {time.monotonic() - start:.0f} seconds: too slow")
        if response.length:  # bytes that are still to come
            raise ConnectionError(f"it ended {response.length:,} bytes too early")
    return bytes(content)


def _open_url(url: str) -> HTTPResponse:
    """Open a URL within PATIENCE seconds.

    The time limit of a socket is for each byte: names and headers that come slowly would never end. So a thread waits,
    and is left alone after that time.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())  # Python on macOS knows no certificates of its own
    answers: SimpleQueue[HTTPResponse | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(urllib.request.urlopen(url, timeout=PATIENCE, context=context))
        except Exception as error:  # raised below, in the thread of the caller
            answers.put(error)

    Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=PATIENCE)
    except Empty:
        raise OSError(f"no answer in {PATIENCE} seconds") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _unpack_debian_package(scratch: Path) -> Path:
    """Download Debian's package with apt and unpack it, and return the folder with the files.

    Lists and cache of apt are in `scratch`, so that no root is needed and nothing is installed.
    """
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise OSError("this system has no apt")
    print(f"Fashion-MNIST: asking apt for {DEBIAN_PACKAGE}", flush=True)
    for inner in ("lists/partial", "cache/archives/partial"):
        (scratch / inner).mkdir(parents=True)
    apt = ["apt-get", "-qq", "-o", f"Dir::State::Lists={scratch}/lists", "-o", f"Dir::Cache={scratch}/cache"]
    apt += ["-o", "APT::Sandbox::User=root", "-o", "Debug::NoLocking=1", "-o", "Acquire::http::Timeout=20"]
    for command in ([*apt, "update"], [*apt, "download", DEBIAN_PACKAGE]):
        subprocess.run(command, cwd=scratch, check=True, capture_output=True, text=True, timeout=300)
    for package in scratch.glob(f"{DEBIAN_PACKAGE}_*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, scratch], check=True, capture_output=True, text=True)
    return scratch / SYSTEM_COPY.relative_to("/")


def _last_line(error: Exception) -> str:
    """Return the last line of a failure: of what the command printed, or of the message."""
    lines = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
    return lines[-1][:160] if lines else type(error).__name__

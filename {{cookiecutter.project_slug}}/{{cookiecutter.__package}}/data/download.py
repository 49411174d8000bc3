"""Download files and Debian's packages, with limits of time and size."""

import shutil
import ssl
import subprocess
import sys
import time
import urllib.request
from http.client import HTTPResponse
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

import certifi

PATIENCE = 30  # seconds that a server may take to answer, and to become as fast as SLOWEST
SLOWEST = 20_000  # bytes a second; a file that comes slower is given up


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


def unpack_debian_packages(names: list[str], scratch: Path, *, with_needed: bool = False) -> Path:
    """Download Debian's packages with apt and unpack them into `scratch`, which is returned.

    Lists and cache of apt are in `scratch`, so that no root is needed and nothing is installed.

    Args:
        names: of the packages.
        scratch: an empty folder.
        with_needed: unpack what they need and the system lacks too.

    Raises:
        OSError or SubprocessError: there is no apt, or it finds no such package.
    """
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise OSError("this system has no apt")
    scratch = scratch.absolute()  # apt would look for another path below /
    for inner in ("lists/partial", "cache/archives/partial"):
        (scratch / inner).mkdir(parents=True)
    apt = ["apt-get", "-qq", "-o", f"Dir::State::Lists={scratch}/lists", "-o", f"Dir::Cache={scratch}/cache"]
    apt += ["-o", "APT::Sandbox::User=root", "-o", "Debug::NoLocking=1", "-o", "Acquire::http::Timeout=20"]
    get = ["install", "--download-only", "--no-install-recommends", "--yes"] if with_needed else ["download"]
    for command in ([*apt, "update"], [*apt, *get, *names]):
        subprocess.run(command, cwd=scratch, check=True, capture_output=True, text=True, timeout=300)
    for package in [*scratch.glob("*.deb"), *scratch.glob("cache/archives/*.deb")]:
        subprocess.run(["dpkg-deb", "-x", package, scratch], check=True, capture_output=True, text=True)
    return scratch


def last_line(error: Exception) -> str:
    """Return the last line of a failure: of what the command printed, or of the message."""
    lines = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
    return lines[-1][:160] if lines else type(error).__name__

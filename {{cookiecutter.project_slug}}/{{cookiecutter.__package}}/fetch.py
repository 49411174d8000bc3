"""Fashion-MNIST's four files: from where they come, and the check that they are the right ones.

Sources, in order: a copy on this system, the publisher, Debian's package. The first that answers is used. Every file
is checked by the SHA-256 of its decompressed content and moved into place whole, so a bad or half file is never left.
Cost: 55 MB on disk, 30 MB over the network.
"""

import gzip
import hashlib
import shutil
import subprocess
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

from .config import UserError

# SHA-256 of the decompressed files: compressed copies differ by who compressed them, their content does not.
FILES = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
DEBIAN_PACKAGE = "dataset-fashion-mnist"
SYSTEM_COPY = Path("/usr/share/datasets/fashion-mnist")  # where Debian's package installs it
PUBLISHERS = (
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
)


def raw_files(folder: Path) -> dict[str, bytes]:
    """The decompressed content of the four files by name; what is not yet in `folder` is fetched into it.

    Raises:
        UserError: no source answered, or `folder` can't be written; the message says what to do by hand.
    """
    contents = {name: read_verified(folder, name) for name in FILES}
    missing = [name for name, content in contents.items() if content is None]
    if missing:
        fetch(folder, missing)
        contents.update({name: read_verified(folder, name) for name in missing})
    return contents


def read_verified(folder: Path, name: str) -> bytes | None:
    """Content of `name`, or of its .gz, decompressed; None where it is absent or not what was published."""
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            try:
                content = path.read_bytes() if path.suffix != ".gz" else gzip.decompress(path.read_bytes())
            except (OSError, EOFError, zlib.error):  # a file cut short, or not gzip at all
                content = b""
            if hashlib.sha256(content).hexdigest() == FILES[name]:
                return content
            print(f"{path} is damaged: its SHA-256 is not that of the published file.")
    return None


def fetch(folder: Path, names: list[str]) -> None:
    """Put the named files into `folder`, decompressed, from the first source that has them all."""
    sources: dict[str, Callable[[Path], Path]] = {f"the copy in {SYSTEM_COPY}": lambda scratch: SYSTEM_COPY}
    for url in PUBLISHERS:
        sources[url] = lambda scratch, url=url: _download(url, names, scratch)
    sources[f"Debian's package {DEBIAN_PACKAGE}"] = _unpack_debian_package

    failures = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as scratch:
            for source, get in sources.items():
                try:
                    found = get(Path(scratch))
                    contents = {name: read_verified(found, name) for name in names}
                except (OSError, ValueError, subprocess.SubprocessError) as error:
                    failures.append(f"  {source}: {_last_line(error)}")
                    continue
                if None in contents.values():
                    failures.append(f"  {source}: not there, or not the published files")
                    continue
                for name, content in contents.items():
                    part = Path(scratch) / f"{name}.part"
                    part.write_bytes(content)
                    part.replace(folder / name)
                print(f"Fashion-MNIST: from {source} into {folder}, checksums right.")
                return
    except OSError as error:
        raise UserError(f"{folder} can't be written ({error.strerror}): set another data.folder.") from error
    raise UserError(
        "No source of Fashion-MNIST answered:\n" + "\n".join(failures) + "\n"
        f"By hand: get the four .gz files from https://github.com/zalandoresearch/fashion-mnist and put them into "
        f"{folder.resolve()}, or set data.folder to a folder that holds them."
    )


def _download(url: str, names: list[str], scratch: Path) -> Path:
    import pooch  # here, because it takes longer to import than everything else in this file

    pooch.get_logger().setLevel("WARNING")
    print(f"Fashion-MNIST: asking {url}", flush=True)
    for name in names:
        downloader = pooch.HTTPDownloader(progressbar=True, timeout=20)  # seconds without an answer
        pooch.retrieve(f"{url}{name}.gz", known_hash=None, fname=f"{name}.gz", path=scratch, downloader=downloader)
    return scratch


def _unpack_debian_package(scratch: Path) -> Path:
    """Through apt, with lists and cache of our own: needs no root, installs nothing."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise OSError("this system has no apt")
    print(f"Fashion-MNIST: asking apt for {DEBIAN_PACKAGE}", flush=True)
    for part in ("lists/partial", "cache/archives/partial"):
        (scratch / part).mkdir(parents=True)
    apt = ["apt-get", "-qq", "-o", f"Dir::State::Lists={scratch}/lists", "-o", f"Dir::Cache={scratch}/cache"]
    apt += ["-o", "APT::Sandbox::User=root", "-o", "Debug::NoLocking=1", "-o", "Acquire::http::Timeout=20"]
    for command in ([*apt, "update"], [*apt, "download", DEBIAN_PACKAGE]):
        subprocess.run(command, cwd=scratch, check=True, capture_output=True, text=True, timeout=300)
    for package in scratch.glob(f"{DEBIAN_PACKAGE}_*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, scratch], check=True, capture_output=True, text=True)
    return scratch / SYSTEM_COPY.relative_to("/")


def _last_line(error: Exception) -> str:
    lines = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
    return lines[-1][:160] if lines else type(error).__name__

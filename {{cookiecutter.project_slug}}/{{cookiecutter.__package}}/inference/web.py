"""The web page: the best model of a run in a browser, which computes it by itself.

In: export/model.onnx of the run, made if need be; the files in page/; and ONNX Runtime for browsers, three files whose
SHA-256 is known. They come from a folder, from npm, or from a public server, and are kept for the next time.
Out: web/ in the folder of the run: index.html with what lies beside it, for any server of files, and standalone.html,
which holds everything and opens by a double click. Neither asks anybody for anything.
"""

import base64
import gzip
import hashlib
import html
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http.client import HTTPException
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template
from typing import Any

from jsonargparse import ArgumentParser

from ..config import UserError
from ..data.download import read_url
from ..runs import find_run, is_outdated
from ..storage import read_json, whole_file

VERSION = "1.30.0"  # of onnxruntime-web
# Size in bytes and SHA-256 of its files.
RUNTIME = {
    "ort.wasm.min.mjs": (50_126, "219e6a1fc8a9938268d18efca3c91d310bd2f4a59bbd13744df5b2b7fc6cee3b"),
    "ort-wasm-simd-threaded.mjs": (24_381, "e13f7f94fc51b4ca72b12faeb1ee95f4ace6dfbc8939bc718aabdc0a27c4299b"),
    "ort-wasm-simd-threaded.wasm": (14_239_897, "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2"),
}
URL = f"https://cdn.jsdelivr.net/npm/onnxruntime-web@{VERSION}/dist/"
FOLDER = "ONNXRUNTIME_WEB"  # environment variable: a folder with these files
PAGE = Path(__file__).with_name("page")
SCRIPTS = ("model.js", "text.js", "samples.js", "answer.js", "page.js")  # in this order; images need no text.js
HOST = "127.0.0.1"
PATIENCE = 300  # seconds that npm may take
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
    ".onnx": "application/octet-stream",
}


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of the command `web`."""
    parser.add_argument("--run", default="", help="name of the run; without it, the newest")
    parser.add_argument("--runtime", default="", help=f"folder with the files of onnxruntime-web {VERSION}")
    parser.add_argument("--serve", action="store_true", help="serve the page on this machine, until Ctrl-C")
    parser.add_argument("--port", type=int, default=8000, help="of --serve; 0: any that is free")


def main(run: str = "", runtime: str = "", port: int = 8000, *, serve: bool = False) -> None:
    """Write the web page of a run, and serve it if asked.

    Args:
        run: name of the run; the newest if it is empty.
        runtime: folder with the files of onnxruntime-web; found elsewhere if it is empty.
        port: to serve on.
        serve: whether to serve the page on this machine.

    Raises:
        UserError: there is no such run, the runtime can't be had, or the port is taken.
    """
    folder = find_run(run)
    model, metadata = find_model(folder)
    files = {**find_runtime(runtime or os.environ.get(FOLDER, "")), "model.onnx": model}
    title = f"{__package__.split('.')[0]}, run {folder.name}"
    target = folder / "web"
    pages = {
        **files,
        "index.html": make_page(title, metadata, {}),
        "standalone.html": make_page(title, metadata, files),
    }
    for name, content in pages.items():
        with whole_file(target / name) as path:
            path.write_bytes(content)
    size = len(pages["standalone.html"]) / 1e6
    print(
        f"Written: {target}, for any web server; and {target / 'standalone.html'} ({size:.1f} MB): open it, or send it"
    )
    if serve:
        serve_page(target, port)


def find_model(run: Path) -> tuple[bytes, dict[str, Any]]:
    """Read the exported model of a run and its metadata. It is exported first, if it is absent or too old.

    Raises:
        UserError: it can't be exported.
    """
    model = run / "export" / "model.onnx"
    if not model.is_file() or is_outdated(model, run):
        from .export import main as export  # it imports the framework

        export(run=str(run))
    metadata = read_json(model.with_name("metadata.json"))
    return model.read_bytes(), metadata


def find_runtime(folder: str) -> dict[str, bytes]:
    """Find the files of onnxruntime-web: in a folder, else where they were kept, else by npm, else by download.

    Raises:
        UserError: the folder lacks them, or no source has them.
    """
    if folder:
        files = _read_verified(Path(folder))
        if files is None:
            raise UserError(f"{folder} does not hold {', '.join(RUNTIME)} of onnxruntime-web {VERSION}, unchanged.")
        return files
    kept = _cache_folder() / f"onnxruntime-web-{VERSION}"
    if files := _read_verified(kept):
        return files
    print(f"Getting onnxruntime-web {VERSION}, once: 15 MB.", flush=True)
    sources: dict[str, Callable[[], dict[str, bytes]]] = {"npm": _ask_npm, URL: _download}
    failures = []
    for source, ask in sources.items():
        try:
            files = ask()
            if not all(_is_whole(name, content) for name, content in files.items()):
                raise OSError("its files are not the published ones")
        except (OSError, HTTPException, KeyError, tarfile.TarError, subprocess.SubprocessError) as error:
            failures.append(f"{source}: {(str(error).splitlines() or ['no reason'])[0]}")
            continue
        for name, content in files.items():
            with whole_file(kept / name) as path:
                path.write_bytes(content)
        return files
    raise UserError(
        f"No source of onnxruntime-web {VERSION} answered ({'; '.join(failures)}): get {', '.join(RUNTIME)} from"
        f" {URL} on another machine, and name their folder with --runtime."
    )


def make_page(title: str, metadata: dict[str, Any], packed: dict[str, bytes]) -> bytes:
    """Make the page, with its style and scripts inside.

    Args:
        title: of the page.
        metadata: of the model.
        packed: files that the page is to hold itself; without them it loads them from beside it.
    """
    style = (PAGE / "style.css").read_text(encoding="utf-8")
    scripts = [path.read_text(encoding="utf-8") for name in SCRIPTS if (path := PAGE / name).is_file()]
    script = "\n".join(scripts)
    place = "blob:" if packed else "'self'"  # where scripts and model come from; nowhere else
    policy = {
        "default-src": "'none'",
        "script-src": f"{place} 'wasm-unsafe-eval' {_hash(script)}",
        "style-src": _hash(style),
        "connect-src": place,
        "img-src": "data: blob:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    content = {
        "title": html.escape(title),
        "policy": "; ".join(f"{name} {sources}" for name, sources in policy.items()),
        "style": style,
        "metadata": json.dumps(metadata, ensure_ascii=False).replace("<", "\\u003c"),
        "packed": "\n".join(
            f'<script type="text/plain" id="{name}">{base64.b64encode(gzip.compress(file, mtime=0)).decode()}</script>'
            for name, file in packed.items()
        ),
        "script": script,
    }
    return Template((PAGE / "index.html").read_text(encoding="utf-8")).substitute(content).encode()


def serve_page(folder: Path, port: int) -> None:
    """Serve a folder to this machine alone, until Ctrl-C.

    Raises:
        UserError: the port is taken.
    """

    class Handler(SimpleHTTPRequestHandler):
        def guess_type(self, path: str | os.PathLike[str]) -> str:
            """Return the type of a file; Windows may know other ones."""
            return TYPES.get(Path(path).suffix) or super().guess_type(path)

        def log_message(self, *_: object) -> None:
            """Print nothing for each file."""

    try:
        server = ThreadingHTTPServer((HOST, port), partial(Handler, directory=str(folder)))
    except (OSError, OverflowError) as error:
        raise UserError(f"Port {port} can't be used ({error}): name another one, such as --port {port + 1}.") from error
    with server, suppress(KeyboardInterrupt):
        print(f"Serving: http://{HOST}:{server.server_port}/ until Ctrl-C", flush=True)
        server.serve_forever()


def _read_verified(folder: Path) -> dict[str, bytes] | None:
    """Read the runtime from a folder; None if a file is absent or another one."""
    files = {name: (folder / name).read_bytes() for name in RUNTIME if (folder / name).is_file()}
    is_whole = len(files) == len(RUNTIME) and all(_is_whole(name, content) for name, content in files.items())
    return files if is_whole else None


def _is_whole(name: str, content: bytes) -> bool:
    """Return whether a file of the runtime is the published one."""
    return hashlib.sha256(content).hexdigest() == RUNTIME[name][1]


def _ask_npm() -> dict[str, bytes]:
    """Get the runtime by npm, from the registry that it is set to."""
    npm = shutil.which("npm")
    if not npm:
        raise OSError("it is not installed")
    with tempfile.TemporaryDirectory() as scratch:
        command = [npm, "pack", f"onnxruntime-web@{VERSION}", "--silent"]
        done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False, timeout=PATIENCE)
        packages = list(Path(scratch).glob("*.tgz"))
        if done.returncode or not packages:
            raise OSError((done.stderr.strip().splitlines() or ["no answer"])[-1])
        content = io.BytesIO(packages[0].read_bytes())
    with tarfile.open(fileobj=content) as package:
        members = {name: package.extractfile(f"package/dist/{name}") for name in RUNTIME}
        return {name: member.read() for name, member in members.items() if member}


def _download() -> dict[str, bytes]:
    """Get the runtime from the public server."""
    return {name: read_url(f"{URL}{name}", size) for name, (size, _) in RUNTIME.items()}


def _cache_folder() -> Path:
    """Return the folder in which this system lets programs of a user keep what they can get again."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _hash(text: str) -> str:
    """Name a style or script in the page by its content, for the policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

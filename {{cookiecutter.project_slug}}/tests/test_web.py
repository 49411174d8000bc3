"""The web page: where its runtime comes from, what the page holds, and how it is served."""

import base64
import hashlib
import json
import re
import threading
import urllib.request
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from {{ cookiecutter.__package }}.config import UserError
from {{ cookiecutter.__package }}.inference import web

CONTENT = {name: f"content of {name}".encode() for name in web.RUNTIME}


@pytest.fixture(autouse=True)
def small_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Take small files for those of the runtime, and an empty folder for the cache of the user."""
    known = {name: (len(file), hashlib.sha256(file).hexdigest()) for name, file in CONTENT.items()}
    monkeypatch.setattr(web, "RUNTIME", known)
    monkeypatch.setattr(web, "_cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(web.shutil, "which", lambda name: None)  # no npm
    monkeypatch.delenv(web.FOLDER, raising=False)
    folder = tmp_path / "runtime"
    folder.mkdir()
    for name, file in CONTENT.items():
        (folder / name).write_bytes(file)
    return folder


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the folder of a run that was trained and exported."""
    monkeypatch.chdir(tmp_path)
    folder = Path("runs", "001")
    (folder / "export").mkdir(parents=True)
    for name in ("config.yaml", "best.pt", "export/model.onnx"):
        (folder / name).write_text(name, encoding="utf-8")
    (folder / "export" / "metadata.json").write_text('{"target_names": ["</script>"]}', encoding="utf-8")
    return folder


def test_both_pages_hold_what_they_need(run: Path, small_runtime: Path, capsys: pytest.CaptureFixture[str]) -> None:
    web.main(runtime=str(small_runtime))
    assert "standalone.html" in capsys.readouterr().out
    names = {path.name for path in (run / "web").iterdir()}
    assert names == {*web.RUNTIME, "index.html", "standalone.html", "model.onnx"}
    for name in ("index.html", "standalone.html"):
        page = (run / "web" / name).read_text(encoding="utf-8")
        policy = re.findall('Policy" content="(.*?)"', page)[0]
        for tag in ("<style>", '<script type="module">'):
            text = page.split(tag)[1].split(f"</{tag[1:].split('>')[0].split()[0]}>")[0]
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in policy  # else a browser runs nothing
        assert "$" + "script" not in page
        data = page.split('id="metadata">')[1].split("</script>")[0]
        assert json.loads(data) == {"target_names": ["</script>"]}
        assert page.count('type="text/plain"') == (4 if name == "standalone.html" else 0)
        assert not set(re.findall(r"https?://[^/\"]+", page)) - {"http://www.w3.org"}  # the name of SVG


def test_model_is_exported_when_absent_or_old(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from {{ cookiecutter.__package }}.inference import export

    exported = []

    def fake(**options: Any) -> None:
        exported.append(options["run"])
        (run / "export" / "model.onnx").write_text("new", encoding="utf-8")

    monkeypatch.setattr(export, "main", fake)
    assert web.find_model(run)[0] == b"export/model.onnx"
    (run / "best.pt").touch()
    newer = (run / "export" / "model.onnx").stat().st_mtime_ns + 10**9
    web.os.utime(run / "best.pt", ns=(newer, newer))
    assert web.find_model(run)[0] == b"new"
    (run / "export" / "model.onnx").unlink()
    assert web.find_model(run)[0] == b"new"
    assert exported == [str(run), str(run)]


def test_runtime_is_downloaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def read_url(url: str, size: int) -> bytes:
        asked.append(url)
        return CONTENT[Path(url).name]

    monkeypatch.setattr(web, "read_url", read_url)
    assert web.find_runtime("") == web.find_runtime("") == CONTENT
    assert len(asked) == len(CONTENT)


def test_other_files_are_refused(small_runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "read_url", lambda url, size: b"something else")
    with pytest.raises(UserError, match=r"No source of onnxruntime-web .*npm: it is not installed.*not the published"):
        web.find_runtime("")
    assert not web._cache_folder().exists()
    (small_runtime / "ort.wasm.min.mjs").write_bytes(b"something else")
    with pytest.raises(UserError, match=r"runtime does not hold ort\.wasm\.min\.mjs, .* unchanged\."):
        web.find_runtime(str(small_runtime))


def test_pages_are_served_with_their_types(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    servers = []
    serve = ThreadingHTTPServer.serve_forever

    def note(server: ThreadingHTTPServer) -> None:
        servers.append(server)
        started.set()
        serve(server, 0.05)

    started = threading.Event()
    monkeypatch.setattr(ThreadingHTTPServer, "serve_forever", note)
    for suffix in web.TYPES:
        (tmp_path / f"file{suffix}").write_bytes(b"x")
    thread = threading.Thread(target=web.serve_page, args=(tmp_path, 0))
    thread.start()
    assert started.wait(10)
    host, port = servers[0].server_address[:2]
    assert host == "127.0.0.1"  # this machine alone
    for suffix, kind in web.TYPES.items():
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/file{suffix}") as answer:
            assert answer.headers["Content-Type"] == kind
    with pytest.raises(UserError, match=f"Port {port} can't be used"):
        web.serve_page(tmp_path, port)
    servers[0].shutdown()
    thread.join()

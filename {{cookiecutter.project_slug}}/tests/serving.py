"""Helpers for tests of the service: one whose model is a sum, and requests to it without a network."""

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from own_data import load, settings

# Tests take some of these from here.
from {{ cookiecutter.__package }}.config import Config
from {{ cookiecutter.__package }}.data_info import DataInfo
from {{ cookiecutter.__package }}.inference.answers import Service, answer_file, answer_samples  # noqa: F401
from {{ cookiecutter.__package }}.inference.serve import make_app  # noqa: F401


def make_service(config: Config, info: DataInfo, dtype: str, max_samples: int = 20) -> Service:
    """Make a service whose model gives the mean of a sample as each of its outputs; NaN is padding."""

    def run(names: list[str], feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
        x = feeds["inputs"]
        assert x.dtype == dtype
        assert x.shape[1:] == tuple(info.input_shape)
        means = np.nanmean(x.reshape(len(x), -1).astype(np.float32), axis=1, keepdims=True)
        return [np.repeat(means, info.num_outputs, axis=1)]

    session = SimpleNamespace(run=run)
    shape = tuple(info.input_shape)
    return Service(Path("runs/001"), config, info, session, shape, np.dtype(dtype), max_samples)


def serve(source: str, dtype: str, **data: Any) -> Service:
    """Make a service for a model that was trained on a source, with other settings of the data section."""
    return make_service(settings(source, **data), load(source, **data).info, dtype)


def ask(
    app: Any, path: str, body: bytes | None = None, *, method: str = "", headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    """Send a request to an ASGI application: the status, and what the JSON or text of its answer says."""
    given = {"content-length": str(len(body or b"")), "content-type": "application/json", **(headers or {})}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method or ("GET" if body is None else "POST"),
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in given.items() if value],
        "scheme": "http",
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body or b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    content = b"".join(message.get("body", b"") for message in sent)
    is_json = dict(sent[0]["headers"])[b"content-type"] == b"application/json"
    return sent[0]["status"], json.loads(content) if is_json else content.decode()


def upload(app: Any, name: str, content: bytes, field: str = "file") -> tuple[int, Any]:
    """Send a file as a browser does."""
    head = f'--xx\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'.encode()
    headers = {"content-type": "multipart/form-data; boundary=xx"}
    return ask(app, "/predict/file", head + content + b"\r\n--xx--\r\n", headers=headers)

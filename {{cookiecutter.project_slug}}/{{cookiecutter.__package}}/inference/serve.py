"""Serve: the exported model of a run as an HTTP service, which answers as `predict` does.

In: export/model.onnx of the run. Out: POST /predict takes samples as JSON, POST /predict/file a file; GET /health says
what the model is, /docs how to ask, /openapi.json the same for programs.
"""

import html
import json
import logging
import socket
from ipaddress import ip_address
from string import Template
from typing import Annotated, Any

import numpy as np
from jsonargparse import ArgumentParser

from .. import task
from ..config import UserError
from ..environment import require_packages
from ..runs import warn_if_not_calibrated
from .answers import (
    SAMPLES,
    Service,
    answer_file,
    answer_samples,
    columns_of,
    is_formatted,
    limits,
    load_service,
    may_be_padded,
)

NEEDED = ("fastapi", "uvicorn", "python_multipart", "onnxruntime")  # packages beside those of training
FAULTS = {
    400: "The body can't be read.",
    411: "The length of the body is not given.",
    413: "The body is too large.",
    422: "The samples do not suit the model.",
}
PAGE = Template("""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>$title</title>
<style>:root { color-scheme: light dark } body { font: 1rem/1.5 system-ui; max-width: 45rem; margin: 2rem auto;
padding: 0 1rem } pre { overflow-x: auto; padding: .7rem; border: 1px solid; border-radius: .3rem }</style>
<h1>$title</h1>
<p>Answers are those of <code>predict</code>. <a href="health">GET /health</a> says what the model is, and
<a href="openapi.json">openapi.json</a> describes everything for programs.</p>
<h2>POST /predict</h2>
<p>JSON with up to $max_samples samples. $samples</p>
<h2>POST /predict/file</h2>
<p>A file as <code>predict</code> takes it, of up to $max_mb MB, in the field <code>file</code> of a form.</p>
<form action="predict/file" method="post" enctype="multipart/form-data"><input type="file" name="file" required
aria-label="File to predict"> <button>Predict</button></form>
<p>What is wrong with a request is said in one sentence, as <code>error</code>, with a status of 400 to 422.</p></html>
""")


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of the command `serve`."""
    parser.add_argument("--run", default="", help="name of the run; without it, the newest")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at; the default is this machine alone")
    parser.add_argument("--port", type=int, default=8000, help="port to listen at; 0: any that is free")
    parser.add_argument("--max_samples", type=int, default=1000, help="samples in a request")
    parser.add_argument("--max_mb", type=float, default=10, help="size of a request, in MB")


def main(run: str = "", host: str = "127.0.0.1", port: int = 8000, max_samples: int = 1000, max_mb: float = 10) -> None:
    """Serve the exported model of a run until it is interrupted.

    Args:
        run: name of the run; the newest if it is empty.
        host: address to listen at.
        port: to listen at; 0: any that is free.
        max_samples: of a request.
        max_mb: size of a request.

    Raises:
        UserError: there is no exported model, a package is missing, or the port is in use.
    """
    require_packages("The service", NEEDED, "serve")
    if not 0 <= port < 2**16 or max_samples < 1 or not 0 < max_mb <= 1000:
        raise UserError("A port is from 0 to 65535, max_samples at least 1, and max_mb above 0 and up to 1000.")
    import uvicorn

    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # what is wrong with a form is in the answer
    service = load_service(run, max_samples)
    app = make_app(service, max_mb)
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(f"{host} port {port} can't be listened at: {reason}: choose others.") from error
    place = f"[{host}]" if ":" in host else host
    print(f"Serving {service.run} at http://{place}:{listener.getsockname()[1]}/docs", flush=True)
    warn_if_not_calibrated(service.run, service.info)
    if not _is_loopback(host):
        print("Whoever reaches this machine can use it: there is no password.", flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run(sockets=[listener])


def make_app(service: Service, max_mb: float) -> Any:
    """Make the ASGI application that answers requests of up to `max_mb`."""
    from fastapi import Depends, FastAPI, HTTPException, Request, Response, UploadFile
    from fastapi.exceptions import RequestValidationError
    from starlette.exceptions import HTTPException as AnyHTTPException

    name = f"{service.run.name}: {_describe_task()}"
    # No pages of Swagger and ReDoc, which browsers would load from elsewhere.
    app = FastAPI(title=name, version="1", docs_url=None, redoc_url=None, separate_input_output_schemas=False)
    app.add_middleware(_LimitSize, max_bytes=int(max_mb * 1e6))
    faults: dict[int | str, dict[str, Any]] = {
        status: {"description": text, "content": _json({"error": {"type": "string"}})}
        for status, text in FAULTS.items()
    }
    answered = {
        "description": "The predictions, in the order of the samples.",
        "content": _json(_describe_answer(service)),
    }
    body = {"required": True, "content": _json({SAMPLES: _describe_samples(service)})}

    async def read_body(request: Request) -> bytes:
        return await request.body()

    # Not async: ONNX Runtime works in a thread, while the loop takes other requests.
    @app.post("/predict", openapi_extra={"requestBody": body}, responses={200: answered, **faults})
    def predict(body: Annotated[bytes, Depends(read_body)]) -> Response:
        """Predict samples."""
        try:
            content = json.loads(body)
        except (ValueError, RecursionError) as error:
            reason = "it is nested too deeply" if isinstance(error, RecursionError) else error
            raise HTTPException(400, f"The body is no JSON: {reason}.") from None
        return _respond(answer_samples(service, _find_samples(content, service.max_samples)))

    @app.post("/predict/file", responses={200: answered, **faults})
    def predict_file(file: UploadFile) -> Response:
        """Predict a file, as the command predict does."""
        return _respond(answer_file(service, file.filename or "", file.file.read()))

    about = {
        "run": service.run.name,
        "task": _describe_task(),
        "shape": [*service.shape],
        "dtype": str(service.dtype),
        "target_names": service.info.target_names,
    }

    @app.get("/health", responses={200: {"content": _json({key: _type_of(value) for key, value in about.items()})}})
    def health() -> Response:
        """Say what the model is."""
        return _respond(about)

    page = PAGE.substitute(
        title=html.escape(name),
        max_samples=f"{service.max_samples:,}",
        max_mb=f"{max_mb:g}",
        samples=html.escape(_describe_in_words(service)),
    )

    @app.get("/docs", include_in_schema=False)
    def docs() -> Response:
        return Response(page, media_type="text/html")

    @app.exception_handler(UserError)
    def refuse(request: Request, error: UserError) -> Response:
        return _respond({"error": str(error)}, 422)

    @app.exception_handler(RequestValidationError)
    def refuse_form(request: Request, error: RequestValidationError) -> Response:
        return _respond({"error": "Send one file, in the field file of a form (multipart/form-data)."}, 422)

    @app.exception_handler(AnyHTTPException)
    def refuse_request(request: Request, error: AnyHTTPException) -> Response:
        path = request.url.path
        sentences = {404: f"There is no {path}: see /docs.", 405: f"{path} does not take {request.method}: see /docs."}
        return _respond({"error": sentences.get(error.status_code, error.detail)}, error.status_code, error.headers)

    return app


class _LimitSize:
    """ASGI middleware that refuses bodies which are too large, or of which no length is given."""

    def __init__(self, app: Any, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a request on, or answer it."""
        answer = self.app
        if scope["type"] == "http" and scope["method"] == "POST":
            headers = dict(scope["headers"])
            length = headers.get(b"content-length", b"")
            if not length.isdigit() or b"transfer-encoding" in headers:
                answer = _respond({"error": "Give the length of the body, as Content-Length."}, 411)
            elif int(length[:18]) > self.max_bytes:
                answer = _respond({"error": f"The body is larger than {self.max_bytes / 1e6:g} MB."}, 413)
        await answer(scope, receive, send)


def _find_samples(content: Any, max_samples: int) -> list[Any]:
    """Return the samples of a request.

    Raises:
        UserError: it holds something else, or too many.
    """
    if not isinstance(content, dict) or [*content] != [SAMPLES] or not isinstance(content[SAMPLES], list):
        raise UserError('The body must be an object with one list: {"samples": [...]}.')
    count = len(content[SAMPLES])
    if not 0 < count <= max_samples:
        raise UserError(f"There are {count:,} {SAMPLES}, and there must be 1 to {max_samples:,}.")
    return content[SAMPLES]


def _respond(content: dict[str, Any], status: int = 200, headers: Any = None) -> Any:
    """Make a response of JSON in ASCII: half a pair of surrogates, which a message may quote, is no UTF-8."""
    from fastapi import Response

    return Response(json.dumps(content, allow_nan=False), status, headers, "application/json")


def _describe_task() -> str:
    """Return what the task is: the first sentence of task.py."""
    return (task.__doc__ or "").partition(".")[0].removeprefix("The task: ")


def _json(properties: dict[str, Any]) -> dict[str, Any]:
    """Describe a body of JSON whose properties are all there, and no others."""
    schema = {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}
    return {"application/json": {"schema": schema}}


def _type_of(value: Any) -> dict[str, Any]:
    """Describe a value of an answer."""
    if isinstance(value, list):
        return {"type": "array", "items": _type_of(value[0])}
    return {"type": "string" if isinstance(value, str) else "integer" if isinstance(value, int) else "number"}


def _describe_answer(service: Service) -> dict[str, Any]:
    """Describe an answer, by the predictions that follow from outputs of zero."""
    info = service.info
    zeros = task.to_predictions(np.zeros((1, info.num_outputs), np.float32), info.target_statistics)
    (row,) = task.to_rows(zeros, info.target_names, info.target_statistics)
    schema = _json({name: _type_of(value) for name, value in row.items()})["application/json"]["schema"]
    return {
        "predictions": {"type": "array", "minItems": 1, "items": schema},
        "warnings": {"type": "array", "items": {"type": "string"}},
    }


def _describe_samples(service: Service) -> dict[str, Any]:
    """Describe the samples of a request: their shape and dtype, or their columns."""
    *outer, last = service.shape
    number = _describe_number(service.dtype, null=_may_be_missing(service))
    kinds: list[dict[str, Any]] = [{"type": "array", "minItems": last, "maxItems": last, "items": number}]
    if len(service.shape) == 3 and last == 1:
        kinds.append(number)  # the last axis of gray images may be left out
    if columns := columns_of(service.info):
        properties = {column["name"]: _describe_column(service, column) for column in columns}
        kinds.append({"type": "object", "properties": properties, "required": [*properties]})
    sizes = [(1, service.max_samples), *((size, size) for size in outer)]  # least and most
    if may_be_padded(service.info):
        sizes[1] = 1, service.shape[0]
    for least, most in reversed(sizes):
        kinds = [{"type": "array", "minItems": least, "maxItems": most, "items": kind} for kind in kinds]
    return {"anyOf": kinds}


def _may_be_missing(service: Service) -> bool:
    """Return whether values of a sample may be missing: as padding, or as gaps that are filled."""
    return may_be_padded(service.info) or service.info.preprocessing.get("fill_gaps") == "last"


def _describe_number(dtype: np.dtype, *, null: bool) -> dict[str, Any]:
    """Describe a number that fits a dtype."""
    if dtype.kind != "f":
        low, high = limits(dtype)
        return {"type": "integer", "minimum": low, "maximum": high}
    most = float(np.finfo(dtype).max)
    return {"type": ["number", "null"] if null else "number", "minimum": -most, "maximum": most}


def _describe_column(service: Service, column: dict[str, Any]) -> dict[str, Any]:
    """Describe a value of a column."""
    if "values" in column:
        return {
            "type": ["string", "number", "boolean", "null"],
            "description": f"one of {', '.join(column['values'])}; others count as missing",
        }
    if "median" not in column:  # of a step
        return _describe_number(service.dtype, null=_may_be_missing(service))
    described = _describe_number(service.dtype, null=True)
    more = ["string"] if is_formatted(service.info, column) else []
    return {**described, "type": ["number", "boolean", "null", *more]}


def _describe_in_words(service: Service) -> str:
    """Describe a sample for the page."""
    numbers = "numbers"
    if service.dtype.kind != "f":
        numbers = "whole numbers from {} to {}".format(*limits(service.dtype))
    text = f"Each is a list of {numbers}, nested as the shape {[*service.shape]} says"
    if may_be_padded(service.info):
        text += ", with fewer steps at will"
    if columns := columns_of(service.info):
        kind = "step" if len(service.shape) > 1 else "sample"
        text += f"; a {kind} may be an object too, with {', '.join(column['name'] for column in columns)}"
    return f"{text}."


def _is_loopback(host: str) -> bool:
    """Return whether an address is of this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a name
        return host == "localhost"

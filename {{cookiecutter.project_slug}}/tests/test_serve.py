"""The service: what is right is answered, and what is wrong gets one sentence and a status of 400 to 422."""

import io
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from serving import ask, make_service, upload

from {{ cookiecutter.__package }} import environment
from {{ cookiecutter.__package }}.config import Config, UserError, save_config
from {{ cookiecutter.__package }}.data import Splits
from {{ cookiecutter.__package }}.data_info import save_info
from {{ cookiecutter.__package }}.inference import answers, load, serve
from {{ cookiecutter.__package }}.inference.answers import answer_samples, load_service
from {{ cookiecutter.__package }}.inference.serve import make_app
from {{ cookiecutter.__package }}.task import to_predictions, to_rows

MAX_MB = 2


@pytest.fixture
def app(config: Config, splits: Splits) -> Any:
    """Make the application for a model of samples as the test split has them: whole numbers."""
    pytest.importorskip("fastapi", reason="the extra serve is not installed")
    return make_app(make_service(config, splits.info, str(splits.test.x.dtype)), max_mb=MAX_MB)


def as_json(samples: Any) -> bytes:
    """Write the body of a request."""
    return json.dumps({"samples": samples}).encode()


def test_answers_are_the_rows_of_predict(app: Any, splits: Splits) -> None:
    x = splits.test.x[:3]
    status, answer = ask(app, "/predict", as_json(x.tolist()))
    means = x.reshape(3, -1).astype(np.float32).mean(axis=1, keepdims=True)
    outputs = np.repeat(means, splits.info.num_outputs, axis=1)
    statistics = splits.info.target_statistics
    rows = to_rows(to_predictions(outputs, statistics), splits.target_names, statistics)
    assert (status, answer) == (200, {"predictions": rows, "warnings": []})
    array = io.BytesIO()
    np.save(array, x)
    assert upload(app, "mine.npy", array.getvalue()) == (200, answer)


def test_load_asks_for_what_the_model_takes(app: Any, splits: Splits) -> None:
    info = replace(splits.info, mean=[14.2] * len(splits.info.mean))
    assert ask(app, "/predict", load.make_body(info, 2))[0] == 200


def test_strange_samples_are_warned_of(app: Any, splits: Splits) -> None:
    x = np.full((20, *splits.info.input_shape), 100)
    x[1:, 0] = 101
    status, answer = ask(app, "/predict", as_json(x.tolist()))
    assert status == 200
    assert "in training" in answer["warnings"][0]


def test_health_docs_and_schema(app: Any, splits: Splits) -> None:
    status, health = ask(app, "/health")
    assert status == 200
    assert health["shape"] == splits.info.input_shape
    assert health["dtype"] == str(splits.test.x.dtype)
    assert health["target_names"] == splits.target_names
    status, page = ask(app, "/docs")
    assert status == 200
    low, high = answers.limits(splits.test.x.dtype)
    assert f"whole numbers from {low} to {high}" in page
    assert "://" not in page  # nothing is fetched
    status, schema = ask(app, "/openapi.json")
    assert status == 200
    assert set(schema["paths"]) == {"/predict", "/predict/file", "/health"}
    body = schema["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"]["samples"]["anyOf"][0]["maxItems"] == 20


def wrong_bodies(shape: list[int], dtype: np.dtype) -> dict[str, tuple[int, bytes, str]]:
    """List bodies that are wrong: the status, the body and what the sentence says, by what is wrong."""

    def filled(value: Any) -> Any:
        return [np.full(shape, value, object).tolist()]

    bodies = {
        "empty": (400, b"", "no JSON"),
        "cut off": (400, b'{"samples": [', "no JSON"),
        "no text": (400, b"\xff\x00", "no JSON"),
        "deep": (400, b"[" * 50_000, "nested too deeply"),
        "digits": (400, b"1" * 5000, "no JSON"),
        "no object": (422, b"[1]", "must be an object"),
        "another key": (422, b'{"samples": [1], "more": 1}', "must be an object"),
        "half a character": (422, rb'{"\ud800": []}', "must be an object"),
        "no list": (422, as_json(7), "must be an object"),
        "none": (422, as_json([]), "There are 0 samples"),
        "many": (422, as_json([0] * 21), "There are 21 samples"),
        "numbers": (422, as_json([1, 2]), "must be lists"),
        "objects": (422, as_json([{"a": 1}]), "must be lists"),
        "several kinds": (422, as_json([{"a": 1}, [1]]), "must be lists"),
        "short": (422, as_json([[]]), "must have the shape"),
        "deep lists": (422, as_json([[[[[[[1]]]]]]]), "must have the shape"),
        "text": (422, as_json(filled("a")), "'a' is none"),
        "true": (422, as_json(filled(True)), "True is none"),
        "missing": (422, as_json(filled(None)), ""),
        "NaN": (422, as_json(filled(float("nan"))), ""),
        "infinite": (422, as_json(filled(float("-inf"))), ""),
        "large": (422, as_json(filled(int(answers.limits(dtype)[1]) + 2)), ""),
        "huge": (422, as_json(filled(10**30)), "too large"),
        "too many bytes": (413, b" " * (MAX_MB * 1_000_000 + 1), f"larger than {MAX_MB} MB"),
    }
    if dtype == np.uint8:  # other data types take floats for another scale
        bodies |= {
            "missing": (422, as_json(filled(None)), "nan is no whole number from 0 to 255"),
            "infinite": (422, as_json(filled(float("-inf"))), "inf is no whole number"),
            "large": (422, as_json(filled(300)), "300 is no whole number"),
            "negative": (422, as_json(filled(-1)), "-1 is no whole number"),
            "fraction": (422, as_json(filled(0.5)), "0.5 is no whole number"),
        }
    return bodies


def test_wrong_bodies_get_a_sentence(app: Any, splits: Splits) -> None:
    for name, (status, body, words) in wrong_bodies(splits.info.input_shape, splits.test.x.dtype).items():
        found, answer = ask(app, "/predict", body)
        assert found == status, name
        assert_sentence(answer, words)


def assert_sentence(answer: dict[str, str], words: str) -> None:
    """Check that an answer is one sentence that says some words, and no path of this machine."""
    assert set(answer) == {"error"}
    sentence = answer["error"]
    assert words in sentence
    assert "\n" not in sentence
    assert tempfile.gettempdir() not in sentence


def test_wrong_requests_get_a_sentence(app: Any) -> None:
    for status, words, options in [
        (411, "length", {"headers": {"content-length": ""}}),
        (411, "length", {"headers": {"content-length": "-1"}}),
        (411, "length", {"headers": {"transfer-encoding": "chunked"}}),
        (413, "larger", {"headers": {"content-length": "9" * 30}}),
        (405, "does not take PUT", {"method": "PUT"}),
    ]:
        found, answer = ask(app, "/predict", b"{}", **options)
        assert found == status
        assert_sentence(answer, words)
    found, answer = ask(app, "/absent")
    assert found == 404
    assert_sentence(answer, "There is no /absent")


def test_wrong_files_get_a_sentence(app: Any) -> None:
    for status, words, name, content in [
        (422, "mine.npy is not", "mine.npy", b"\x93NUMPY"),
        (422, "mine.npy is not", "mine.npy", b""),
        (422, "is compressed", "mine.npz", b"PK"),
        (422, "mine.exe", "mine.exe", b"MZ"),
        (422, "file", "", b""),
        (413, "larger", "mine.npy", bytes(MAX_MB * 1_000_000 + 1)),
    ]:
        found, answer = upload(app, name, content)
        assert found == status, name
        assert_sentence(answer, words)
    array = io.BytesIO()
    np.save(array, np.zeros((2, 3, 5), np.uint8))
    found, answer = upload(app, "../../other.npy", array.getvalue())
    assert found == 422
    assert_sentence(answer, "other.npy")
    found, answer = upload(app, "mine.npy", b"1", field="other")
    assert found == 422
    assert_sentence(answer, "in the field file of a form")
    for kind in ("application/json", "multipart/form-data", "multipart/form-data; boundary=yy"):
        found, answer = ask(app, "/predict/file", b"--zz", headers={"content-type": kind})
        assert found in (400, 422)
        assert set(answer) == {"error"}


def test_too_many_samples_in_a_file_are_refused(app: Any, splits: Splits) -> None:
    array = io.BytesIO()
    np.save(array, splits.test.x[:21])
    found, answer = upload(app, "mine.npy", array.getvalue())
    assert found == 422
    assert_sentence(answer, "21 samples, and the limit is 20")


def test_what_no_number_follows_from_is_refused(
    config: Config, splits: Splits, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = make_service(config, splits.info, str(splits.test.x.dtype))
    service.session.run = lambda names, feeds: [np.full((1, splits.info.num_outputs), np.inf, np.float32)]
    monkeypatch.setattr(answers, "to_predictions", lambda outputs, statistics: outputs)
    with pytest.raises(UserError, match="sample 0: its values are too large for the model"):
        answer_samples(service, splits.test.x[:1].tolist())


def make_run(config: Config, splits: Splits) -> Path:
    """Make the folder of a run as training leaves it, without a model."""
    run = Path("runs", "001")
    run.mkdir(parents=True)
    save_info(splits.info, run / "data.json")
    save_config(config, run / "config.yaml")
    (run / "best.model").touch()
    return run


def test_export_comes_first(config: Config, splits: Splits) -> None:
    run = make_run(config, splits)
    with pytest.raises(UserError, match=r"There is no .*model\.onnx: run export --run 001 first"):
        load_service("", 1)
    exported = run / "export" / "model.onnx"
    exported.parent.mkdir()
    exported.write_bytes(b"no model")
    os.utime(exported, (1, 1))
    with pytest.raises(UserError, match="is older than the best checkpoint of"):
        load_service("", 1)
    os.utime(exported)
    pytest.importorskip("onnxruntime", reason="the extra serve is not installed")
    with pytest.raises(UserError, match="can't be loaded; run export --run 001 first"):
        load_service("", 1)


def test_no_framework_is_loaded(config: Config, splits: Splits) -> None:
    """It would double the memory of the service."""
    make_run(config, splits)
    code = """
import importlib, sys
answers = importlib.import_module(sys.argv[1])
try:
    answers.load_service("", 1)
except Exception as error:
    assert "export" in str(error), error
package = sys.argv[1].partition(".")[0]
found = {f"{package}.{name}" for name in ("device", "model", "losses", "compile")} & set(sys.modules)
assert not found, found  # they import it, and no others
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code, answers.__name__], env=environment, check=True)


def test_faults_of_the_options_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(environment, "find_spec", lambda name: None)
        with pytest.raises(UserError, match=r'needs fastapi and .*: .* pip install --editable "\.\[serve\]"'):
            serve.main()
    monkeypatch.setattr(environment, "find_spec", lambda name: name)
    with pytest.raises(UserError, match="A port is from 0"):
        serve.main(port=70_000)
    with pytest.raises(UserError, match="clients from 1"):
        load.main(clients=0)

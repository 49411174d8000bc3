"""What the service takes: sequences as arrays, as objects of features, as files, and shorter ones."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from own_data import UserError
from serving import Service, answer_file, answer_samples, ask, make_app, serve

pytestmark = pytest.mark.usefixtures("config")  # its folder, with a config.yaml

STEPS = [{"a": 0.5, "b": 1}, {"a": 0.25, "b": 0}]


def train_on(lengths: list[int], **data: Any) -> Service:
    """Make a service for a table with a row for each step of 30 sequences."""
    random = np.random.default_rng(0)
    rows = [
        {"name": number, "step": step, "a": random.normal(), "b": random.normal(), "y": number % 2}
        for number in range(30)
        for step in range(lengths[number % len(lengths)])
    ]
    pd.DataFrame(rows).to_csv("own.csv", index=False)
    columns = {"sequence_column": "name", "step_column": "step", "target_column": "y"}
    return serve("own.csv", "float32", **columns, **data)


def test_lists_objects_and_files_are_alike() -> None:
    service = train_on([2])
    expected = answer_samples(service, [[[0.5, 1], [0.25, 0]]])
    assert answer_samples(service, [STEPS]) == expected
    text = "name,step,a,b\nx,1,0.5,1\nx,2,0.25,0\n"
    assert answer_file(service, "mine.csv", text.encode()) == expected
    more = answer_samples(service, [[{**step, "c": 1} for step in STEPS]])
    assert more == {**expected, "warnings": ["the model does not use c."]}
    for samples, message in [
        ([[[1, 2]]], "on level 1 there is a list of 1 instead of a list of 2"),
        ([[[1, None], [1, 2]]], "sample 0: b at 0 is missing or not finite"),
        ([[{"a": 1}]], "Step 0 lacks b"),
        ([[{"a": 1, "b": "x"}, *STEPS[1:]]], "A sample must hold numbers, and 'x' is none"),
        ([[*STEPS[1:], [1, 2]]], "on level 2 there is an object"),
        ([{"a": 1, "b": 2}], "samples must be lists of numbers"),
        ([[]], "on level 1 there is a list of 0"),
    ]:
        with pytest.raises(UserError) as error:
            answer_samples(service, samples)
        assert message in str(error.value)


def test_shorter_sequences_are_padded() -> None:
    service = train_on([2, 3, 4], pad=True)
    expected = answer_samples(service, [STEPS, [*STEPS, *STEPS]])
    padding = [[None, None]] * 2
    assert (
        answer_samples(service, [[[0.5, 1], [0.25, 0], *padding], [*STEPS, *STEPS]][:1])["predictions"]
        == (expected["predictions"][:1])
    )
    assert (
        answer_file(service, "mine.csv", b"name,step,a,b\nx,1,0.5,1\nx,2,0.25,0\n")["predictions"]
        == (expected["predictions"][:1])
    )
    for samples, message in [
        ([STEPS * 3], "Sample 0 has 6 steps, but the model takes 1 to 4"),
        ([[]], "Sample 0 has 0 steps"),
        ([[[None, None], [1, 2]]], "sample 0: a at 0 is missing or not finite"),
        ([[[1, None], [1, 2]]], "sample 0: b at 0 is missing or not finite"),
    ]:
        with pytest.raises(UserError) as error:
            answer_samples(service, samples)
        assert message in str(error.value)
    with pytest.raises(UserError, match=r"mine\.csv: the samples have the shape \[5, 2\]"):
        answer_file(service, "mine.csv", ("name,step,a,b\n" + "".join(f"x,{n},0,1\n" for n in range(5))).encode())


def test_gaps_are_filled_where_training_filled_them() -> None:
    service = train_on([2], fill_gaps="last")
    gap = answer_samples(service, [[{"a": 0.5, "b": 1}, {"a": None, "b": 0}]])
    assert gap == answer_samples(service, [[[0.5, 1], [0.5, 0]]])


def test_the_schema_names_the_features() -> None:
    pytest.importorskip("fastapi", reason="the extra serve is not installed")
    app = make_app(train_on([2, 3], pad=True), max_mb=1)
    _, schema = ask(app, "/openapi.json")
    body = schema["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    lists, objects = (kind["items"] for kind in body["properties"]["samples"]["anyOf"])
    assert (lists["minItems"], lists["maxItems"]) == (1, 3)
    assert objects["items"]["required"] == ["a", "b"]
    assert "a step may be an object too, with a, b" in ask(app, "/docs")[1]

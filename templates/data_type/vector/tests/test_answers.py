"""What the service takes: vectors as arrays, as objects of columns, and as files."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from own_data import UserError, inputs
from serving import Service, answer_file, answer_samples, ask, make_app, serve

pytestmark = pytest.mark.usefixtures("config")  # its folder, with a config.yaml

N = 40
SAMPLE: dict[str, Any] = {"age": 7, "color": "red", "price": "1.493,87 €", "seconds": 1.7e9 + 2}
TEXT = "color;price;age;seconds;more\nred;1.493,87 €;7;1700000002;1\n"


@pytest.fixture
def service() -> Service:
    """Make a service for a table of numbers, categories, amounts and numbers that need an offset."""
    table = pd.DataFrame({"age": np.arange(N, dtype=float), "color": [("red", "blue")[row % 2] for row in range(N)]})
    table["price"] = [f"{1 + row % 7}.{100 + row},87 €" for row in range(N)]
    table["seconds"] = 1.7e9 + np.arange(N)
    table["y"] = [row // 2 % 2 for row in range(N)]
    table.to_csv("own.csv", index=False, sep=";")
    return serve("own.csv", "float32", target_column="y")


def test_objects_are_read_as_the_rows_of_a_file(service: Service) -> None:
    given = []
    run = service.session.run
    service.session.run = lambda names, feeds: given.append(feeds["inputs"]) or run(names, feeds)
    expected = answer_samples(service, [SAMPLE])
    assert not expected["warnings"]
    found = answer_file(service, "mine.csv", TEXT.encode())
    assert found == {**expected, "warnings": ["the model does not use more."]}
    assert answer_samples(service, [{**SAMPLE, "price": 1493.87}]) == expected
    row = [1 if name == "color=red" else 0 for name in inputs.feature_names(service.info.preprocessing)]
    row[0], row[-2], row[-1] = 7, 1493.87, 1.7e9 + 2
    assert answer_samples(service, [row]) == expected
    assert (np.concatenate(given) == given[0]).all()
    assert given[0].shape == (1, 5)


def test_what_is_missing_or_new_is_as_in_predict(service: Service) -> None:
    median = answer_samples(service, [{**SAMPLE, "age": 19}])
    assert answer_samples(service, [{**SAMPLE, "age": None}])["predictions"] != median
    answer = answer_samples(service, [{**SAMPLE, "color": "green", "more": 1}])
    assert answer["warnings"] == [
        "the model does not use more.",
        "new to the model, and counted as missing: 1 value of 'color', such as 'green'.",
    ]
    assert answer["predictions"] == answer_samples(service, [{**SAMPLE, "color": None}])["predictions"]
    (warning,) = answer_samples(service, [{**SAMPLE, "age": 1000}])["warnings"]
    assert "1 of 1 sample has values far outside of those in training: age 1000" in warning


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ([{"age": 1}], "Sample 0 lacks color, price, seconds"),
        ([SAMPLE, {**SAMPLE, "price": 1}], "'price' has numbers and texts"),
        ([{**SAMPLE, "age": "30"}], "'30' is text in the number column 'age'"),
        ([{**SAMPLE, "age": [1]}], "'age' must be a number or text, or null, and a list of 1 is neither"),
        ([{**SAMPLE, "age": {}}], "and an object is neither"),
        ([{**SAMPLE, "age": 10**400}], "A number of 'age' is too large"),
        ([{**SAMPLE, "color": "\ud800"}], "samples can't be read as a table"),
        ([{**SAMPLE, "age": float("inf")}], "sample 0: age is missing or not finite"),
        ([{**SAMPLE, "age": 1e300}], "sample 0: age is missing or not finite"),
        ([{**SAMPLE, "price": "1,493.87"}], "is not written like the other numbers of 'price'"),
        ([[1, 2]], "must have the shape [5]"),
        ([[1, 1, 0, None, 1.7e9]], "sample 0: price is missing or not finite"),
        ([SAMPLE, [1]], "must be lists of numbers or objects of the columns, and all alike"),
    ],
)
def test_wrong_samples_are_refused(service: Service, samples: list[Any], message: str) -> None:
    with pytest.raises(UserError) as error:
        answer_samples(service, samples)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("mine.csv", b"age\n1\n", "mine.csv lacks the columns color, price, seconds"),
        ("mine.csv", b"", "mine.csv is not a whole table"),
        ("mine.csv", b"\x00\x01", "mine.csv holds bytes of zero"),
        ("mine.xlsx", b"PK", "mine.xlsx is no table"),
        ("mine.parquet", b"PAR1", "mine.parquet is compressed"),
    ],
)
def test_wrong_files_are_refused(service: Service, name: str, content: bytes, message: str) -> None:
    with pytest.raises(UserError) as error:
        answer_file(service, name, content)
    assert message in str(error.value)


def test_the_schema_names_the_columns(service: Service) -> None:
    pytest.importorskip("fastapi", reason="the extra serve is not installed")
    app = make_app(service, max_mb=1)
    _, schema = ask(app, "/openapi.json")
    body = schema["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    columns = body["properties"]["samples"]["anyOf"][1]["items"]["properties"]
    assert list(columns) == ["age", "color", "price", "seconds"]
    assert columns["color"]["description"] == "one of blue, red; others count as missing"
    assert "with age, color, price, seconds" in ask(app, "/docs")[1]

"""Own data: every data format is read alike, and a fault ends in one sentence that names its place."""

import json
import re
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from own_data import Splits, UserError, answer, inputs, load, read, read_new, refusal, refused, settings, task

pytestmark = pytest.mark.usefixtures("config")  # its folder, with a config.yaml

N = 40
NUMBERS = [float(number) for number in range(N)]


def table() -> pd.DataFrame:
    """Make a table of numbers, true and false, text and missing values. The target suits every task."""
    made = pd.DataFrame({"age": NUMBERS, "member": [row % 3 == 0 for row in range(N)]})
    made["color"] = [("red", "green", "blue")[row % 3] for row in range(N)]
    made["y"] = [row % 2 for row in range(N)]
    made.loc[3, "age"] = None
    made.loc[5, "color"] = None
    return made


def arrays(**more: np.ndarray) -> dict[str, np.ndarray]:
    """Make arrays x (N, 3) and y (N,). `more` adds arrays, or replaces them."""
    return {"x": np.arange(3.0 * N).reshape(N, 3), "y": np.arange(N) % 2, **more}


def all_inputs(splits: Splits) -> np.ndarray:
    """Join the inputs of all splits, in an order that does not depend on the split."""
    x = np.concatenate([split.x[:] for split in splits.named.values()])
    return x[np.lexsort(x.T[::-1])]


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("own.csv", lambda made, path: made.to_csv(path, index=False)),
        ("own.tsv", lambda made, path: made.to_csv(path, index=False, sep="\t")),
        ("semicolons.csv", lambda made, path: made.to_csv(path, index=False, sep=";")),
        ("commas.csv", lambda made, path: made.to_csv(path, index=False, sep=";", decimal=",")),
        ("spaces.csv", lambda made, path: made.rename(columns={"y": " y "}).to_csv(path, index=False)),
        ("mark.csv", lambda made, path: made.to_csv(path, index=False, encoding="utf-8-sig")),
        ("own.parquet", lambda made, path: made.to_parquet(path)),
    ],
)
def test_tables_of_every_format_are_read_alike(name: str, write: Callable) -> None:
    write(table(), name)
    splits = load(name, target_column="y")
    assert [len(split) for split in splits.named.values()] == [29, 3, 8]
    assert splits.train.x.dtype == np.float32
    x = all_inputs(splits)
    assert x.shape == (N, 5)  # age, member, a column for each color
    assert sorted(x[:, 0]) == sorted([*NUMBERS[:3], splits.preprocessing["columns"][0]["median"], *NUMBERS[4:]])
    assert x[:, 1].sum() == 14
    assert (x[:, 2:].sum(axis=1) == 0).sum() == 1


def columns_of(**columns: list[str]) -> dict[str, list]:
    """Write columns to a file with semicolons, each value many times: the values of each that are read."""
    rows = zip(*columns.values(), ["0", "1", *["0"] * 8], strict=False)
    length = max(map(len, columns.values()))
    lines = [";".join(row) for row in rows]
    assert len(lines) == length
    Path("own.csv").write_text("\n".join([";".join([*columns, "y"]), *lines * 6]) + "\n", encoding="utf-8")
    samples = read("own.csv", target_column="y")
    return {name: samples.inputs.table[name].tolist()[:length] for name in columns}


def test_decimal_commas_and_thousands_are_one_rule_for_a_column() -> None:
    found = columns_of(sales=["4.288", "580", "12.000"], share=["0,53", "0,5", "1"], profit=["1.428,8", "58,", ",25"])
    assert found["sales"] == [4288, 580, 12000]
    assert found["share"] == pytest.approx([0.53, 0.5, 1])
    assert found["profit"] == pytest.approx([1428.8, 58, 0.25])
    assert columns_of(a=["1.234.567", "1"], b=["1,5", "2.000"]) == {"a": [1234567, 1], "b": [1.5, 2000]}
    found = columns_of(a=["4.288", "580", "1.5"], b=["1,234", "1,500", "12"])
    assert found["a"] == pytest.approx([4.288, 580, 1.5])
    assert found["b"] == [1234, 1500, 12]  # thousands beside decimal points
    found = columns_of(a=["4.288", "580"], b=["1", "2"])
    assert found["a"] == pytest.approx([4.288, 580])
    found = columns_of(a=["1,234", "1"], b=["1.234", "1"])
    assert (found["a"], found["b"]) == (pytest.approx([1.234, 1]), pytest.approx([1.234, 1]))
    found = columns_of(a=["1,5", "2.5", "3,5"], b=["1,25", "2", "3"])
    assert found == {"a": ["1,5", "2.5", "3,5"], "b": [1.25, 2, 3]}
    assert columns_of(a=["10.123.123.111", "10.1.1.1", "10.2.2.2"]) == {"a": ["10.123.123.111", "10.1.1.1", "10.2.2.2"]}
    Path("own.csv").write_text("a;y\n" + "1,5;0\n2.000;1\n" * 9 + "two;0\n", encoding="utf-8")
    assert "own.csv line 20: 'two' is text in the number column 'a'" in refused("own.csv", target_column="y")
    Path("own.csv").write_text("a;y\n" + "1,5;0\n2.5;1\n3.5;1\n" * 6, encoding="utf-8")
    assert "own.csv line 2: '1,5' is text in the number column 'a'" in refused("own.csv", target_column="y")


def test_inspection_calls_numbers_what_is_used_as_numbers() -> None:
    lines = [f"{row + 1}.{row + 100};0,{row + 1};{row % 2}" for row in range(N)]
    Path("own.csv").write_text("\n".join(["sales;share;y", *lines]), encoding="utf-8")
    assert "sales: numbers, 1100 to 40139" in answer("data", "--inspect", "own.csv")
    table().assign(price=[Decimal(row) / 4 for row in range(N)]).to_parquet("own.parquet")
    assert "price: numbers, 0 to 9.75" in answer("data", "--inspect", "own.parquet", "--data.target_column=y")


def test_preprocessing_is_learned_on_the_train_split() -> None:
    made = table()
    made["split"] = ["train"] * 20 + ["Validation"] * 10 + ["test"] * 10
    made.loc[39, "color"] = "mauve"  # never seen in training
    made.loc[38, "age"] = None
    made.to_csv("own.csv", index=False)
    splits = load("own.csv", target_column="y", split_column="split")
    assert [len(split) for split in splits.named.values()] == [20, 10, 10]
    age, member, color = splits.preprocessing["columns"]
    assert age == {"name": "age", "median": 10.0}  # of 0 to 19 without 3
    assert member["median"] in (0, 1)
    assert color == {"name": "color", "values": ["blue", "green", "red"]}
    assert splits.preprocessing["missing"] == {"age": 1, "color": 1}
    assert splits.test.x[-1].tolist() == [39, 1, 0, 0, 0]
    assert splits.test.x[-2, 0] == 10
    json.dumps(splits.preprocessing)


def test_scaling_of_columns_is_robust() -> None:
    tail = [*range(99), 1e9]  # a single value decides mean and std
    rare = [0] * 99 + [5]
    switch = [0, 1, 1, 1] * 25
    learned = inputs.learn_scaling(np.array([tail, rare, switch, [7] * 100]).T)
    assert 49 <= learned["center"][0] <= 50 and learned["center"][1:] == [0, 0, 7]
    assert 49 <= learned["scale"][0] <= 51 and learned["scale"][1:] == [2.5, 1, 1]
    counts = [len(edges) for edges in learned["edges"]]
    assert counts == [17, 0, 0, 0]  # one interval alone says no more than the number
    assert learned["edges"][0] == sorted(learned["edges"][0])
    json.dumps(learned)


def test_intervals_are_of_columns_of_numbers_alone() -> None:
    table().to_csv("own.csv", index=False)
    age, *others = load("own.csv", target_column="y").preprocessing["scaling"]["edges"]
    assert 3 <= len(age) <= 17 and not any(others)
    np.savez("own.npz", **arrays())
    assert load("own.npz").preprocessing["scaling"]["edges"] == []


def test_new_files_are_encoded_like_the_training() -> None:
    made = table()
    made["code"] = [7 if row % 2 else 8 for row in range(N)]
    made.loc[0, "code"] = None  # pandas reads 7.0 instead of 7 where a value is missing
    made["split"] = ["train"] * 30 + ["test"] * 10
    made.to_csv("own.csv", index=False)
    chosen = {"target_column": "y", "split_column": "split", "categories": ["code"]}
    splits = load("own.csv", **chosen)
    new = made.iloc[30:].drop(columns=["y", "split"])
    new[sorted(new)[::-1]].to_csv("new.csv", index=False)
    np.testing.assert_array_equal(read_new("new.csv", splits.preprocessing, **chosen), splits.test.x)
    new.assign(y=0).iloc[:1].to_csv("one.csv", index=False)  # the target may be there, and is not looked at
    np.testing.assert_array_equal(read_new("one.csv", splits.preprocessing, **chosen), splits.test.x[:1])


def test_from_the_file_to_predictions() -> None:
    made = table()
    made.to_csv("own.csv", index=False)
    answer("train", "--data.source=own.csv", "--data.target_column=y", "--training.epochs=1", "--model.units=[8]")
    made.drop(columns="y").to_csv("new.csv", index=False)
    made[sorted(made)[::-1]].to_csv("shuffled.csv", index=False)
    found = [
        answer("predict", name, "--output=out.csv") and pd.read_csv("out.csv") for name in ("new.csv", "shuffled.csv")
    ]
    assert len(found[0]) == N
    pd.testing.assert_frame_equal(found[0].drop(columns="source"), found[1].drop(columns="source"))

    made.rename(columns={"age": "years"}).to_csv("other.csv", index=False)
    sentence = refusal("predict", "other.csv", "--output=none.csv")
    assert "other.csv lacks the columns age and has years instead" in sentence
    for value, message in (
        ("old", "text.csv line 4: 'old' is text"),
        (np.inf, "text.csv sample 2: age is missing or not finite"),
    ):
        made.astype({"age": object}).assign(age=[*NUMBERS[:2], value, *NUMBERS[3:]]).to_csv("text.csv", index=False)
        assert message in refusal("predict", "text.csv", "--output=none.csv")
    np.save("wide.npy", np.zeros((2, 9)))
    assert "wide.npy has 9 features in a row, but the model takes 5" in refusal("predict", "wide.npy")
    Path("broken.npz").write_bytes(b"PK\3\4 and no more")
    assert "broken.npz is not" in refusal("predict", "broken.npz")


def test_folders_with_one_file_per_split() -> None:
    made = table()
    Path("own").mkdir()
    for name, rows in (("train", slice(0, 20)), ("validation", slice(20, 30)), ("test", slice(30, 40))):
        made.iloc[rows].to_csv(f"own/{name}.csv", index=False)
    assert [len(split) for split in load("own", target_column="y").named.values()] == [20, 10, 10]
    Path("own/validation.csv").unlink()
    assert [len(split) for split in load("own", target_column="y").named.values()] == [18, 2, 10]
    made.rename(columns={"age": "years"}).to_csv("own/test.csv", index=False)
    assert "differ in columns: age, years" in refused("own", target_column="y")
    made.assign(age=["?", *NUMBERS[1:]]).to_csv("own/test.csv", index=False)
    assert "test.csv line 2: '?' is text in the number column 'age'" in refused("own", target_column="y")


def test_arrays() -> None:
    np.savez("own.npz", **arrays())
    assert [len(split) for split in load("own.npz").named.values()] == [29, 3, 8]
    given = arrays()
    by_split = {
        f"{name}_{split}": given[name][rows]
        for name in "xy"
        for split, rows in (("train", slice(0, 25)), ("validation", slice(25, 30)), ("test", slice(30, 40)))
    }
    np.savez("splits.npz", **by_split)
    assert [len(split) for split in load("splits.npz").named.values()] == [25, 5, 10]
    np.savez("images.npz", x=np.zeros((N, 2, 3), np.uint8), y=given["y"])
    assert load("images.npz").train.x.shape == (29, 6)


@pytest.mark.parametrize("memory", [1000, 0])
def test_arrays_of_true_and_false_are_described(memory: int) -> None:
    np.savez("own.npz", **arrays(x=np.arange(N)[:, np.newaxis] % [2, 3, 4] == 1))
    assert "Written: reports/stats.json" in answer("stats", "--data.source=own.npz", f"--data.max_memory_mb={memory}")
    statistics = json.loads(Path("reports/stats.json").read_text(encoding="utf-8"))
    train = statistics["splits"]["train"]
    assert (train["dtype"], train["min"], train["max"]) == ("bool", 0, 1)
    assert 0 < train["mean"] < 1
    assert Path("reports/overview.png").is_file()


@pytest.mark.parametrize("shape", [(3,), (1, 3)])
def test_large_arrays_stay_on_disk(shape: tuple[int, ...]) -> None:
    Path("own").mkdir()
    given = arrays()
    given["x"][33, 1] = np.nan
    for split, rows in (("train", slice(0, 30)), ("test", slice(30, 40))):
        np.save(f"own/x_{split}.npy", given["x"][rows].reshape(-1, *shape))
        np.save(f"own/y_{split}.npy", given["y"][rows])
    sentence = "row 3 of x_test and y_test: feature 1 is missing or not finite"
    for memory in (1000, 0):
        assert sentence in refused("own", max_memory_mb=memory)
        assert sentence in refusal("train", "--data.source=own", f"--data.max_memory_mb={memory}")
    given["x"][33, 1] = 0
    np.save("own/x_test.npy", given["x"][30:].reshape(-1, *shape))
    memory, disk = load("own").train, load("own", max_memory_mb=0).train
    assert isinstance(memory.x, np.ndarray)
    assert not isinstance(disk.x, np.ndarray)
    assert (disk.x.shape, disk.x.dtype, len(disk.x)) == (memory.x.shape, memory.x.dtype, len(memory.x))
    for key in (slice(None), slice(2, 9, 3), 4, -1, np.array([5, 0, 5]), np.arange(len(disk)) % 2 == 0):
        np.testing.assert_array_equal(disk.x[key], memory.x[key])
    np.testing.assert_array_equal(disk.y, memory.y)
    np.testing.assert_allclose(load("own", max_memory_mb=0).normalization, load("own").normalization)


def test_a_large_table_becomes_an_array_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    table().to_parquet("own.parquet")
    monkeypatch.setattr(inputs, "CHUNK", 29)  # as many as are to train
    memory, disk = load("own.parquet", target_column="y"), load("own.parquet", target_column="y", max_memory_mb=0)
    assert isinstance(memory.train.x, np.ndarray)
    assert not isinstance(disk.train.x, np.ndarray)
    assert disk.preprocessing == memory.preprocessing
    for name, split in disk.named.items():
        np.testing.assert_array_equal(split.x[:], memory.named[name].x)
        np.testing.assert_array_equal(split.y, memory.named[name].y)
    (kept,) = Path("data/prepared").iterdir()
    written = kept.stat().st_mtime_ns
    load("own.parquet", target_column="y", max_memory_mb=0)
    assert kept.stat().st_mtime_ns == written
    assert "'price', which data.target_column names; it has age, member, color, y" in refused(
        "own.parquet", target_column="price", max_memory_mb=0
    )
    assert "must be one of age, member, color, y" in refused("own.parquet", max_memory_mb=0)


def test_a_large_table_is_looked_at_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.arange(3000)
    made = pd.DataFrame({"row": rows, "size": rows % 7 / 2, "color": np.where(rows % 3, "red", "blue"), "y": rows % 2})
    made.loc[rows % 5 == 0, "size"] = None
    made.to_parquet("own.parquet", row_group_size=700)
    whole, _, _ = inputs.inspect_source(Path("own.parquet"), settings("").data)
    monkeypatch.setattr(inputs, "CHUNK", 301)
    monkeypatch.setattr(pq.ParquetFile, "read", None)  # reads the whole file
    found, lines, _ = inputs.inspect_source(Path("own.parquet"), settings("", max_memory_mb=0).data)
    assert found == whole
    assert found["ignore"] == ["row"]
    assert lines[0] == "3,000 rows, 4 columns; of so many, 301 rows at equal distances are described"
    assert lines[1].startswith("row: numbers, 0 to 2999 -> ignore: it numbers the rows")


def test_splits_by_group_time_and_chance() -> None:
    made = table().fillna({"age": 3})
    made["patient"] = [f"p{row // 4}" for row in range(N)]
    made["day"] = [f"2024-{1 + row // 20:02}-{1 + row % 20:02}" for row in range(N)][::-1]
    made.to_csv("own.csv", index=False)
    found = load("own.csv", target_column="y", split_by="group", group_column="patient", time_column="day")
    groups = [set(split.group) for split in found.named.values()]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 10
    assert [len(split) for split in found.named.values()] == [28, 4, 8]

    found = load(
        "own.csv",
        target_column="y",
        split_by="time",
        group_column="patient",
        time_column="day",
        ignore=["color", "member"],
    )
    ages = [split.x[:, 0].tolist() for split in found.named.values()]
    assert max(ages[2]) < min(ages[1]) <= max(ages[1]) < min(ages[0])

    by_chance = load("own.csv", target_column="y", ignore=["patient", "day"])
    assert abs(by_chance.test.y.mean() - 0.5) < 0.15
    same = load("own.csv", target_column="y", ignore=["patient", "day"])
    np.testing.assert_array_equal(by_chance.test.x, same.test.x)

    assert "name its column in data.group_column" in refused(
        "own.csv", target_column="y", split_by="group", ignore=["day"]
    )
    made.assign(patient="p").to_csv("own.csv", index=False)
    assert "too few samples or groups" in refused(
        "own.csv", target_column="y", split_by="group", group_column="patient", ignore=["day"]
    )
    patients = made["patient"].where(made.index != 3)
    made.assign(patient=patients).to_csv("own.csv", index=False)
    assert "own.csv line 5 has no group: fill it in" in refused(
        "own.csv", target_column="y", split_by="group", group_column="patient", ignore=["day"]
    )
    made.assign(day="some day").to_csv("own.csv", index=False)
    sentence = refused("own.csv", target_column="y", split_by="time", time_column="day", ignore=["patient"])
    assert "'some day' in the column of data.time_column is neither a number nor a date" in sentence
    made.assign(split="rest").to_csv("own.csv", index=False)
    assert "none of train, validation and test" in refused("own.csv", target_column="y", split_column="split")


YEAR = pd.date_range("2024-01-01", periods=366)


def by_time(dates: pd.Index | list[str]) -> list[float]:
    """Split the days of a year by time: the numbers of the days that are held out for test, sorted."""
    made = pd.DataFrame({"day": range(len(dates)), "when": dates, "y": [row % 2 for row in range(len(dates))]})
    made.sample(frac=1, random_state=0).to_csv("own.csv", index=False)
    found = load("own.csv", target_column="y", split_by="time", time_column="when")
    return sorted(found.test.x[:, 0].tolist())


@pytest.mark.parametrize(
    "form",
    ["%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%d.%m.%y", "%d.%m.%Y %H:%M", "%d %b %Y"],
)
def test_dates_of_a_column_have_one_order(form: str) -> None:
    newest = list(range(366 - 73, 366))
    assert by_time(YEAR.strftime(form)) == newest


def test_dates_with_points_begin_with_the_day() -> None:
    first_days = [f"{day:02}.{month:02}.2024" for month in range(1, 13) for day in range(1, 13)]
    assert by_time(first_days) == list(range(144 - 29, 144))


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        (["01/02/2024", "02/01/2024"], "'01/02/2024' in the column of data.time_column does not say which is the day"),
        (["2024-01-31", "02/01/2024"], "'02/01/2024' in the column of data.time_column does not say which is the day"),
        (["13.01.2024", "01/13/2024"], "'13.01.2024' and '01/13/2024' in the column of data.time_column put day"),
        (["02.01.2024", "01/13/2024"], "'02.01.2024' and '01/13/2024' in the column of data.time_column put day"),
        (["31/12/2024", "12/31/2024"], "write all dates as 2024-12-31"),
        (["31.12.2024", "31.02.2024"], "is neither a number nor a date"),
        (["01/02/24", "02/01/24"], "does not say which is the day"),
    ],
)
def test_dates_of_unknown_order_are_refused(dates: list[str], message: str) -> None:
    made = table().assign(when=dates * (N // 2))
    made.to_csv("own.csv", index=False)
    assert message in refused("own.csv", target_column="y", split_by="time", time_column="when")


def test_a_leak_between_given_splits_is_reported() -> None:
    made = table().assign(
        patient=[f"p{row // 4}" for row in range(N)], split=["train"] * 28 + ["val"] * 3 + ["test"] * 9
    )
    made.to_csv("own.csv", index=False)
    printed = answer(
        "stats",
        "--data.source=own.csv",
        "--data.target_column=y",
        "--data.split_column=split",
        "--data.group_column=patient",
    )
    assert "Leak: test and validation share 1 group, such as p7." in printed
    statistics = json.loads(Path("reports/stats.json").read_text(encoding="utf-8"))
    assert statistics["groups_in_two_splits"] == {"test & validation": ["p7"]}
    age = statistics["features"]["age"]
    assert (age["min"], age["max"], statistics["missing_values"]["age"]) == (0, 27, 1)
    assert list(statistics["features"]) == ["age", "member", "color=blue", "color=green", "color=red"]


@pytest.mark.parametrize(
    ("text", "chosen", "message"),
    [
        (
            "a,b,y\n1,2,0\n",
            {"target_column": "z"},
            "own.csv has no column 'z', which data.target_column names; it has a, b, y",
        ),
        ("a,b,y\n1,2,0\n", {"target_column": ""}, "data.target_column must be one of a, b, y"),
        ("a,b,y\n1,2,0\n", {"ignore": ["c"]}, "no column 'c', which data.ignore names"),
        ("a,b,y\n1,2,0\n", {"categories": ["c"]}, "no column 'c', which data.categories names"),
        ("a,b,y\n1,2,0\n", {"group_column": "c"}, "no column 'c', which data.group_column names"),
        ("a,b,y\n1,2,0\n", {"ignore": ["a", "b"]}, "own.csv has no columns beside the target"),
        ("a,b,y\n1,2,0\n1,,1\n\n1,x,0\n2,3,1\n", {}, "own.csv line 5: 'x' is text in the number column 'b'"),
        ('a,b,y\n"p\nq",2,0\nr,x,1\ns,5,1\n', {}, "own.csv line 4: 'x' is text in the number column 'b'"),
        ("a;b;y\n1;2;0\n1;x;1\n3;4;0\n", {}, "own.csv line 3: 'x' is text"),
        ("a,b,y\n1,2,0\n3,4,\n", {}, "own.csv line 3"),
        ("a,b,y\n" + "1,2,0\n3,4,1\n" * 9 + "5,inf,1\n", {}, "own.csv line 20: b is missing or not finite"),
        ("a,b,y\n1,2,0,\n3,x,1,\n4,5,1,\n", {}, "own.csv line 3: 'x' is text in the number column 'b'"),
        (
            "a,b,y\n1,2,0\n3,4,1,5\n",
            {},
            "own.csv is not a whole table: Error tokenizing data. C error: Expected 3 fields in line 3",
        ),
        ("a,b,y\n1,2,0,1\n3,4,1,5\n", {}, "own.csv: lines have more fields than the header"),
        ("", {}, "own.csv is not a whole table: No columns"),
        ("a,b,y\n", {}, "own.csv has a header but no rows"),
        ("a b  y\n1 2  0\n3 4 1\n", {}, "own.csv separates fields by blanks: save it with commas"),
        ("a, a ,y\n1,2,0\n", {}, "own.csv has two columns 'a'"),
        ("a,a,y\n1,2,0\n", {}, "own.csv has two columns 'a': give each a name of its own; if the first line is data"),
        ("1.5,2,0\n3,4,1\n", {}, "own.csv has no header: its first line holds nothing but numbers, 1.5, 2, 0. Put"),
        ("1990,1991,1992\n3,4,1\n", {}, "own.csv has no header: its first line holds nothing but numbers"),
        (f"{'a' * 10_000},y\n" + "1,0\n2,1\n" * 9 + "x,0\n", {}, "is text in the number column 'aaa"),
        ("a,y\n" + "1,0\n2,1\n" * 9 + f"{'x' * 10_000},0\n", {}, "own.csv line 20: 'xxx"),
        ("a,y\n" + "".join(f"text {row},{row % 2}\n" for row in range(30)), {}, "'a' has 22 different texts"),
    ],
)
def test_faults_of_a_table_are_named(text: str, chosen: dict, message: str) -> None:
    Path("own.csv").write_text(text, encoding="utf-8")
    sentence = refused("own.csv", **{"target_column": "y", **chosen})
    assert message in sentence
    assert len(sentence) < 400


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"x": np.where(np.arange(3 * N).reshape(N, 3) == 19, np.nan, 1)}, "row 6 of x and y: feature 1 is missing"),
        ({"x": np.where(np.arange(3 * N).reshape(N, 3) == 19, np.inf, 1)}, "row 6 of x and y: feature 1 is missing"),
        ({"y": np.arange(3) % 2}, "x has 40 samples and y 3"),
        ({"x": np.array(["a"] * N)}, "x holds <U1, not numbers"),
        ({"x": np.zeros((0, 3)), "y": np.zeros(0)}, "x and y must be arrays with one entry per sample"),
        ({"x": np.array(3)}, "x and y must be arrays with one entry per sample"),
        ({"x": np.zeros((N, 0))}, "x and y must be arrays with one entry per sample, and hold some"),
        ({"y": np.zeros((N, 0))}, "x and y must be arrays with one entry per sample, and hold some"),
        ({"x": np.zeros((N, 3), complex)}, "x holds complex128, not numbers"),
        ({"x": np.zeros((N, 3), "m8[s]")}, "x holds timedelta64[s], not numbers"),
        ({"y": np.zeros(N, [("a", int)])}, "y holds [('a', '<i8')], neither numbers nor text"),
        ({"y": np.zeros(N, complex)}, "y holds complex128, neither numbers nor text"),
        ({"group": np.zeros(N, [("a", int)])}, "group holds [('a', '<i8')]: it must hold numbers, text or dates"),
        ({"class_names": np.array("cats")}, "class_names has the shape (): it must be a list of names"),
        (
            {"class_names": np.full(2, 2**31 - 1).astype(np.uint32).view("U1")},
            "class_names is not a whole array of text",
        ),
    ],
)
def test_faults_of_arrays_are_named(wrong: dict[str, np.ndarray], message: str) -> None:
    np.savez("own.npz", **{**arrays(), **wrong})
    assert message in refused("own.npz")


def test_targets_that_are_all_the_same_are_refused() -> None:
    np.savez("own.npz", **arrays(y=np.ones(N, int)))
    sentence = refused("own.npz")
    assert "nothing to" in sentence or "leave it out" in sentence


def test_arrays_of_splits_have_the_usual_names() -> None:
    x, y = arrays()["x"], arrays()["y"]
    pair = {"x_train": x, "y_train": y, "x_test": x[:9], "y_test": y[:9]}
    for name in ("val", "valid", "validation"):
        np.savez("own.npz", **pair, **{f"x_{name}": x[:7], f"y_{name}": y[:7]})
        assert [len(split) for split in load("own.npz").named.values()] == [N, 7, 9]
    for more, message in (
        ({"x_val": x}, "own.npz lacks the array y_validation: it holds"),
        ({"x_dev": x, "y_dev": y}, "own.npz: x_dev is of no split: call it x_train and its like"),
        ({"x": x, "y": y}, "own.npz holds x beside x_train: leave out x and y, or those of the splits"),
        ({"x_testing": x}, "own.npz holds x_test and x_testing, which are of the same split"),
    ):
        np.savez("own.npz", **pair, **more)
        assert message in refused("own.npz")
    np.savez("own.npz", x=x, y=y, x_test=x, y_test=y)
    assert "own.npz holds x_test beside x: leave out" in refused("own.npz")


def test_faults_of_files_are_named() -> None:
    assert "there is no absent.csv" in refused("absent.csv")
    Path("own.txt").write_text("no table", encoding="utf-8")
    assert "own.txt is none of these: a table" in refused("own.txt")
    np.savez("own.npz", z=np.zeros(3))
    assert "own.npz lacks the array x_train: it holds z" in refused("own.npz")
    content = Path("own.npz").read_bytes()
    Path("own.npz").write_bytes(content[: len(content) // 2])
    assert "own.npz is not a whole .npz file" in refused("own.npz")
    Path("own.parquet").write_bytes(b"no parquet")
    assert "own.parquet is not a whole Parquet file" in refused("own.parquet", target_column="y")
    Path("own").mkdir()
    Path("own/x.npy").write_bytes(b"no array")
    assert "x.npy is not a whole .npy file" in refused("own")


def test_damaged_arrays_are_named() -> None:
    Path("own").mkdir()
    for name, array in arrays().items():
        np.save(f"own/{name}.npy", array)
    content = Path("own/x.npy").read_bytes()
    for cut in (b"}", b"{", b"'descr'", b"(40, 3)", b"'<f8'"):
        broken = content.replace(cut, b" " * len(cut), 1)
        Path("own/x.npy").write_bytes(broken)
        Path("new.npy").write_bytes(broken)
        assert "x.npy is not a whole .npy file" in refused("own")
        with pytest.raises(UserError, match=r"new\.npy is not a whole \.npy file"):
            read_new("new.npy", {"features": 3})
    np.savez_compressed("own.npz", **arrays())
    content = bytearray(Path("own.npz").read_bytes())
    start = 30 + int.from_bytes(content[26:28], "little") + int.from_bytes(content[28:30], "little")
    for place, value in ((start, 7), (8, 14), (8, 77), (6, 1)):  # stream, method, encryption
        Path("own.npz").write_bytes(content[:place] + bytes([value]) + content[place + 1 :])
        assert "own.npz" in (refused("own.npz") if place == start else _fault_or_nothing("own.npz"))
    given = arrays()
    np.savez("own.npz", x_train=given["x"], y_train=given["y"], x_test=given["x"], y_test=np.zeros((N, 2)))
    assert "own.npz: y_test has the shape (40, 2), y_train (40,)" in refused("own.npz")


@pytest.mark.parametrize("memory", [0, 1000])
def test_odd_columns_of_parquet_files_are_named(memory: int) -> None:
    a, y = pa.array(np.arange(N)), pa.array(np.arange(N) % 2)
    pq.write_table(pa.table([a, a, y], names=["a", "a", "y"]), "own.parquet")
    assert "own.parquet is not a whole Parquet file" in refused("own.parquet", target_column="y", max_memory_mb=memory)
    octets = pa.array([b"\xff"] * N)
    pq.write_table(pa.table({"a": a, "b": octets, "y": y}), "own.parquet")
    assert "b: text, 1 value" in answer("data", "--inspect", "own.parquet", f"--data.max_memory_mb={memory}")
    wrong = pa.Array.from_buffers(pa.string(), N, octets.buffers())
    pq.write_table(pa.table({"a": a, "b": wrong, "y": y}), "own.parquet")
    assert "own.parquet is not a whole Parquet file" in refused(
        "own.parquet", target_column="y", max_memory_mb=memory, ignore="[a]"
    )


@pytest.mark.parametrize("memory", [0, 1000])
def test_damaged_parquet_files_are_named(memory: int) -> None:
    table().to_parquet("own.parquet")
    content = Path("own.parquet").read_bytes()
    random = np.random.default_rng(0)
    for _ in range(50):
        broken = bytearray(content)
        for place in random.integers(0, len(content), 3):
            broken[place] = random.integers(0, 256)
        Path("own.parquet").write_bytes(broken)
        _fault_or_nothing("own.parquet", target_column="y", max_memory_mb=memory)


def _fault_or_nothing(name: str, **chosen: Any) -> str:
    """Load a corrupt file: the sentence that names it; only its name where nothing shows."""
    try:
        load(name, **chosen)
    except UserError as error:
        return str(error)
    return name


@pytest.mark.parametrize("name", ["own.csv", "own.parquet", "large.parquet"])
def test_samples_without_a_target_are_left_out_and_counted(name: str) -> None:
    made = table()
    made["y"] = made["y"].where(~made.index.isin((7, 20)))
    made.loc[7, "age"] = 1000
    made.to_csv(name, index=False) if name == "own.csv" else made.to_parquet(name)
    chosen = {"target_column": "y", "max_memory_mb": 0 if name == "large.parquet" else 1000}
    sentence = refused(name, **chosen)
    assert f"{name} {'line 9' if name == 'own.csv' else 'row 7'} has no target: fill it in, or set" in sentence
    assert "data.skip_missing_targets to true, which leaves out 2 samples" in sentence
    options = [f"--data.{key}={value}" for key, value in {**chosen, "source": name}.items()]
    printed = answer("data", *options, "--data.skip_missing_targets=true")
    assert "Left out, because they have no target: 2 samples." in printed
    splits = load(name, **chosen, skip_missing_targets=True)
    filled = splits.preprocessing["columns"][0]["median"]
    target_of = {row: row % 2 for row in range(N) if row != filled}  # the age of each row is its number
    for split in splits.named.values():
        for age, target in zip(split.x[:][:, 0], split.y.reshape(-1), strict=True):
            assert age == filled or target == target_of.pop(age)
    assert {7, 20} <= set(target_of)
    assert sum(len(split) for split in splits.named.values()) == N - 2
    made.assign(y=None).to_csv("none.csv", index=False)
    assert "No sample has a target" in refused("none.csv", target_column="y", skip_missing_targets=True)


@pytest.mark.skipif(task.NUMERIC_TARGETS, reason="only classes and labels have names")
def test_classes_may_be_called_na() -> None:
    names = ["NA", "None", "nan", "1,5"]
    made = table().drop(columns="y").assign(kind=[names[row % 2] for row in range(N)])
    made["other"] = [names[2 + row % 2] for row in range(N)]
    made.to_csv("own.csv", index=False)
    assert read("own.csv", target_column="kind").targets["kind"].tolist() == made["kind"].tolist()
    assert read("own.csv", target_column="other").targets["other"].tolist() == made["other"].tolist()
    Path("own.csv").write_text("a,y\n1,NA\n2,\n3,b\n", encoding="utf-8")
    assert "own.csv line 3 has no target" in refused("own.csv", target_column="y")
    Path("own.csv").write_text("a,y\n1,NA\n2,1\n3,0\n", encoding="utf-8")
    assert "own.csv line 2 has no target" in refused("own.csv", target_column="y")


def test_an_id_column_is_no_input_and_names_predictions() -> None:
    made = table().assign(key=[f"k{row}" for row in range(N)])
    made["part"] = ["train"] * 30 + ["test"] * 10
    made.to_csv("own.csv", index=False)
    chosen = {"target_column": "y", "split_column": "part"}
    assert "'key' has 27 different texts" in refused("own.csv", **chosen)
    options = [f"--data.{name}={value}" for name, value in {**chosen, "id_column": "key", "source": "own.csv"}.items()]
    answer("train", *options, "--training.epochs=1", "--model.units=[4]")
    answer("predict")
    found = pd.read_csv("runs/001/predictions.csv")
    assert list(found)[:2] == ["key", "source"]
    assert found["key"].tolist() == [f"k{row}" for row in range(30, 40)]
    new = made.drop(columns=["y", "part"]).assign(comment="none", more=1).iloc[::-1]
    new.to_csv("new.csv")
    printed = answer("predict", "new.csv", "--output=out.csv")
    assert printed.count("new.csv: the model does not use Unnamed: 0, comment, more.") == 1
    assert pd.read_csv("out.csv")["key"].tolist() == [f"k{row}" for row in range(N)][::-1]
    new.drop(columns="age").to_csv("new.csv")
    assert "new.csv lacks the columns age" in refusal("predict", "new.csv", "--output=none.csv")
    assert "no column 'none', which data.id_column names" in refused("own.csv", **chosen, id_column="none")
    assert "key" in answer("data", "--inspect", "own.csv", *options)
    assert yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))["data"]["id_column"] == "key"


def test_names_stay_as_they_are_written() -> None:
    made = table().assign(key=[f"{row:03}" for row in range(N)])
    made["part"] = ["train"] * 30 + ["test"] * 10
    made.to_csv("own.csv", index=False)
    chosen = {"target_column": "y", "split_column": "part", "id_column": "key"}
    splits = load("own.csv", **chosen)
    assert splits.test.ids is not None
    assert splits.test.ids.tolist() == [f"{row:03}" for row in range(30, N)]
    names = inputs.name_samples(Path("own.csv"), N, splits.preprocessing, settings("own.csv", **chosen).data)
    assert names[7] == ("own.csv", "007")


def test_categories_have_the_same_name_in_every_file() -> None:
    """Though pandas reads a column of digits, or of true and false, as numbers."""
    Path("own").mkdir()
    codes, flags = ["007", "012", "A1", "7"], ["true", "false", "unknown"]
    rows = [f"{codes[row % 4]},{flags[row % 3]},{row % 4},{row % 5},{row % 2}" for row in range(N)]
    Path("own/train.csv").write_text("\n".join(["code,flag,kind,a,y", *rows]), encoding="utf-8")
    rows = ["007,true,3,1,0", "012,false,1.0,1,1"]
    Path("own/test.csv").write_text("\n".join(["code,flag,kind,a,y", *rows]), encoding="utf-8")
    splits = load("own", target_column="y", categories=["code", "kind"])
    names = inputs.feature_names(splits.preprocessing)
    expected = [["code=007", "flag=true", "kind=3"], ["code=012", "flag=false", "kind=1"]]
    new = pd.DataFrame({"code": ["007", "012"], "flag": [True, False], "kind": [3.0, 1.0], "a": [1, 1]})
    new.to_parquet("new.parquet")
    Path("one.csv").write_text("code,flag,kind,a\n007,TRUE,3,1\n", encoding="utf-8")
    for x in (splits.test.x, read_new("new.parquet", splits.preprocessing)):
        found = [[name for name, value in zip(names, row, strict=True) if value and name != "a"] for row in x]
        assert found == expected
    np.testing.assert_array_equal(read_new("one.csv", splits.preprocessing)[0], splits.test.x[0])


def columns_in(encoding: str, words: list[str]) -> None:
    """Write words in a text file."""
    rows = [f"{words[row % len(words)]},{row},{row % 2}" for row in range(N)]
    Path("own.csv").write_bytes("\n".join(["größe,a,y", *rows]).encode(encoding))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_usual_encodings_are_read(encoding: str, capsys: pytest.CaptureFixture) -> None:
    columns_in(encoding, ["groß", "naïve", "„quoted“"])
    splits = load("own.csv", target_column="y")
    assert splits.preprocessing["columns"][0] == {"name": "größe", "values": ["groß", "naïve", "„quoted“"]}
    note = "own.csv is not encoded as UTF-8: read as Windows-1252, such as 'größe,a,y' in line 1."
    assert (note in capsys.readouterr().out) == (encoding == "cp1252")
    Path("own.csv").write_bytes(Path("own.csv").read_bytes() + "\nklein,x,1".encode(encoding.removesuffix("-sig")))
    if encoding != "utf-16":
        assert "own.csv line 42: 'x' is text in the number column 'a'" in refused("own.csv", target_column="y")


def test_a_no_break_space_may_be_all_that_is_not_ascii(capsys: pytest.CaptureFixture) -> None:
    columns_in("cp1252", ["red", "green"])
    Path("own.csv").write_bytes(Path("own.csv").read_bytes().replace("größe".encode("cp1252"), b"size\xa0"))
    assert load("own.csv", target_column="y").preprocessing["columns"][0]["name"] == "size"
    assert r"read as Windows-1252, such as 'size\xa0,a,y' in line 1." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,y\n\xef\xf0\xe8\xe2\xe5\xf2,1\n", "own.csv line 2 is not encoded as UTF-8, nor as Windows"),
        ("a,y\ngrün,1\n".encode("cp850"), "own.csv line 2 is not encoded as UTF-8, nor as Windows-1252"),
        ("a,y\nschön,1\n".encode("cp850"), "own.csv line 2 is not encoded as UTF-8, nor as Windows-1252"),
        ("a,y\nö,1\n".encode() + "ü,0\n".encode("cp1252"), "line 3 is not encoded as UTF-8, but line 2 is"),
        ("a,y\n1,0\n".encode("utf-16-le"), "own.csv holds bytes of zero"),
    ],
)
def test_other_encodings_are_refused(content: bytes, message: str) -> None:
    Path("own.csv").write_bytes(content)
    assert message in refused("own.csv", target_column="y")


def test_bars_separate_fields_too() -> None:
    table().to_csv("own.csv", index=False, sep="|")
    table().to_csv("commas.csv", index=False)
    np.testing.assert_array_equal(
        load("own.csv", target_column="y").train.x, load("commas.csv", target_column="y").train.x
    )


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("Zeit;Temp (innen, aussen);Druck (abs, rel, mbar)\n1,5;2,5;3,5\n2,5;3,5;4,5\n", ";"),
        ("Tag;Temp (innen, aussen)\n01.02.2024;2,5\n", ";"),
        ('"Preis, EUR";"Masse, kg"\n1,5;2,5\n', ";"),
        ('"Preis, EUR";"Masse, kg"\n', ";"),
        ('"Temp\n(innen, aussen)"\tOrt\n1,5\tUlm\n', "\t"),
        ("a|b, c, d\n1|2\n", "|"),
        ("1,5;2,5\n3,5;4,5\n", ";"),
        ("1,5;2,5;\n3,5;4,5;\n", ";"),
        ("1,5\t2,5", "\t"),
        ("a;b\n1;2;\n", ";"),
        ("a,b,c;d\n", ","),
        ("a,b;c;d\n1,2\n", ","),
        ("ids,y\n1;2;3,0\n4;5,1\n", ","),
        ('"a;b",y\n"1;2",0\n', ","),
        ("a,b,\n1,2,\n", ","),
        pytest.param(f"{'a' * 200_000},b\n1,2\n", ",", id="long"),
        ("a\n1\n", ","),
    ],
)
def test_the_separator_splits_all_lines_alike(text: str, mark: str) -> None:
    Path("own.csv").write_text(text, encoding="utf-8")
    assert inputs.find_text_format(Path("own.csv")).separator == mark


@pytest.mark.parametrize(
    ("name", "hint"),
    [("own.csv.gz", "It is compressed: unpack it"), ("own.xlsx", "It is a spreadsheet: save"), ("own.dat", "")],
)
def test_other_files_are_called_what_they_are(name: str, hint: str) -> None:
    Path(name).write_bytes(b"\x1f\x8b")
    assert hint in refused(name, target_column="y")
    table().to_csv("own.csv", index=False)
    preprocessing = load("own.csv", target_column="y").preprocessing
    with pytest.raises(UserError, match=f"{name} is no table: its name must end in .csv, .tsv, .parquet.*{hint}"):
        read_new(name, preprocessing)
    table().to_csv("OWN.CSV", index=False)
    assert len(load("OWN.CSV", target_column="y").train) == 29


def test_columns_may_be_called_by_numbers() -> None:
    pd.DataFrame(np.arange(3 * N).reshape(N, 3)).assign(y=table()["y"]).to_csv("own.csv", index=False)
    assert load("own.csv", target_column="y").train.x.shape == (29, 3)
    pd.DataFrame({0: NUMBERS, 1: table()["y"]}).to_csv("own.csv", index=False)
    assert load("own.csv", target_column="1").train.x.shape == (29, 1)


@pytest.mark.parametrize(
    ("texts", "numbers", "written"),
    [
        (["1.493,87 €", "-2,50 €", "12 €"], [1493.87, -2.5, 12], "1.234,5 €"),
        (["$4.44", "-$1,204.00", "$7"], [4.44, -1204, 7], "$1,234.5"),
        (["27.0%", "3 %", "100%"], [27, 3, 100], "1,234.5 %"),
        (["1,234", "12", "1,500,000"], [1234, 12, 1500000], "1,234.5"),
        (["1 493,5", "12", "2\u202f000"], [1493.5, 12, 2000], "1 234,5"),
        (["1'493.5", "12", "2\u2019000"], [1493.5, 12, 2000], "1'234.5"),
        (["1.493 €", "12 €", "3.100 €"], [1493, 12, 3100], "1.234,5 €"),
        (["EUR 1.493", "EUR 12,5", "EUR 3.100"], [1493, 12.5, 3100], "1.234,5 EUR"),
    ],
)
@pytest.mark.parametrize("name", ["own.csv", "own.parquet"])
def test_amounts_are_numbers_by_one_rule(texts: list[str], numbers: list[float], written: str, name: str) -> None:
    made = pd.DataFrame({"price": (texts * N)[: N - N % 3], "y": [0, 1, 1] * (N // 3)})
    made.to_csv(name, index=False) if name == "own.csv" else made.to_parquet(name)
    if name == "own.parquet" and texts[0] == "1,234":
        made.loc[0, "price"] = "1,234.5"  # without a separator of fields, nothing says what 1,234 means
        made.to_parquet(name)
        numbers = [1234.5, *numbers[1:]]
    assert read(name, target_column="y").inputs.table["price"].tolist()[:3] == pytest.approx(numbers)
    assert f", written as {written}" in answer("data", "--inspect", name, "--data.target_column=y")
    preprocessing = load(name, target_column="y").preprocessing
    assert "price" in json.loads(json.dumps(preprocessing))["formats"]
    made.to_csv("new.csv", index=False, sep=";")
    new = read_new("new.csv", preprocessing)
    np.testing.assert_array_equal(np.unique(new), np.unique(read_new(name, preprocessing)))
    for odd, fault in (("£3", "is not written like the other numbers of"), ("1,2,3", "is text in the number column")):
        made.loc[4, "price"] = odd
        made[["price"]].to_csv("new.csv", index=False)
        with pytest.raises(UserError, match=rf"new\.csv line 6: '{odd}' {fault} 'price': write it as in the tr"):
            read_new("new.csv", preprocessing)


def test_one_value_far_below_may_tell_how_numbers_are_written() -> None:
    plain = ["1.5"] * 1500
    made = pd.DataFrame({"a": [*plain, "1,234.5"], "b": [*plain, "1.5"], "c": [*plain[:-1], "red", "blue"]})
    made.assign(y=[0, 1, 1] * 500 + [0]).to_csv("own.csv", index=False)
    found = read("own.csv", target_column="y", ignore=["c"]).inputs
    assert (found.table["a"].iloc[-1], list(found.formats)) == (1234.5, ["a"])
    assert "own.csv line 1501: 'red' is text in the number column 'c'" in refused("own.csv", target_column="y")


def test_new_files_are_read_by_the_rule_of_the_training() -> None:
    rows = [f"{row}.{row + 100};{row},5;{row % 2}" for row in range(1, N + 1)]
    Path("own.csv").write_text("\n".join(["sales;share;y", *rows]), encoding="utf-8")
    preprocessing = load("own.csv", target_column="y").preprocessing
    Path("new.csv").write_text("sales;share\n4.288;3\n5.100;4\n", encoding="utf-8")  # nothing tells what 4.288 is
    assert read_new("new.csv", preprocessing).tolist() == [[4288, 3], [5100, 4]]
    Path("new.csv").write_text("sales,share\n4288,3.5\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"new\.csv line 2: '3\.5' is not written like the other numbers of 'share'"):
        read_new("new.csv", preprocessing)
    Path("own").mkdir()
    Path("own/train.csv").write_text("\n".join(["sales;share;y", *rows]), encoding="utf-8")
    Path("own/test.csv").write_text("sales;share;y\n4.288;3;0\n5.100;4;1\n", encoding="utf-8")
    assert load("own", target_column="y").test.x.tolist() == [[4288, 3], [5100, 4]]
    table().to_csv("plain.csv", index=False)
    preprocessing = load("plain.csv", target_column="y").preprocessing
    Path("new.csv").write_text("age;member;color\n1,5;True;red\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"'1,5' is text in the number column 'age': write it as in the training data"):
        read_new("new.csv", preprocessing)


@pytest.mark.skipif(not task.NUMERIC_TARGETS, reason="classes stay as they are written")
def test_targets_may_be_amounts() -> None:
    made = table().assign(y=[f"{row + 1}.{row + 100},50 €" for row in range(N)])
    made.to_csv("own.csv", index=False)
    assert read("own.csv", target_column="y").targets["y"].tolist()[:2] == [1100.5, 2101.5]
    made.loc[4, "y"] = "7"
    made.to_csv("own.csv", index=False)
    assert "own.csv line 6: '7' is not written like the other numbers of 'y'" in refused("own.csv", target_column="y")


@pytest.mark.parametrize("name", ["own.csv", "own.parquet", "own.npz", "own"])
def test_large_numbers_stay_distinct(name: str) -> None:
    count = 4881
    seconds = 1_704_067_200 + np.arange(count) * 17
    made = pd.DataFrame({"when": seconds, "a": np.arange(count) / 7, "y": np.arange(count) % 2})
    memory = 1000
    if name == "own":
        Path("own").mkdir()
        np.save("own/x.npy", made[["when", "a"]].to_numpy())
        np.save("own/y.npy", made["y"])
        memory = 0
    elif name == "own.npz":
        np.savez("own.npz", x=made[["when", "a"]].to_numpy(), y=made["y"])
    elif name == "own.csv":
        made.to_csv(name, index=False)
    else:
        made.to_parquet(name)
        memory = 0
    chosen = {} if "own" in (name, name.removesuffix(".npz")) else {"target_column": "y"}
    splits = load(name, max_memory_mb=memory, **chosen)
    x = np.concatenate([split.x[:] for split in splits.named.values()])
    assert x.dtype == np.float32
    assert len(np.unique(x[:, 0])) == count
    assert set(x[:, 1]) == set((np.arange(count) / 7).astype(np.float32))  # nothing is subtracted from these
    assert " - 1704" in inputs.feature_names(splits.preprocessing)[0]
    new = "new.npy" if not chosen else name
    np.save("new.npy", made[["when", "a"]].to_numpy())
    again = read_new(new, json.loads(json.dumps(splits.preprocessing)))
    np.testing.assert_array_equal(np.unique(again[:, 0]), np.unique(x[:, 0]))


def test_integers_that_float32_holds_stay_as_they_are() -> None:
    np.savez("own.npz", **arrays(x=np.arange(3 * N).reshape(N, 3) + 10_000_000))
    assert load("own.npz").train.x.dtype == np.int64


def test_very_long_lines_and_very_many_columns_are_refused() -> None:
    Path("own.csv").write_bytes(b"a,y\n" + b"1," * 9_000_000 + b"\n2,1\n")
    assert "own.csv has a line of more than 17 MB" in refused("own.csv", target_column="y")
    Path("own.csv").write_text(",".join(f"c{number}" for number in range(100_001)) + "\n", encoding="utf-8")
    assert "own.csv has 100,001 columns, more than 100,000: store such data as an array" in refused("own.csv")


def test_time_grows_with_the_number_of_columns_not_with_its_square() -> None:
    count = 8000
    made = pd.DataFrame(np.random.default_rng(0).random((20, count)).round(3)).add_prefix("c").assign(y=[0, 1] * 10)
    made.to_csv("own.csv", index=False)
    times = []
    for read_it in (lambda: pd.read_csv("own.csv", low_memory=False), lambda: load("own.csv", target_column="y")):
        start = time.process_time()
        read_it()
        times.append(time.process_time() - start)
    assert times[1] < 20 * times[0]  # with the square, it was 40 times


def test_names_of_very_many_columns_are_not_all_listed() -> None:
    made = pd.DataFrame(np.zeros((2, 3000)), columns=[f"c{number}" for number in range(3000)])
    made.to_csv("own.csv", index=False)
    for sentence in (refused("own.csv", target_column="y"), refused("own.csv")):
        assert "c0, c1, c2" in sentence
        assert "and 2,980 more" in sentence
        assert len(sentence) < 400


def test_lists_and_records_in_parquet_are_no_inputs() -> None:
    made = table().assign(many=[[row, 1] for row in range(N)], record=[{"a": row} for row in range(N)])
    made.to_parquet("own.parquet")
    before = Path("config.yaml").read_text(encoding="utf-8")
    printed = answer("data", "--inspect", "own.parquet", "--data.target_column=y")
    assert 'ignore: ["many", "record"]' in printed
    assert "many: text, 40 values: [0, 1], [1, 1], [2, 1], [3, 1], ... -> ignore: too many texts" in printed
    for memory in (0, 1000):
        Path("config.yaml").write_text(before, encoding="utf-8")
        assert "'many' has 29 different texts" in refused("own.parquet", target_column="y", max_memory_mb=memory)


def test_a_long_text_hides_no_fault() -> None:
    Path("own.csv").write_text(f"a,b,y\n{'k' * 200_000},1,0\nk,2,1\nk,x,1\n", encoding="utf-8")
    assert "own.csv line 4: 'x' is text in the number column 'b'" in refused("own.csv", target_column="y")


def test_inspection_writes_the_settings() -> None:
    made = table().assign(id=range(N), note=[f"note {row}" for row in range(N)])
    made["Split"] = ["Train"] * 30 + ["Test"] * 10
    made.to_csv("own.csv", index=False)
    before = Path("config.yaml").read_text(encoding="utf-8")
    text = re.sub(r'(?m)^  target_column: ""(.*)$', r"  target_column:\1\n    - old\n    - older", before)
    Path("config.yaml").write_text(text, encoding="utf-8")
    printed = answer("data", "--inspect", "own.csv", "--data.target_column=y", "--data.validation_fraction=0.2")
    for text in ("40 rows, 7 columns", "color: text, 3 values: red, green, blue, 1 missing", "age: numbers, 0 to 39"):
        assert text in printed
    after = Path("config.yaml").read_text(encoding="utf-8")
    data = yaml.safe_load(after)["data"]
    expected = {
        "source": "own.csv",
        "target_column": "y",
        "ignore": ["id", "note"],
        "split_column": "Split",
        "validation_fraction": 0.2,
    }
    assert {name: data[name] for name in expected} == expected
    assert len(after.splitlines()) == len(before.splitlines())
    for old, new in zip(before.splitlines(), after.splitlines(), strict=True):
        assert old.partition(" #")[2].strip() == new.partition(" #")[2].strip()
        assert old == new or old.split(":")[0].strip() in {*expected}
    assert "train:     24 samples" in answer("data")
    assert "Written: reports/stats.json" in answer("stats")
    assert settings("own.csv").data.split_column == "Split"
    assert "there is no absent" in refusal("data", "--inspect", "absent")


def test_inspection_says_what_is_no_input_and_why() -> None:
    made = table().assign(
        customer_nr=np.random.default_rng(0).permutation(N * 9)[:N],
        row_count=range(5, N + 5),
        born=[f"{1 + row % 28}.12.1980" for row in range(N)],
        weight=[f"{row},50 kg" for row in range(N)],
        empty=None,
    )
    made["seen"] = pd.date_range("2024-01-01", periods=N)
    made.to_parquet("own.parquet")
    printed = answer("data", "--inspect", "own.parquet", "--data.target_column=y")
    assert 'ignore: ["born", "customer_nr", "empty", "row_count", "seen", "weight"]' in " ".join(printed.split())
    assert (
        "seen: dates or times, such as 2024-01-01 00:00:00 -> ignore: to split by it, name it in data.time_column"
        in printed
    )
    assert printed.count("-> ignore: it numbers the rows") == 2
    assert "amounts? written as plain numbers" in printed
    assert "empty: empty -> ignore" in printed
    made[["y", "age", "born"]].to_csv("own.csv", index=False)
    assert 'target_column: "y"' in answer("data", "--inspect", "own.csv")
    made.rename(columns={"y": "one"}).assign(two=made["y"])[["age", "one", "two", "born"]].to_csv(
        "own.csv", index=False
    )
    candidates = task.target_candidates(made[["y"]]).values()
    several = any(isinstance(column, list) for columns in candidates for column in columns)  # labels
    expected = 'target_column: ["one", "two"]' if several else 'target_column: "two"'
    assert expected in answer("data", "--inspect", "own.csv", "--data.target_column=")


def ignored(*arguments: str) -> tuple[list[str], str]:
    """Inspect own.csv: the columns that are ignored after it, and what is printed."""
    printed = answer("data", "--inspect", "own.csv", *arguments)
    return yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))["data"]["ignore"], printed


def test_a_column_comes_back_when_it_can_be_used() -> None:
    made = table().assign(price=[f"{row} kg" for row in range(N)])[["price", "age", "color", "y"]]
    made.to_csv("own.csv", index=False)
    assert ignored()[0] == ["price"]
    made.assign(price=NUMBERS[::-1]).to_csv("own.csv", index=False)
    names, printed = ignored()
    assert (names, load("own.csv", target_column="y").train.x.shape[1]) == ([], 5)
    assert 'No longer ignored, as config.yaml said: ["price"]. --data.ignore \'["price"]\' leaves them' in printed

    option = '--data.ignore=["price"]'
    for _ in range(2):  # the second time, config.yaml says so too
        names, printed = ignored(option)
        assert names == ["price"]
        assert "price: numbers, 0 to 39 -> ignore: as --data.ignore says" in printed
        assert "No longer" not in printed


@pytest.mark.parametrize("name", ["own.csv", "own.parquet"])
def test_dates_are_no_inputs(name: str) -> None:
    made = table()
    made["seen"] = pd.date_range("2024-01-01", periods=N)
    made.loc[2, "seen"] = None
    made.to_csv(name, index=False) if name == "own.csv" else made.to_parquet(name)
    assert "The column 'seen' holds dates or times, such as 2024-01-01" in refused(name, target_column="y")
    assert load(name, target_column="y", ignore=["seen"]).train.x.shape == (29, 5)


def test_new_categories_are_reported(capsys: pytest.CaptureFixture) -> None:
    table().to_csv("own.csv", index=False)
    preprocessing = load("own.csv", target_column="y").preprocessing
    table().assign(color="mauve").to_csv("new.csv", index=False)
    assert read_new("new.csv", preprocessing)[:, 2:].sum() == 0
    assert (
        "new.csv: new to the model, and counted as missing: 40 values of 'color', such as 'mauve'."
        in capsys.readouterr().out
    )


def test_names_may_hold_brackets_and_dollars() -> None:
    made = table().rename(columns={"age": "[/] $a_{b$ $"})
    if task.METRIC == "accuracy":
        made["y"] = made["y"].map({0: "[/red]", 1: "[x] $\\frac$"})
    made["color"] = made["color"].map(lambda color: f"[/{color}]")
    made.to_csv("own.csv", index=False)
    chosen = ("--data.source=own.csv", "--data.target_column=y")
    answer("stats", *chosen)
    answer("train", *chosen, "--training.epochs=1", "--model.units=[4]")
    printed = answer("evaluate")
    assert task.METRIC != "accuracy" or ("[/red]" in printed and "[x] $" in printed)


def test_targets_may_be_several() -> None:
    table().assign(z=[1, 0] * (N // 2)).to_csv("own.csv", index=False)
    samples = read("own.csv", target_column=["y", "z"])
    assert list(samples.targets) == ["y", "z"]
    assert list(samples.inputs.table) == ["age", "member", "color"]


def test_trees_are_a_baseline_of_tables_that_they_are_quick_on() -> None:
    Path("small.csv").write_text(table().to_csv(index=False), encoding="utf-8")
    wide = pd.DataFrame(np.eye(N, 710)).add_prefix("column ")
    Path("wide.csv").write_text(table().join(wide).to_csv(index=False), encoding="utf-8")
    assert "gradient boosting" in answer("baseline", "--data.source=small.csv", "--data.target_column=y")
    report = json.loads(Path("reports/baseline.json").read_text(encoding="utf-8"))
    assert "gradient boosting" in report["baselines"]
    assert "too long" in answer("baseline", "--data.source=wide.csv", "--data.target_column=y")
    report = json.loads(Path("reports/baseline.json").read_text(encoding="utf-8"))
    assert "gradient boosting" not in report["baselines"]

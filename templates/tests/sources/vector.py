"""Data of one's own: every layout is read alike, and what is wrong is said in one sentence with its place."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from own_data import answer, load, read, read_new, refusal, refused, settings, sources, task

pytestmark = pytest.mark.usefixtures("config")  # its folder, with a config.yaml

N = 40
NUMBERS = [float(number) for number in range(N)]


def table() -> pd.DataFrame:
    """Numbers, true and false, text, and some gaps; the target suits every task."""
    made = pd.DataFrame({"age": NUMBERS, "member": [row % 3 == 0 for row in range(N)]})
    made["colour"] = [("red", "green", "blue")[row % 3] for row in range(N)]
    made["y"] = [row % 2 for row in range(N)]
    made.loc[3, "age"] = None
    made.loc[5, "colour"] = None
    return made


def arrays(**more: np.ndarray) -> dict[str, np.ndarray]:
    return {"x": np.arange(3.0 * N).reshape(N, 3), "y": np.arange(N) % 2, **more}


def whole(splits) -> np.ndarray:
    """All inputs in an order that does not depend on the split."""
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
    splits = load(name, target="y")
    assert [len(split) for split in splits.named.values()] == [29, 3, 8]
    assert splits.train.x.dtype == np.float32
    x = whole(splits)
    assert x.shape == (N, 5)  # age, member, a column for each colour
    assert sorted(x[:, 0]) == sorted([*NUMBERS[:3], splits.rules["columns"][0]["median"], *NUMBERS[4:]])
    assert x[:, 1].sum() == 14
    assert (x[:, 2:].sum(axis=1) == 0).sum() == 1


def test_rules_come_from_the_train_split() -> None:
    made = table()
    made["part"] = ["train"] * 20 + ["Validation"] * 10 + ["test"] * 10
    made.loc[39, "colour"] = "mauve"  # never seen in training
    made.loc[38, "age"] = None
    made.to_csv("own.csv", index=False)
    splits = load("own.csv", target="y", part="part")
    assert [len(split) for split in splits.named.values()] == [20, 10, 10]
    age, member, colour = splits.rules["columns"]
    assert age == {"name": "age", "median": 10.0, "missing": 1}  # of 0 to 19 without 3
    assert member["median"] in (0, 1)
    assert colour == {"name": "colour", "values": ["blue", "green", "red"], "missing": 1}
    assert splits.test.x[-1].tolist() == [39, 1, 0, 0, 0]
    assert splits.test.x[-2, 0] == 10
    json.dumps(splits.rules)


def test_new_files_are_encoded_like_the_training() -> None:
    made = table()
    made["code"] = [7 if row % 2 else 8 for row in range(N)]
    made.loc[0, "code"] = None  # pandas reads 7.0 instead of 7 where there is a gap
    made["part"] = ["train"] * 30 + ["test"] * 10
    made.to_csv("own.csv", index=False)
    chosen = {"target": "y", "part": "part", "categories": ["code"]}
    splits = load("own.csv", **chosen)
    new = made.iloc[30:].drop(columns=["y", "part"])
    new[sorted(new)[::-1]].to_csv("new.csv", index=False)
    np.testing.assert_array_equal(read_new("new.csv", splits.rules, **chosen), splits.test.x)
    new.assign(y=0).iloc[:1].to_csv("one.csv", index=False)  # the target may be there, and is not looked at
    np.testing.assert_array_equal(read_new("one.csv", splits.rules, **chosen), splits.test.x[:1])


def test_from_the_file_to_predictions() -> None:
    made = table()
    made.to_csv("own.csv", index=False)
    answer("train", "--data.source=own.csv", "--data.target=y", "--training.epochs=1", "--model.units=[8]")
    made.drop(columns="y").to_csv("new.csv", index=False)
    made[sorted(made)[::-1]].to_csv("shuffled.csv", index=False)
    found = [
        answer("predict", name, "--output=out.csv") and pd.read_csv("out.csv") for name in ("new.csv", "shuffled.csv")
    ]
    assert len(found[0]) == N
    pd.testing.assert_frame_equal(found[0].drop(columns="source"), found[1].drop(columns="source"))

    made.rename(columns={"age": "years"}).to_csv("other.csv", index=False)
    sentence = refusal("predict", "other.csv", "--output=none.csv")
    assert "other.csv lacks the columns age and has the unknown columns years" in sentence
    for value, message in (
        ("old", "text.csv line 4: 'old' is text"),
        (np.inf, "text.csv item 2: age is missing or not finite"),
    ):
        made.astype({"age": object}).assign(age=[*NUMBERS[:2], value, *NUMBERS[3:]]).to_csv("text.csv", index=False)
        assert message in refusal("predict", "text.csv", "--output=none.csv")
    np.save("wide.npy", np.zeros((2, 9)))
    assert "wide.npy has 9 features in a row, but the model takes 5" in refusal("predict", "wide.npy")
    Path("broken.npz").write_bytes(b"PK\3\4 and no more")
    assert "broken.npz is not" in refusal("predict", "broken.npz")


def test_folders_with_a_file_a_part() -> None:
    made = table()
    Path("own").mkdir()
    for name, rows in (("train", slice(0, 20)), ("validation", slice(20, 30)), ("test", slice(30, 40))):
        made.iloc[rows].to_csv(f"own/{name}.csv", index=False)
    assert [len(split) for split in load("own", target="y").named.values()] == [20, 10, 10]
    Path("own/validation.csv").unlink()
    assert [len(split) for split in load("own", target="y").named.values()] == [18, 2, 10]
    made.rename(columns={"age": "years"}).to_csv("own/test.csv", index=False)
    assert "differ in columns: age, years" in refused("own", target="y")
    made.assign(age=["?", *NUMBERS[1:]]).to_csv("own/test.csv", index=False)
    assert "test.csv line 2: '?' is text in the number column 'age'" in refused("own", target="y")


def test_arrays() -> None:
    np.savez("own.npz", **arrays())
    assert [len(split) for split in load("own.npz").named.values()] == [29, 3, 8]
    given = arrays()
    parts = {
        f"{name}_{part}": given[name][rows]
        for name in "xy"
        for part, rows in (("train", slice(0, 25)), ("validation", slice(25, 30)), ("test", slice(30, 40)))
    }
    np.savez("parts.npz", **parts)
    assert [len(split) for split in load("parts.npz").named.values()] == [25, 5, 10]
    np.savez("pictures.npz", x=np.zeros((N, 2, 3), np.uint8), y=given["y"])
    assert load("pictures.npz").train.x.shape == (29, 6)


@pytest.mark.parametrize("shape", [(3,), (1, 3)])
def test_large_arrays_stay_on_disk(shape: tuple[int, ...]) -> None:
    Path("own").mkdir()
    given = arrays()
    given["x"][33, 1] = np.nan
    for part, rows in (("train", slice(0, 30)), ("test", slice(30, 40))):
        np.save(f"own/x_{part}.npy", given["x"][rows].reshape(-1, *shape))
        np.save(f"own/y_{part}.npy", given["y"][rows])
    sentence = "row 3 of x_test and y_test: feature 1 is missing or not finite"
    assert sentence in refused("own")
    assert "item 3 of the test split: feature 1 is missing" in refusal(
        "stats", "--data.source=own", "--data.memory_mb=0"
    )  # the whole is not read before
    given["x"][33, 1] = 0
    np.save("own/x_test.npy", given["x"][30:].reshape(-1, *shape))
    memory, disk = load("own").train, load("own", memory_mb=0).train
    assert isinstance(memory.x, np.ndarray)
    assert not isinstance(disk.x, np.ndarray)
    assert (disk.x.shape, disk.x.dtype, len(disk.x)) == (memory.x.shape, memory.x.dtype, len(memory.x))
    for key in (slice(None), slice(2, 9, 3), 4, -1, np.array([5, 0, 5]), np.arange(len(disk)) % 2 == 0):
        np.testing.assert_array_equal(disk.x[key], memory.x[key])
    np.testing.assert_array_equal(disk.y, memory.y)
    pieces = load("own", memory_mb=0).normalisation, load("own").normalisation
    np.testing.assert_allclose(pieces[0], pieces[1])


def test_a_large_table_becomes_an_array_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    table().to_parquet("own.parquet")
    monkeypatch.setattr(sources, "PART", 29)  # as many as are to train
    memory, disk = load("own.parquet", target="y"), load("own.parquet", target="y", memory_mb=0)
    assert isinstance(memory.train.x, np.ndarray)
    assert not isinstance(disk.train.x, np.ndarray)
    assert disk.rules == memory.rules
    for name, split in disk.named.items():
        np.testing.assert_array_equal(split.x[:], memory.named[name].x)
        np.testing.assert_array_equal(split.y, memory.named[name].y)
    (kept,) = Path("data/prepared").iterdir()
    written = kept.stat().st_mtime_ns
    load("own.parquet", target="y", memory_mb=0)
    assert kept.stat().st_mtime_ns == written
    assert "'price', which data.target names; it has age, member, colour, y" in refused(
        "own.parquet", target="price", memory_mb=0
    )
    assert "must be one of age, member, colour, y" in refused("own.parquet", memory_mb=0)


def test_splits_by_group_time_and_chance() -> None:
    made = table().fillna({"age": 3})
    made["patient"] = [f"p{row // 4}" for row in range(N)]
    made["day"] = [f"2024-{1 + row // 20:02}-{1 + row % 20:02}" for row in range(N)][::-1]
    made.to_csv("own.csv", index=False)
    found = load("own.csv", target="y", split="group", group="patient", time="day")
    groups = [set(split.group) for split in found.named.values()]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 10
    assert [len(split) for split in found.named.values()] == [28, 4, 8]

    found = load("own.csv", target="y", split="time", group="patient", time="day", ignore=["colour", "member"])
    ages = [split.x[:, 0].tolist() for split in found.named.values()]
    assert max(ages[2]) < min(ages[1]) <= max(ages[1]) < min(ages[0])

    by_chance = load("own.csv", target="y", ignore=["patient", "day"])
    assert abs(by_chance.test.y.mean() - 0.5) < 0.15
    same = load("own.csv", target="y", ignore=["patient", "day"])
    np.testing.assert_array_equal(by_chance.test.x, same.test.x)

    assert "name its column in data.group" in refused("own.csv", target="y", split="group", ignore=["day"])
    made.assign(patient="p").to_csv("own.csv", index=False)
    assert "too few items or groups" in refused("own.csv", target="y", split="group", group="patient", ignore=["day"])
    made.assign(day="some day").to_csv("own.csv", index=False)
    sentence = refused("own.csv", target="y", split="time", time="day", ignore=["patient"])
    assert "'some day' in the column of data.time is neither a number nor a date" in sentence
    made.assign(part="rest").to_csv("own.csv", index=False)
    assert "none of train, validation and test" in refused("own.csv", target="y", part="part")


def test_a_leak_between_given_parts_is_reported() -> None:
    made = table().assign(
        patient=[f"p{row // 4}" for row in range(N)], part=["train"] * 28 + ["val"] * 3 + ["test"] * 9
    )
    made.to_csv("own.csv", index=False)
    printed = answer("stats", "--data.source=own.csv", "--data.target=y", "--data.part=part", "--data.group=patient")
    assert "Leak: 1 groups of test are also in validation" in printed
    statistics = json.loads(Path("reports/stats.json").read_text(encoding="utf-8"))
    assert statistics["groups_across"] == {"test & validation": ["p7"]}
    age = statistics["columns"]["age"]
    assert (age["lowest"], age["highest"], age["missing"]) == (0, 27, 1)
    assert list(statistics["columns"]) == ["age", "member", "colour=blue", "colour=green", "colour=red"]


@pytest.mark.parametrize(
    ("text", "chosen", "message"),
    [
        ("a,b,y\n1,2,0\n", {"target": "z"}, "own.csv has no column 'z', which data.target names; it has a, b, y"),
        ("a,b,y\n1,2,0\n", {"target": ""}, "data.target must be one of a, b, y"),
        ("a,b,y\n1,2,0\n", {"ignore": ["c"]}, "no column 'c', which data.ignore names"),
        ("a,b,y\n1,2,0\n", {"categories": ["c"]}, "no column 'c', which data.categories names"),
        ("a,b,y\n1,2,0\n", {"group": "c"}, "no column 'c', which data.group names"),
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
        ("a,y\n" + "".join(f"text {row},{row % 2}\n" for row in range(30)), {}, "'a' has 22 different texts"),
    ],
)
def test_faults_of_a_table_are_named(text: str, chosen: dict, message: str) -> None:
    Path("own.csv").write_text(text, encoding="utf-8")
    assert message in refused("own.csv", **{"target": "y", **chosen})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"x": np.where(np.arange(3 * N).reshape(N, 3) == 19, np.nan, 1)}, "row 6 of x and y: feature 1 is missing"),
        ({"x": np.where(np.arange(3 * N).reshape(N, 3) == 19, np.inf, 1)}, "row 6 of x and y: feature 1 is missing"),
        ({"y": np.arange(3) % 2}, "x has 40 items and y 3"),
        ({"x": np.array(["a"] * N)}, "x holds <U1, not numbers"),
        ({"x": np.zeros((0, 3)), "y": np.zeros(0)}, "x and y must be arrays with an entry an item"),
        ({"x": np.array(3)}, "x and y must be arrays with an entry an item"),
    ],
)
def test_faults_of_arrays_are_named(wrong: dict[str, np.ndarray], message: str) -> None:
    np.savez("own.npz", **{**arrays(), **wrong})
    assert message in refused("own.npz")


def test_targets_that_are_all_the_same_are_refused() -> None:
    np.savez("own.npz", **arrays(y=np.ones(N, int)))
    sentence = refused("own.npz")
    assert "nothing to" in sentence or "leave it out" in sentence


def test_faults_of_files_are_named() -> None:
    assert "there is no absent.csv" in refused("absent.csv")
    Path("own.txt").write_text("no table", encoding="utf-8")
    assert "own.txt is none of these: a table" in refused("own.txt")
    np.savez("own.npz", z=np.zeros(3))
    assert "own.npz lacks the array x_train: it holds z" in refused("own.npz")
    content = Path("own.npz").read_bytes()
    Path("own.npz").write_bytes(content[: len(content) // 2])
    assert "own.npz is not a whole .npz file" in refused("own.npz")
    Path("own.csv").write_bytes("a,b,y\n1,k,0\n2,ü,1\n".encode("latin-1"))
    assert "own.csv line 3 is not encoded as UTF-8" in refused("own.csv", target="y")
    Path("own.parquet").write_bytes(b"no parquet")
    assert "own.parquet is not a whole Parquet file" in refused("own.parquet", target="y")
    Path("own").mkdir()
    Path("own/x.npy").write_bytes(b"no array")
    assert "x.npy is not a whole .npy file" in refused("own")


def test_inspection_writes_the_settings() -> None:
    made = table().assign(id=range(N), note=[f"note {row}" for row in range(N)])
    made["Part"] = ["Train"] * 30 + ["Test"] * 10
    made.to_csv("own.csv", index=False)
    before = Path("config.yaml").read_text(encoding="utf-8")
    text = re.sub(r'(?m)^  target: ""(.*)$', r"  target:\1\n    - old\n    - older", before)
    Path("config.yaml").write_text(text, encoding="utf-8")
    printed = answer("data", "--inspect", "own.csv", "--data.target=y", "--data.validation_share=0.2")
    for part in ("40 rows, 7 columns", "colour: text, 3 values: red, green, blue, 1 missing", "age: numbers, 0 to 39"):
        assert part in printed
    after = Path("config.yaml").read_text(encoding="utf-8")
    data = yaml.safe_load(after)["data"]
    expected = {"source": "own.csv", "target": "y", "ignore": ["id", "note"], "part": "Part", "validation_share": 0.2}
    assert {name: data[name] for name in expected} == expected
    assert len(after.splitlines()) == len(before.splitlines())
    for old, new in zip(before.splitlines(), after.splitlines(), strict=True):
        assert old.partition(" #")[2].strip() == new.partition(" #")[2].strip()
        assert old == new or old.split(":")[0].strip() in {*expected}
    assert "train:     24 items" in answer("data")
    assert "Written: reports/stats.json" in answer("stats")
    assert settings("own.csv").data.part == "Part"
    assert "there is no absent" in refusal("data", "--inspect", "absent")


def test_inspection_says_what_is_no_input_and_why() -> None:
    made = table().assign(
        customer_nr=np.random.default_rng(0).permutation(N * 9)[:N],
        row_count=range(5, N + 5),
        born=[f"{1 + row % 28}.12.1980" for row in range(N)],
        euros=[f"{row},50 €" for row in range(N)],
        empty=None,
    )
    made["seen"] = pd.date_range("2024-01-01", periods=N)
    made.to_parquet("own.parquet")
    printed = answer("data", "--inspect", "own.parquet", "--data.target=y")
    assert 'ignore: ["born", "customer_nr", "empty", "euros", "row_count", "seen"]' in " ".join(printed.split())
    assert (
        "seen: dates or times, such as 2024-01-01 00:00:00 -> ignore: to split by it, name it in data.time" in printed
    )
    assert printed.count("-> ignore: it numbers the rows") == 2
    assert "amounts? written as plain numbers" in printed
    assert "empty: empty -> ignore" in printed
    made[["y", "age", "born"]].to_csv("own.csv", index=False)
    assert 'target: "y"' in answer("data", "--inspect", "own.csv")
    made.rename(columns={"y": "one"}).assign(two=made["y"])[["age", "one", "two", "born"]].to_csv(
        "own.csv", index=False
    )
    several = isinstance(task.likely_target(made[["y"]]), list)  # labels
    expected = 'target: ["one", "two"]' if several else 'target: "two"'
    assert expected in answer("data", "--inspect", "own.csv", "--data.target=")


@pytest.mark.parametrize("name", ["own.csv", "own.parquet"])
def test_dates_are_no_inputs(name: str) -> None:
    made = table()
    made["seen"] = pd.date_range("2024-01-01", periods=N)
    made.loc[2, "seen"] = None
    made.to_csv(name, index=False) if name == "own.csv" else made.to_parquet(name)
    assert "The column 'seen' holds dates or times, such as 2024-01-01" in refused(name, target="y")
    assert load(name, target="y", ignore=["seen"]).train.x.shape == (29, 5)


def test_new_categories_are_reported(capsys: pytest.CaptureFixture) -> None:
    table().to_csv("own.csv", index=False)
    rules = load("own.csv", target="y").rules
    table().assign(colour="mauve").to_csv("new.csv", index=False)
    assert read_new("new.csv", rules)[:, 2:].sum() == 0
    assert "new.csv: 40 values of 'colour', such as 'mauve', are new to the model" in capsys.readouterr().out


def test_names_may_hold_brackets_and_dollars() -> None:
    made = table().rename(columns={"age": "[/] $a_{b$ $"})
    if task.METRIC == "accuracy":
        made["y"] = made["y"].map({0: "[/red]", 1: "[x] $\\frac$"})
    made["colour"] = made["colour"].map(lambda colour: f"[/{colour}]")
    made.to_csv("own.csv", index=False)
    chosen = ("--data.source=own.csv", "--data.target=y")
    answer("stats", *chosen)
    answer("train", *chosen, "--training.epochs=1", "--model.units=[4]")
    printed = answer("evaluate")
    assert task.METRIC != "accuracy" or ("[/red]" in printed and "[x] $" in printed)


def test_targets_may_be_several() -> None:
    table().assign(z=[1, 0] * (N // 2)).to_csv("own.csv", index=False)
    items = read("own.csv", target=["y", "z"])
    assert list(items.targets) == ["y", "z"]
    assert list(items.inputs) == ["age", "member", "colour"]

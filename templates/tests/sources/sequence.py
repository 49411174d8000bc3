"""Data of one's own: every layout is read alike, and what is wrong is said in one sentence with its place."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from own_data import answer, load, predict, read, read_new, refusal, refused, unfit

pytestmark = pytest.mark.usefixtures("config")  # its folder, with a config.yaml

N = 30
TARGETS = [row % 2 for row in range(N)]  # they suit every task
SMALL = ("--training.epochs=1", "--model.units=[4]", "--training.batch_size=8")


def sequences(lengths: Callable[[int], int] = lambda number: 6) -> list[np.ndarray]:
    """Sequences of two features, each of another length if asked for."""
    random = np.random.default_rng(0)
    return [random.normal(size=(lengths(number), 2)).astype(np.float32) for number in range(N)]


def unequal(number: int) -> int:
    return 3 + number % 5


def padded(parts: list[np.ndarray]) -> np.ndarray:
    x = np.full((len(parts), max(map(len, parts)), 2), np.nan, np.float32)
    for row, part in enumerate(parts):
        x[row, : len(part)] = part
    return x


def write_files(parts: list[np.ndarray], folder: str = "files") -> None:
    """A file a sequence, .csv with and without a header and .npy in turn, and table.csv that lists them."""
    Path(folder).mkdir()
    for number, part in enumerate(parts):
        if number % 3:
            pd.DataFrame(part, columns=["a", "e"]).to_csv(
                f"{folder}/{number:02}.csv", index=False, header=number % 3 == 1, sep=",;"[number % 2]
            )
        else:
            np.save(f"{folder}/{number:02}.npy", part)
    names = [f"{folder}/{number:02}.{'csv' if number % 3 else 'npy'}" for number in range(len(parts))]
    pd.DataFrame({"name": names, "y": TARGETS[: len(parts)]}).to_csv("table.csv", index=False)


def long_table(parts: list[np.ndarray]) -> pd.DataFrame:
    """A row a step, in no order."""
    rows = [
        {"item": f"i{number}", "when": step, "a": a, "b": b, "y": TARGETS[number]}
        for number, part in enumerate(parts)
        for step, (a, b) in enumerate(part.tolist())
    ]
    return pd.DataFrame(rows).sample(frac=1, random_state=0)


LONG = {"item": "item", "step": "when", "target": "y"}


def by_content(x: np.ndarray) -> np.ndarray:
    """Items in an order that depends on their content alone."""
    return x[np.argsort(x[:, 0, 0])]


def whole(splits) -> np.ndarray:
    return by_content(np.concatenate([split.x[:] for split in splits.named.values()]))


@pytest.mark.parametrize("lengths", [lambda number: 6, unequal])
def test_all_layouts_give_the_same(lengths: Callable[[int], int]) -> None:
    parts = sequences(lengths)
    x = padded(parts)
    np.savez("own.npz", x=x, y=TARGETS)
    write_files(parts)
    long_table(parts).to_csv("long.csv", index=False)
    long_table(parts).to_parquet("long.parquet")
    pad = bool(np.isnan(x).any())
    layouts = {"own.npz": {}, "table.csv": {"file": "name", "target": "y"}, "long.csv": LONG, "long.parquet": LONG}
    for source, chosen in layouts.items():
        splits = load(source, pad=pad, **chosen)
        assert [len(split) for split in splits.named.values()] == [22, 2, 6], source
        np.testing.assert_allclose(whole(splits), by_content(x), rtol=1e-6, err_msg=source)
        json.dumps(splits.rules)
        for split in splits.named.values():  # the targets go with their sequences
            numbers = [int(np.flatnonzero(np.isclose(x[:, 0, 0], first))[0]) for first in split.x[:, 0, 0]]
            assert split.y.reshape(-1).tolist() == [number % 2 for number in numbers]


def test_class_folders() -> None:
    parts = sequences(unequal)
    write_files(parts)
    for part in ("train", "test"):
        for name in ("left", "right"):
            Path(f"own/{part}/{name}").mkdir(parents=True)
    for number, file in enumerate(sorted(Path("files").iterdir())):
        shutil.copy(file, Path("own", "test" if number > 20 else "train", ("left", "right")[number % 2]))
    items = read("own", pad=True)
    assert items.targets["class"].value_counts().to_dict() == {"left": 15, "right": 15}
    assert (items.part == "train").sum() == 21
    assert sorted(map(len, items.inputs)) == sorted(map(len, parts))
    shutil.copytree("own/train", "flat")
    assert read("flat", pad=True).part is None
    shutil.copy("files/00.npy", "own/train")
    assert "00.npy lies in no class folder" in refused("own", pad=True)


def test_parts_may_count_their_items_anew() -> None:
    made = long_table(sequences())
    Path("own").mkdir()
    made.to_csv("own/train.csv", index=False)
    made.assign(a=made["a"] + 100).to_csv("own/test.csv", index=False)
    splits = load("own", **LONG)
    assert [len(split) for split in splits.named.values()] == [27, 3, 30]
    assert splits.test.x[..., 0].min() > 50


def test_large_arrays_stay_on_disk() -> None:
    Path("own").mkdir()
    np.save("own/x.npy", padded(sequences()))
    np.save("own/y.npy", TARGETS)
    memory, disk = load("own").train.x, load("own", memory_mb=0).train.x
    assert not isinstance(disk, np.ndarray)
    for key in (slice(2, 9, 3), 4, np.array([5, 0, 5])):
        np.testing.assert_array_equal(disk[key], memory[key])


def damage(number: int, change: Callable[[np.ndarray], np.ndarray]) -> None:
    """The files of write_files with one that is wrong; it is a .npy file."""
    parts = sequences()
    parts[number] = change(parts[number])
    write_files(parts)


def with_gap(part: np.ndarray) -> np.ndarray:
    part[4, 1] = np.nan
    return part


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda part: part[:4], "09.npy): the sequence has 4 steps, others 6: correct it, or set data.pad"),
        (with_gap, "09.npy: step 4 of feature 1 is nan"),
        (lambda part: np.zeros((6, 3)), "09.npy has 3 features in a row, but"),
        (lambda part: np.zeros((0, 2)), "09.npy has the shape (0, 2)"),
        (lambda part: np.zeros((6, 2, 2)), "09.npy has the shape (6, 2, 2)"),
        (lambda part: np.full((6, 2), "a"), "09.npy has the shape (6, 2) of <U1: it must be"),
    ],
)
def test_faults_of_arrays_in_files_are_named(change: Callable, message: str) -> None:
    damage(9, change)
    assert message in refused("table.csv", file="name", target="y")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,e\n1,2\n3,x\n", "10.csv: step 1 of feature 1 is 'x', no number"),
        ("1,2\n3,\n", "10.csv: step 1 of feature 1 is nan"),
        ("1,2\n3,4,5\n", "10.csv is not a whole table: Error tokenizing"),
        ("", "10.csv is not a whole table"),
        ("a,e\n", "10.csv has the shape (0, 2)"),
    ],
)
def test_faults_of_text_files_are_named(text: str, message: str) -> None:
    write_files(sequences())
    Path("files/10.csv").write_text(text, encoding="utf-8")
    assert message in refused("table.csv", file="name", target="y")


def replace(column: str, value: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Change the value in line 9 of a table."""

    def change(made: pd.DataFrame) -> pd.DataFrame:
        made = made.astype({column: object})
        made.iloc[7, list(made).index(column)] = value
        return made

    return change


@pytest.mark.parametrize(
    ("change", "chosen", "message"),
    [
        (replace("a", None), {}, "long.csv line 9: 'a' has no value"),
        (replace("a", "x"), {}, "long.csv line 9: 'x' is text in the number column 'a'"),
        (replace("item", None), {}, "long.csv line 9: 'item' has no value"),
        (replace("when", None), {}, "long.csv line 9: 'when' has no value"),
        (replace("when", "soon"), {}, "'soon' in the column of data.step is neither a number nor a date"),
        (replace("y", 7), {}, "has another value in the column 'y'"),
        (lambda made: made.assign(b="text"), {}, "The column 'b' holds text: list it in data.ignore"),
        (lambda made: made[~((made["item"] == "i8") & (made["when"] > 2))], {}, "the sequence has 3 steps, others 6"),
        (lambda made: made, {"step": "time"}, "long.csv has no column 'time', which data.step names"),
        (lambda made: made, {"item": "id"}, "long.csv has no column 'id', which data.item names"),
        (lambda made: made, {"item": ""}, "name in data.item the column"),
        (lambda made: made, {"target": "z"}, "long.csv has no column 'z', which data.target names"),
        (lambda made: made, {"ignore": ["z"]}, "long.csv has no column 'z', which data.ignore names"),
        (lambda made: made, {"ignore": ["a", "b"]}, "long.csv has no column that is left"),
    ],
)
def test_faults_of_a_long_table_are_named(change: Callable, chosen: dict, message: str) -> None:
    change(long_table(sequences())).to_csv("long.csv", index=False)
    assert message in refused("long.csv", **{**LONG, **chosen})


def test_faults_of_sources_are_named() -> None:
    np.savez("own.npz", x=np.zeros((N, 3)), y=TARGETS)
    assert "it must be (n, steps, features)" in refused("own.npz")
    x = padded(sequences())
    x[3, 2, 1] = np.inf
    np.savez("own.npz", x=x, y=TARGETS)
    assert "own.npz: row 3 of x and y: feature 1 at 2 is missing or not finite" in refused("own.npz")
    x[3, 2, 1] = np.nan  # a gap, not padding
    np.savez("own.npz", x=x, y=TARGETS)
    assert "row 3 of x and y: feature 1 at 2" in refused("own.npz", pad=True)
    Path("empty").mkdir()
    assert "empty holds no file that ends in .csv, .npy" in refused("empty")
    assert "there is no absent" in refused("absent")
    pd.DataFrame({"name": ["none.npy"], "y": [0]}).to_csv("table.csv", index=False)
    assert "table.csv line 2: there is no file none.npy" in refused("table.csv", file="name", target="y")


def test_padding_changes_no_prediction() -> None:
    parts = sequences(unequal)
    long_table(parts).to_csv("long.csv", index=False)
    options = ("--data.item=item", "--data.step=when", "--data.target=y", "--data.pad=true")
    answer("train", "--data.source=long.csv", *options, *SMALL)
    x = padded(parts[:5])  # of 3 to 7 steps
    longer = np.concatenate([x, np.full((5, 9, 2), np.nan, np.float32)], axis=1)
    expected = predict("001", x)
    np.testing.assert_allclose(predict("001", longer), expected, atol=1e-5)
    for number, part in enumerate(parts[:5]):
        np.testing.assert_allclose(predict("001", part[np.newaxis])[0], expected[number], atol=1e-5)

    new = long_table(parts)
    new.drop(columns="y")[["b", "when", "item", "a"]].to_csv("new.csv", index=False)
    rules = json.loads(Path("runs/001/data.json").read_text(encoding="utf-8"))["rules"]
    np.testing.assert_allclose(by_content(read_new("new.csv", rules, **LONG)), by_content(padded(parts)), rtol=1e-6)
    assert len(answer("predict", "new.csv").splitlines()) == 21
    found = pd.read_csv("runs/001/predictions.csv")
    assert found["item"].tolist() == new["item"].unique().tolist()
    named = np.stack([parts[int(name[1:])][0] for name in found["item"]])  # i7 is parts[7]: its first step
    np.testing.assert_allclose(read_new("new.csv", rules, **LONG)[:, 0], named, rtol=1e-6)
    new.drop(columns="when").to_csv("other.csv", index=False)
    assert "other.csv has no column 'when', which the run names" in refusal("predict", "other.csv", "--output=no.csv")
    np.save("wide.npy", np.zeros((4, 3)))
    assert "wide.npy has 3 features in a row, but the model takes 2" in refusal("predict", "wide.npy")
    Path("broken.npz").write_bytes(b"PK\3\4 and no more")
    assert "broken.npz is not" in refusal("predict", "broken.npz")


def test_columns_of_files_are_told_apart_by_their_header() -> None:
    parts = sequences()
    write_files(parts)
    pd.DataFrame(parts[4][:, ::-1], columns=["e", "a"]).to_csv("files/04.csv", index=False)
    splits = load("table.csv", file="name", target="y")
    np.testing.assert_allclose(whole(splits), by_content(padded(parts)), rtol=1e-6)
    assert splits.rules["names"] == ["a", "e"]
    np.testing.assert_allclose(read_new("files/04.csv", splits.rules)[0], parts[4], rtol=1e-6)
    np.testing.assert_allclose(read_new("files", splits.rules), np.stack(parts), rtol=1e-6)
    pd.DataFrame(parts[4], columns=["a", "b"]).to_csv("files/04.csv", index=False)
    assert "04.csv has the columns a, b instead of a, e" in unfit("files/04.csv", splits.rules)
    assert "04.csv has the columns a, b instead of a, e" in refused("table.csv", file="name", target="y")


def test_predictions_of_a_folder_name_its_files() -> None:
    write_files(sequences())
    answer("train", "--data.source=table.csv", "--data.file=name", "--data.target=y", *SMALL)
    answer("predict", "files", "--output=out.csv")
    assert pd.read_csv("out.csv")["source"].tolist() == sorted(map(str, Path("files").iterdir()))


def test_inspection_leaves_out_what_is_no_number() -> None:
    made = long_table(sequences()).assign(patient=lambda made: "p" + made["item"], day="2024-01-31")
    made[["patient", "day", "item", "when", "a", "b", "y"]].to_csv("long.csv", index=False)
    printed = answer("data", "--inspect", "long.csv", "--data.item=item", "--data.step=when")
    assert "patient -> ignore: no numbers; may be data.group" in printed
    assert "30 sequences of 6 to 6 steps with 2 features" in printed
    assert 'ignore: ["patient", "day"]' in printed


def test_new_sequences_of_another_length_need_padding() -> None:
    np.save("short.npy", np.zeros((4, 2)))
    rules = {"steps": 6, "features": 2, "pad": False}
    assert "short.npy: sequence 0 has 4 steps, but the model takes 6" in unfit("short.npy", rules)


def test_inspection_writes_the_settings() -> None:
    made = long_table(sequences(unequal)).rename(columns={"when": "time"})
    made.to_csv("long.csv", index=False)
    before = Path("config.yaml").read_text(encoding="utf-8")
    printed = answer("data", "--inspect", "long.csv")
    assert "30 sequences of 3 to 7 steps with 2 features" in printed
    after = Path("config.yaml").read_text(encoding="utf-8")
    assert len(after.splitlines()) == len(before.splitlines())
    data = yaml.safe_load(after)["data"]
    expected = {"source": "long.csv", "item": "item", "step": "time", "target": "y", "pad": True}
    assert {name: data[name] for name in expected} == expected
    assert "train:     22 items" in answer("data")
    answer("stats")
    statistics = json.loads(Path("reports/stats.json").read_text(encoding="utf-8"))
    assert statistics["splits"]["train"]["steps"] == "3 to 7"
    assert "there is no absent" in refusal("data", "--inspect", "absent")

    write_files(sequences())
    answer("data", "--inspect", "table.csv")
    data = yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))["data"]
    expected = {"source": "table.csv", "item": "", "step": "", "file": "name", "target": "y", "pad": False}
    assert {name: data[name] for name in expected} == expected
    assert "train:     22 items, float32 [6, 2]" in answer("data")


def test_a_leak_between_given_parts_is_reported() -> None:
    made = long_table(sequences())
    number = made["item"].str[1:].astype(int)
    made["part"] = np.select([number < 20, number < 24], ["train", "validation"], "test")
    made["speaker"] = (number // 3).astype(str)
    made.to_csv("long.csv", index=False)
    options = [f"--data.{name}={value}" for name, value in LONG.items()]
    printed = answer("stats", "--data.source=long.csv", *options, "--data.part=part", "--data.group=speaker")
    assert "Leak: 1 groups of validation are also in train, such as 6." in printed

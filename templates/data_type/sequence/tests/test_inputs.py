"""Own data: every data format is read alike, and a fault ends in one sentence that names its place."""

import importlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from own_data import Splits, UserError, answer, inputs, load, read, read_new, refusal, refused, settings

pytestmark = pytest.mark.usefixtures("config")  # its folder, with a config.yaml

N = 30
TARGETS = [row % 2 for row in range(N)]  # they suit every task
SMALL = ("--training.epochs=1", "--model.units=[4]", "--training.batch_size=8")


def sequences(lengths: Callable[[int], int] = lambda number: 6) -> list[np.ndarray]:
    """Make sequences (steps, 2), each of its own length."""
    random = np.random.default_rng(0)
    return [random.normal(size=(lengths(number), 2)).astype(np.float32) for number in range(N)]


def unequal(number: int) -> int:
    """Return a length of 3 to 7 steps."""
    return 3 + number % 5


def padded(arrays: list[np.ndarray]) -> np.ndarray:
    """Join sequences to (n, steps, 2), padded with NaN."""
    x = np.full((len(arrays), max(map(len, arrays)), 2), np.nan, np.float32)
    for row, array in enumerate(arrays):
        x[row, : len(array)] = array
    return x


def predict(x: np.ndarray) -> np.ndarray:
    """Predict with the best model of the first run, without rounding."""
    module = importlib.import_module("..inference.predict", inputs.__package__)  # imports the framework: only here
    return module.predict(Path("runs/001"), x)


def write_files(arrays: list[np.ndarray], folder: str = "files") -> None:
    """Write one file per sequence: .csv with and without a header and .npy in turn. table.csv lists them."""
    Path(folder).mkdir()
    for number, array in enumerate(arrays):
        if number % 3:
            pd.DataFrame(array, columns=["a", "e"]).to_csv(
                f"{folder}/{number:02}.csv", index=False, header=number % 3 == 1, sep=",;"[number % 2]
            )
        else:
            np.save(f"{folder}/{number:02}.npy", array)
    names = [f"{folder}/{number:02}.{'csv' if number % 3 else 'npy'}" for number in range(len(arrays))]
    pd.DataFrame({"name": names, "y": TARGETS[: len(arrays)]}).to_csv("table.csv", index=False)


def long_table(arrays: list[np.ndarray]) -> pd.DataFrame:
    """Make a table with one row per step, in random order."""
    rows = [
        {"sample": f"i{number}", "when": step, "a": a, "b": b, "y": TARGETS[number]}
        for number, array in enumerate(arrays)
        for step, (a, b) in enumerate(array.tolist())
    ]
    return pd.DataFrame(rows).sample(frac=1, random_state=0)


LONG = {"sequence_column": "sample", "step_column": "when", "target_column": "y"}


def by_content(x: np.ndarray) -> np.ndarray:
    """Sort samples by their content."""
    return x[np.argsort(x[:, 0, 0])]


def all_inputs(splits: Splits) -> np.ndarray:
    """Join the inputs of all splits, in an order that does not depend on the split."""
    return by_content(np.concatenate([split.x[:] for split in splits.named.values()]))


@pytest.mark.parametrize("lengths", [lambda number: 6, unequal])
def test_all_data_formats_give_the_same(lengths: Callable[[int], int]) -> None:
    arrays = sequences(lengths)
    x = padded(arrays)
    np.savez("own.npz", x=x, y=TARGETS)
    write_files(arrays)
    long_table(arrays).to_csv("long.csv", index=False)
    long_table(arrays).to_parquet("long.parquet")
    pad = bool(np.isnan(x).any())
    sources = {
        "own.npz": {},
        "table.csv": {"file_column": "name", "target_column": "y"},
        "long.csv": LONG,
        "long.parquet": LONG,
    }
    for source, chosen in sources.items():
        splits = load(source, pad=pad, **chosen)
        assert [len(split) for split in splits.named.values()] == [22, 2, 6], source
        np.testing.assert_allclose(all_inputs(splits), by_content(x), rtol=1e-6, err_msg=source)
        json.dumps(splits.preprocessing)
        for split in splits.named.values():  # the targets go with their sequences
            numbers = [int(np.flatnonzero(np.isclose(x[:, 0, 0], first))[0]) for first in split.x[:, 0, 0]]
            assert split.y.reshape(-1).tolist() == [number % 2 for number in numbers]


@pytest.mark.parametrize("form", ["%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y"])
def test_steps_stand_in_the_order_of_their_dates(form: str) -> None:
    days = pd.date_range("2024-01-01", periods=60)
    dates = list(enumerate(days.strftime(form)))
    rows = [{"sample": f"i{n}", "when": date, "a": day, "y": n % 2} for n in range(N) for day, date in dates]
    pd.DataFrame(rows).sample(frac=1, random_state=0).to_csv("long.csv", index=False)
    assert (load("long.csv", **LONG).train.x[..., 0] == np.arange(60)).all()


def test_steps_and_names_are_read_alike_to_train_and_to_predict() -> None:
    """Steps such as 1.000 are amounts beside 998, and names such as 007 are none."""
    steps = list(enumerate(["998", "999", "1.000", "1.001"]))
    rows = [f"{number:03};{step};{number},{place};{number % 2}" for number in range(12) for place, step in steps]
    Path("long.csv").write_text("\n".join(["who;when;v;y", *rows]), encoding="utf-8")
    chosen = {"sequence_column": "who", "step_column": "when", "target_column": "y"}
    splits = load("long.csv", **chosen)
    x = read_new("long.csv", splits.preprocessing, **chosen)
    np.testing.assert_allclose(x[3, :, 0], [3.0, 3.1, 3.2, 3.3], atol=1e-6)
    for split in splits.named.values():
        assert (np.diff(split.x[:, :, 0]) > 0).all()
    names = inputs.name_samples(Path("long.csv"), 12, splits.preprocessing, settings("long.csv", **chosen).data)
    assert names[7] == ("long.csv", "007")


def test_class_folders() -> None:
    arrays = sequences(unequal)
    write_files(arrays)
    for split in ("train", "test"):
        for name in ("left", "right"):
            Path(f"own/{split}/{name}").mkdir(parents=True)
    for number, file in enumerate(sorted(Path("files").iterdir())):
        shutil.copy(file, Path("own", "test" if number > 20 else "train", ("left", "right")[number % 2]))
    samples = read("own", pad=True)
    assert samples.targets["class"].value_counts().to_dict() == {"left": 15, "right": 15}
    assert (samples.split == "train").sum() == 21
    assert sorted(map(len, samples.inputs.arrays)) == sorted(map(len, arrays))
    shutil.copytree("own/train", "flat")
    assert read("flat", pad=True).split is None
    shutil.copy("files/00.npy", "own/train")
    assert "00.npy lies in no class folder" in refused("own", pad=True)


def test_splits_may_use_the_same_names_of_sequences() -> None:
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
    memory, disk = load("own").train.x, load("own", max_memory_mb=0).train.x
    assert not isinstance(disk, np.ndarray)
    for key in (slice(2, 9, 3), 4, np.array([5, 0, 5])):
        np.testing.assert_array_equal(disk[key], memory[key])


def test_arrays_of_true_and_false_are_described() -> None:
    np.savez("own.npz", x=np.array(sequences()) > 0, y=TARGETS)
    assert "Written: reports/stats.json" in answer("stats", "--data.source=own.npz")
    statistics = json.loads(Path("reports/stats.json").read_text(encoding="utf-8"))
    train = statistics["splits"]["train"]
    assert (train["dtype"], train["min"], train["max"]) == ("bool", 0, 1)
    assert 0 < train["mean"] < 1


def write_with_fault(number: int, change: Callable[[np.ndarray], np.ndarray]) -> None:
    """Write files like `write_files`, of which one .npy file is wrong."""
    arrays = sequences()
    arrays[number] = change(arrays[number])
    write_files(arrays)


def with_missing_value(array: np.ndarray) -> np.ndarray:
    """Remove one value."""
    array[4, 1] = np.nan
    return array


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda array: array[:4], "09.npy): the sequence has 4 steps, others 6: correct it, or set data.pad"),
        (with_missing_value, "09.npy: step 4 of feature 1 is nan"),
        (lambda array: np.zeros((6, 3)), "09.npy has 3 features in a row, but"),
        (lambda array: np.zeros((0, 2)), "09.npy has the shape (0, 2)"),
        (lambda array: np.zeros((6, 2, 2)), "09.npy has the shape (6, 2, 2)"),
        (lambda array: np.full((6, 2), "a"), "09.npy has the shape (6, 2) of <U1: it must be"),
    ],
)
def test_faults_of_arrays_in_files_are_named(change: Callable, message: str) -> None:
    write_with_fault(9, change)
    assert message in refused("table.csv", file_column="name", target_column="y")


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
    assert message in refused("table.csv", file_column="name", target_column="y")


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
        (replace("sample", None), {}, "long.csv line 9: 'sample' has no value"),
        (replace("when", None), {}, "long.csv line 9: 'when' has no value"),
        (replace("when", "soon"), {}, "'soon' in the column of data.step_column is neither a number nor a date"),
        (replace("y", 7), {}, "has another value in the column 'y'"),
        (lambda made: made.assign(b="text"), {}, "The column 'b' holds text: list it in data.ignore"),
        (lambda made: made[~((made["sample"] == "i8") & (made["when"] > 2))], {}, "the sequence has 3 steps, others 6"),
        (lambda made: made, {"step_column": "time"}, "long.csv has no column 'time', which data.step_column names"),
        (lambda made: made, {"sequence_column": "id"}, "long.csv has no column 'id', which data.sequence_column names"),
        (lambda made: made, {"sequence_column": ""}, "name in data.sequence_column the column"),
        (lambda made: made, {"target_column": "z"}, "long.csv has no column 'z', which data.target_column names"),
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
    x[3, 2, 1] = np.nan  # missing, not padding
    np.savez("own.npz", x=x, y=TARGETS)
    assert "row 3 of x and y: feature 1 at 2" in refused("own.npz", pad=True)
    Path("empty").mkdir()
    assert "empty holds no file that ends in .csv, .npy" in refused("empty")
    assert "there is no absent" in refused("absent")
    pd.DataFrame({"name": ["none.npy"], "y": [0]}).to_csv("table.csv", index=False)
    assert "table.csv line 2: there is no file none.npy" in refused("table.csv", file_column="name", target_column="y")


def test_padding_changes_no_prediction() -> None:
    arrays = sequences(unequal)
    long_table(arrays).to_csv("long.csv", index=False)
    options = ("--data.sequence_column=sample", "--data.step_column=when", "--data.target_column=y", "--data.pad=true")
    answer("train", "--data.source=long.csv", *options, *SMALL)
    x = padded(arrays[:5])  # of 3 to 7 steps
    longer = np.concatenate([x, np.full((5, 9, 2), np.nan, np.float32)], axis=1)
    expected = predict(x)
    np.testing.assert_allclose(predict(longer), expected, atol=1e-5)
    for number, array in enumerate(arrays[:5]):
        np.testing.assert_allclose(predict(array[np.newaxis])[0], expected[number], atol=1e-5)

    new = long_table(arrays)
    new.drop(columns="y")[["b", "when", "sample", "a"]].to_csv("new.csv", index=False)
    preprocessing = json.loads(Path("runs/001/data.json").read_text(encoding="utf-8"))["preprocessing"]
    np.testing.assert_allclose(
        by_content(read_new("new.csv", preprocessing, **LONG)), by_content(padded(arrays)), rtol=1e-6
    )
    assert "30 predictions by runs/001" in answer("predict", "new.csv")
    found = pd.read_csv("runs/001/predictions.csv")
    assert found["sample"].tolist() == new["sample"].unique().tolist()
    named = np.stack([arrays[int(name[1:])][0] for name in found["sample"]])  # i7 is arrays[7]: its first step
    np.testing.assert_allclose(read_new("new.csv", preprocessing, **LONG)[:, 0], named, rtol=1e-6)
    new.drop(columns="when").to_csv("other.csv", index=False)
    assert "other.csv has no column 'when', which the run names" in refusal("predict", "other.csv", "--output=no.csv")
    np.save("wide.npy", np.zeros((4, 3)))
    assert "wide.npy has 3 features in a row, but the model takes 2" in refusal("predict", "wide.npy")
    Path("broken.npz").write_bytes(b"PK\3\4 and no more")
    assert "broken.npz is not" in refusal("predict", "broken.npz")


def with_gaps(arrays: list[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Remove values at the start, in the middle and at the end of sequences; and what is to fill them."""
    gaps, filled = [array.copy() for array in arrays], [array.copy() for array in arrays]
    gaps[3][0, 0] = np.nan
    filled[3][0, 0] = arrays[3][1, 0]
    gaps[4][1:3, 1] = np.nan
    filled[4][1:3, 1] = arrays[4][0, 1]
    gaps[5][1] = np.nan  # a step without any value, but in the middle
    filled[5][1] = arrays[5][0]
    gaps[6][-1, 0] = np.nan
    filled[6][-1, 0] = arrays[6][-2, 0]
    return gaps, filled


@pytest.mark.parametrize("source", ["own.npz", "own", "table.csv", "long.csv"])
def test_gaps_are_filled_with_the_last_value(source: str) -> None:
    gaps, filled = with_gaps(sequences(unequal))
    chosen = {"own.npz": {}, "own": {"max_memory_mb": 0}, "table.csv": {"file_column": "name", "target_column": "y"}}
    chosen = {"pad": True, **chosen.get(source, LONG)}
    np.savez("own.npz", x=padded(gaps), y=TARGETS)
    Path("own").mkdir()
    np.save("own/x.npy", padded(gaps))
    np.save("own/y.npy", TARGETS)
    write_files(gaps)
    long_table(gaps).to_csv("long.csv", index=False)
    sentence = refused(source, **chosen)
    assert "fill" in sentence
    assert source.startswith("own") or "or set data.fill_gaps to last" in sentence
    splits = load(source, fill_gaps="last", **chosen)
    np.testing.assert_allclose(all_inputs(splits), by_content(padded(filled)), rtol=1e-6)
    assert splits.preprocessing["fill_gaps"] == "last"
    preprocessing = json.loads(json.dumps(splits.preprocessing))
    new = {"own": "own/x.npy", "table.csv": "files"}.get(source, source)
    np.testing.assert_allclose(
        by_content(read_new(new, preprocessing, **chosen)[:]), by_content(padded(filled)), rtol=1e-6
    )
    if source == "long.csv":
        assert sum(preprocessing["missing"].values()) > 0
        printed = answer("data", "--inspect", "long.csv", "--data.fill_gaps=last", "--data.sequence_column=sample")
        assert "30 sequences of 3 to 7 steps" in printed


def test_inspection_of_sequences_with_gaps_writes_the_settings() -> None:
    gaps, _ = with_gaps(sequences())
    long_table(gaps).rename(columns={"when": "time"}).to_csv("long.csv", index=False)
    status = refused_inspection("long.csv")
    assert "or set data.fill_gaps to last" in status
    data = yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))["data"]
    assert (data["source"], data["sequence_column"], data["step_column"]) == ("long.csv", "sample", "time")


def refused_inspection(name: str) -> str:
    """Inspect a source whose data is then refused: the sentence. The settings are written all the same."""
    with pytest.raises(AssertionError, match="fill_gaps") as error:
        answer("data", "--inspect", name)
    return str(error.value)


def test_a_feature_without_any_value_is_refused() -> None:
    made = long_table(sequences())
    made.loc[made["sample"] == "i7", "b"] = None
    made.to_csv("long.csv", index=False)
    assert "b at 0 is missing or not finite" in refused("long.csv", **LONG, fill_gaps="last")


def test_an_id_column_names_sequences() -> None:
    made = long_table(sequences()).assign(who=lambda made: "name of " + made["sample"], note="n")
    made.to_csv("long.csv", index=False)
    options = [f"--data.{name}={value}" for name, value in {**LONG, "id_column": "who", "source": "long.csv"}.items()]
    assert "The column 'note' holds text" in refusal("data", *options)
    answer("train", *options, "--data.ignore=['note']", *SMALL)
    answer("predict")
    found = pd.read_csv("runs/001/predictions.csv")
    assert list(found)[:2] == ["who", "source"]
    assert found["who"].str.fullmatch(r"name of i\d+").all()
    new = made.drop(columns="y").assign(more=1)
    new.to_csv("new.csv", index=False)
    assert "new.csv: the model does not use more." in answer("predict", "new.csv", "--output=out.csv")
    assert pd.read_csv("out.csv")["who"].tolist() == new["who"].unique().tolist()
    made["who"] = np.arange(len(made))
    made.to_csv("long.csv", index=False)
    assert "has another value in the column 'who'" in refusal("data", *options, "--data.ignore=['note']")


@pytest.mark.parametrize("source", ["long.csv", "table.csv", "own.npz"])
def test_large_numbers_stay_distinct(source: str) -> None:
    arrays = [array.astype(np.float64) for array in sequences()]
    for number, array in enumerate(arrays):
        array[:, 1] = 1_704_067_200 + np.arange(6) * 7 + number * 100
    np.savez("own.npz", x=np.stack(arrays), y=TARGETS)
    write_files(arrays)
    long_table(arrays).to_csv("long.csv", index=False)
    chosen = {"own.npz": {}, "table.csv": {"file_column": "name", "target_column": "y"}}.get(source, LONG)
    splits = load(source, **chosen)
    assert splits.train.x.dtype == np.float32
    seconds = all_inputs(splits)[..., 1]
    assert len(np.unique(seconds)) == 6 * N
    np.testing.assert_allclose(all_inputs(splits)[..., 0], by_content(np.stack(arrays))[..., 0], rtol=1e-6)
    new = {"table.csv": "files"}.get(source, source)
    preprocessing = json.loads(json.dumps(splits.preprocessing))
    np.testing.assert_array_equal(by_content(read_new(new, preprocessing, **chosen)), all_inputs(splits))


def test_files_write_numbers_by_one_rule() -> None:
    Path("files").mkdir()
    for number in range(N):
        rows = [f"{number + 1}.{100 + step};{step}" for step in range(6)]
        if number == 3:
            rows[2] = "3.102,5;2,5"  # only this tells what the others mean
        Path(f"files/{number:02}.csv").write_text("\n".join(["a;e", *rows]), encoding="utf-8")
    pd.DataFrame({"name": [f"files/{number:02}.csv" for number in range(N)], "y": TARGETS}).to_csv(
        "table.csv", index=False
    )
    splits = load("table.csv", file_column="name", target_column="y")
    x = all_inputs(splits)
    assert x[:, 0, 0].tolist() == [1000 * (number + 1) + 100 for number in range(N)]
    assert read_new("files/07.csv", splits.preprocessing)[0, :, 0].tolist() == [8100 + step for step in range(6)]
    Path("files/09.csv").write_text("a;e\n" + "1,234.5;1\n" * 6, encoding="utf-8")
    sentence = refused("table.csv", file_column="name", target_column="y")
    assert (
        "files/09.csv writes the numbers of 'a' as 1,234.5, but files/03.csv as 1.234,5: write them alike" in sentence
    )


def test_sequences_without_a_target_are_left_out() -> None:
    made = long_table(sequences())
    made.loc[made["sample"] == "i7", "y"] = None
    made.to_csv("long.csv", index=False)
    assert "has no target: fill it in, or set data.skip_missing_targets" in refused("long.csv", **LONG)
    splits = load("long.csv", **LONG, skip_missing_targets=True)
    assert splits.num_without_target == 1
    assert sum(len(split) for split in splits.named.values()) == N - 1


def test_columns_of_files_are_told_apart_by_their_header() -> None:
    arrays = sequences()
    write_files(arrays)
    pd.DataFrame(arrays[4][:, ::-1], columns=["e", "a"]).to_csv("files/04.csv", index=False)
    splits = load("table.csv", file_column="name", target_column="y")
    np.testing.assert_allclose(all_inputs(splits), by_content(padded(arrays)), rtol=1e-6)
    assert splits.preprocessing["names"] == ["a", "e"]
    np.testing.assert_allclose(read_new("files/04.csv", splits.preprocessing)[0], arrays[4], rtol=1e-6)
    np.testing.assert_allclose(read_new("files", splits.preprocessing), np.stack(arrays), rtol=1e-6)
    pd.DataFrame(arrays[4], columns=["a", "b"]).to_csv("files/04.csv", index=False)
    with pytest.raises(UserError, match=r"04\.csv has the columns a, b instead of a, e"):
        read_new("files/04.csv", splits.preprocessing)
    assert "04.csv has the columns a, b instead of a, e" in refused("table.csv", file_column="name", target_column="y")


def test_numbers_with_decimal_commas_are_no_header() -> None:
    Path("new.csv").write_text("1,5;2\n3,5;4,5\n", encoding="utf-8")
    found = read_new("new.csv", {"steps": 2, "features": 2, "pad": False})
    assert found.tolist() == [[[1.5, 2], [3.5, 4.5]]]


def test_predictions_of_a_folder_name_its_files() -> None:
    write_files(sequences())
    answer("train", "--data.source=table.csv", "--data.file_column=name", "--data.target_column=y", *SMALL)
    answer("predict", "files", "--output=out.csv")
    assert pd.read_csv("out.csv")["source"].tolist() == sorted(map(str, Path("files").iterdir()))


def test_inspection_leaves_out_what_is_no_number() -> None:
    made = long_table(sequences()).assign(patient=lambda made: "p" + made["sample"], day="2024-01-31")
    made[["patient", "day", "sample", "when", "a", "b", "y"]].to_csv("long.csv", index=False)
    printed = answer("data", "--inspect", "long.csv", "--data.sequence_column=sample", "--data.step_column=when")
    assert "pi26, ... -> ignore: no numbers; may be data.group_column or data.time_column" in printed
    assert "30 sequences of 6 to 6 steps with 2 features" in printed
    assert 'ignore: ["patient", "day"]' in printed


def test_a_column_comes_back_when_it_can_be_used() -> None:
    made = long_table(sequences())
    chosen = ("--data.sequence_column=sample", "--data.step_column=when")
    made.assign(b="text")[["sample", "when", "b", "a", "y"]].to_csv("long.csv", index=False)
    assert 'ignore: ["b"]' in answer("data", "--inspect", "long.csv", *chosen)
    made[["sample", "when", "b", "a", "y"]].to_csv("long.csv", index=False)
    printed = answer("data", "--inspect", "long.csv", *chosen)
    assert 'No longer ignored, as config.yaml said: ["b"]' in printed
    assert "of 6 to 6 steps with 2 features" in printed
    printed = answer("data", "--inspect", "long.csv", *chosen, '--data.ignore=["b"]')
    assert "-> ignore: as --data.ignore says" in printed
    assert "of 6 to 6 steps with 1 feature: a" in printed


def test_new_sequences_of_another_length_need_padding() -> None:
    np.save("short.npy", np.zeros((4, 2)))
    preprocessing = {"steps": 6, "features": 2, "pad": False}
    with pytest.raises(UserError, match=r"short\.npy: sequence 0 has 4 steps, but the model takes 6"):
        read_new("short.npy", preprocessing)


def test_inspection_writes_the_settings() -> None:
    made = long_table(sequences(unequal)).rename(columns={"when": "time"})
    made.to_csv("long.csv", index=False)
    before = Path("config.yaml").read_text(encoding="utf-8")
    printed = answer("data", "--inspect", "long.csv")
    assert "30 sequences of 3 to 7 steps with 2 features" in printed
    after = Path("config.yaml").read_text(encoding="utf-8")
    assert len(after.splitlines()) == len(before.splitlines())
    data = yaml.safe_load(after)["data"]
    expected = {
        "source": "long.csv",
        "sequence_column": "sample",
        "step_column": "time",
        "target_column": "y",
        "pad": True,
    }
    assert {name: data[name] for name in expected} == expected
    assert "train:     22 samples" in answer("data")
    answer("stats")
    statistics = json.loads(Path("reports/stats.json").read_text(encoding="utf-8"))
    assert statistics["splits"]["train"]["steps"] == "3 to 7"
    assert "there is no absent" in refusal("data", "--inspect", "absent")

    write_files(sequences())
    answer("data", "--inspect", "table.csv")
    data = yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))["data"]
    expected = {
        "source": "table.csv",
        "sequence_column": "",
        "step_column": "",
        "file_column": "name",
        "target_column": "y",
        "pad": False,
    }
    assert {name: data[name] for name in expected} == expected
    assert "train:     22 samples, float32 [6, 2]" in answer("data")


def test_a_leak_between_given_splits_is_reported() -> None:
    made = long_table(sequences())
    number = made["sample"].str[1:].astype(int)
    made["split"] = np.select([number < 20, number < 24], ["train", "validation"], "test")
    made["speaker"] = (number // 3).astype(str)
    made.to_csv("long.csv", index=False)
    options = [f"--data.{name}={value}" for name, value in LONG.items()]
    printed = answer(
        "stats", "--data.source=long.csv", *options, "--data.split_column=split", "--data.group_column=speaker"
    )
    assert "Leak: validation and train share 1 group, such as 6." in printed

"""Data of one's own: every layout is read alike, and what is wrong is said in one sentence with its place."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from own_data import answer, load, read, read_new, refusal, refused, settings, unfit
from PIL import Image

pytestmark = pytest.mark.usefixtures("config")  # its folder, with a config.yaml

N = 20
SHAPE = [8, 6, 1]
TARGETS = [row % 2 for row in range(N)]  # they suit every task
TABLE = {"file": "name", "target": "y", "shape": SHAPE}


def pictures() -> np.ndarray:
    """Grey pictures (N, 8, 6, 1), all different."""
    return np.random.default_rng(0).integers(0, 256, (N, *SHAPE), dtype=np.uint8)


def write_files(x: np.ndarray, ending: str = "png") -> list[Path]:
    """A file a picture, and table.csv that lists them with a target that suits every task."""
    Path("files").mkdir()
    names = [f"files/{number:02}.{ending}" for number in range(len(x))]
    for name, picture in zip(names, x, strict=True):
        Image.fromarray(picture.squeeze()).save(name)
    pd.DataFrame({"name": names, "y": TARGETS}).to_csv("table.csv", index=False)
    return [Path(name) for name in names]


def truncate(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def whole(splits) -> np.ndarray:
    """All inputs in an order that does not depend on the split."""
    x = np.concatenate([split.x[:] for split in splits.named.values()])
    return x[np.lexsort(x.reshape(len(x), -1).T)]


def test_files_and_arrays_give_the_same() -> None:
    x = pictures()
    write_files(x)
    np.savez("own.npz", x=x[..., 0], y=TARGETS)
    expected = x[np.lexsort(x.reshape(N, -1).T)]
    for source, chosen in (("table.csv", TABLE), ("own.npz", {"shape": SHAPE})):
        splits = load(source, **chosen)
        assert [len(split) for split in splits.named.values()] == [14, 2, 4], source
        assert splits.train.x.dtype == np.uint8
        np.testing.assert_array_equal(whole(splits), expected)


def test_what_does_not_fit_into_memory_stays_on_disk() -> None:
    x = pictures()
    write_files(x)
    Path("own").mkdir()
    np.save("own/x.npy", x[..., 0])
    np.save("own/y.npy", TARGETS)
    for source, chosen in (("table.csv", TABLE), ("own", {"shape": SHAPE})):
        memory, disk = load(source, **chosen), load(source, memory_mb=0, **chosen)
        assert isinstance(memory.train.x, np.ndarray)
        assert not isinstance(disk.train.x, np.ndarray)
        assert disk.train.x.shape == memory.train.x.shape
        for key in (slice(None), slice(2, 9, 3), 4, -1, np.array([5, 0, 5])):
            np.testing.assert_array_equal(disk.train.x[key], memory.train.x[key])
        np.testing.assert_allclose(disk.normalisation, memory.normalisation)
    assert "Written: reports/stats.json" in answer(
        "stats", "--data.source=table.csv", "--data.memory_mb=0", *(f"--data.{n}={v}" for n, v in TABLE.items())
    )


def test_class_folders() -> None:
    files = write_files(pictures())
    for number, file in enumerate(files):
        folder = Path("own", ("train", "val", "test")[min(number // 7, 2)], ("cats", "dogs")[number % 2])
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, folder)
    items = read("own", shape=SHAPE)
    assert items.targets["class"].value_counts().to_dict() == {"cats": 10, "dogs": 10}
    assert pd.Series(items.part).value_counts().to_dict() == {"train": 7, "validation": 7, "test": 6}
    assert items.where(0).endswith(str(items.inputs[0]))
    shutil.copytree("own/train", "flat")
    assert read("flat", shape=SHAPE).part is None
    assert len(read("flat", shape=SHAPE).inputs) == 7

    shutil.copytree("own/train/cats", "own/birds")
    assert "lies outside of own/train and its like" in refused("own", shape=SHAPE)
    shutil.copy(files[0], "flat")
    assert "flat/00.png lies in no class folder: put it into one, such as flat/cats" in refused("flat", shape=SHAPE)
    shutil.rmtree("own/birds")
    shutil.rmtree("own/train")
    assert "but none for train" in refused("own", shape=SHAPE)
    Path("empty").mkdir()
    assert "empty holds no file that ends in .png" in refused("empty", shape=SHAPE)


GRADIENT = np.linspace(0, 255, 48).astype(np.uint8).reshape(8, 6)
RGB = np.stack([GRADIENT, GRADIENT, GRADIENT], axis=-1)


@pytest.mark.parametrize(
    ("name", "picture"),
    [
        ("grey.png", Image.fromarray(GRADIENT)),
        ("rgb.png", Image.fromarray(RGB)),
        ("rgba.png", Image.fromarray(np.concatenate([RGB, RGB[..., :1]], axis=-1))),
        ("grey and alpha.png", Image.fromarray(np.stack([GRADIENT, GRADIENT[::-1]], axis=-1))),
        ("palette.gif", Image.fromarray(GRADIENT).convert("P")),
        ("16 bits.png", Image.fromarray(GRADIENT.astype(np.uint16) * 257)),
        ("16 bits.tif", Image.fromarray(GRADIENT.astype(">u2") * 257)),
        ("32 bits.tif", Image.fromarray(GRADIENT.astype(np.int32) * 257)),
        ("grey.jpg", Image.fromarray(GRADIENT)),
        ("UPPER.PNG", Image.fromarray(GRADIENT)),
    ],
)
def test_pictures_of_every_kind(name: str, picture: Image.Image) -> None:
    Path("files").mkdir()
    picture.save(Path("files", name))
    for channels in (1, 3):
        rules = {"shape": [8, 6, channels], "convert": True}
        found = read_new("files", rules)
        assert (found.shape, found.dtype) == ((1, 8, 6, channels), np.uint8)
        assert np.abs(found[0].astype(int) - GRADIENT[..., np.newaxis]).max() <= (6 if name.endswith("jpg") else 1)


def test_pictures_are_turned_and_scaled() -> None:
    rules = {"shape": SHAPE, "convert": True}
    turned = Image.fromarray(np.rot90(GRADIENT))  # 6 x 8; the camera says: show it turned by 90 degrees
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save("turned.png", exif=exif)
    np.testing.assert_array_equal(read_new("turned.png", rules)[0, ..., 0], GRADIENT)
    Image.fromarray(np.kron(GRADIENT, np.ones((4, 4), np.uint8))).save("large.png")
    assert np.abs(read_new("large.png", rules)[0, ..., 0].astype(int) - GRADIENT).max() <= 6
    Image.fromarray(np.ones((8, 6), np.float32)).save("fractions.tif")
    assert "fractions.tif holds fractions" in unfit("fractions.tif", rules)


def test_mixed_channels_are_refused_unless_converted() -> None:
    files = write_files(pictures())
    Image.fromarray(RGB).save(files[7])
    assert "07.png is RGB, but data.shape asks for 1 channel: correct it, or set data.convert" in refused(
        "table.csv", **TABLE, convert=False
    )
    assert load("table.csv", **TABLE, convert=True).train.x.shape[1:] == tuple(SHAPE)
    for file in files:
        Image.fromarray(RGB).save(file)
    Image.fromarray(GRADIENT).save(files[7])
    colour = {**TABLE, "shape": [8, 6, 3]}
    assert "07.png is grey, but data.shape asks for 3 channels" in refused("table.csv", **colour, convert=False)


@pytest.mark.parametrize("ending", ["png", "jpg", "gif", "bmp", "tif", "webp"])
def test_damaged_pictures_are_named_or_left_out(ending: str) -> None:
    files = write_files(pictures().repeat(8, axis=1).repeat(8, axis=2), ending)
    assert len(load("table.csv", **TABLE).train) == 14
    truncate(files[3])
    files[4].write_bytes(b"no picture")
    sentence = refused("table.csv", **TABLE)
    assert f"03.{ending} is not a whole picture: make it anew or leave it out; data.skip_damaged leaves" in sentence
    splits = load("table.csv", **TABLE, skip_damaged=True)
    assert (sum(map(len, splits.named.values())), splits.skipped) == (18, 2)


def test_damaged_pictures_are_counted() -> None:
    files = write_files(pictures())
    truncate(files[3])
    options = [f"--data.{name}={value}" for name, value in {**TABLE, "skip_damaged": True}.items()]
    printed = answer("stats", "--data.source=table.csv", *options)
    assert "files/03.png is not a whole picture" in printed
    assert "Damaged, and left out: 1 items." in printed
    assert json.loads(Path("reports/stats.json").read_text(encoding="utf-8"))["skipped"] == 1
    for file in files:
        truncate(file)
    assert "No picture of data.source is whole" in refused("table.csv", **TABLE, skip_damaged=True)


def test_faults_of_sources_are_named() -> None:
    assert "there is no absent" in refused("absent")
    write_files(pictures())
    assert "table.csv is a table: name its column of file names in data.file" in refused("table.csv", target="y")
    assert "has no column 'z', which data.file names" in refused("table.csv", target="y", file="z")
    assert "has no column 'z', which data.target names" in refused("table.csv", target="z", file="name")
    Path("files/05.png").unlink()
    assert "table.csv line 7: there is no file files/05.png" in refused("table.csv", **TABLE)
    write = pd.DataFrame({"name": ["files/00.png", "files/01.png", "files/02.png"], "y": [0, None, 1]})
    write.to_csv("table.csv", index=False)
    assert "table.csv line 3 (files/01.png)" in refused("table.csv", **TABLE)
    np.savez("own.npz", x=np.zeros((N, 5, 5), np.uint8), y=TARGETS)
    assert "own.npz holds pictures of [5, 5, 1], data.shape says [8, 6, 1]" in refused("own.npz", shape=SHAPE)
    Path("own.txt").write_text("no picture", encoding="utf-8")
    assert "own.txt is neither a folder nor a table" in refused("own.txt")


def test_from_files_to_predictions() -> None:
    files = write_files(pictures())
    options = [f"--data.{name}={value}" for name, value in TABLE.items()]
    small = ("--training.epochs=1", "--training.batch_size=8", "--model.channels=[4,4]")
    answer("train", "--data.source=table.csv", *options, *small)
    Path("files/._00.png").write_bytes(b"what macOS leaves beside a file")
    np.save("new.npy", pictures()[:2])
    answer("predict", "files", str(files[0]), str(files[1]), "new.npy", "--output=out.csv")
    found = pd.read_csv("out.csv")
    assert found["source"].tolist() == [*map(str, files), "files/00.png", "files/01.png", "new.npy", "new.npy"]
    answers = found.drop(columns=["source", "item"])
    for again in (answers.iloc[N : N + 2], answers.iloc[N + 2 :]):
        pd.testing.assert_frame_equal(again.reset_index(drop=True), answers.iloc[:2], atol=2e-4)

    truncate(files[0])
    assert "files/00.png is not a whole picture" in refusal("predict", "files", "--output=none.csv")
    Path("empty").mkdir()
    assert "empty holds no file that ends in .png" in refusal("predict", "empty", "--output=none.csv")
    np.save("wide.npy", np.zeros((2, 9, 9), np.uint8))
    assert "wide.npy holds pictures of the shape (9, 9, 1)" in refusal("predict", "wide.npy", "--output=none.csv")
    Path("broken.npz").write_bytes(b"PK\3\4 and no more")
    assert "broken.npz is not" in refusal("predict", "broken.npz", "--output=none.csv")
    assert "There is no file absent.png" in refusal("predict", "absent.png", "--output=none.csv")


def test_inspection_writes_the_settings() -> None:
    files = write_files(pictures())
    truncate(files[3])
    Image.fromarray(RGB).save(files[7])
    before = Path("config.yaml").read_text(encoding="utf-8")
    printed = answer("data", "--inspect", "table.csv")
    for part in ("20 rows, 2 columns", "20 picture files", "files/03.png is not a whole picture", "19 of 8 x 6 pixels",
                 "colours: 18 grey, 1 RGB", "files/07.png is RGB"):  # fmt: skip
        assert part in printed
    after = Path("config.yaml").read_text(encoding="utf-8")
    assert len(after.splitlines()) == len(before.splitlines())
    data = yaml.safe_load(after)["data"]
    expected = {"source": "table.csv", "file": "name", "target": "y", "convert": True, "skip_damaged": True}
    assert {name: data[name] for name in expected} == expected
    assert data["shape"] == [8, 6, 3]
    assert settings("table.csv").data.shape == [8, 6, 3]
    assert "Left out, because damaged: 1 items." in answer("data")
    answer("stats")
    assert "there is no absent" in refusal("data", "--inspect", "absent")


def test_few_items_get_sane_advice() -> None:
    write_files(pictures())
    printed = answer("data", "--inspect", "table.csv")
    assert "training.batch_size 8, training.epochs 100 and training.patience 20 fit" in printed
    assert "The validation split has 2 items, too few" in printed


def test_a_leak_between_given_parts_is_reported() -> None:
    write_files(pictures())
    table = pd.read_csv("table.csv")
    table["part"] = ["train"] * 12 + ["validation"] * 4 + ["test"] * 4
    table["patient"] = [f"p{row // 5}" for row in range(N)]
    table.to_csv("table.csv", index=False)
    options = [f"--data.{name}={value}" for name, value in {**TABLE, "part": "part", "group": "patient"}.items()]
    printed = answer("stats", "--data.source=table.csv", *options)
    assert "Leak: 1 groups of validation are also in train, such as p2." in printed

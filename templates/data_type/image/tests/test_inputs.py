"""Own data: every data format is read alike, and a fault ends in one sentence that names its place."""

import json
import os
import re
import shutil
import struct
import threading
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.figure import Figure
from own_data import Splits, UserError, answer, inputs, load, plots, read, read_new, refusal, refused, settings
from PIL import Image

pytestmark = pytest.mark.usefixtures("config")  # its folder, with a config.yaml

N = 20
SHAPE = [8, 6, 1]
TARGETS = [row % 2 for row in range(N)]  # they suit every task
TABLE = {"image_column": "name", "target_column": "y", "shape": SHAPE}


def images() -> np.ndarray:
    """Make gray images (N, 8, 6, 1), all different."""
    return np.random.default_rng(0).integers(0, 256, (N, *SHAPE), dtype=np.uint8)


def write_files(x: np.ndarray, ending: str = "png") -> list[Path]:
    """Write one file per image, and table.csv that lists them with a target for every task."""
    Path("files").mkdir()
    names = [f"files/{number:02}.{ending}" for number in range(len(x))]
    for name, image in zip(names, x, strict=True):
        Image.fromarray(image.squeeze()).save(name)
    pd.DataFrame({"name": names, "y": TARGETS}).to_csv("table.csv", index=False)
    return [Path(name) for name in names]


def truncate(path: Path) -> None:
    """Cut a file in half."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def all_inputs(splits: Splits) -> np.ndarray:
    """Join the inputs of all splits, in an order that does not depend on the split."""
    x = np.concatenate([split.x[:] for split in splits.named.values()])
    return x[np.lexsort(x.reshape(len(x), -1).T)]


def test_files_and_arrays_give_the_same() -> None:
    x = images()
    write_files(x)
    np.savez("own.npz", x=x[..., 0], y=TARGETS)
    expected = x[np.lexsort(x.reshape(N, -1).T)]
    for source, chosen in (("table.csv", TABLE), ("own.npz", {"shape": SHAPE})):
        splits = load(source, **chosen)
        assert [len(split) for split in splits.named.values()] == [14, 2, 4], source
        assert splits.train.x.dtype == np.uint8
        np.testing.assert_array_equal(all_inputs(splits), expected)


def test_what_does_not_fit_into_memory_stays_on_disk() -> None:
    x = images()
    write_files(x)
    Path("own").mkdir()
    np.save("own/x.npy", x[..., 0])
    np.save("own/y.npy", TARGETS)
    for source, chosen in (("table.csv", TABLE), ("own", {"shape": SHAPE})):
        memory, disk = load(source, **chosen), load(source, max_memory_mb=0, **chosen)
        assert isinstance(memory.train.x, np.ndarray)
        assert not isinstance(disk.train.x, np.ndarray)
        assert disk.train.x.shape == memory.train.x.shape
        for key in (slice(None), slice(2, 9, 3), 4, -1, np.array([5, 0, 5])):
            np.testing.assert_array_equal(disk.train.x[key], memory.train.x[key])
        np.testing.assert_allclose(disk.normalization, memory.normalization)
    assert "Written: reports/stats.json" in answer(
        "stats", "--data.source=table.csv", "--data.max_memory_mb=0", *(f"--data.{n}={v}" for n, v in TABLE.items())
    )


def test_class_folders() -> None:
    files = write_files(images())
    for number, file in enumerate(files):
        folder = Path("own", ("train", "val", "test")[min(number // 7, 2)], ("cats", "dogs")[number % 2])
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, folder)
    samples = read("own", shape=SHAPE)
    assert samples.targets["class"].value_counts().to_dict() == {"cats": 10, "dogs": 10}
    assert pd.Series(samples.split).value_counts().to_dict() == {"train": 7, "validation": 7, "test": 6}
    assert samples.where(0).endswith(str(samples.inputs[0]))
    shutil.copytree("own/train", "flat")
    assert read("flat", shape=SHAPE).split is None
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


def test_links_to_folders_are_followed() -> None:
    for file in write_files(images()):
        folder = Path("elsewhere", ("cats", "dogs")[int(file.stem) % 2])
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, folder)
    Path("own").mkdir()
    for name in ("train", "test"):
        Path("own", name).symlink_to(Path("elsewhere").absolute(), target_is_directory=True)
    Path("elsewhere/cats/back").symlink_to(Path("elsewhere").absolute(), target_is_directory=True)
    samples = read("own", shape=SHAPE)
    assert pd.Series(samples.split).value_counts().to_dict() == {"train": N, "test": N}
    assert samples.targets["class"].value_counts().to_dict() == {"cats": N, "dogs": N}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes")
def test_pipes_and_devices_are_no_files() -> None:
    for file in write_files(images()):
        folder = Path("own", ("cats", "dogs")[int(file.stem) % 2])
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, folder)
    Path("own/cats/sub.png").mkdir()  # a folder, whatever its name
    shutil.copy("own/cats/00.png", "own/cats/sub.png/1.png")
    assert len(read("own", shape=SHAPE).inputs) == N + 1
    os.mkfifo("pipe.png")
    assert "pipe.png is neither a file nor a folder" in refused("pipe.png", shape=SHAPE)
    assert "/dev/zero is neither a file nor a folder" in refusal("data", "--inspect", "/dev/zero")
    Path("pipe.png").rename("own/cats/pipe.png")
    sentence = "own/cats/pipe.png is no file, but a pipe, a device or a broken link: remove it"
    assert sentence in refused("own", shape=SHAPE)
    with pytest.raises(UserError, match=sentence):
        read_new("own", {"shape": SHAPE, "convert": True})
    pd.DataFrame({"name": ["own/cats/pipe.png"], "y": [0]}).to_csv("table.csv", index=False)
    assert "table.csv line 2: there is no file own/cats/pipe.png" in refused("table.csv", **TABLE)


def test_a_link_to_an_image_of_another_class_is_reported() -> None:
    for file in write_files(images()):
        folder = Path("own", ("cats", "dogs")[int(file.stem) % 2])
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, folder)
    Path("own/cats/link.png").symlink_to(Path("own/dogs/01.png").absolute())
    samples = read("own", shape=SHAPE)
    x = np.concatenate([read_new(file, {"shape": SHAPE, "convert": True}) for file in samples.inputs])
    y = (samples.targets["class"] == "dogs").to_numpy(np.int64)
    np.savez("own.npz", x=x, y=y)  # targets that suit every task
    assert "2 samples have an exact copy with another target" in answer(
        "stats", "--data.source=own.npz", f"--data.shape={SHAPE}"
    )


GRADIENT = np.linspace(0, 255, 48).astype(np.uint8).reshape(8, 6)
OPAQUE = np.full_like(GRADIENT, 255)
RGB = np.stack([GRADIENT, GRADIENT, GRADIENT], axis=-1)


@pytest.mark.parametrize(
    ("name", "image"),
    [
        ("gray.png", Image.fromarray(GRADIENT)),
        ("rgb.png", Image.fromarray(RGB)),
        ("rgba.png", Image.fromarray(np.dstack([RGB, OPAQUE]))),
        ("gray and alpha.png", Image.fromarray(np.dstack([GRADIENT, OPAQUE]))),
        ("palette.gif", Image.fromarray(GRADIENT).convert("P")),
        ("16 bits.png", Image.fromarray(GRADIENT.astype(np.uint16) * 257)),
        ("16 bits.tif", Image.fromarray(GRADIENT.astype(">u2") * 257)),
        ("32 bits.tif", Image.fromarray(GRADIENT.astype(np.int32) * 257)),
        ("gray.jpg", Image.fromarray(GRADIENT)),
        ("UPPER.PNG", Image.fromarray(GRADIENT)),
    ],
)
def test_images_of_every_mode_are_read(name: str, image: Image.Image) -> None:
    Path("files").mkdir()
    image.save(Path("files", name))
    for channels in (1, 3):
        preprocessing = {"shape": [8, 6, channels], "convert": True}
        found = read_new("files", preprocessing)
        assert (found.shape, found.dtype) == ((1, 8, 6, channels), np.uint8)
        assert np.abs(found[0].astype(int) - GRADIENT[..., np.newaxis]).max() <= (6 if name.endswith("jpg") else 1)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1"])
def test_transparent_images_are_laid_on_white(mode: str) -> None:
    shape = np.zeros((8, 6, 4), np.uint8)  # black, without a trace: only transparency shows the shape
    shape[2:5, 1:4, 3] = 255
    options = {}
    image = Image.fromarray(shape)
    if mode in ("RGBA", "LA"):
        image = image.convert(mode)
    else:
        image = Image.fromarray(np.where(shape[..., 3], 0, 255).astype(np.uint8)).convert(mode)
        options["transparency"] = 255
        if mode == "P":
            image.putpalette([0, 0, 0] * 256)
    Path("files").mkdir()
    name = "files/0.png"
    image.save(name, **options)
    for channels in (1, 3):
        found = read_new(name, {"shape": [8, 6, channels], "convert": True})[0]
        assert (found == np.where(shape[..., 3:], 0, 255)).all()


def test_transparent_images_are_counted() -> None:
    files = write_files(images())
    for file, alpha in zip(files[:3], (0, 128, 255), strict=True):
        Image.fromarray(np.dstack([GRADIENT, np.full_like(GRADIENT, alpha)])).save(file)
    assert "2 with transparent pixels, laid on white" in answer("data", "--inspect", "table.csv")


@pytest.mark.parametrize(
    ("largest", "dtype", "expected"),
    [(255, "u2", 255), (4000, "u2", 4095), (4096, "u2", 16383), (65000, "u2", 65535), (70000, "i4", 70000),
     (200, "i4", 255), (0, "u2", 255)],
)  # fmt: skip
def test_wide_images_keep_their_levels(largest: int, dtype: str, expected: int) -> None:
    values = np.linspace(0, largest, 48).reshape(8, 6)
    arrays = [(values * (row + 1) / N).astype(dtype) for row in range(N)]  # the last is the brightest
    Path("files").mkdir()
    names = [f"files/{number:02}.tif" for number in range(N)]
    for name, array in zip(names, arrays, strict=True):
        Image.fromarray(array).save(name)
    made = pd.DataFrame({"name": names, "y": TARGETS, "split": ["test", "test", "validation", *["train"] * (N - 3)]})
    made.to_csv("table.csv", index=False)
    splits = load("table.csv", **TABLE, split_column="split")
    assert splits.preprocessing["max_value"] == expected
    for name, rows in (("test", [0, 1]), ("train", range(3, N))):
        scaled = np.stack([arrays[row] * (255 / expected) for row in rows])[..., np.newaxis]
        assert np.abs(splits.named[name].x - scaled).max() <= 0.5
    Image.fromarray(np.full((8, 6), 65535, "u2")).save("bright.tif")  # brighter than all of training
    assert read_new("bright.tif", splits.preprocessing).min() == min(255, round(65535 * 255 / expected))


def test_the_test_split_does_not_scale_wide_images() -> None:
    files = write_files(images())
    Image.fromarray(np.full((8, 6), 1000, "u2")).save(files[0])
    Image.fromarray(np.full((8, 6), 60000, "u2")).save(files[1])
    made = pd.read_csv("table.csv").assign(split=["train", "test", *["train", "train", "val"] * 6])
    made.to_csv("table.csv", index=False)
    assert load("table.csv", **TABLE, split_column="split").preprocessing["max_value"] == 1023


def test_images_are_turned_and_scaled() -> None:
    preprocessing = {"shape": SHAPE, "convert": True}
    turned = Image.fromarray(np.rot90(GRADIENT))  # 6 x 8; the camera says: show it turned by 90 degrees
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save("turned.png", exif=exif)
    np.testing.assert_array_equal(read_new("turned.png", preprocessing)[0, ..., 0], GRADIENT)
    Image.fromarray(np.kron(GRADIENT, np.ones((4, 4), np.uint8))).save("large.png")
    assert np.abs(read_new("large.png", preprocessing)[0, ..., 0].astype(int) - GRADIENT).max() <= 6
    Image.fromarray(np.ones((8, 6), np.float32)).save("fractions.tif")
    with pytest.raises(UserError, match=r"fractions\.tif holds fractions"):
        read_new("fractions.tif", preprocessing)


def test_mixed_channels_are_refused_unless_converted() -> None:
    files = write_files(images())
    Image.fromarray(RGB).save(files[7])
    assert "07.png is RGB, but data.shape asks for 1 channel: correct it, or set data.convert" in refused(
        "table.csv", **TABLE, convert=False
    )
    assert load("table.csv", **TABLE, convert=True).train.x.shape[1:] == tuple(SHAPE)
    for file in files:
        Image.fromarray(RGB).save(file)
    Image.fromarray(GRADIENT).save(files[7])
    color = {**TABLE, "shape": [8, 6, 3]}
    assert "07.png is gray, but data.shape asks for 3 channels" in refused("table.csv", **color, convert=False)


@pytest.mark.parametrize("ending", ["png", "jpg", "gif", "bmp", "tif", "webp"])
def test_corrupt_images_are_named_or_left_out(ending: str) -> None:
    files = write_files(images().repeat(8, axis=1).repeat(8, axis=2), ending)
    assert len(load("table.csv", **TABLE).train) == 14
    truncate(files[3])
    files[4].write_bytes(b"no image")
    sentence = refused("table.csv", **TABLE)
    assert f"03.{ending} is not a whole image: make it anew or leave it out. data.skip_corrupt leaves" in sentence
    splits = load("table.csv", **TABLE, skip_corrupt=True)
    assert (sum(map(len, splits.named.values())), splits.num_skipped) == (18, 2)


def test_whatever_is_wrong_in_a_file_it_is_corrupt() -> None:
    write_files(images())
    Image.merge("LAB", Image.fromarray(RGB).split()).save("files/03.tif")
    content = Path("files/04.png").read_bytes()
    made = pd.read_csv("table.csv").replace("files/03.png", "files/03.tif")
    made.to_csv("table.csv", index=False)
    assert "files/03.tif is not a whole image" in refused("table.csv", **TABLE, convert=True)
    assert load("table.csv", **TABLE, convert=True, skip_corrupt=True).num_skipped == 1
    random = np.random.default_rng(0)
    for number in range(60):
        broken = bytearray(content)
        for place in random.integers(8, len(content), 3):
            broken[place] = random.integers(0, 256)
        Path("new.png").write_bytes(broken)
        try:
            read_new("new.png", {"shape": SHAPE, "convert": True})
        except UserError as error:
            assert "new.png" in str(error), number


def test_large_images_are_refused_by_their_size() -> None:
    files = write_files(images())
    header = struct.pack(">IIBBBBB", 20_000, 15_000, 1, 0, 0, 0, 0)
    chunk = struct.pack(">I", len(header)) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    files[3].write_bytes(b"\x89PNG\r\n\x1a\n" + chunk + files[3].read_bytes()[33:])
    sentence = "files/03.png has 20000 x 15000 pixels, and the limit is 105,000,000: make it smaller"
    assert sentence in refused("table.csv", **TABLE)
    assert sentence in refused("table.csv", **TABLE, skip_corrupt=True)
    assert sentence in refusal("data", "--inspect", "table.csv")


def test_large_images_are_decoded_one_at_a_time_and_in_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    files = write_files(images())
    for number in range(N):  # of several kinds
        if number % 2:
            Image.fromarray(np.dstack([GRADIENT, 255 - GRADIENT])).save(files[number])
        else:
            Image.fromarray(GRADIENT.astype(np.uint16) * 257).save(files[number])
    expected = load("table.csv", **TABLE)
    waiting = []

    class Watched:
        """A lock that notes how many hold it at once."""

        lock = threading.Lock()

        def __enter__(self) -> None:
            self.lock.acquire()
            waiting.append(1)

        def __exit__(self, *_: object) -> None:
            assert waiting.pop() == 1
            assert not waiting
            self.lock.release()

    monkeypatch.setattr(inputs, "LARGE", 0)
    monkeypatch.setattr(inputs, "STRIP", 3)
    monkeypatch.setattr(inputs, "_large_image", Watched())
    found = load("table.csv", **TABLE)
    np.testing.assert_array_equal(all_inputs(found), all_inputs(expected))


def test_color_of_16_bits_is_reported() -> None:
    files = write_files(images())
    values = (np.arange(8 * 6 * 3) * 400).astype(">u2").reshape(8, -1)
    rows = b"".join(b"\0" + row.tobytes() for row in values)
    chunks = {b"IHDR": struct.pack(">IIBBBBB", 6, 8, 16, 2, 0, 0, 0), b"IDAT": zlib.compress(rows), b"IEND": b""}
    content = b"\x89PNG\r\n\x1a\n"
    for name, chunk in chunks.items():
        content += struct.pack(">I", len(chunk)) + name + chunk + struct.pack(">I", zlib.crc32(name + chunk))
    files[3].write_bytes(content)
    expected = "1 with color of 16 bits, read with the upper 8: files/03.png; arrays keep all"
    assert expected in answer("data", "--inspect", "table.csv")
    assert (read_new(files[3], {"shape": [8, 6, 3], "convert": True}).reshape(8, -1) == values // 256).all()


def test_only_the_decoders_that_are_needed_read_files() -> None:
    files = write_files(images())
    Image.fromarray(GRADIENT).save("other.ppm")
    shutil.copy("other.ppm", files[3])
    assert "files/03.png is not a whole image" in refused("table.csv", **TABLE)


def test_corrupt_images_are_counted() -> None:
    files = write_files(images())
    truncate(files[3])
    options = [f"--data.{name}={value}" for name, value in {**TABLE, "skip_corrupt": True}.items()]
    printed = answer("stats", "--data.source=table.csv", *options)
    assert "files/03.png is not a whole image" in printed
    assert "Corrupt, and left out: 1 sample." in printed
    assert json.loads(Path("reports/stats.json").read_text(encoding="utf-8"))["num_skipped"] == 1
    for file in files:
        truncate(file)
    assert "No image of data.source is whole" in refused("table.csv", **TABLE, skip_corrupt=True)


def test_faults_of_sources_are_named() -> None:
    assert "there is no absent" in refused("absent")
    write_files(images())
    assert "table.csv is a table: name its column of file names in data.image_column" in refused(
        "table.csv", target_column="y"
    )
    assert "has no column 'z', which data.image_column names" in refused(
        "table.csv", target_column="y", image_column="z"
    )
    assert "has no column 'z', which data.target_column names" in refused(
        "table.csv", target_column="z", image_column="name"
    )
    long = pd.read_csv("table.csv").replace("files/06.png", "9" * 5000)
    long.to_csv("long.csv", index=False)
    assert "long.csv line 8: there is no file 999" in refused("long.csv", **TABLE)
    np.savez("flat.npz", x=np.zeros((N, 3)), y=TARGETS)
    assert "flat.npz: x has the shape (20, 3): it must be (n, height, width)" in refusal(
        "data", "--inspect", "flat.npz"
    )
    Path("files/05.png").unlink()
    assert "table.csv line 7: there is no file files/05.png" in refused("table.csv", **TABLE)
    write = pd.DataFrame({"name": ["files/00.png", "files/01.png", "files/02.png"], "y": [0, None, 1]})
    write.to_csv("table.csv", index=False)
    assert "table.csv line 3 (files/01.png)" in refused("table.csv", **TABLE)
    np.savez("own.npz", x=np.zeros((N, 5, 5), np.uint8), y=TARGETS)
    assert "own.npz holds images of [5, 5, 1], data.shape says [8, 6, 1]" in refused("own.npz", shape=SHAPE)
    Path("own.txt").write_text("no image", encoding="utf-8")
    assert "own.txt is neither a folder nor a table" in refused("own.txt")


def test_from_files_to_predictions() -> None:
    files = write_files(images())
    options = [f"--data.{name}={value}" for name, value in TABLE.items()]
    small = ("--training.epochs=1", "--training.batch_size=8", "--model.channels=[4,4]")
    answer("train", "--data.source=table.csv", *options, *small)
    Path("files/._00.png").write_bytes(b"what macOS leaves beside a file")
    np.save("new.npy", images()[:2])
    answer("predict", "files", str(files[0]), str(files[1]), "new.npy", "--output=out.csv")
    found = pd.read_csv("out.csv")
    assert found["source"].tolist() == [*map(str, files), "files/00.png", "files/01.png", "new.npy", "new.npy"]
    answers = found.drop(columns=["source", "sample"])
    for again in (answers.iloc[N : N + 2], answers.iloc[N + 2 :]):
        pd.testing.assert_frame_equal(again.reset_index(drop=True), answers.iloc[:2], atol=2e-4)

    truncate(files[0])
    assert "files/00.png is not a whole image" in refusal("predict", "files", "--output=none.csv")
    Path("empty").mkdir()
    assert "empty holds no file that ends in .png" in refusal("predict", "empty", "--output=none.csv")
    np.save("wide.npy", np.zeros((2, 9, 9), np.uint8))
    assert "wide.npy holds images of the shape (9, 9, 1)" in refusal("predict", "wide.npy", "--output=none.csv")
    Path("broken.npz").write_bytes(b"PK\3\4 and no more")
    assert "broken.npz is not" in refusal("predict", "broken.npz", "--output=none.csv")
    assert "There is no file absent.png" in refusal("predict", "absent.png", "--output=none.csv")
    sentence = "table.csv is none of these: images, folders of images, or arrays (.png, .jpg, "
    assert sentence in refusal("predict", "table.csv", "--output=none.csv")


@pytest.mark.parametrize("shape", [(1, 1), (2, 9), (7, 5)])
def test_small_images_are_halved_as_often_as_they_can_be(shape: tuple[int, int]) -> None:
    np.savez("own.npz", x=np.random.default_rng(0).random((N, *shape, 1), np.float32), y=TARGETS)
    small = ("--training.epochs=1", "--training.batch_size=8", "--model.channels=[4,4,4,4]")
    source = ("--data.source=own.npz", f"--data.shape={[*shape, 1]}")
    assert "Trained 1 epoch " in answer("train", *source, *small)


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.bool_])
def test_colors_of_any_range_are_drawn_whole(dtype: type) -> None:
    image = np.random.default_rng(0).integers(0, 2 if dtype is np.bool_ else 1000, (8, 6, 3)).astype(dtype)
    axes = Figure().subplots()
    plots.draw_sample(axes, image)
    drawn = axes.images[0].get_array()
    np.testing.assert_allclose(drawn, image / image.max(), atol=0.01)
    overview = plots.draw_overview(np.stack([image, 0 * image]), {"all": np.ones(2, bool)}, [])
    assert len(np.unique(overview.axes[0].images[0].get_array())) > 1


def test_large_images_get_more_blocks() -> None:
    np.savez("own.npz", x=np.random.default_rng(0).random((N, 40, 33, 1), np.float32), y=TARGETS)
    source = ("--data.source=own.npz", "--data.shape=[40,33,1]", "--training.epochs=1", "--training.batch_size=8")
    found = []
    for channels in ("[4]", "[4,4,4]"):  # the last has 10 x 8 pixels
        trained = re.search(r"[\d,]+ parameters", answer("train", *source, f"--model.channels={channels}"))
        assert trained
        found.append(trained[0])
    assert found[0] == found[1]


def test_inspection_writes_the_settings() -> None:
    files = write_files(images())
    truncate(files[3])
    Image.fromarray(RGB).save(files[7])
    before = Path("config.yaml").read_text(encoding="utf-8")
    printed = answer("data", "--inspect", "table.csv")
    for text in ("20 rows, 2 columns", "20 image files", "files/03.png is not a whole image", "19 of 8 x 6 pixels",
                 "colors: 18 gray, 1 RGB", "files/07.png is RGB"):  # fmt: skip
        assert text in printed
    after = Path("config.yaml").read_text(encoding="utf-8")
    assert len(after.splitlines()) == len(before.splitlines())
    data = yaml.safe_load(after)["data"]
    expected = {
        "source": "table.csv",
        "image_column": "name",
        "target_column": "y",
        "convert": True,
        "skip_corrupt": True,
    }
    assert {name: data[name] for name in expected} == expected
    assert data["shape"] == [8, 6, 3]
    assert settings("table.csv").data.shape == [8, 6, 3]
    assert "Left out, because corrupt: 1 sample." in answer("data")
    answer("stats")
    assert "there is no absent" in refusal("data", "--inspect", "absent")


def test_few_samples_get_sane_advice() -> None:
    write_files(images())
    printed = answer("data", "--inspect", "table.csv")
    assert "training.batch_size 8 and training.epochs 100 fit" in printed
    assert "The validation split has 2 samples, too few" in printed


def test_a_leak_between_given_splits_is_reported() -> None:
    write_files(images())
    table = pd.read_csv("table.csv")
    table["split"] = ["train"] * 12 + ["validation"] * 4 + ["test"] * 4
    table["patient"] = [f"p{row // 5}" for row in range(N)]
    table.to_csv("table.csv", index=False)
    chosen = {**TABLE, "split_column": "split", "group_column": "patient"}
    options = [f"--data.{name}={value}" for name, value in chosen.items()]
    printed = answer("stats", "--data.source=table.csv", *options)
    assert "Leak: validation and train share 1 group, such as p2." in printed

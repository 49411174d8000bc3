"""Own data: every data format is read alike, and a fault ends in one sentence that names its place."""

import json
import os
import shutil
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import yaml
from own_data import Splits, UserError, answer, inputs, load, read, read_new, refusal, refused, settings
from scipy.signal import resample_poly

pytestmark = pytest.mark.usefixtures("config")  # its folder, with a config.yaml

N = 20
RATE = 8000
SAMPLES = 2000
SHAPE = {"sample_rate": RATE, "seconds": SAMPLES / RATE}
PREPROCESSING = {"sample_rate": RATE, "samples": SAMPLES}
TARGETS = [row % 2 for row in range(N)]  # they suit every task
TABLE = {"audio_column": "name", "target_column": "y", **SHAPE}
ENDINGS = ["wav", "flac", "ogg", "mp3"]


def waveforms() -> np.ndarray:
    """Make waveforms (N, SAMPLES) int16, all different."""
    return np.random.default_rng(0).integers(-(2**15), 2**15, (N, SAMPLES), dtype=np.int16)


def tone(seconds: float = SAMPLES / RATE, rate: int = RATE) -> np.ndarray:
    """Make a tone of 440 Hz at half of full scale, (frames,) float64."""
    return 0.5 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)


def write_files(x: np.ndarray, ending: str = "wav") -> list[Path]:
    """Write one file per waveform, and table.csv that lists them with a target for every task."""
    Path("files").mkdir()
    names = [f"files/{number:02}.{ending}" for number in range(len(x))]
    for name, waveform in zip(names, x, strict=True):
        soundfile.write(name, waveform, RATE)
    pd.DataFrame({"name": names, "y": TARGETS}).to_csv("table.csv", index=False)
    return [Path(name) for name in names]


def truncate(path: Path) -> None:
    """Cut a file in half."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def all_inputs(splits: Splits) -> np.ndarray:
    """Join the inputs of all splits, in an order that does not depend on the split."""
    return sort(np.concatenate([split.x[:] for split in splits.named.values()]))


def sort(x: np.ndarray) -> np.ndarray:
    """Sort waveforms by their values."""
    return x[np.lexsort(x.T)]


def test_files_and_arrays_give_the_same() -> None:
    x = waveforms()
    files = write_files(x)
    for number, file in enumerate(files):
        if number % 2:
            soundfile.write(file.with_suffix(".flac"), x[number], RATE)
            file.unlink()
    table = pd.read_csv("table.csv")
    table["name"] = sorted(map(str, Path("files").iterdir()))
    table.to_csv("table.csv", index=False)
    np.savez("own.npz", x=x, y=TARGETS)
    np.savez("floats.npz", x=x / np.float32(2**15), y=TARGETS)
    np.savez("wide.npz", x=x.astype(np.int64), y=TARGETS)
    for source, chosen in (("table.csv", TABLE), ("own.npz", SHAPE), ("floats.npz", SHAPE), ("wide.npz", SHAPE)):
        splits = load(source, **chosen)
        assert [len(split) for split in splits.named.values()] == [14, 2, 4], source
        assert splits.train.x.dtype == np.int16
        np.testing.assert_array_equal(all_inputs(splits), sort(x))


def test_what_does_not_fit_into_memory_stays_on_disk() -> None:
    x = waveforms()
    write_files(x)
    for name, values in (("own", x), ("floats", x / np.float32(2**15))):
        Path(name).mkdir()
        np.save(f"{name}/x.npy", values)
        np.save(f"{name}/y.npy", TARGETS)
    for source, chosen in (("table.csv", TABLE), ("own", SHAPE), ("floats", SHAPE)):
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
    files = write_files(waveforms())
    for number, file in enumerate(files):
        folder = Path("own", ("train", "val", "test")[min(number // 7, 2)], ("cats", "dogs")[number % 2])
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, folder)
    samples = read("own", **SHAPE)
    assert samples.targets["class"].value_counts().to_dict() == {"cats": 10, "dogs": 10}
    assert pd.Series(samples.split).value_counts().to_dict() == {"train": 7, "validation": 7, "test": 6}
    assert samples.where(0).endswith(str(samples.inputs[0]))
    shutil.copytree("own/train", "flat")
    assert read("flat", **SHAPE).split is None
    assert len(read("flat", **SHAPE).inputs) == 7

    shutil.copytree("own/train/cats", "own/birds")
    assert "lies outside of own/train and its like" in refused("own", **SHAPE)
    shutil.copy(files[0], "flat")
    assert "flat/00.wav lies in no class folder: put it into one, such as flat/cats" in refused("flat", **SHAPE)
    shutil.rmtree("own/birds")
    shutil.rmtree("own/train")
    assert "but none for train" in refused("own", **SHAPE)
    Path("empty").mkdir()
    assert "empty holds no file that ends in .wav" in refused("empty", **SHAPE)


def test_links_to_folders_are_followed() -> None:
    for file in write_files(waveforms()):
        folder = Path("elsewhere", ("cats", "dogs")[int(file.stem) % 2])
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, folder)
    Path("own").mkdir()
    for name in ("train", "test"):
        Path("own", name).symlink_to(Path("elsewhere").absolute(), target_is_directory=True)
    Path("elsewhere/cats/back").symlink_to(Path("elsewhere").absolute(), target_is_directory=True)
    samples = read("own", **SHAPE)
    assert pd.Series(samples.split).value_counts().to_dict() == {"train": N, "test": N}
    assert samples.targets["class"].value_counts().to_dict() == {"cats": N, "dogs": N}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes")
def test_pipes_and_devices_are_no_files() -> None:
    for file in write_files(waveforms()):
        folder = Path("own", ("cats", "dogs")[int(file.stem) % 2])
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, folder)
    Path("own/cats/sub.wav").mkdir()  # a folder, whatever its name
    shutil.copy("own/cats/00.wav", "own/cats/sub.wav/1.wav")
    assert len(read("own", **SHAPE).inputs) == N + 1
    os.mkfifo("pipe.wav")
    assert "pipe.wav is neither a file nor a folder" in refused("pipe.wav", **SHAPE)
    Path("pipe.wav").rename("own/cats/pipe.wav")
    sentence = "own/cats/pipe.wav is no file, but a pipe, a device or a broken link: remove it"
    assert sentence in refused("own", **SHAPE)
    with pytest.raises(UserError, match=sentence):
        read_new("own", PREPROCESSING)


@pytest.mark.parametrize(
    ("name", "kind", "tolerance"),
    [
        ("8 bits.wav", {"subtype": "PCM_U8"}, 256),
        ("16 bits.wav", {"subtype": "PCM_16"}, 1),
        ("24 bits.wav", {"subtype": "PCM_24"}, 1),
        ("32 bits.wav", {"subtype": "PCM_32"}, 1),
        ("floats.wav", {"subtype": "FLOAT"}, 1),
        ("doubles.wav", {"subtype": "DOUBLE"}, 1),
        ("a-law.wav", {"subtype": "ALAW"}, 600),
        ("extensible.wav", {"format": "WAVEX"}, 1),
        ("16 bits.flac", {"subtype": "PCM_16"}, 1),
        ("24 bits.flac", {"subtype": "PCM_24"}, 1),
        ("vorbis.ogg", {"subtype": "VORBIS"}, 2000),
        ("opus.opus", {"format": "OGG", "subtype": "OPUS"}, 3000),
        ("layer 3.mp3", {"subtype": "MPEG_LAYER_III"}, 3000),
        ("UPPER.WAV", {}, 1),
        ("flac in.wav", {"format": "FLAC"}, 1),
    ],
)
def test_recordings_of_every_kind_are_read(name: str, kind: dict[str, str], tolerance: int) -> None:
    Path("files").mkdir()
    soundfile.write(Path("files", name), tone(), RATE, **kind)
    found = read_new("files", PREPROCESSING)
    assert (found.shape, found.dtype) == ((1, SAMPLES), np.int16)
    middle = slice(SAMPLES // 4, SAMPLES * 3 // 4)  # encoders are worse at the ends
    error = found[0, middle].astype(int) - (tone() * 2**15)[middle]
    assert np.abs(error).max() <= tolerance
    start = Path("files", name).read_bytes()[:16]
    suffix = next(suffix for signature, suffix in inputs.SIGNATURES.items() if start.startswith(signature))
    assert suffix == {"flac in.wav": ".flac", "opus.opus": ".ogg"}.get(name, Path(name).suffix.lower())


def test_recordings_are_cut_padded_and_mixed_down(capsys: pytest.CaptureFixture[str]) -> None:
    soundfile.write("long.wav", waveforms().reshape(-1), RATE)
    np.testing.assert_array_equal(read_new("long.wav", PREPROCESSING)[0], waveforms()[0])
    expected = "long.wav: 1 recording of up to 5 seconds, of which the model takes the first 0.25"
    assert expected in capsys.readouterr().out
    soundfile.write("short.wav", waveforms()[0, :700], RATE)
    np.testing.assert_array_equal(read_new("short.wav", PREPROCESSING)[0], np.pad(waveforms()[0, :700], (0, 1300)))
    assert not capsys.readouterr().out
    soundfile.write("stereo.wav", waveforms()[:2].T, RATE)
    expected = waveforms()[:2].astype(int).sum(axis=0) / 2
    assert np.abs(read_new("stereo.wav", PREPROCESSING)[0] - expected).max() <= 0.5


@pytest.mark.parametrize("rate", [4000, 11_025, 16_000, 44_100, 48_000, 8001])
def test_recordings_are_resampled(rate: int) -> None:
    """What is cut off is not decoded, and changes nothing: so the file is resampled as a whole here."""
    x = np.random.default_rng(0).integers(-(2**14), 2**14, rate, dtype=np.int16)
    soundfile.write("1.wav", x, rate)
    divisor = np.gcd(rate, RATE)
    expected = resample_poly(x.astype(np.float64), RATE // divisor, rate // divisor)[:SAMPLES]
    assert np.abs(read_new("1.wav", PREPROCESSING)[0] - expected).max() <= 0.51
    soundfile.write("2.wav", tone(0.25, rate), rate)
    middle = slice(SAMPLES // 4, SAMPLES * 3 // 4)
    found = read_new("2.wav", PREPROCESSING)[0]
    assert np.abs(found[middle] - (tone() * 2**15)[middle]).max() < 100
    np.savez("own.npz", x=np.stack([tone(0.25, rate)] * N), y=TARGETS, sample_rate=rate)
    assert np.abs(load("own.npz", **SHAPE).train.x[0].astype(int) - found).max() <= 2
    assert np.abs(read_new("own.npz", PREPROCESSING)[3].astype(int) - found).max() <= 2


def test_rates_that_have_no_common_factor_are_refused() -> None:
    soundfile.write("1.wav", tone(rate=100_003), 100_003)
    with pytest.raises(UserError, match=r"1\.wav has 100,003 Hz, which can't be resampled to 8,000 Hz"):
        read_new("1.wav", PREPROCESSING)


@pytest.mark.parametrize("ending", ENDINGS)
def test_corrupt_recordings_are_named_or_left_out(ending: str) -> None:
    files = write_files(waveforms(), ending)
    assert len(load("table.csv", **TABLE).train) == 14
    truncate(files[3])
    files[4].write_bytes(b"no sound")
    files[5].write_bytes(b"")
    sentence = refused("table.csv", **TABLE)
    assert f"03.{ending} is not a whole recording: make it anew or leave it out. data.skip_corrupt leaves" in sentence
    splits = load("table.csv", **TABLE, skip_corrupt=True)
    assert (sum(map(len, splits.named.values())), splits.num_skipped) == (17, 3)


@pytest.mark.parametrize("ending", ENDINGS)
def test_whatever_is_wrong_in_a_file_it_is_corrupt(ending: str) -> None:
    files = write_files(np.tile(waveforms(), 5), ending)
    content = files[3].read_bytes()
    random = np.random.default_rng(0)
    for number in range(60):
        broken = bytearray(content)
        for place in random.integers(0, min(len(content), (100, len(content))[number % 2]), 3):
            broken[place] = random.integers(0, 256)
        new = Path(f"new.{ending}")
        new.write_bytes(broken)
        try:
            assert read_new(new, PREPROCESSING).shape == (1, SAMPLES)
        except UserError as error:
            assert f"new.{ending}" in str(error), number


@pytest.mark.parametrize("ending", ["flac", "ogg"])
def test_checksums_of_files_are_checked(ending: str) -> None:
    files = write_files(np.tile(waveforms(), 5), ending)
    content = bytearray(files[3].read_bytes())
    content[len(content) // 2] ^= 1
    files[3].write_bytes(content)
    whole = {**PREPROCESSING, "samples": 5 * SAMPLES}
    assert read_new(files[2], whole).shape == (1, 5 * SAMPLES)
    with pytest.raises(UserError, match=rf"03\.{ending} is not a whole recording"):
        read_new(files[3], whole)
    assert load("table.csv", **TABLE, skip_corrupt=True).num_skipped == 1


def wav_header(size: int, rate: int = RATE, channels: int = 1) -> bytes:
    """Make the header of a WAV file of 16 bits that claims `size` bytes."""
    form = struct.pack("<HHIIHH", 1, channels, rate, 2 * rate * channels % 2**32, 2 * channels, 16)
    riff = struct.pack("<4sI4s4sI", b"RIFF", min(size + 36, 2**32 - 1), b"WAVE", b"fmt ", 16)
    return riff + form + struct.pack("<4sI", b"data", size)


def test_headers_may_lie() -> None:
    values = waveforms()[0].tobytes()
    Path("1.wav").write_bytes(wav_header(len(values)) + values)
    np.testing.assert_array_equal(read_new("1.wav", PREPROCESSING)[0], waveforms()[0])
    for size in (0x7FFF_F000, 2**32 - 1):  # of programs that write into a pipe
        Path("1.wav").write_bytes(wav_header(size) + values)
        np.testing.assert_array_equal(read_new("1.wav", PREPROCESSING)[0], waveforms()[0])
    lies = [wav_header(2**30), wav_header(len(values) + 2), wav_header(len(values), rate=1)]
    lies += [wav_header(len(values), rate=2**31 - 1), wav_header(len(values), channels=20_000), wav_header(0)]
    soundfile.write("1.flac", waveforms()[0, :700], RATE)
    flac = bytearray(Path("1.flac").read_bytes())
    flac[21:26] = bytes([flac[21] | 15, 255, 255, 255, 255])  # 2^36 - 1 frames
    flac[21:26] = bytes([flac[21] & 240, 0, 0, 0, 0])  # not known how many: so programs write it into a pipe
    Path("pipe.flac").write_bytes(flac)
    for samples in (500, 700, 10_000):
        with pytest.raises(UserError, match=r"pipe\.flac does not say how long it is"):
            read_new("pipe.flac", {"sample_rate": RATE, "samples": samples})
    flac[21:26] = bytes([flac[21] | 15, 255, 255, 255, 255])
    tracemalloc.start()
    for number, lie in enumerate([*lies, bytes(flac)]):
        new = Path("new.wav")
        new.write_bytes(lie + (b"" if lie.startswith(b"fLaC") else values))
        with pytest.raises(UserError, match=r"new\.wav is not a whole recording"):
            read_new(new, {"sample_rate": RATE, "samples": 10_000})
        assert tracemalloc.get_traced_memory()[1] < 5_000_000, number
    tracemalloc.stop()


def test_no_more_of_a_recording_is_decoded_than_counts() -> None:
    Path("own/cats").mkdir(parents=True)
    with soundfile.SoundFile("own/cats/long.wav", "w", 48_000, 16, "PCM_16") as file:
        for _ in range(20):
            file.write(np.zeros((48_000, 16), np.int16))  # 31 MB
    read_new("own", PREPROCESSING)  # imports
    tracemalloc.start()
    read_new("own", PREPROCESSING)
    assert tracemalloc.get_traced_memory()[1] < 6_000_000
    assert inputs.inspect_source(Path("own"), settings("").data)[0]["seconds"] == inputs.LONGEST
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


def test_values_that_are_not_finite_are_refused() -> None:
    x = tone()
    for value in (np.nan, np.inf):
        x[1000] = value
        soundfile.write("1.wav", x, RATE, subtype="FLOAT")
        with pytest.raises(UserError, match=r"1\.wav is not a whole recording"):
            read_new("1.wav", PREPROCESSING)
    soundfile.write("scale.wav", 2**15 * tone(), RATE, subtype="FLOAT")
    with pytest.raises(UserError, match=r"scale\.wav holds 163.*: floats go from -1 to 1; scale all files alike"):
        read_new("scale.wav", PREPROCESSING)
    Path("own/cats").mkdir(parents=True)
    shutil.copy("scale.wav", "own/cats")
    assert "scale.wav holds 163" in refusal("data", "--inspect", "own")
    soundfile.write("loud.wav", 3 * tone(), RATE, subtype="FLOAT")
    assert (read_new("loud.wav", PREPROCESSING)[0] == np.clip(3 * tone() * 2**15, -(2**15), 2**15 - 1).round()).all()


def test_only_the_formats_that_are_named_are_read() -> None:
    files = write_files(waveforms())
    soundfile.write(files[3], waveforms()[3], RATE, format="AIFF")
    assert "files/03.wav is not a whole recording" in refused("table.csv", **TABLE)


def test_corrupt_recordings_are_counted() -> None:
    files = write_files(waveforms())
    truncate(files[3])
    options = [f"--data.{name}={value}" for name, value in {**TABLE, "skip_corrupt": True}.items()]
    printed = answer("stats", "--data.source=table.csv", *options)
    assert "files/03.wav is not a whole recording" in printed
    assert "Corrupt, and left out: 1 sample." in printed
    assert json.loads(Path("reports/stats.json").read_text(encoding="utf-8"))["num_skipped"] == 1
    for file in files:
        truncate(file)
    assert "No recording of data.source is whole" in refused("table.csv", **TABLE, skip_corrupt=True)


def test_faults_of_sources_are_named() -> None:
    assert "there is no absent" in refused("absent")
    write_files(waveforms())
    assert "table.csv is a table: name its column of file names in data.audio_column" in refused(
        "table.csv", target_column="y"
    )
    assert "has no column 'z', which data.audio_column names" in refused(
        "table.csv", target_column="y", audio_column="z"
    )
    assert "data.seconds is 1e-05: at 8000 Hz that is no value at all" in refused("table.csv", seconds=0.00001)
    assert "data.sample_rate can't be 10: it must be at least 1000 and at most 192000" in refused(
        "table.csv", sample_rate=10
    )
    Path("files/05.wav").unlink()
    assert "table.csv line 7: there is no file files/05.wav" in refused("table.csv", **TABLE)
    write = pd.DataFrame({"name": ["files/00.wav", "files/01.wav", "files/02.wav"], "y": [0, None, 1]})
    write.to_csv("table.csv", index=False)
    assert "table.csv line 3 (files/01.wav)" in refused("table.csv", **TABLE)
    Path("own.txt").write_text("no sound", encoding="utf-8")
    assert "own.txt is neither a folder nor a table" in refused("own.txt")


def test_faults_of_arrays_are_named() -> None:
    x = waveforms()
    floats = x / np.float32(2**15)
    holes = floats.copy()
    holes[3, 5] = np.nan
    faults = {
        "x has the shape (20, 1, 2000): it must be (n, samples)": {"x": x[:, np.newaxis]},
        "x holds uint8: it must hold int16, or floats from -1 to 1": {"x": x.astype(np.uint8)},
        "own.npz: row 0 of x and y holds 2": {"x": 2 + 0 * floats},
        "own.npz: row 0 of x and y holds 1e+06: waveforms are int16": {"x": np.full((N, 9), 10**6, np.int32)},
        "own.npz: row 3 of x and y holds values that are missing": {
            "x": np.where(np.arange(N) == 3, np.nan, floats.T).T
        },
        "sample_rate must be one whole number": {"x": x, "sample_rate": [8000, 8000]},
        "sample_rate is 3: it must be from 1,000 to 768,000 Hz": {"x": x, "sample_rate": 3},
    }
    for sentence, arrays in faults.items():
        np.savez("own.npz", y=TARGETS, **arrays)
        assert sentence in refused("own.npz", **SHAPE)


def test_arrays_are_cut_padded_and_resampled() -> None:
    x = waveforms()
    for length, seconds in ((700, 0.25), (2000, 0.1)):
        np.savez("own.npz", x=x[:, :length], y=TARGETS)
        expected = np.pad(x[:, :length], ((0, 0), (0, SAMPLES)))[:, : round(seconds * RATE)]
        splits = load("own.npz", sample_rate=RATE, seconds=seconds)
        np.testing.assert_array_equal(all_inputs(splits), sort(expected))
        read_again = load("own.npz", sample_rate=RATE, seconds=seconds, max_memory_mb=0)
        np.testing.assert_array_equal(read_again.test.x[:], splits.test.x)
    np.savez("own.npz", x=x, y=TARGETS, sample_rate=np.int64(4000))
    expected = resample_poly(x.astype(float), 2, 1, axis=1)[:, :SAMPLES].round().clip(-(2**15), 2**15 - 1)
    np.testing.assert_allclose(all_inputs(load("own.npz", **SHAPE)), sort(expected.astype(np.int16)), atol=1)


def test_recordings_of_any_length_become_inputs() -> None:
    x = [waveform[: 300 + 150 * row] // 2 for row, waveform in enumerate(waveforms())]
    recordings = inputs.from_recordings(x, RATE)
    assert len(recordings.take(np.array([3, 1]))) == 2
    found = inputs.to_arrays(recordings.take(np.array([3, 1])), PREPROCESSING, settings("", **SHAPE).data)
    np.testing.assert_array_equal(found, [np.pad(x[row], (0, SAMPLES - len(x[row]))) for row in (3, 1)])
    twice = inputs.to_arrays(recordings, {"sample_rate": 2 * RATE, "samples": SAMPLES}, settings("").data)
    assert np.abs(twice[5] - np.pad(resample_poly(x[5].astype(float), 2, 1), (0, SAMPLES))[:SAMPLES]).max() <= 1


def test_from_files_to_predictions() -> None:
    files = write_files(waveforms())
    options = [f"--data.{name}={value}" for name, value in TABLE.items()]
    small = ("--training.epochs=1", "--training.batch_size=8", "--model.channels=[4,4]")
    answer("train", "--data.source=table.csv", *options, *small)
    Path("files/._00.wav").write_bytes(b"what macOS leaves beside a file")
    np.save("new.npy", waveforms()[:2])
    answer("predict", "files", str(files[0]), str(files[1]), "new.npy", "--output=out.csv")
    found = pd.read_csv("out.csv")
    assert found["source"].tolist() == [*map(str, files), "files/00.wav", "files/01.wav", "new.npy", "new.npy"]
    answers = found.drop(columns=["source", "sample"])
    for again in (answers.iloc[N : N + 2], answers.iloc[N + 2 :]):
        pd.testing.assert_frame_equal(again.reset_index(drop=True), answers.iloc[:2], atol=2e-4)

    truncate(files[0])
    assert "files/00.wav is not a whole recording" in refusal("predict", "files", "--output=none.csv")
    Path("empty").mkdir()
    assert "empty holds no file that ends in .wav" in refusal("predict", "empty", "--output=none.csv")
    np.save("cube.npy", np.zeros((2, 9, 9), np.int16))
    assert "cube.npy: x has the shape (2, 9, 9)" in refusal("predict", "cube.npy", "--output=none.csv")
    Path("broken.npz").write_bytes(b"PK\3\4 and no more")
    assert "broken.npz is not" in refusal("predict", "broken.npz", "--output=none.csv")
    assert "There is no file absent.wav" in refusal("predict", "absent.wav", "--output=none.csv")
    sentence = "table.csv is none of these: recordings, folders of recordings, or arrays (.wav, .flac, "
    assert sentence in refusal("predict", "table.csv", "--output=none.csv")


def test_inspection_writes_the_settings() -> None:
    files = write_files(waveforms() // 2)
    truncate(files[3])
    soundfile.write(files[7], np.stack([tone(0.5, 16_000)] * 2, axis=1), 16_000)
    soundfile.write(files[8], np.zeros(SAMPLES), RATE)
    soundfile.write(files[9], 3 * tone(), RATE)
    before = Path("config.yaml").read_text(encoding="utf-8")
    printed = answer("data", "--inspect", "table.csv")
    for text in ("20 rows, 2 columns", "20 recordings", "files/03.wav is not a whole recording",
                 "0.25 to 0.5 seconds, median 0.25", "rates: 18 of 8,000 Hz, 1 of 16,000 Hz",
                 "channels: 18 of 1, 1 of 2", "1 resampled to 8,000 Hz: files/07.wav",
                 "1 of several channels, mixed down to their mean: files/07.wav",
                 "1 silent: files/08.wav", "1 clipped: too loud for the recorder: files/09.wav"):  # fmt: skip
        assert text in printed
    after = Path("config.yaml").read_text(encoding="utf-8")
    assert len(after.splitlines()) == len(before.splitlines())
    data = yaml.safe_load(after)["data"]
    expected = {
        "source": "table.csv",
        "audio_column": "name",
        "target_column": "y",
        "sample_rate": 8000,
        "seconds": 0.5,
        "skip_corrupt": True,
    }
    assert {name: data[name] for name in expected} == expected
    assert "Left out, because corrupt: 1 sample." in answer("data")
    answer("stats")
    assert "there is no absent" in refusal("data", "--inspect", "absent")
    np.savez("own.npz", x=waveforms(), y=TARGETS, sample_rate=16_000)
    assert "20 recordings as arrays: int16 [2000]" in answer("data", "--inspect", "own.npz")
    data = yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))["data"]
    assert (data["sample_rate"], data["seconds"]) == (16_000, 0.125)
    np.savez("own.npz", x=waveforms(), y=TARGETS, sample_rate=250_000)
    answer("data", "--inspect", "own.npz")
    table = pd.read_csv("table.csv").assign(speaker=["p1", "p2", "p1", "p3"] * (N // 4))
    table.rename(columns={"y": "word"}).to_csv("table.csv", index=False)
    answer("data", "--inspect", "table.csv", "--data.group_column=speaker", "--data.target_column=")
    assert yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))["data"]["target_column"] == "word"


def test_a_leak_between_given_splits_is_reported() -> None:
    write_files(waveforms())
    table = pd.read_csv("table.csv")
    table["split"] = ["train"] * 12 + ["validation"] * 4 + ["test"] * 4
    table["speaker"] = [f"p{row // 5}" for row in range(N)]
    table.to_csv("table.csv", index=False)
    chosen = {**TABLE, "split_column": "split", "group_column": "speaker"}
    options = [f"--data.{name}={value}" for name, value in chosen.items()]
    printed = answer("stats", "--data.source=table.csv", *options)
    assert "Leak: validation and train share 1 group, such as p2." in printed

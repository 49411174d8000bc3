"""Feed broken files to every reader of a project, in the environment of the project, with hypothesis beside it.

cd PROJECT; python fuzz.py PACKAGE DATA_TYPE COUNT FOLDER

Each of COUNT inputs is a whole file in which bytes are flipped, cut and inserted, or one of odd values. It is either
read, or refused in one sentence that names its file. None takes more than 5 seconds of one core or 1 GB. An input that
breaks this is made as small as possible and left in FOLDER, by the name of its case.
"""

import contextlib
import faulthandler
import gzip
import hashlib
import importlib
import io
import os
import re
import shutil
import signal
import struct
import sys
import time
import traceback
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

PACKAGE, DATA_TYPE, COUNT, FOLDER = sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]).resolve()
MAX_SECONDS, MAX_BYTES = 5, 10**9
MAX_SENTENCE = 2000  # characters
N = 24  # samples in a file

ROOT = Path.cwd()
sys.path.insert(0, str(ROOT))
config_module, inputs, splits, stats, predict, runs = (
    importlib.import_module(f"{PACKAGE}.{name}")
    for name in ("config", "data.inputs", "data.splits", "data.stats", "inference.predict", "runs")
)
UserError = config_module.UserError


# --- What is broken, and how ---

NUMBERS = [0, 1, -1, 2, 127, 128, 255, 256, 2**15, 2**16 - 1, 2**24, 2**31 - 1, -(2**31)]
TOKENS = [
    *(
        "",
        " ",
        "0",
        "1",
        "-1",
        "nan",
        "NaN",
        "inf",
        "-inf",
        "1e400",
        "1e-400",
        "9" * 30,
        "9" * 5000,
        "0x10",
        "1_0",
        "1,5",
    ),
    *(
        "1.234,5",
        "1,234.5",
        "12 kg",
        "5%",
        "2024-12-31",
        "31.12.2024",
        "12/31/2024",
        "99.99.9999",
        "12:30",
        "true",
        "False",
    ),
    *(
        "None",
        "null",
        "~",
        "NULL",
        "a",
        "b",
        "cats",
        "dogs",
        "train",
        "val",
        "test",
        "ä",
        "\u0000",
        "\ufffe",
        "\U0001f600",
    ),
    *("'", '"', '"""', ",", ";", "\t", "|", "\n", "\r\n", "\r", "#", "*", "&a", "*a", "<<: *a", "!!python/object:os.x"),
    *("[", "]", "{", "}", "[]", "{}", "- a", ": ", "a: b", "y", "x", "../..", "/dev/null", "own", "a" * 300),
]


@st.composite
def broken(draw, content: bytes) -> bytes:
    """Change some places of a file."""
    changed = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(len(changed) - 1, 0)))
        way = draw(st.sampled_from(["byte", "bit", "number", "cut", "end", "double", "token"]))
        if way == "byte":
            changed[place : place + 1] = bytes([draw(st.integers(0, 255))])
        elif way == "bit" and changed:
            changed[place] ^= 1 << draw(st.integers(0, 7))
        elif way == "number":
            number = struct.pack(draw(st.sampled_from(["<i", ">i"])), draw(st.sampled_from(NUMBERS)))
            changed[place : place + 4] = number
        elif way == "cut":
            del changed[place : place + draw(st.integers(1, 64))]
        elif way == "end":
            del changed[place:]
        elif way == "double":
            changed[place:place] = changed[place : place + draw(st.integers(1, 300))]
        else:
            changed[place:place] = draw(st.sampled_from(TOKENS)).encode()
    return bytes(changed)


def broken_text(content: str):
    """Change some words of a text, or some bytes."""
    words = re.findall(r"\w+|\s+|[^\w\s]", content)

    @st.composite
    def change(draw) -> bytes:
        changed = list(words)
        for _ in range(draw(st.integers(1, 3))):
            changed[draw(st.integers(0, len(changed) - 1))] = draw(st.sampled_from(TOKENS))
        return "".join(changed).encode(errors="replace")

    return st.one_of(change(), broken(content.encode()))


def npy(array: np.ndarray) -> bytes:
    """An array as a .npy file."""
    file = io.BytesIO()
    np.lib.format.write_array(file, array, allow_pickle=True)
    return file.getvalue()


DTYPES = [
    "?",
    "i1",
    "u1",
    "<i8",
    ">i4",
    "u8",
    "f2",
    "f4",
    "f8",
    ">f8",
    "c8",
    "U1",
    "U5",
    "S3",
    "M8[D]",
    "M8[ns]",
    "m8[s]",
]
DTYPES += ["O", "V4", "i4,f4", "U0"]


@st.composite
def odd_arrays(draw) -> bytes:
    """A .npy file of few values, of any dtype and shape."""
    lengths = st.sampled_from([N, N, N, 0, 1, 2, 3, N - 1])
    shape = tuple(draw(st.lists(lengths, max_size=4))[:4])
    if np.prod(shape) > 20_000:
        shape = shape[:2]
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    values = np.random.default_rng(draw(st.integers(0, 3))).integers(0, draw(st.sampled_from([2, 3, 200])), shape)
    if dtype.kind in "VO" or dtype.itemsize == 0:
        array = np.zeros(shape, dtype)
    else:
        array = values.astype("i8").astype(dtype) if dtype.kind in "Mm" else values.astype(dtype)
    if dtype.kind == "f" and draw(st.booleans()) and array.size:
        array.reshape(-1)[0] = draw(st.sampled_from([np.nan, np.inf, -0.0, 1e30]))
    return npy(np.asarray(array, order=draw(st.sampled_from("CF"))))


@st.composite
def odd_headers(draw) -> bytes:
    """A .npy file whose header claims anything."""
    shape = draw(
        st.sampled_from(
            ["()", f"({N}, 3)", "(10**9,)", f"({N}, 10000000000)", "(-1,)", "(1.5,)", "[3]", "3", "(True,)"]
        )
    )
    descr = draw(
        st.sampled_from(["'<f8'", "'|O'", "'<U100000000'", "[('a', '<i4')]", "'x'", "7", "'<f8', 'a': 1", "'|V0'"])
    )
    order = draw(st.sampled_from(["True", "False", "None", "2"]))
    header = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n".encode()
    major = draw(st.sampled_from([1, 2, 3, 9]))
    length = struct.pack("<H" if major == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes([major, 0]) + length + header + bytes(draw(st.sampled_from([0, 8, N * 24])))


def arrays() -> dict[str, np.ndarray]:
    """Whole arrays of the data type."""
    random = np.random.default_rng(0)
    shape = {"vector": (3,), "sequence": (5, 3), "image": (8, 6, 1), "audio": (80,)}[DATA_TYPE]
    x = random.integers(0, 256, (N, *shape))
    x = x.astype({"image": np.uint8, "audio": np.int16}.get(DATA_TYPE, np.float32))
    return {"x": x, "y": np.arange(N) % 2}


ARRAY = st.one_of(odd_arrays(), odd_headers(), broken(npy(arrays()["x"])), broken(npy(arrays()["y"])))
NAMES = ["x", "y", "class_names", "group", "time", "x_train", "y_train", "x_test", "y_test", "x_validation"]


@st.composite
def npz_files(draw) -> dict[str, bytes]:
    """A .npz file with some odd arrays."""
    members = {name: npy(array) for name, array in arrays().items()}
    members |= draw(st.dictionaries(st.sampled_from(NAMES), ARRAY, min_size=1, max_size=2))
    file = io.BytesIO()
    kind = draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]))
    with zipfile.ZipFile(file, "w", kind) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), content, kind)  # without the time of day
    content = file.getvalue()
    return {"own.npz": draw(st.one_of(st.just(content), broken(content)))}


@st.composite
def npy_folders(draw) -> dict[str, bytes]:
    """A folder of .npy files, some of them odd."""
    files = {f"own/{name}.npy": npy(array) for name, array in arrays().items()}
    names = st.sampled_from(NAMES).map("own/{}.npy".format)
    return files | draw(st.dictionaries(names, ARRAY, min_size=1, max_size=2))


def table() -> pd.DataFrame:
    """A whole table of the data type."""
    random = np.random.default_rng(0)
    rows = pd.DataFrame({"a": random.normal(size=N).round(3), "b": random.integers(0, 9, N), "y": np.arange(N) % 2})
    if DATA_TYPE == "vector":
        return rows.assign(c=["red", "green", "blue"] * 8, when=pd.date_range("2024-01-01", periods=N).astype(str))
    if DATA_TYPE == "sequence":
        steps = pd.DataFrame({"who": np.repeat(np.arange(N), 3), "step": [0, 1, 2] * N, "a": random.normal(size=3 * N)})
        return steps.assign(y=steps["who"] % 2)
    ending = "png" if DATA_TYPE == "image" else "wav"
    return rows.assign(name=[f"{number % 4}.{ending}" for number in range(N)])


@st.composite
def odd_tables(draw) -> bytes:
    """A text file of odd cells."""
    between = draw(st.sampled_from([",", ";", "\t", "|", " "]))
    header = list(table().columns)
    if draw(st.booleans()):
        header[draw(st.integers(0, len(header) - 1))] = draw(st.sampled_from(TOKENS))
    rows = [[str(value) for value in row] for row in table().itertuples(index=False)]
    for _ in range(draw(st.integers(0, 6))):
        row = rows[draw(st.integers(0, len(rows) - 1))]
        row[draw(st.integers(0, len(row) - 1))] = draw(st.sampled_from(TOKENS))
    if draw(st.booleans()):  # a whole column
        column = draw(st.integers(0, len(header) - 1))
        values = draw(st.lists(st.sampled_from(TOKENS), min_size=1, max_size=3))
        for number, row in enumerate(rows):
            row[column] = values[number % len(values)]
    lines = [between.join(row) for row in ([header, *rows] if draw(st.booleans()) else [header, *rows[:3]])]
    text = draw(st.sampled_from(["\n", "\r\n", "\n\n"])).join(lines)
    return text.encode(draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])), errors="replace")


COLUMNS = {
    "text": [["a", "b", None] * 8, pa.string()],
    "dates": [[0, 1, None] * 8, pa.date32()],
    "times": [[2**62, 1, None] * 8, pa.timestamp("us")],
    "decimals": [["1.5", None, "2"] * 8, pa.string()],
    "lists": [[[1, 2], [], None] * 8, pa.list_(pa.int64())],
    "records": [[{"k": 1}, {"k": None}, None] * 8, pa.struct([("k", pa.int64())])],
    "bytes": [[b"\xff\x00", b"", None] * 8, pa.binary()],
    "flags": [[True, False, None] * 8, pa.bool_()],
    "nothing": [[None] * N, pa.null()],
    "big": [[2**63 - 1, -(2**63), 0] * 8, pa.int64()],
    "infinite": [[float("inf"), float("nan"), 1e300] * 8, pa.float64()],
    "months": [["a", "b", "a"] * 8, pa.dictionary(pa.int8(), pa.string())],
}


@st.composite
def parquet_files(draw) -> dict[str, bytes]:
    """A Parquet file with columns of odd types."""
    made = pa.Table.from_pandas(table(), preserve_index=False)
    for kind in draw(st.lists(st.sampled_from(sorted(COLUMNS)), max_size=2)):
        values, dtype = COLUMNS[kind]
        column = pa.array((values * 3)[: len(made)], dtype)
        place = draw(st.integers(0, made.num_columns - 1))
        name = draw(st.sampled_from([made.column_names[place], kind, "a", ""]))
        made = made.set_column(place, name, column) if draw(st.booleans()) else made.append_column(name, column)
    file = io.BytesIO()
    pq.write_table(made, file, compression=draw(st.sampled_from(["none", "snappy", "zstd", "gzip"])), row_group_size=7)
    content = file.getvalue()
    return {"own.parquet": draw(st.one_of(st.just(content), broken(content), broken(content)))}


def image_bytes(mode: str, kind: str, **options) -> bytes:
    """An image file."""
    from PIL import Image

    values = np.random.default_rng(0).integers(0, 256, (9, 7), np.uint8)
    image = Image.fromarray(values.astype(np.uint16) * 99) if mode == "I;16" else Image.fromarray(values).convert(mode)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


KINDS = {  # endings, Pillow's names and modes
    "png": ("PNG", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I"]),
    "jpg": ("JPEG", ["L", "RGB", "CMYK"]),
    "gif": ("GIF", ["1", "L", "P"]),
    "bmp": ("BMP", ["1", "L", "P", "RGB"]),
    "tif": ("TIFF", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I", "F"]),
    "webp": ("WEBP", ["RGB", "RGBA"]),
}


@st.composite
def image_files(draw) -> tuple[str, bytes]:
    """The ending and the content of an image file."""
    ending = draw(st.sampled_from(sorted(KINDS)))
    kind, modes = KINDS[ending]
    options = {}
    if ending in ("png", "jpg", "tif", "webp") and draw(st.booleans()):
        exif = b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"  # turned by 90 degrees
        options["exif"] = draw(st.one_of(st.just(exif), broken(exif)))
    if ending == "png" and draw(st.booleans()):
        options["icc_profile"] = draw(st.binary(max_size=40))
    if ending == "tif":
        options["compression"] = draw(st.sampled_from([None, "tiff_lzw", "tiff_adobe_deflate", "packbits"]))
    try:
        content = image_bytes(draw(st.sampled_from(modes)), kind, **options)
    except Exception:  # Pillow can't write it
        content = image_bytes("L" if ending != "webp" else "RGB", kind)
    if ending == "png" and draw(st.booleans()):
        content = draw(odd_chunks(content))
    return ending, draw(st.one_of(broken(content), broken(content), st.just(content)))


@st.composite
def odd_chunks(draw, content: bytes) -> bytes:
    """Change the content of a chunk of a PNG file, with a checksum that fits."""
    chunks, place = [], 8
    while place < len(content):
        length = int.from_bytes(content[place : place + 4], "big")
        chunks.append((content[place + 4 : place + 8], content[place + 8 : place + 8 + length]))
        place += 12 + length
    number = draw(st.integers(0, len(chunks) - 1))
    name, data = chunks[number]
    chunks[number] = (draw(st.sampled_from([name, b"tRNS", b"iCCP", b"acTL", b"zTXt", b"PLTE"])), draw(broken(data)))
    made = b"".join(struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks)
    return content[:8] + made


SOUND = {"wav": ["PCM_U8", "PCM_16", "PCM_24", "FLOAT", "ULAW"], "flac": ["PCM_16"], "ogg": ["VORBIS"], "mp3": [None]}
RATES = [8000, 16000, 44100]  # Hz


def sound_bytes(ending: str, rate: int = 8000, channels: int = 1, subtype: str | None = None) -> bytes:
    """A sound file."""
    import soundfile

    waveforms = np.random.default_rng(0).uniform(-0.5, 0.5, (900, channels))
    file = io.BytesIO()
    soundfile.write(file, waveforms, rate, subtype=subtype, format=ending.upper())
    return file.getvalue()


@st.composite
def sound_files(draw) -> tuple[str, bytes]:
    """The ending and the content of a sound file."""
    ending = draw(st.sampled_from(sorted(SOUND)))
    subtype = draw(st.sampled_from(SOUND[ending]))
    content = sound_bytes(ending, draw(st.sampled_from(RATES)), draw(st.sampled_from([1, 2])), subtype)
    # Most broken bytes would lie among the samples, and make a noise: those at the beginning tell what the others are.
    head, rest = content[:200], content[200:]
    return ending, draw(st.one_of(broken(content), broken(head).map(lambda changed: changed + rest)))


# --- Who reads it ---


def whole_config(**data):
    """The settings of the project, for a source of the data type."""
    if DATA_TYPE == "image":
        data = {"shape": [8, 6, 1], "image_column": "name", **data}
    if DATA_TYPE == "audio":
        data = {"seconds": 0.01, "audio_column": "name", **data}
    if DATA_TYPE == "sequence":
        data = {"sequence_column": "who", "step_column": "step", **data}
    config = config_module.load_config(ROOT / "config.yaml")
    return replace(config, data=replace(config.data, **{"target_column": "y", **data}))


CONFIG = whole_config()


def load(source: str, **data) -> None:
    """What `data`, and the first half of `stats`, do with a source."""
    config = replace(CONFIG, data=replace(CONFIG.data, source=source, **data))
    found = splits.load_splits(config)
    _ = found.info
    stats.describe_data(found)


def load_and_inspect(source: str, **data) -> None:
    """Read a source from memory and from disk, or look at it."""
    inspected = zlib.crc32(Path(source).read_bytes() if Path(source).is_file() else b"") % 3
    if inspected == 0:
        load(source, **data)
    elif inspected == 1:
        load(source, max_memory_mb=0, **data)
    else:
        unset = replace(CONFIG.data, **inputs.UNSET)
        found, *_ = inputs.inspect_source(splits.find(Path(source)), unset)
        load(source, **{**inputs.UNSET, **found})


def predict_file(file: str, preprocessing: dict, data=None) -> None:
    """What `predict` does with a file, up to the model."""
    config = replace(CONFIG, data=data or CONFIG.data)
    list(predict.read_files([file], config, replace(INFO, preprocessing=preprocessing)))


def write(files: dict[str, bytes]) -> None:
    """Write files into the current folder."""
    for name, content in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(content)


def case_npz(files):
    write(files)
    load_and_inspect("own.npz")


def case_npy(files):
    write(files)
    load("own", max_memory_mb=zlib.crc32(repr(sorted(files.items())).encode()) % 2)


def case_predict_npz(files):
    write(files)
    predict_file("own.npz", ARRAY_PREPROCESSING)


def case_predict_npy(content):
    write({"own.npy": content})
    predict_file("own.npy", ARRAY_PREPROCESSING)


def case_text(content):
    name = "own.tsv" if content.count(b"\t") > N else "own.csv"
    write({name: content})
    load_and_inspect(name)


def case_parquet(files):
    write(files)
    load_and_inspect("own.parquet")


def case_predict_text(content):
    write({"own.csv": content})
    predict_file("own.csv", TABLE_PREPROCESSING)


def case_predict_parquet(files):
    write(files)
    predict_file("own.parquet", TABLE_PREPROCESSING)


def case_sequence_folder(files):
    write(files)
    load("own", pad=True)


def case_image(file):
    ending, content = file
    whole = image_bytes("L", KINDS[ending][0]) if ending != "webp" else image_bytes("RGB", "WEBP")
    for number in range(6):
        write({f"own/{'cd'[number % 2]}/{number}.{ending}": whole})
    write({f"own/c/own.{ending}": content})
    if zlib.crc32(content) % 2:
        load_folder("own")
    else:
        predict_file(f"own/c/own.{ending}", {"shape": [8, 6, 1], "convert": True})


def case_sound(file):
    ending, content = file
    for number in range(6):
        write({f"own/{'cd'[number % 2]}/{number}.{ending}": sound_bytes(ending)})
    write({f"own/c/own.{ending}": content})
    if zlib.crc32(content) % 2:
        load_folder("own")
    else:
        predict_file(f"own/c/own.{ending}", ARRAY_PREPROCESSING)


def load_folder(source: str) -> None:
    """Look at a folder of classes, and read it; classes suit not every task."""
    found, *_ = inputs.inspect_source(Path(source), CONFIG.data)
    data = replace(CONFIG.data, **found)
    read = inputs.read_samples(Path(source), data)
    preprocessing = inputs.learn_preprocessing(read.inputs, np.arange(len(read.inputs)), data)
    x = inputs.to_arrays(read.inputs, preprocessing, data)
    splits.check_numbers(x, read.where, preprocessing)


def case_table_of_files(content):
    for number in range(4):
        write({f"{number}.png": image_bytes("L", "PNG")} if DATA_TYPE == "image" else {f"{number}.wav": WAV})
    write({"own.csv": content})
    load_and_inspect("own.csv")


def case_idx(content):
    fashion_mnist = importlib.import_module(f"{PACKAGE}.data.fashion_mnist")
    fashion_mnist.FILES = {"images": (len(IDX), hashlib.sha256(IDX).hexdigest())}
    write({"images.gz": content})
    if (found := fashion_mnist.read_verified(Path(), "images")) is not None:
        assert found == IDX


def case_config(content):
    write({"own.yaml": content})
    config_module.load_config("own.yaml")


def case_run(files):
    write({f"own/{name}": content for name, content in RUN.items()} | files)
    name = "own"
    runs.check_model(Path(name))
    runs.read_history(Path(name))
    _, config, info = runs.load_run(name)
    write({"new.npy": npy(arrays()["x"])})
    list(predict.read_files(["new.npy"], config, info))


IDX = bytes(16) + np.arange(784, dtype=np.uint8).tobytes()


def run_files():
    """A run with one file that is broken."""
    return st.one_of(
        *(
            broken_text(content.decode()).map(lambda broken, name=name: {f"own/{name}": broken})
            for name, content in RUN.items()
        )
    )


@st.composite
def sequence_folders(draw) -> dict[str, bytes]:
    """Folders of classes with a file for each sequence, one of them odd."""
    text = "a,b,c\n" + "\n".join(f"{row},{row + 0.5},{-row}" for row in range(5))
    files = {f"own/{number % 2}/{number}.csv": text.encode() for number in range(N)}
    if draw(st.booleans()):
        return files | {"own/1/1.csv": draw(st.one_of(broken_text(text), odd_tables()))}
    files = {f"own/{number % 2}/{number}.npy": npy(np.ones((5, 3)) * number) for number in range(N)}
    return files | {"own/1/1.npy": draw(ARRAY)}


# --- Whether it is read as it should be ---


class Fault(Exception):
    """A property does not hold."""


def peak_bytes() -> int:
    """The largest memory since the last `forget_peak`; 0 where the system does not say."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) * 1024


def forget_peak() -> None:
    """Let the peak of memory begin anew."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


NAMED = r"\b(own|new|images)\b|data\.\w+|column"  # the file, a setting, or the column of a table
EXEMPT = ("task.py", "splits.py")  # what they say is of the samples, after the files were read


def check(sentence: str, error: Exception) -> None:
    """See that a message is one sentence that names the file."""
    if not sentence or "\n" in sentence or len(sentence) > MAX_SENTENCE:
        raise Fault(f"no sentence: {sentence[:2000]!r}") from error
    frames = [frame.filename for frame in traceback.extract_tb(error.__traceback__) if f"/{PACKAGE}/" in frame.filename]
    if not frames[-1].endswith(EXEMPT) and not re.search(NAMED, sentence):
        raise Fault(f"no file is named: {sentence}") from error


def attempt(case, content) -> None:
    """Feed one input to a reader, in an empty folder."""
    for path in Path().iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    forget_peak()
    before, start = peak_bytes(), time.process_time()
    faulthandler.dump_traceback_later(120, exit=True)  # it hangs
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            case(content)
    except UserError as error:
        check(str(error), error)
    seconds, size = time.process_time() - start, peak_bytes() - before
    faulthandler.cancel_dump_traceback_later()
    if seconds > MAX_SECONDS or size > MAX_BYTES:
        raise Fault(f"{seconds:.1f} seconds, {size / 1e6:,.0f} MB")


def cases() -> dict[str, tuple]:
    """The readers of the data type by name: the function, its inputs, and its share of all inputs."""
    found = {
        "npz": (case_npz, npz_files(), 4),
        "npy": (case_npy, npy_folders(), 4),
        "predict-npz": (case_predict_npz, npz_files(), 2),
        "predict-npy": (case_predict_npy, ARRAY, 2),
        "run": (case_run, run_files(), 3),
    }
    if DATA_TYPE == "vector":
        found["idx"] = (case_idx, broken(gzip.compress(IDX)), 1)
        found["config"] = (case_config, broken_text((ROOT / "config.yaml").read_text(encoding="utf-8")), 3)
    if DATA_TYPE in ("vector", "sequence"):
        text = table().to_csv(index=False)
        found["text"] = (case_text, st.one_of(broken_text(text), odd_tables()), 6)
        found["parquet"] = (case_parquet, parquet_files(), 4)
        found["predict-text"] = (case_predict_text, st.one_of(broken_text(text), odd_tables()), 2)
        found["predict-parquet"] = (case_predict_parquet, parquet_files(), 2)
    if DATA_TYPE == "sequence":
        found["folder"] = (case_sequence_folder, sequence_folders(), 4)
    if DATA_TYPE in ("image", "audio"):
        files = (case_image, image_files()) if DATA_TYPE == "image" else (case_sound, sound_files())
        found[DATA_TYPE] = (*files, 12)
        text = table().to_csv(index=False)
        found["table"] = (case_table_of_files, st.one_of(broken_text(text), odd_tables()), 2)
    return found


def feed(case, strategy, count: int, kept: Path) -> tuple[int, list[Exception]]:
    """Feed inputs to a reader: how many, and the faults, each with the smallest input that was found."""
    fed = 0

    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
        print_blob=False,
    )
    @given(content=strategy)
    def one(content) -> None:
        nonlocal fed
        fed += 1
        try:
            attempt(case, content)
        except Exception:
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(Path(), kept)
            raise

    try:
        one()
    except ExceptionGroup as error:
        return fed, list(error.exceptions)
    except Exception as error:
        return fed, [error]
    return fed, []


def main() -> int:
    """Feed all inputs; the number of cases with a fault."""
    chosen = cases()
    total = sum(share for _, _, share in chosen.values())
    faults = 0
    scratch = FOLDER / f"in-{DATA_TYPE}"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    os.chdir(scratch)
    for name, (case, strategy, share) in chosen.items():
        started = time.process_time()
        fed, found = feed(case, strategy, max(1, COUNT * share // total), FOLDER / f"{DATA_TYPE}-{name}")
        for fault in found:
            fault.__notes__ = []  # the input, which is in FOLDER
            lines = "".join(traceback.format_exception(fault, chain=False, limit=-3))
            print(f"FAULT in {DATA_TYPE}-{name}:\n{lines[-3000:]}", flush=True)
        faults += bool(found)
        seconds = time.process_time() - started
        print(f"{DATA_TYPE}-{name}: {fed:,} inputs in {seconds:.0f} s of one core", flush=True)
    os.chdir(ROOT)
    shutil.rmtree(scratch)
    return faults


if __name__ == "__main__":
    faulthandler.enable()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    np.savez("fuzz.npz", **arrays())
    SPLITS = splits.load_splits(replace(CONFIG, data=replace(CONFIG.data, source="fuzz.npz")))
    INFO, ARRAY_PREPROCESSING = SPLITS.info, SPLITS.preprocessing
    TABLE_PREPROCESSING = ARRAY_PREPROCESSING
    WAV = sound_bytes("wav") if DATA_TYPE == "audio" else b""
    if DATA_TYPE in ("vector", "sequence"):
        table().to_csv("fuzz.csv", index=False)
        ignore = {"ignore": ["when"]} if DATA_TYPE == "vector" else {}
        source = replace(CONFIG.data, source="fuzz.csv", **ignore)
        TABLE_PREPROCESSING = splits.load_splits(replace(CONFIG, data=source)).preprocessing
    FOLDER.mkdir(parents=True, exist_ok=True)
    runs.RUNS = FOLDER / "runs"
    shutil.rmtree(runs.RUNS, ignore_errors=True)
    made = runs.start_run(CONFIG, INFO)
    runs.write_history(made, [dict.fromkeys(runs.HISTORY, 1) | {"epoch": n} for n in (1, 2)])
    RUN = {path.name: path.read_bytes() for path in made.iterdir()}
    for name in ("fuzz.npz", "fuzz.csv"):
        Path(name).unlink(missing_ok=True)
    sys.exit(min(main(), 100))

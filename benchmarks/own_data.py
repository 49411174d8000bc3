"""Own data in every data format: write bundled real data as files, and go through all commands of a project with them.

    make formats                      # every data format in both frameworks
    make formats ARGS="keras wine"    # one framework, or the data formats whose name holds a word, or both

Out: benchmarks/own_data.json and the table of docs/own-data.md. One seed. About ten minutes on 2 CPU cores. The data
is bundled with scikit-learn (digits, wine, breast cancer, diabetes) and aeon (BasicMotions, JapaneseVowels). Recordings
are those of the spoken digits that projects have as their example.
"""

import importlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
from PIL import Image
from projects import ANSWERS, BUILD, bake, make, python
from sklearn import datasets

RESULTS = Path(__file__).parent / "own_data.json"


@dataclass
class Case:
    """One data format: how its files are written, and what a user types."""

    data_type: str
    task: str
    write: Callable[[Path], None]  # writes all files into a folder
    source: str  # what --inspect is given, in that folder
    new: str  # what is predicted, in that folder
    inspect: str = ""  # options of --inspect
    train: str = "--training.batch_size 16 --training.epochs 40"
    floor: float = 0.9  # of the metric on the test split; a ceiling where a lower one is better


def write_wine(folder: Path) -> None:
    """178 wines: 13 measurements and their vineyard; one value in a hundred is missing, and a category is added."""
    table = _named(datasets.load_wine(as_frame=True), "vineyard")
    table["strength"] = pd.cut(table.pop("alcohol"), 3, labels=["light", "medium", "strong"]).astype(str)
    holes = np.random.default_rng(0).random(table.shape) < 0.01
    holes[:, table.columns.get_loc("vineyard")] = False
    table.mask(holes).to_csv(folder / "wine.csv", index=False)
    table.drop(columns="vineyard").head(5).to_csv(folder / "new.csv", index=False)


def write_wine_arrays(folder: Path) -> None:
    """The wines as one .npz file with x and y."""
    x, y = datasets.load_wine(return_X_y=True)
    np.savez(folder / "wine.npz", x=x.astype(np.float32), y=y)
    np.savez(folder / "new.npz", x=x[:5].astype(np.float32))


def write_wine_folder_of_arrays(folder: Path) -> None:
    """The wines as .npy files, which can be larger than memory."""
    x, y = datasets.load_wine(return_X_y=True)
    (folder / "wine").mkdir()
    np.save(folder / "wine" / "x.npy", x.astype(np.float32))
    np.save(folder / "wine" / "y.npy", y)
    np.save(folder / "new.npy", x[:5].astype(np.float32))


def write_breast_cancer(folder: Path) -> None:
    """569 tumors: 30 measurements, benign or malignant."""
    table = _named(datasets.load_breast_cancer(as_frame=True), "diagnosis")
    table.to_parquet(folder / "tumors.parquet")
    table.drop(columns="diagnosis").head(5).to_parquet(folder / "new.parquet")


def write_diabetes(folder: Path) -> None:
    """442 patients: 10 measurements, and how far diabetes had gone a year later."""
    table = datasets.load_diabetes(as_frame=True, scaled=False).frame.rename(columns={"target": "progression"})
    table.to_csv(folder / "diabetes.csv", index=False)
    table.drop(columns="progression").head(5).to_csv(folder / "new.csv", index=False)


LABELS = {"even": (0, 2, 4, 6, 8), "has a loop": (0, 6, 8, 9), "over four": (5, 6, 7, 8, 9)}


def write_digits_tables(folder: Path) -> None:
    """1,797 digits as rows of 64 pixels with three labels each, in train.csv and test.csv."""
    digits = datasets.load_digits(as_frame=True)
    table = digits.data.copy()
    for name, members in LABELS.items():
        table[name] = digits.target.isin(members).astype(int)
    (folder / "digits").mkdir()
    table[:1400].to_csv(folder / "digits" / "train.csv", index=False)
    table[1400:].to_csv(folder / "digits" / "test.csv", index=False)
    digits.data.head(5).to_csv(folder / "new.csv", index=False)


def write_digits_folders(folder: Path) -> None:
    """The digits as PNG files, a folder a class."""
    digits = datasets.load_digits()
    for number, (image, label) in enumerate(zip(digits.images, digits.target, strict=True)):
        _save_digit(image, folder / "digits" / str(label) / f"{number:04}.png")
    _save_digit(digits.images[0], folder / "new.png")


def write_digits_splits(folder: Path) -> None:
    """The digits as PNG files below train/ and test/: with a loop or without."""
    digits = datasets.load_digits()
    for number, (image, label) in enumerate(zip(digits.images, digits.target, strict=True)):
        kind = "loop" if label in LABELS["has a loop"] else "none"
        split = "train" if number < 1400 else "test"
        _save_digit(image, folder / "digits" / split / kind / f"{number:04}.png")
        if number < 3:
            _save_digit(image, folder / "new" / f"{number}.png")


def write_digits_list(folder: Path) -> None:
    """The digits as RGB files of another size, and a table with their names, three labels and the digit."""
    digits = datasets.load_digits()
    rows = []
    for number, (image, label) in enumerate(zip(digits.images, digits.target, strict=True)):
        name = f"images/{number:04}.png"
        _save_digit(image, folder / name, size=16, mode="RGB")
        rows.append({"file": name, **{key: int(label in members) for key, members in LABELS.items()}, "digit": label})
    pd.DataFrame(rows).to_csv(folder / "digits.csv", index=False)
    _save_digit(digits.images[0], folder / "new.png", size=16, mode="RGB")


def write_motions(folder: Path) -> None:
    """80 recordings of 100 steps by 6 sensors of a watch: four kinds of motion (aeon's BasicMotions)."""
    arrays = {}
    for split in ("train", "test"):
        x, y = _load("load_basic_motions", split)
        arrays[f"x_{split}"], arrays[f"y_{split}"] = np.stack(x).transpose(0, 2, 1).astype(np.float32), y
    names, numbers = np.unique(np.concatenate([arrays["y_train"], arrays["y_test"]]), return_inverse=True)
    arrays["y_train"], arrays["y_test"] = np.split(numbers, [len(arrays["y_train"])])
    np.savez(folder / "motions.npz", class_names=names, **arrays)
    np.savez(folder / "new.npz", x=arrays["x_test"][:3])


def write_vowels_folders(folder: Path) -> None:
    """640 vowels of 7 to 29 steps with 12 features by nine speakers (aeon's JapaneseVowels): a CSV file each."""
    for split in ("train", "test"):
        for number, (x, speaker) in enumerate(zip(*_load("load_japanese_vowels", split), strict=True)):
            path = folder / "vowels" / split / f"speaker {speaker}" / f"{number:03}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savetxt(path, x.T, delimiter=",", fmt="%.6f")
    np.save(folder / "new.npy", x.T.astype(np.float32))


def write_vowels_table(folder: Path) -> None:
    """The vowels in one table with a row a step."""
    tables = []
    for split in ("train", "test"):
        for number, (x, speaker) in enumerate(zip(*_load("load_japanese_vowels", split), strict=True)):
            table = pd.DataFrame(x.T, columns=[f"coefficient {i}" for i in range(len(x))])
            about = {"vowel": f"{split} {number}", "step": range(len(table)), "speaker": f"speaker {speaker}"}
            tables.append(table.assign(**about, split=split))
    table = pd.concat(tables).sample(frac=1, random_state=0)  # rows in any order: `step` says which is right
    table.to_parquet(folder / "vowels.parquet", index=False)
    table[table["vowel"].isin(["test 0", "test 1"])].to_parquet(folder / "new.parquet", index=False)


def write_spoken_folders(folder: Path) -> None:
    """900 spoken digits as WAV files, below train/ and test/ by the data set's own split, a folder a digit."""
    for number, (waveform, digit, _, split) in enumerate(_spoken_digits(folder)):
        _save_sound(waveform, folder / "digits" / split / str(digit) / f"{number:03}.wav")
    _save_sound(waveform, folder / "new.wav")


def write_spoken_list(folder: Path) -> None:
    """The spoken digits as FLAC, Ogg and MP3 files of two channels at 16 kHz, and a table with digit and speaker."""
    rows = []
    for number, (waveform, digit, speaker, _) in enumerate(_spoken_digits(folder)):
        name = f"sounds/{number:03}.{('flac', 'ogg', 'mp3')[number % 3]}"
        _save_sound(np.stack([waveform.repeat(2)] * 2, axis=1), folder / name, rate=16_000)
        rows.append({"file": name, "odd": digit % 2, "over four": int(digit > 4), "speaker": speaker})
    pd.DataFrame(rows).to_csv(folder / "digits.csv", index=False)
    _save_sound(waveform, folder / "new" / "short.wav")
    _save_sound(waveform.repeat(10), folder / "new" / "long.wav")


def write_spoken_arrays(folder: Path) -> None:
    """The spoken digits as arrays of floats, and how long each word is in seconds."""
    spoken = _spoken_digits(folder)
    x = np.zeros((len(spoken), 8000), np.float32)
    for row, (waveform, *_) in enumerate(spoken):
        x[row, : len(waveform)] = waveform[:8000] / np.float32(2**15)
    seconds = np.array([len(waveform) / 8000 for waveform, *_ in spoken])
    np.savez(folder / "digits.npz", x=x, y=seconds, class_names=["seconds"], sample_rate=8000)
    np.savez(folder / "new.npz", x=x[:3], sample_rate=8000)


def _named(bunch, target: str) -> pd.DataFrame:
    table = bunch.frame.rename(columns={"target": target})
    return table.assign(**{target: bunch.target_names[bunch.target]})


def _save_digit(image: np.ndarray, path: Path, size: int = 8, mode: str = "L") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    gray = Image.fromarray((image * (255 / 16)).astype(np.uint8))
    gray.resize((size, size)).convert(mode).save(path)


def _save_sound(waveform: np.ndarray, path: Path, rate: int = 8000) -> None:
    import soundfile

    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, waveform, rate)


def _spoken_digits(folder: Path) -> list[tuple[np.ndarray, int, str, str]]:
    """Waveform, digit, speaker and split of 15 recordings of each digit by each speaker, as a project reads them.

    `folder` lies in the project. The archive is kept in build/spoken-digits.
    """
    (module,) = folder.parent.glob("*/data/spoken_digits.py")
    # A package sets variables for its own process: they would choose the backend of what is started later.
    with patch.dict(os.environ), patch.object(sys, "path", [str(folder.parent.absolute()), *sys.path]):
        spoken = importlib.import_module(f"{module.parents[1].name}.data.spoken_digits")
    rows = list(zip(*spoken.read_spoken_digits(BUILD / "spoken-digits"), strict=True))
    takes = pd.DataFrame({"digit": [row[1] for row in rows], "speaker": [row[2] for row in rows]})
    return [row for row, take in zip(rows, takes.groupby(["digit", "speaker"]).cumcount(), strict=True) if take < 15]


def _load(name: str, split: str):
    from aeon import datasets as sequences  # takes seconds

    return getattr(sequences, name)(split=split)


DIGITS = "--training.batch_size 32 --training.epochs 12 --model.horizontal_flip false"
SPOKEN = "--training.batch_size 32 --training.epochs 30"
CASES = {
    "wine, CSV": Case("vector", "multiclass", write_wine, "wine.csv", "new.csv", "--data.target_column vineyard"),
    "wine, npz": Case("vector", "multiclass", write_wine_arrays, "wine.npz", "new.npz"),
    "wine, folder of npy": Case("vector", "multiclass", write_wine_folder_of_arrays, "wine", "new.npy"),
    "breast cancer, Parquet": Case("vector", "binary", write_breast_cancer, "tumors.parquet", "new.parquet"),
    "diabetes, CSV": Case("vector", "regression", write_diabetes, "diabetes.csv", "new.csv", floor=55),
    "digits, train.csv and test.csv": Case(
        *("vector", "multilabel", write_digits_tables, "digits", "new.csv"),
        inspect="--data.target_column '[even, has a loop, over four]'",
        train="--training.batch_size 32 --training.epochs 15",
    ),
    "digits, class folders": Case(
        "image", "multiclass", write_digits_folders, "digits", "new.png", train=DIGITS, floor=0.95
    ),
    "digits, train and test folders": Case(
        "image", "binary", write_digits_splits, "digits", "new", train=DIGITS, floor=0.92
    ),
    "digits, table of files": Case(
        *("image", "multilabel", write_digits_list, "digits.csv", "new.png"),
        inspect="--data.target_column '[even, has a loop, over four]'",
        train=DIGITS,
    ),
    "digits as numbers, table of files": Case(
        *("image", "regression", write_digits_list, "digits.csv", "new.png"),
        inspect="--data.target_column digit",
        train=DIGITS,
        floor=1.0,
    ),
    "spoken digits, class folders": Case(
        "audio", "multiclass", write_spoken_folders, "digits", "new.wav", train=SPOKEN, floor=0.85
    ),
    "spoken digits, table of files": Case(
        *("audio", "multilabel", write_spoken_list, "digits.csv", "new"),
        inspect="--data.target_column '[odd, over four]'",
        train=SPOKEN,
        floor=0.75,
    ),
    "spoken digits, table of files, by speaker": Case(
        *("audio", "binary", write_spoken_list, "digits.csv", "new"),
        inspect="--data.target_column 'over four' --data.split_by group --data.group_column speaker",
        train=SPOKEN,
        floor=0.55,
    ),
    "length of spoken digits, npz": Case(
        *("audio", "regression", write_spoken_arrays, "digits.npz", "new.npz"), train=SPOKEN, floor=0.08
    ),
    "BasicMotions, npz": Case(
        *("sequence", "multiclass", write_motions, "motions.npz", "new.npz"),
        train="--training.batch_size 8 --training.epochs 60 --training.early_stopping_patience 20",
    ),
    "JapaneseVowels, class folders of CSV": Case(
        *("sequence", "multiclass", write_vowels_folders, "vowels", "new.npy"),
        train="--training.batch_size 16 --training.epochs 40 --training.early_stopping_patience 40 --model.cell gru",
    ),
    "JapaneseVowels, table with a row a step": Case(
        *("sequence", "multiclass", write_vowels_table, "vowels.parquet", "new.parquet"),
        inspect="--data.sequence_column vowel --data.step_column step --data.target_column speaker",
        train="--training.batch_size 16 --training.epochs 40 --training.early_stopping_patience 40 --model.cell gru",
    ),
}


def commands(case: Case, package: str, folder: Path) -> list[str]:
    """What a user types, from the files to predictions, as in the README of every project."""
    return [
        f"python -m {package} data --inspect {folder / case.source} {case.inspect}".strip(),
        f"python -m {package} stats",
        f"python -m {package} baseline",
        f"python -m {package} train {case.train}",
        f"python -m {package} evaluate",
        f"python -m {package} predict {folder / case.new}",
    ]


def main(words: set[str]) -> None:
    """Run what is wanted, keep each row as soon as it is there, and print the table."""
    rows = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
    frameworks = [name for name in ANSWERS["framework"] if name in words] or ANSWERS["framework"]
    wanted = words - set(frameworks)
    for name, case in CASES.items():
        if all(word in name for word in wanted):
            for framework in frameworks:
                rows.setdefault(name, {})[framework] = measure(case, framework)
                RESULTS.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    print_table(rows)


def measure(case: Case, framework: str) -> dict:
    """Go through all commands in a new project; metric, model and best baseline on the test split."""
    project = bake(framework, case.data_type, case.task)
    for path in (*project.glob("runs"), *project.glob("reports"), *project.glob("own")):
        shutil.rmtree(path)
    (project / "own").mkdir()
    case.write(project / "own")
    make(project, framework, "setup", arguments=" ")
    environ = {"PATH": f"{python(framework).parent}:/usr/bin:/bin"}
    package = next(project.glob("*/__main__.py")).parent.name
    for command in commands(case, package, Path("own")):
        subprocess.run(command, shell=True, cwd=project, env=environ, check=True)
    metrics = json.loads((project / "runs" / "001" / "metrics.json").read_text(encoding="utf-8"))
    metric = metrics["primary_metric"]
    scores = [baseline[metric] for baseline in metrics["baselines"].values()]
    return {
        "primary_metric": metric,
        "test": metrics["test"][metric],
        "baseline": min(scores) if case.task == "regression" else max(scores),
        "samples": metrics["test"]["samples"],
        "seconds": metrics["training"]["seconds"],
    }


def print_table(rows: dict[str, dict]) -> None:
    """The rows as Markdown."""
    print("| data, format | project | metric, test samples | best baseline | PyTorch | Keras |")
    print("|---|---|---|---|---|---|")
    for name, row in rows.items():
        case, first = CASES[name], next(iter(row.values()))
        models = (f"{row[framework]['test']:.3f}" if framework in row else "" for framework in ("pytorch", "keras"))
        print(
            f"| {name} | {case.data_type}, {case.task} | {first['primary_metric']}, {first['samples']} "
            f"| {first['baseline']:.3f} | {' | '.join(models)} |"
        )


if __name__ == "__main__":
    BUILD.mkdir(exist_ok=True)
    main(set(sys.argv[1:]))

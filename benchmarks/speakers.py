"""Spoken digits by speakers and by voices that were not heard in training, and print the table of docs/benchmarks.md.

    make speakers                           # all
    make speakers ARGS="keras voices"       # only what has these words
    make speakers ARGS="pytorch --seeds 1"

Out: benchmarks/speakers.json, which keeps the rows that were not asked for. Needed: the archive of the Free Spoken
Digit Dataset, as projects have it, and espeak-ng. Every row is `make train ARGS="--repeats 3"` and `make evaluate`
in a new project, with the defaults and one thread. With `split_by: group` the validation split is a speaker too, so
that three are left to train on; with `random` it is a tenth of the recordings of all four. CPU seconds are those of
`train`, by run.
"""

import argparse
import csv
import itertools
import json
import os
import re
import statistics
import subprocess
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

import numpy as np
from projects import ANSWERS, BUILD, bake, make
from results import ONE_THREAD, spread, train_seeds

ROWS = Path(__file__).parent / "speakers.json"
SOUND = BUILD / "speakers"
ARCHIVE = "free-spoken-digit-dataset-1.0.10.zip"
# Each speaker is left out once. The recipe was chosen by other pairs: docs/decisions.md.
PAIRS = (("george", "jackson"), ("lucas", "nicolas"), ("theo", "yweweler"))
SPLIT_BY = ("group", "random")  # how the validation split is made
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
LEFT_OUT = 20  # voices of espeak-ng
TAKES = 3  # of each digit by each voice; they differ in speed and pitch
BY_SPEAKER = {
    "data.audio_column": "name",
    "data.target_column": "digit",
    "data.group_column": "speaker",
    "data.split_column": "split",
}


def main(wanted: set[str], seeds: int) -> None:
    """Run what is wanted, keep each row as soon as it is there."""
    os.environ.update(ONE_THREAD)
    questions = {f"{' '.join(pair)} {split_by}": (speakers, pair) for split_by in SPLIT_BY for pair in PAIRS}
    questions["voices group"] = (voices, None)
    for framework, (question, (collect, left_out)) in itertools.product(ANSWERS["framework"], questions.items()):
        name = f"{framework} {question}"
        if wanted <= set(name.split()):
            project = bake(framework, "audio")
            make(project, framework, "setup", "data")
            table = SOUND / f"{question.replace(' ', '-')}.csv"
            collect(table, left_out)
            settings = BY_SPEAKER | {"data.source": str(table), "data.split_by": question.split()[-1]}
            options = " ".join(f"--{setting} {value}" for setting, value in settings.items())
            row = train_seeds(project, framework, options, seeds)
            rows = read_rows()  # anew: another one may run beside this one
            rows[name] = row
            ROWS.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    print_table(read_rows())


def read_rows() -> dict[str, dict]:
    """The rows that were measured, by framework and what is left out."""
    return json.loads(ROWS.read_text(encoding="utf-8")) if ROWS.is_file() else {}


def speakers(table: Path, left_out: tuple[str, str]) -> None:
    """List the recordings in a table, those of two speakers as the test split."""
    folder = SOUND / "recordings"
    if not folder.exists():
        copies = [BUILD / "fashion-mnist" / ARCHIVE, Path(os.environ.get("SPOKEN_DIGITS", ""))]
        with zipfile.ZipFile(next(path for path in copies if path.is_file())) as archive:
            for member in archive.infolist():
                if member.filename.endswith(".wav"):
                    folder.mkdir(parents=True, exist_ok=True)
                    (folder / PurePosixPath(member.filename).name).write_bytes(archive.read(member))
    write_table(table, folder, left_out)


def voices(table: Path, _: None) -> None:
    """Let all voices of espeak-ng say the digits, and list these recordings, those of 20 voices as the test split."""
    folder = SOUND / "voices"
    listed = subprocess.run(["espeak-ng", "--voices=variant"], text=True, stdout=subprocess.PIPE, check=True).stdout
    names = [re.split(r"  +", line.split("!v/")[1])[0] for line in listed.splitlines()[1:]]
    random = np.random.default_rng(0)
    if not folder.exists():
        folder.mkdir(parents=True)
        commands = []
        for digit, (number, voice), take in itertools.product(range(10), enumerate(names), range(TAKES)):
            speed, pitch = random.integers(120, 200), random.integers(30, 70)  # words a minute; of 0 to 99
            ways = ["-v", f"en-us+{voice}", "-s", str(speed), "-p", str(pitch)]
            path = folder / f"{digit}_voice{number}_{take}.wav"
            commands.append(["espeak-ng", *ways, "-w", str(path), WORDS[digit]])
        with ThreadPoolExecutor() as threads:
            list(threads.map(lambda command: subprocess.run(command, check=True), commands))
    left_out = np.random.default_rng(0).choice(len(names), LEFT_OUT, replace=False)
    write_table(table, folder, tuple(f"voice{number}" for number in left_out))


def write_table(table: Path, folder: Path, left_out: tuple[str, ...]) -> None:
    """Write names, digits, speakers and the split of each file of a folder: digit_speaker_take.wav."""
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["name", "digit", "speaker", "split"])
        for path in sorted(folder.iterdir()):
            digit, speaker, _ = path.stem.split("_")
            split = "test" if speaker in left_out else "train"
            writer.writerow([f"{folder.name}/{path.name}", WORDS[int(digit)], speaker, split])


def print_table(rows: dict[str, dict]) -> None:
    """Print the rows as Markdown, and the means over the pairs of speakers."""
    frameworks = ANSWERS["framework"]
    print(f"\n| left out | `split_by` | best baseline | {' | '.join(frameworks)} |")
    print("|" + "---|" * (3 + len(frameworks)))
    for question in [f"{' '.join(pair)} {split_by}" for split_by in SPLIT_BY for pair in PAIRS] + ["voices group"]:
        found = [rows.get(f"{framework} {question}") for framework in frameworks]
        baselines = [f"{row['baseline']:.3f}" for row in found if row]
        if baselines:
            *left_out, split_by = question.split()
            cells = [", ".join(left_out), split_by, baselines[0], *(spread(row) if row else "" for row in found)]
            print("|", " | ".join(cells), "|")
    for framework, split_by in itertools.product(frameworks, SPLIT_BY):
        names = [f"{framework} {' '.join(pair)} {split_by}" for pair in PAIRS]
        if rows.keys() >= set(names):
            mean = statistics.mean(rows[name]["test"] for name in names)
            print(f"{framework}, {split_by}, mean of the pairs: {mean:.3f}")
    print(", ".join(sorted({row["machine"] for row in rows.values()})))


if __name__ == "__main__":
    SOUND.mkdir(parents=True, exist_ok=True)
    parser = argparse.ArgumentParser()
    parser.add_argument("words", nargs="*")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    main(set(arguments.words), arguments.seeds)

"""What `data --inspect` and `predict` say of recordings: guesses, faults last, lengths, and another loudness."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import yaml
from own_data import answer, refusal

pytestmark = pytest.mark.usefixtures("config")  # its folder, with a config.yaml

N = 24


def write_files(seconds: list[float] | None = None, rate: int = 8000) -> np.ndarray:
    """Write noise, and table.csv that lists the files with a target for every task, and counts: (N, 2000) int16."""
    x = np.random.default_rng(0).integers(-10_000, 10_000, (N, 2000), dtype=np.int16)
    Path("files").mkdir()
    names = [f"files/{number:02}.wav" for number in range(N)]
    for row, name in enumerate(names):
        soundfile.write(name, np.resize(x[row], round(rate * seconds[row])) if seconds else x[row], rate)
    made = pd.DataFrame({"name": names, "speaker": [f"p{row // 3}" for row in range(N)]})
    made["barks"] = [row % 2 for row in range(N)]
    made["n"] = [1 + row % 4 for row in range(N)]
    made.to_csv("table.csv", index=False)
    return x


def data_settings() -> dict:
    """Read the data section of config.yaml."""
    return yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))["data"]


def test_a_count_is_not_taken_for_the_target() -> None:
    write_files()
    table = pd.read_csv("table.csv")
    table.assign(speaker=1.5).to_csv("table.csv", index=False)
    printed = answer("data", "--inspect", "table.csv")
    assert data_settings()["target_column"] in ("barks", ["barks"])
    assert "(a guess: " in printed
    table.to_csv("table.csv", index=False)
    printed = answer("data", "--inspect", "table.csv")
    assert "Several rows of each speaker belong together? --data.split_by group" in printed
    grouped = ("--data.split_by=group", "--data.group_column=speaker")
    assert "24 recordings" in answer("data", "--inspect", "table.csv", *grouped)
    assert data_settings()["group_column"] == "speaker"


def test_settings_are_written_though_a_file_is_missing() -> None:
    write_files()
    Path("files/05.wav").unlink()
    sentence = refusal("data", "--inspect", "table.csv", "--data.target_column=barks")
    assert "table.csv line 7: there is no file files/05.wav" in sentence
    expected = {"source": "table.csv", "audio_column": "name", "target_column": "barks"}
    assert {name: data_settings()[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("seconds", "rate", "expected"),
    [
        ([0.25] * N, 8000, (8000, 0.25)),
        ([0.25] * 22 + [0.51] + [3], 8000, (8000, 0.6)),
        ([0.25] * (N - 1) + [0.28], 22_050, (16_000, 0.3)),
        ([11.0] * N, 8000, (8000, 10)),
    ],
)
def test_rate_and_length_are_proposed(seconds: list[float], rate: int, expected: tuple[int, float]) -> None:
    write_files(seconds, rate)
    printed = answer("data", "--inspect", "table.csv", "--data.target_column=barks")
    assert (data_settings()["sample_rate"], data_settings()["seconds"]) == expected
    assert (f"longer than {expected[1]:g} seconds, cut off there" in printed) == (max(seconds) > expected[1])
    assert (f"24 resampled to {expected[0]:,} Hz: files/00.wav, ..." in printed) == (rate > expected[0])


def test_predict_leaves_out_corrupt_files_as_the_run_does() -> None:
    x = write_files()
    answer("data", "--inspect", "table.csv", "--data.target_column=barks")
    small = ("--training.epochs=1", "--training.batch_size=8", "--model.channels=[4,4]")
    answer("train", *small)
    Path("files/03.wav").write_bytes(b"no sound")
    sentence = refusal("predict", "files", "--output=none.csv")
    assert "files/03.wav is not a whole recording: make it anew or leave it out." in sentence
    assert "skip_corrupt" not in sentence

    np.save("new.npy", (x // 1000).astype(np.int16))
    printed = answer("predict", "new.npy", "--output=out.csv")
    assert "new.npy: The values vary far less than in training: amplitude -10 to 9, in training -1" in printed
    for quiet in (x, (x // 100).astype(np.int16)):  # as people speak who are far from a microphone
        np.save("new.npy", quiet)
        assert "in training" not in answer("predict", "new.npy", "--output=out.csv")

    answer("train", "--data.skip_corrupt=true", *small)
    printed = answer("predict", "files", "--output=out.csv")
    assert "Left out: files/03.wav is not a whole recording." in printed
    assert "(23 predictions by " in printed
    assert "files/03.wav" not in pd.read_csv("out.csv")["source"].tolist()
    sentence = refusal("predict", "files/03.wav", "--output=none.csv")
    assert "files/03.wav is not a whole recording: make it anew" in sentence

"""What `data --inspect` and `predict` say of images: guesses, faults last, and another scale of brightness."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from own_data import answer, refusal
from PIL import Image

pytestmark = pytest.mark.usefixtures("config")  # its folder, with a config.yaml

N = 24


def write_files() -> np.ndarray:
    """Write gray images (N, 8, 6), and table.csv that lists them with a target for every task, and counts."""
    x = np.random.default_rng(0).integers(0, 256, (N, 8, 6), dtype=np.uint8)
    Path("files").mkdir()
    names = [f"files/{number:02}.png" for number in range(N)]
    for name, image in zip(names, x, strict=True):
        Image.fromarray(image).save(name)
    made = pd.DataFrame({"name": names, "patient": [f"p{row // 3}" for row in range(N)]})
    made["spots"] = [row % 2 for row in range(N)]
    made["n"] = [1 + row % 4 for row in range(N)]
    made.to_csv("table.csv", index=False)
    return x


def data_settings() -> dict:
    """Read the data section of config.yaml."""
    return yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))["data"]


def test_a_count_is_not_taken_for_the_target() -> None:
    write_files()
    table = pd.read_csv("table.csv")
    table.assign(patient=1.5).to_csv("table.csv", index=False)
    printed = answer("data", "--inspect", "table.csv")
    assert data_settings()["target_column"] in ("spots", ["spots"])
    assert "(a guess: " in printed
    table.to_csv("table.csv", index=False)
    printed = answer("data", "--inspect", "table.csv")
    assert "Several rows of each patient belong together? --data.split_by group" in printed


def test_settings_are_written_though_a_file_is_missing() -> None:
    write_files()
    Path("files/05.png").unlink()
    sentence = refusal("data", "--inspect", "table.csv", "--data.target_column=spots")
    assert "table.csv line 7: there is no file files/05.png" in sentence
    expected = {"source": "table.csv", "image_column": "name", "target_column": "spots"}
    assert {name: data_settings()[name] for name in expected} == expected


def test_predict_leaves_out_corrupt_files_as_the_run_does() -> None:
    x = write_files()
    answer("data", "--inspect", "table.csv", "--data.target_column=spots")
    small = ("--training.epochs=1", "--training.batch_size=8", "--model.channels=[4,4]")
    answer("train", *small)
    Path("files/03.png").write_bytes(b"no image")
    sentence = refusal("predict", "files", "--output=none.csv")
    assert "files/03.png is not a whole image: make it anew or leave it out." in sentence
    assert "skip_corrupt" not in sentence

    np.save("new.npy", x / np.float32(255))
    printed = answer("predict", "new.npy", "--output=out.csv")
    assert "new.npy: The values vary far less than in training: gray 0 to 1, in training 0 to 25" in printed
    np.save("new.npy", x)
    assert "in training" not in answer("predict", "new.npy", "--output=out.csv")

    answer("train", "--data.skip_corrupt=true", *small)
    printed = answer("predict", "files", "--output=out.csv")
    assert "Left out: files/03.png is not a whole image." in printed
    assert "(23 predictions by " in printed
    assert "files/03.png" not in pd.read_csv("out.csv")["source"].tolist()
    assert "files/03.png is not a whole image: make it anew" in refusal("predict", "files/03.png", "--output=none.csv")

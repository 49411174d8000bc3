"""Fixtures: a sample of the example data, 20 train and 10 test samples per class, and settings for it."""

import json
import re
import signal
from pathlib import Path

import numpy as np
import pytest
from small import NETWORK

from {{ cookiecutter.__package }}.config import Config, load_config
from {{ cookiecutter.__package }}.data import Splits, demo, load_splits
from {{ cookiecutter.__package }}.signals import SIGNALS

PROJECT = Path(__file__).parent.parent
SAMPLE = PROJECT / "tests" / "sample.npz"


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the sample as a .npz file, with targets of this task: 200 samples to train, 100 to test."""
    with np.load(SAMPLE) as arrays:
        x = np.concatenate([arrays["x_train"], arrays["x_test"]])
        labels = np.concatenate([arrays["y_train"], arrays["y_test"]])
    x, y, names = demo.demo_targets(x, labels.astype(np.int64))
    path = tmp_path_factory.mktemp("sample") / "sample.npz"
    np.savez(path, x_train=x[:200], y_train=y[:200], x_test=x[200:], y_test=y[200:], class_names=names)
    return path


@pytest.fixture(autouse=True, scope="session")
def heed_signals() -> None:
    """Heed the signals that a shell or nohup lets commands in the background ignore."""
    for number in SIGNALS:
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


@pytest.fixture
def config(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """Load the settings for the sample, in an empty folder, so that runs/ of the project stays as it is."""
    monkeypatch.chdir(tmp_path)
    text = (PROJECT / "config.yaml").read_text(encoding="utf-8")
    for name, value in NETWORK.items():
        text = re.sub(rf"(?m)^(  {name}: ).*", rf"\g<1>{json.dumps(value)}", text, count=1)
    Path("config.yaml").write_text(text, encoding="utf-8")
    small = {"data__source": sample, "training__batch_size": 32, "training__epochs": 2}
    return load_config(Path("config.yaml"), hardware__accelerator="cpu", **small)


@pytest.fixture
def splits(config: Config) -> Splits:
    """Split the sample."""
    return load_splits(config)


def load_without_test(config: Config) -> Splits:
    """Load the splits, and take the test split away, once its samples are counted: training must not look at it."""
    splits = load_splits(config)
    assert splits.info  # counts and hashes of all splits
    object.__setattr__(splits, "test", None)
    return splits

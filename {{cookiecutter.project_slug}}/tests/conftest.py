"""Tests run on a sample of real Fashion-MNIST that lies beside them: 20 training and 10 test pictures a class."""

from pathlib import Path

import numpy as np
import pytest

from {{ cookiecutter.__package }} import task
from {{ cookiecutter.__package }}.config import Config, load_config
from {{ cookiecutter.__package }}.data import FASHION_MNIST_CLASSES, Splits, load_splits

PROJECT = Path(__file__).parent.parent
SAMPLE = PROJECT / "tests" / "sample.npz"


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample with the targets of this project's task, as a .npz file: 200 items to train, 100 to test."""
    with np.load(SAMPLE) as arrays:
        x = np.concatenate([arrays["x_train"], arrays["x_test"]])
        labels = np.concatenate([arrays["y_train"], arrays["y_test"]])
    x, y, names = task.stand_in(x, labels.astype(np.int64), list(FASHION_MNIST_CLASSES))
    path = tmp_path_factory.mktemp("sample") / "sample.npz"
    np.savez(path, x_train=x[:200], y_train=y[:200], x_test=x[200:], y_test=y[200:], class_names=names)
    return path


@pytest.fixture
def config(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """The project's settings on the sample, in an empty folder, so that runs/ of the project stays as it is."""
    monkeypatch.chdir(tmp_path)
    small = {"data__source": sample, "training__batch_size": 32, "training__epochs": 2}
    config = load_config(PROJECT / "config.yaml", hardware__accelerator="cpu", **small)
    Path("config.yaml").write_text((PROJECT / "config.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    return config


@pytest.fixture
def splits(config: Config) -> Splits:
    """The sample, split."""
    return load_splits(config)

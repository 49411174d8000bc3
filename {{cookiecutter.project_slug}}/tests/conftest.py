"""Tests run on a sample of real Fashion-MNIST that lies beside them: 20 training and 10 test pictures a class."""

from pathlib import Path

import pytest

from {{ cookiecutter.__package }}.config import Config, load_config
from {{ cookiecutter.__package }}.data import Splits, load_splits

PROJECT = Path(__file__).parent.parent
SAMPLE = PROJECT / "tests" / "sample.npz"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """The project's settings on the sample, in an empty folder, so that runs/ of the project stays as it is."""
    monkeypatch.chdir(tmp_path)
    small = {"data__source": SAMPLE, "training__batch_size": 32, "training__epochs": 2}
    config = load_config(PROJECT / "config.yaml", hardware__accelerator="cpu", **small)
    Path("config.yaml").write_text((PROJECT / "config.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    return config


@pytest.fixture
def splits(config: Config) -> Splits:
    """The sample, split."""
    return load_splits(config)

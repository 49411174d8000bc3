"""The data: shapes, splits that share nothing, statistics that know nothing of validation and test."""

import gzip
import hashlib
import os
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from {{ cookiecutter.__package }} import baseline, fetch, stats
from {{ cookiecutter.__package }}.config import Config, UserError
from {{ cookiecutter.__package }}.data import Splits, mean_and_deviation, stratified
from {{ cookiecutter.__package }}.task import strata


def test_shapes_and_dtypes(splits: Splits) -> None:
    for split, items in ((splits.train, 180), (splits.val, 20), (splits.test, 100)):
        assert split.x.shape == (items, *splits.input_shape)
        assert split.x.dtype == np.uint8  # as stored: no float copy
        assert len(split.y) == items
    assert splits.train.x[0].size == 28 * 28
    assert splits.num_outputs in (1, len(splits.names))


def test_splits_share_no_item(splits: Splits) -> None:
    train, val, test = ({item.tobytes() for item in part.x} for part in (splits.train, splits.val, splits.test))
    assert len(train) == 180
    assert not train & val
    assert not train & test
    assert not val & test


def test_validation_has_its_share_of_every_class(splits: Splits) -> None:
    classes = strata(np.concatenate([splits.train.y, splits.val.y]))
    for label, count in enumerate(np.bincount(classes)):
        assert np.count_nonzero(classes[len(splits.train) :] == label) == pytest.approx(0.1 * count, abs=1.5)


def test_split_follows_the_seed() -> None:
    classes = np.repeat(np.arange(3), 40)
    first, same, other = (stratified(classes, share=0.25, seed=seed) for seed in (0, 0, 1))
    assert first.sum() == 30
    assert first.tolist() == same.tolist()
    assert first.tolist() != other.tolist()


def test_normalisation_is_of_the_train_split_alone(splits: Splits) -> None:
    expected = splits.train.x.reshape(-1, splits.train.x.shape[-1]).astype(float)
    mean, deviation = splits.normalisation
    np.testing.assert_allclose(mean, expected.mean(axis=0), rtol=1e-5, atol=1e-5)
    spread = expected.std(axis=0)
    np.testing.assert_allclose(deviation, np.where(spread > 0, spread, 1), rtol=1e-4)

    splits.val.x[:] = 255
    splits.test.x[:] = 255
    again = mean_and_deviation(splits.train.x)
    np.testing.assert_array_equal(again[0], mean)


def test_a_copy_in_another_split_is_reported(splits: Splits) -> None:
    assert sum(stats.measure(splits)["duplicates"]["across"].values()) == 0
    splits.test.x[0] = splits.train.x[0]
    assert stats.measure(splits)["duplicates"]["across"]["test & train"] == 1


def test_baselines_are_of_the_data_as_it_is_now(config: Config) -> None:
    Path("own/train").mkdir(parents=True)
    Path("own/train/1").touch()
    config.data.source = "own"
    before = baseline.fingerprint(config)
    config.data.memory_mb += 1
    assert baseline.fingerprint(config) == before
    os.utime("own/train/1", (2**32, 2**32))
    changed = baseline.fingerprint(config)
    assert changed != before
    Path("own/train/2").touch()
    assert baseline.fingerprint(config) != changed


def test_raw_files_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"the published content"
    monkeypatch.setattr(fetch, "FILES", {"pictures": hashlib.sha256(content).hexdigest()})
    packed = gzip.compress(content)
    (tmp_path / "pictures.gz").write_bytes(packed)
    assert fetch.read_verified(tmp_path, "pictures") == content
    (tmp_path / "pictures.gz").write_bytes(packed[:-9])
    assert fetch.read_verified(tmp_path, "pictures") is None
    (tmp_path / "pictures.gz").write_bytes(gzip.compress(b"something else"))
    assert fetch.read_verified(tmp_path, "pictures") is None


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[str]:
    """A web server on this machine that has the file pictures.gz."""
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "pictures.gz").write_bytes(gzip.compress(b"the published content"))
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path / "web")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_the_publisher_is_asked_where_there_is_no_copy(
    publisher: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"the published content"
    monkeypatch.setattr(fetch, "FILES", {"pictures": hashlib.sha256(content).hexdigest()})
    monkeypatch.setattr(fetch, "SYSTEM_COPY", tmp_path / "no-such-folder")
    monkeypatch.setattr(fetch, "PUBLISHERS", (f"{publisher}gone/", publisher))
    assert fetch.raw_files(tmp_path / "raw") == {"pictures": content}
    assert [path.name for path in (tmp_path / "raw").iterdir()] == ["pictures"]

    monkeypatch.setattr(fetch, "PUBLISHERS", ())  # from now on the copy is used
    assert fetch.raw_files(tmp_path / "raw") == {"pictures": content}


def test_without_any_source_the_user_learns_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "SYSTEM_COPY", tmp_path / "no-such-folder")
    monkeypatch.setattr(fetch, "PUBLISHERS", ())
    monkeypatch.setattr(fetch.shutil, "which", lambda name: None)
    with pytest.raises(UserError, match="By hand"):
        fetch.raw_files(tmp_path / "raw")
    assert list((tmp_path / "raw").iterdir()) == []

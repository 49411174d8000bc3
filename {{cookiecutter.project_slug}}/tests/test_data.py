"""Data: shapes, splits without common samples, normalization by the train split alone, downloads."""

import gzip
import hashlib
import os
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import numpy as np
import pytest

from {{ cookiecutter.__package }} import baseline
from {{ cookiecutter.__package }}.config import Config, UserError
from {{ cookiecutter.__package }}.data import Splits, array_files, fashion_mnist, load_splits, stats
from {{ cookiecutter.__package }}.data.splits import by_group, mean_and_std, stratified
from {{ cookiecutter.__package }}.task import stratify_by


def test_shapes_and_dtypes(splits: Splits) -> None:
    for split, samples in ((splits.train, 180), (splits.val, 20), (splits.test, 100)):
        assert split.x.shape == (samples, *splits.info.input_shape)
        assert split.x.dtype == np.uint8  # as stored: no float copy
        assert len(split.y) == samples
    assert splits.train.x[0].size == 28 * 28
    assert splits.info.num_outputs in (1, len(splits.target_names))


def test_splits_share_no_sample(splits: Splits) -> None:
    train, val, test = ({sample.tobytes() for sample in split.x} for split in splits.named.values())
    assert len(train) == 180
    assert not train & val
    assert not train & test
    assert not val & test


def test_splits_take_the_memory_once(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array_files, "BLOCK", 2**20)  # that is read at once
    with np.load(config.data.source) as arrays:
        more = {name: arrays[name] for name in arrays.files}
    for name in ("x_train", "y_train", "x_test", "y_test"):
        more[name] = np.concatenate([more[name]] * 80)  # 24,000 samples
    number = np.arange(16_000)
    more["x_train"].reshape(16_000, -1)[:, :2] = np.stack([number // 256, number % 256], axis=1)  # which sample it is
    np.savez("large.npz", **more)
    config.data.source = "large.npz"
    load_splits(config)  # imports
    tracemalloc.start()
    train, val, test = load_splits(config).named.values()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    total = more["x_train"].nbytes + more["x_test"].nbytes
    held_out = val.x.nbytes + test.x.nbytes
    assert peak < total + held_out + 7_000_000  # no copy of the train split
    np.testing.assert_array_equal(test.x, more["x_test"].reshape(test.x.shape))
    np.testing.assert_array_equal(test.y, more["y_test"])
    found = []
    for split in (train, val):
        rows = split.x.reshape(len(split), -1)[:, :2].astype(int) @ [256, 1]
        np.testing.assert_array_equal(split.x, more["x_train"][rows].reshape(split.x.shape))
        np.testing.assert_array_equal(split.y, more["y_train"][rows])
        found += rows.tolist()
    assert sorted(found) == number.tolist()


def test_validation_has_its_fraction_of_every_class(splits: Splits) -> None:
    classes = stratify_by(np.concatenate([splits.train.y, splits.val.y]))
    for label, count in enumerate(np.bincount(classes)):
        assert np.count_nonzero(classes[len(splits.train) :] == label) == pytest.approx(0.1 * count, abs=1.5)


def test_the_seed_of_training_leaves_the_splits_alone(config: Config) -> None:
    digests = []
    for seed, data_seed in ((0, 0), (1, 0), (0, 1)):
        config.seed, config.data.seed = seed, data_seed
        digests.append((load_splits(config).info.digests["train"], baseline.fingerprint(config)))
    assert digests[0] == digests[1]
    assert digests[0][0] != digests[2][0] and digests[0][1] != digests[2][1]


def test_split_follows_the_seed() -> None:
    classes = np.repeat(np.arange(3), 40)
    first, same, other = (stratified(classes, fraction=0.25, seed=seed) for seed in (0, 0, 1))
    assert first.sum() == 30
    assert first.tolist() == same.tolist()
    assert first.tolist() != other.tolist()


def test_groups_are_held_out_as_near_to_the_fraction_as_they_allow() -> None:
    for seed in range(20):
        random = np.random.default_rng(seed)
        group = np.repeat(np.arange(10, 22), (10 * random.lognormal(size=12)).astype(int) + 1)
        share = by_group(group, fraction=0.2, seed=seed).mean()
        order = np.random.default_rng(seed).permutation(12)
        shares = np.bincount(group)[10:][order].cumsum() / len(group)
        assert abs(share - 0.2) == pytest.approx(np.abs(shares - 0.2).min())
    two = np.repeat([0, 1], [10, 90])
    assert all(by_group(two, fraction=0.2, seed=seed).mean() in (0.1, 0.9) for seed in range(5))


def test_normalization_is_of_the_train_split_alone(splits: Splits) -> None:
    expected = splits.train.x.reshape(-1, splits.train.x.shape[-1]).astype(float)
    mean, std = splits.normalization
    np.testing.assert_allclose(mean, expected.mean(axis=0), rtol=1e-5, atol=1e-5)
    expected_std = expected.std(axis=0)
    np.testing.assert_allclose(std, np.where(expected_std > 0, expected_std, 1), rtol=1e-4)

    splits.val.x[:] = 255
    splits.test.x[:] = 255
    again = mean_and_std(splits.train.x)
    np.testing.assert_array_equal(again[0], mean)


def test_statistics_are_those_of_numpy(splits: Splits) -> None:
    described = stats.describe_data(splits)["splits"]["train"]
    x = splits.train.x.astype(float)
    found = [described[name] for name in ("min", "max", "mean", "std")]
    np.testing.assert_allclose(found, [x.min(), x.max(), x.mean(), x.std()])


def test_std_of_values_far_from_zero() -> None:
    x = 1.7e9 + np.arange(10_000.0)[:, np.newaxis]  # such as times in seconds: sums of squares would cancel
    mean, std = mean_and_std(x)
    np.testing.assert_allclose(mean, x.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(std, x.std(axis=0), rtol=1e-4)


def test_small_units_and_large_means_are_not_constant() -> None:
    """Farad or Unix times: what is constant does not depend on the unit."""
    random = np.random.default_rng(0).normal(size=(1000, 1))
    columns = [1e-13 * random, 1.7e9 + 300 * random, 1e-20 * np.ones((1000, 1)), np.full((1000, 1), 0.1)]
    _, std = mean_and_std(np.concatenate(columns, axis=1))
    np.testing.assert_allclose(std, [1e-13 * random.std(), 300 * random.std(), 1, 1], rtol=1e-5)


def test_a_copy_in_another_split_is_reported(splits: Splits) -> None:
    assert sum(stats.describe_data(splits)["duplicates"]["across"].values()) == 0
    splits.test.x[0] = splits.train.x[0]
    assert stats.describe_data(splits)["duplicates"]["across"]["test & train"] == 1


def test_baselines_keep_to_the_memory(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    made = baseline.make_baselines(0, is_small=False, has_units=False)
    rule = next(iter(made))  # a quick one
    monkeypatch.setattr(baseline, "make_baselines", lambda seed, **options: {rule: made[rule]})
    folder = Path("large")
    folder.mkdir()
    with np.load(config.data.source) as arrays:
        for name in ("x_train", "y_train", "x_test", "y_test"):
            np.save(folder / f"{name}.npy", np.concatenate([arrays[name]] * 80))  # 19 MB, and 75 MB as float32
        if "class_names" in arrays:
            np.save(folder / "class_names.npy", arrays["class_names"])
    config.data.source = str(folder)
    config.data.max_memory_mb = 2
    tracemalloc.start()
    report = baseline.main(config)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60_000_000  # a block of samples, and copies of it; the table would be 75 MB
    assert list(report["baselines"]) == [rule]


def test_baselines_are_of_the_data_as_it_is_now(config: Config) -> None:
    Path("own/train").mkdir(parents=True)
    Path("own/train/1").touch()
    config.data.source = "own"
    before = baseline.fingerprint(config)
    config.data.max_memory_mb += 1
    assert baseline.fingerprint(config) == before
    os.utime("own/train/1", (2**32, 2**32))
    changed = baseline.fingerprint(config)
    assert changed != before
    Path("own/train/2").touch()
    assert baseline.fingerprint(config) != changed


def publish(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the published files be one file `images` with this content."""
    monkeypatch.setattr(fashion_mnist, "FILES", {"images": (len(content), hashlib.sha256(content).hexdigest())})


def test_raw_files_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"the published content"
    publish(content, monkeypatch)
    packed = gzip.compress(content)
    (tmp_path / "images.gz").write_bytes(packed)
    assert fashion_mnist.read_verified(tmp_path, "images") == content
    (tmp_path / "images.gz").write_bytes(packed[:-9])
    assert fashion_mnist.read_verified(tmp_path, "images") is None
    (tmp_path / "images.gz").write_bytes(gzip.compress(b"something else"))
    assert fashion_mnist.read_verified(tmp_path, "images") is None


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[str]:
    """Start a web server on this machine that has the file images.gz."""
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "images.gz").write_bytes(gzip.compress(b"the published content"))
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path / "web")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_the_publisher_is_asked_where_there_is_no_copy(
    publisher: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"the published content"
    publish(content, monkeypatch)
    monkeypatch.setattr(fashion_mnist, "SYSTEM_COPY", tmp_path / "no-such-folder")
    monkeypatch.setattr(fashion_mnist, "PUBLISHERS", (f"{publisher}gone/", publisher))
    assert fashion_mnist.raw_files(tmp_path / "raw") == {"images": content}
    assert [path.name for path in (tmp_path / "raw").iterdir()] == ["images"]

    monkeypatch.setattr(fashion_mnist, "PUBLISHERS", ())  # from now on the copy is used
    assert fashion_mnist.raw_files(tmp_path / "raw") == {"images": content}


def test_what_decompresses_to_more_than_the_published_size_is_read_no_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(b"the published content", monkeypatch)
    (tmp_path / "images.gz").write_bytes(gzip.compress(bytes(64_000_000), compresslevel=1))
    (tmp_path / "images").write_bytes(bytes(64_000_000))
    tracemalloc.start()
    assert fashion_mnist.read_verified(tmp_path, "images") is None
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


class BadServer(BaseHTTPRequestHandler):
    """A server that answers in the way that the first folder of the URL says."""

    asked: ClassVar[list[str]] = []  # paths, in order

    def do_GET(self) -> None:
        self.asked.append(self.path)
        way = self.path.split("/")[1]
        packed = gzip.compress(b"the published content")
        first = self.asked.count(self.path) == 1
        with suppress(OSError):  # the client leaves
            if way == "headers":
                self.wfile.write(b"HTTP/1.0 200 OK\r\n")
                self.drip(b"Slow: 1\r\n" * 1000)
                return
            self.send_response(200)
            if way in ("cut", "broken"):
                self.send_header("Content-Length", str(len(packed)))
            self.end_headers()
            if way == "slow":
                self.drip(packed)
            elif way == "endless":
                while True:
                    self.wfile.write(bytes(2**16))
            elif way == "bomb":
                self.wfile.write(gzip.compress(bytes(1_000_000)))
            else:
                is_cut = way == "broken" or (way == "cut" and first)
                self.wfile.write(packed[:-9] if is_cut else packed)

    def drip(self, content: bytes) -> None:
        """Send a byte at a time."""
        for byte in content:
            self.wfile.write(bytes([byte]))
            time.sleep(0.1)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def bad_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """Start such a server."""
    publish(b"the published content", monkeypatch)
    monkeypatch.setattr(fashion_mnist, "SYSTEM_COPY", tmp_path / "no-such-folder")
    monkeypatch.setattr(fashion_mnist.shutil, "which", lambda name: None)
    BadServer.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), BadServer) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.parametrize(
    ("way", "cause", "times"),
    [
        ("slow", "too slow", 1),
        ("headers", "no answer in 1.5 seconds", 1),
        ("endless", "it sends more than the 1,021 bytes that the file can have", 1),
        ("bomb", "not there, or not the published files", 1),
        ("broken", "it ended 9 bytes too early", 2),
    ],
)
def test_bad_servers_are_left_for_the_next_source(
    way: str, cause: str, times: int, bad_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way in ("slow", "headers"):
        monkeypatch.setattr(fashion_mnist, "PATIENCE", 1.5)
    monkeypatch.setattr(fashion_mnist, "PUBLISHERS", (f"{bad_server}{way}/",))
    start = time.monotonic()
    with pytest.raises(UserError, match=cause):
        fashion_mnist.raw_files(tmp_path / "raw")
    assert time.monotonic() - start < 20
    assert list((tmp_path / "raw").iterdir()) == []
    assert len(BadServer.asked) == times

    monkeypatch.setattr(fashion_mnist, "PUBLISHERS", (f"{bad_server}{way}/", f"{bad_server}good/"))
    assert fashion_mnist.raw_files(tmp_path / "raw") == {"images": b"the published content"}
    assert [path.name for path in (tmp_path / "raw").iterdir()] == ["images"]


def test_a_broken_connection_is_tried_once_more(
    bad_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fashion_mnist, "PUBLISHERS", (f"{bad_server}cut/",))
    assert fashion_mnist.raw_files(tmp_path / "raw") == {"images": b"the published content"}
    assert BadServer.asked == ["/cut/images.gz"] * 2


def test_the_first_publisher_is_asked_by_https() -> None:
    assert fashion_mnist.PUBLISHERS[0].startswith("https://")


def test_without_any_source_the_user_learns_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fashion_mnist, "SYSTEM_COPY", tmp_path / "no-such-folder")
    monkeypatch.setattr(fashion_mnist, "PUBLISHERS", ())
    monkeypatch.setattr(fashion_mnist.shutil, "which", lambda name: None)
    with pytest.raises(UserError, match="by hand"):
        fashion_mnist.raw_files(tmp_path / "raw")
    assert list((tmp_path / "raw").iterdir()) == []

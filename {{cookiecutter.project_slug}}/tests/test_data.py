"""Data: shapes, splits without common samples, normalization by the train split alone."""

import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from {{ cookiecutter.__package }} import baseline
from {{ cookiecutter.__package }}.config import Config
from {{ cookiecutter.__package }}.data import Splits, array_files, download, load_splits, stats
from {{ cookiecutter.__package }}.data.splits import by_feature, by_group, mean_and_std, stratified
from {{ cookiecutter.__package }}.storage import write_json
from {{ cookiecutter.__package }}.task import stratify_by


def test_shapes_and_dtypes(config: Config, splits: Splits) -> None:
    with np.load(config.data.source) as arrays:
        stored = arrays["x_train"]
    for split, samples in ((splits.train, 180), (splits.val, 20), (splits.test, 100)):
        assert split.x.shape == (samples, *splits.info.input_shape)
        assert split.x.dtype == stored.dtype  # no float copy
        assert len(split.y) == samples
    assert splits.train.x[0].size == stored[0].size
    assert splits.info.num_outputs in (1, len(splits.target_names))


def test_splits_share_no_sample(splits: Splits) -> None:
    train, val, test = ({sample.tobytes() for sample in split.x} for split in splits.named.values())
    assert len(train) == 180
    assert not train & val
    assert not train & test
    assert not val & test


def copies_of_19_mb(arrays: dict[str, np.ndarray]) -> int:
    """Count how often the sample must be there to take about 19 MB."""
    return 19_000_000 // (arrays["x_train"].nbytes + arrays["x_test"].nbytes)


def test_splits_take_the_memory_once(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array_files, "BLOCK", 2**20)  # that is read at once
    with np.load(config.data.source) as arrays:
        more = {name: arrays[name] for name in arrays.files}
    times = copies_of_19_mb(more)
    for name in ("x_train", "y_train", "x_test", "y_test"):
        more[name] = np.concatenate([more[name]] * times)
    number = np.arange(200 * times)
    which = np.stack([number // 256, number % 256], axis=1)  # its number
    more["x_train"].reshape(len(number), -1)[:, :2] = which
    np.savez("large.npz", **more)
    config.data.source = "large.npz"
    load_splits(config)  # imports
    tracemalloc.start()
    train, val, test = load_splits(config).named.values()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    total = more["x_train"].nbytes + more["x_test"].nbytes
    held_out = val.x.nbytes + test.x.nbytes
    assert peak < total + held_out + 9_000_000  # no copy of the train split
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
        splits = load_splits(config)
        digests.append((splits.digests["train"], baseline.fingerprint(config, splits)))
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
        held_out = by_group(group, fraction=0.2, seed=seed)
        assert not set(group[held_out]) & set(group[~held_out])
        distance = abs(held_out.mean() - 0.2)
        for left in set(group[~held_out]):  # none of them would bring it nearer
            assert abs((held_out | (group == left)).mean() - 0.2) >= distance
        few = np.repeat([0, 1, 2], [900, 50, 50])
        assert by_group(few, fraction=0.2, seed=seed).mean() == 0.1
        assert by_group(few[:950], fraction=0.01, seed=seed).sum() == 50  # at least one
    chosen = {int(by_group(np.arange(9), fraction=0.1, seed=seed).argmax()) for seed in range(20)}
    assert len(chosen) > 4


def test_normalization_is_of_the_train_split_alone(splits: Splits) -> None:
    x = by_feature(splits.train.x, splits.preprocessing)
    expected = x[:].reshape(-1, x.shape[-1]).astype(float)
    mean, std = splits.normalization
    np.testing.assert_allclose(mean, expected.mean(axis=0), rtol=1e-5, atol=1e-5)
    expected_std = expected.std(axis=0)
    np.testing.assert_allclose(std, np.where(expected_std > 0, expected_std, 1), rtol=1e-4)

    splits.val.x[:] = 255
    splits.test.x[:] = 255
    again = mean_and_std(by_feature(splits.train.x, splits.preprocessing))
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
    with np.load(config.data.source) as stored:
        arrays = dict(stored)
    times = copies_of_19_mb(arrays)
    for name in ("x_train", "y_train", "x_test", "y_test"):
        np.save(folder / f"{name}.npy", np.concatenate([arrays[name]] * times))  # as float32 up to 75 MB
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
    with np.load(config.data.source) as arrays:
        content = {name: arrays[name] for name in arrays.files}
    config.data.source = "own.npz"

    def find_fingerprint() -> str:
        np.savez("own.npz", **content)
        os.utime("own.npz", (2**30, 2**30))  # the time of a file says little
        return baseline.fingerprint(config, load_splits(config))

    before = find_fingerprint()
    config.data.max_memory_mb += 1
    config.data.data_dir = "elsewhere"
    assert find_fingerprint() == before
    content["x_test"] = content["x_test"][::-1]  # predictions of its samples are stored
    assert find_fingerprint() != before


def test_baselines_of_other_data_are_fitted_anew(config: Config) -> None:
    report = baseline.main(config)
    splits = load_splits(config)
    report["best"] = "kept"  # a mark
    write_json(baseline.REPORT, report)
    assert baseline.load_report(config, splits)["best"] == "kept"
    splits.digests["test"]["inputs"] = "others"
    assert baseline.load_report(config, splits)["best"] != "kept"


def test_apt_is_given_absolute_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(download.shutil, "which", lambda name: name)
    monkeypatch.setattr(download.subprocess, "run", lambda command, **_: commands.append(command))
    assert download.unpack_debian_packages(["hello"], Path("scratch")) == tmp_path / "scratch"
    paths = [word.split("=")[1] for command in commands for word in command if word.startswith("Dir::")]
    assert len(paths) == 4
    assert all(Path(path).is_relative_to(tmp_path / "scratch") for path in paths)

"""Baselines: fitted to the train split, chosen on the validation split, and compared on the whole test split."""

import numpy as np
import pytest

from {{ cookiecutter.__package }} import baseline
from {{ cookiecutter.__package }}.config import Config
from {{ cookiecutter.__package }}.data import Splits
from {{ cookiecutter.__package }}.metrics import SHOWN
from {{ cookiecutter.__package }}.task import make_baselines


def test_the_validation_loss_chooses_among_candidates(splits: Splits) -> None:
    x, rows = baseline.flatten_some(baseline.for_baselines(splits.train.x, splits.preprocessing), splits.train.y, 1000)
    y = splits.train.y[rows]
    made = make_baselines(0, is_small=False, has_units=True)
    assert all(len(models) == 1 for models in made.values())
    rule, *_, linear = (models[0] for models in made.values())
    candidates = {"linear": [linear], "first": [linear, rule], "last": [rule, linear]}
    results, predictions = baseline.fit_and_choose(candidates, x, y, splits, next(iter(SHOWN)))
    for name in ("first", "last"):
        assert results[name]["validation"] == results["linear"]["validation"]
        np.testing.assert_array_equal(predictions[name], predictions["linear"])


def test_a_random_part_of_the_samples_has_every_class() -> None:
    x, classes, labels = np.zeros((5000, 3), np.float32), np.zeros(5000, int), np.zeros((5000, 2), np.float32)
    classes[-2:], labels[7, 1] = [1, 2], 1
    _, rows = baseline.flatten_some(x, classes, 0)
    assert set(classes[rows]) == {0, 1, 2}
    assert 100 <= len(rows) <= 103
    _, rows = baseline.flatten_some(x, labels, 0)
    assert labels[rows].sum() == 1
    _, rows = baseline.flatten_some(x, np.random.default_rng(0).normal(size=(5000, 1)), 0)
    assert len(rows) == 100


def test_small_tables_have_several_penalties_to_choose_from(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a linear model is held down on few samples, and a network that beats it beats nothing."""
    small, large = (list(make_baselines(0, is_small=size, has_units=True).values())[-1] for size in (True, False))
    assert len(small) > 3 or "alphas=" in str(small)  # candidates, or a model that chooses by itself
    assert len(large) == 1 and "alphas=" not in str(large)
    asked = []
    original = baseline.make_baselines
    monkeypatch.setattr(baseline, "make_baselines", lambda *args, **kw: asked.append(kw) or original(*args, **kw))
    baseline.main(config)
    monkeypatch.setattr(baseline, "SMALL", 0)
    baseline.main(config)
    assert [options["is_small"] for options in asked] == [True, False]


def test_baselines_say_how_many_samples_they_saw_and_predict_the_whole_test_split(
    config: Config, splits: Splits, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(baseline, "flatten_some", lambda x, *_: (baseline.flatten(x[::2]), np.arange(len(x))[::2]))
    monkeypatch.setenv("COLUMNS", "200")
    report = baseline.main(config)
    assert {result["train_samples"] for result in report["baselines"].values()} == {90}
    printed = capsys.readouterr().out
    assert all(f"{name}, 90 samples" in printed for name in report["baselines"])
    scores = baseline.score_on_test(config, splits)
    assert {score["train_samples"] for score in scores.values()} == {90}
    with np.load(baseline.PREDICTIONS) as predictions:
        assert {len(array) for array in predictions.values()} == {100}

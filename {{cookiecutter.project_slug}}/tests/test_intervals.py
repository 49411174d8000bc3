"""Intervals: the metrics of draws are those of their samples, and differences are found where there are some."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from {{ cookiecutter.__package }} import task
from {{ cookiecutter.__package }}.config import Config
from {{ cookiecutter.__package }}.data import Splits
from {{ cookiecutter.__package }}.data.splits import Split
from {{ cookiecutter.__package }}.evaluation import intervals, report
from {{ cookiecutter.__package }}.metrics import LOWER_IS_BETTER, SHOWN, Scorer, compute_metrics

RANDOM = np.random.default_rng(0)


class MeanScorer:
    """Stands for the metrics of a model: each is the mean of numbers (n,)."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def score(self, weights: np.ndarray) -> dict[str, float]:
        """Compute the mean."""
        return dict.fromkeys(SHOWN, float(weights @ self.values / weights.sum()))


def guess(splits: Splits, samples: int) -> np.ndarray:
    """Predict the first test samples by chance; some predictions are equal."""
    outputs = RANDOM.normal(0, 2, (samples, task.num_outputs(splits.target_names))).round(1)
    return task.to_predictions(outputs.astype(np.float32), splits.target_statistics)


def shown(y: np.ndarray, predictions: np.ndarray, splits: Splits) -> dict[str, float]:
    """Compute the metrics that are shown."""
    metrics = compute_metrics(y, predictions, splits.target_names, splits.target_statistics)
    return {key: metrics[key] for key in SHOWN}


@pytest.mark.parametrize("samples", [2, 3, 10, 100])
def test_a_sample_that_counts_twice_is_as_two_samples(splits: Splits, samples: int) -> None:
    y, predictions = splits.test.y[:samples], guess(splits, samples)
    scorer = Scorer(y, predictions, splits.target_statistics)
    draws = [np.bincount(RANDOM.integers(0, samples, samples), minlength=samples) for _ in range(10)]
    for counts in (np.ones(samples, int), *draws):
        expected = shown(np.repeat(y, counts, axis=0), np.repeat(predictions, counts, axis=0), splits)
        assert scorer.score(counts.astype(float)) == pytest.approx(expected, rel=1e-6, nan_ok=True)


def test_intervals_are_those_of_a_plain_loop(splits: Splits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervals, "DRAWS", 50)
    test, statistics = splits.test, splits.target_statistics
    one, other = guess(splits, 100), guess(splits, 100)
    metric = next(iter(SHOWN))
    scorers = [Scorer(test.y, predictions, statistics) for predictions in (one, other)]
    found = intervals.measure_certainty(test, scorers[0], {"other": scorers[1]}, metric)

    random = np.random.default_rng(0)
    draws = [random.integers(0, 100, 100) for _ in range(50)]
    first, second = ([shown(test.y[rows], guessed[rows], splits) for rows in draws] for guessed in (one, other))
    for key in SHOWN.keys() - scorers[0].known_intervals().keys():
        expected = intervals.find_interval(np.array([score[key] for score in first]), 100)
        assert found["intervals"][key] == pytest.approx(expected, rel=1e-6)
    sign = -1 if metric in LOWER_IS_BETTER else 1
    margins = np.array([sign * (a[metric] - b[metric]) for a, b in zip(first, second, strict=True)])
    better_by = found["better_by"]["other"]
    assert better_by["interval"] == pytest.approx(intervals.find_interval(margins, 100), rel=1e-6)
    whole = shown(test.y, one, splits)[metric] - shown(test.y, other, splits)[metric]
    assert better_by["value"] == pytest.approx(sign * whole)


@pytest.mark.parametrize(("samples", "size"), [(8, 1), (40, 1), (200, 10)])
def test_intervals_hold_what_is_true_in_95_of_100_cases(
    samples: int, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where samples of a group are alike: drawn one by one, the interval would be three times too narrow."""
    monkeypatch.setattr(intervals, "DRAWS", 200)
    monkeypatch.setattr(intervals, "FEWEST_DRAWS", 200)
    held = 0
    for _ in range(300):
        values = np.repeat(RANDOM.normal(3, 1, samples // size), size)
        (drawn,) = intervals.score_draws([MeanScorer(values)], np.arange(samples) // size)
        low, high = intervals.find_interval(drawn[next(iter(SHOWN))], samples // size)
        held += low < 3 < high
    assert 0.9 < held / 300 < 0.99


def test_many_samples_are_drawn_less_often() -> None:
    assert [intervals.count_draws(n) for n in (1, 30_000, 60_000, 10**7)] == [1000, 1000, 500, 200]


def test_few_samples_and_absent_values_have_no_interval() -> None:
    assert np.isnan(intervals.find_interval(np.ones(10), 1)).all()
    assert np.isnan(intervals.find_interval(np.full(10, np.nan), 5)).all()
    low, high = intervals.find_interval(np.array([0.0, np.nan, 1.0]), 2)
    assert 0 <= low < high <= 1


def test_groups_are_drawn_whole(splits: Splits) -> None:
    test, model, other = splits.test, guess(splits, 100), guess(splits, 100)
    grouped = Split(test.x, test.y, group=np.arange(100) // 20)
    scorers = [Scorer(test.y, predictions, splits.target_statistics) for predictions in (model, other)]
    found = intervals.measure_certainty(grouped, scorers[0], {"other": scorers[1]}, next(iter(SHOWN)))
    assert found["drawn"] == {"kind": "groups", "number": 5, "draws": 1000}
    assert not found["better_by"]["other"]["p_values"]  # tests that take samples one by one
    alone = intervals.measure_certainty(Split(test.x, test.y), scorers[0], {}, next(iter(SHOWN)))["intervals"]
    for key in scorers[0].known_intervals():  # samples that are alike say less, even where all draws are equal
        low, high = found["intervals"][key]
        assert low <= alone[key][0] < alone[key][1] <= high


def test_groups_that_happen_to_agree_leave_doubt(splits: Splits) -> None:
    y, model, other = (np.concatenate([part, part]) for part in (splits.test.y, guess(splits, 100), guess(splits, 100)))
    twins = Split(np.zeros(200), y, group=np.arange(200) // 100)
    scorers = [Scorer(y, predictions, splits.target_statistics) for predictions in (model, other)]
    found = intervals.measure_certainty(twins, scorers[0], {"other": scorers[1]}, next(iter(SHOWN)))
    difference = found["better_by"]["other"]
    low, high = difference["interval"]
    assert low < difference["value"] < high


def results(value: float, interval: list[float], **p_values: float) -> dict[str, Any]:
    """Make what metrics.json holds of a model that is better than its only baseline by a value."""
    metric = next(iter(SHOWN))
    sign = -1 if metric in LOWER_IS_BETTER else 1
    return {
        "primary_metric": metric,
        "train_samples": 10,
        "test": {"samples": 88, metric: 0.5 + sign * value, "intervals": {metric: [0.4, 0.6]}},
        "baselines": {"rule": {metric: 0.5, "train_samples": 10}},
        "better_by": {"rule": {"value": value, "interval": interval, "p_values": p_values}},
        "drawn": {"kind": "samples", "number": 88, "draws": 1000},
    }


def in_words(*values: float) -> Iterator[str]:
    """Write differences in the unit of the task."""
    return (f"{report.DIFFERENCE_UNIT[0] * value:.{1 if report.DIFFERENCE_UNIT[1] else 3}f}" for value in values)


def test_a_sentence_says_what_the_samples_show() -> None:
    value, low, high = in_words(0.021, 0.004, 0.039)
    unit = f" {report.DIFFERENCE_UNIT[1]}".rstrip()
    better = report.describe_result(results(0.021, [0.004, 0.039]))
    assert better.endswith(f": better than the best baseline, rule (0.5000), by {value}{unit} (95 % {low} to {high}).")
    worse = report.describe_result(results(-0.021, [-0.039, -0.004]))
    assert worse.endswith(f": worse than the best baseline, rule (0.5000), by {value}{unit} (95 % {low} to {high}).")
    none = report.describe_result(results(0.021, [-0.004, 0.039]))
    assert f"no difference from the best baseline, rule (0.5000), that these 88 samples could show ({value}" in none
    metric = next(iter(SHOWN))
    doubtful = report.describe_result(results(0.021, [0.004, 0.039], **{metric: 0.125}))
    assert "no difference" in doubtful and "but p = 0.12 by a paired test" in doubtful
    of_groups = results(0.021, [-0.004, 0.039])
    of_groups["drawn"] = {"kind": "groups", "number": 12, "draws": 1000}
    assert "that these 88 samples of 12 groups could show" in report.describe_result(of_groups)


def test_of_a_single_group_nothing_is_said_of_others() -> None:
    one = results(0.2, [np.nan, np.nan])
    one["test"]["intervals"][one["primary_metric"]] = [np.nan, np.nan]
    one |= {"drawn": {"kind": "groups", "number": 1, "draws": 1000}, "test_evaluations": 1}
    for key in SHOWN:
        one["test"].setdefault(key, 0.5)
        one["baselines"]["rule"].setdefault(key, 0.5)
        one["test"]["intervals"][key] = [np.nan, np.nan]
    sentence = report.describe_result(one)
    assert "on 88 test samples (no interval): no difference from the best baseline" in sentence
    assert "that these 88 samples of 1 group could show" in sentence
    assert "no intervals: the test split is a single group" in report.describe_intervals(one)
    assert "data.test_fraction" in report.describe_intervals(one)
    assert "nan" not in sentence + str(report.collect_scores(one))


def test_differences_have_as_many_digits_as_they_are_sure_of() -> None:
    factor, _ = report.DIFFERENCE_UNIT
    value, interval = report.format_difference(0.01234 / factor, [0.0001 / factor, 0.02345 / factor])
    assert (value.split()[0], interval) == ("0.012", "0.000 to 0.023")
    value, interval = report.format_difference(-0.4 / factor, [-1234 / factor, 2345 / factor])
    assert (value.split()[0], interval) == ("0", "-1,234 to 2,345")
    assert report.format_difference(0.0, [0.0, 0.0])[1] == "0.0 to 0.0"
    value, interval = report.format_difference(0.4 / factor, [0.4 / factor, (0.4 + 1e-15) / factor])
    assert (value.split()[0], interval) == ("0.4", "0.4 to 0.4")


def test_a_model_is_no_better_than_itself(splits: Splits, config: Config) -> None:
    scorer = Scorer(splits.test.y, guess(splits, 100), splits.target_statistics)
    found = intervals.measure_certainty(splits.test, scorer, {"itself": scorer}, config.compile.primary_metric)
    better_by = found["better_by"]["itself"]
    assert (better_by["value"], better_by["interval"]) == (0, [0, 0])
    assert set(better_by["p_values"].values()) <= {1}

"""Targets: what is read as the negative and the positive class, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from own_data import encode_targets, metrics, refused, task, unfit_targets
from sklearn.metrics import average_precision_score, precision_recall_fscore_support, roc_auc_score


@pytest.mark.parametrize(
    ("column", "names"),
    [
        (["yes", "no", "yes", "no"], ["no", "yes"]),
        ([1, 0, 1, 0], ["0", "1"]),
        ([1.0, 0.0, 1.0, 0.0], ["0", "1"]),
        ([True, False, True, False], ["False", "True"]),
    ],
)
def test_the_second_class_is_the_positive_one(column: list, names: list[str]) -> None:
    y, found = encode_targets({"kind": column})
    assert (y.dtype, y.tolist(), found) == (np.int64, [1, 0, 1, 0], names)


def test_the_source_may_name_the_classes() -> None:
    y, names = encode_targets({0: [0, 1, 1]}, ["ham", "spam"])
    assert (y.tolist(), names) == ([0, 1, 1], ["ham", "spam"])


@pytest.mark.parametrize(
    ("columns", "names", "message"),
    [
        ({"kind": ["a", None, "b"]}, None, "sample 1 has no target"),
        ({"kind": [0, None, 1]}, None, "sample 1 has no target"),
        ({"kind": [1, 1, 1]}, None, "All samples are of one class, 1"),
        ({"kind": ["a", "b", "a"]}, None, "sample 1 is the only sample of class b: add more"),
        (
            {"kind": ["a", "b", "c"]},
            None,
            "sample 2: c (1 sample) is a third class of 'kind' beside a (1 sample) and b (1 sample)",
        ),
        ({"kind": [0, 1, 2]}, ["a", "b"], "sample 2: the class 2 is neither 0 nor 1"),
        ({"kind": [0, 1, 1]}, ["a", "b", "c"], "There must be two names of classes, not 3: a, b, c."),
        ({0: [0, 1], 1: [1, 1]}, None, "0, 1 are 2 targets: data.target_column must be one"),
    ],
)
def test_faults_are_named(columns: dict, names: list[str] | None, message: str) -> None:
    assert message in unfit_targets(columns, names)


def test_a_class_that_training_would_not_see_is_named(config) -> None:
    arrays = dict(np.load(config.data.source))
    np.savez("own.npz", **{**arrays, "y_train": np.zeros_like(arrays["y_train"])})
    assert "No sample of the train split is long sleeves" in refused("own.npz")


def test_small_probabilities_keep_their_digits() -> None:
    logits = np.array([-80, -20, -18, -16.5, -1, 0, 1, 20, 100], np.float32)
    found = task.to_predictions(logits[:, np.newaxis], {}).reshape(-1)
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-logits.astype(np.float64))), rtol=1e-6)


def test_the_largest_unit_does_not_decide_for_the_nearest_mean() -> None:
    random = np.random.default_rng(0)
    y = np.arange(200) % 2
    x = np.stack([random.normal(3 * y), random.normal(0, 1e6, 200)], axis=1)  # the second column knows nothing
    (model,) = task.make_baselines(0, is_small=True, has_units=True)["nearest class mean"]
    predictions = task.predict_baseline(model.fit(x, y), x, ["no", "yes"])
    found = metrics.compute_metrics(y, predictions, ["no", "yes"], {})
    assert found["accuracy"] > 0.9
    assert found["roc_auc"] > 0.97  # ranked by distance: of yes and no alone it is about the accuracy


def test_metrics_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    y, predictions = random.integers(0, 2, 50), random.random(50).round(1)  # some are equal
    found = metrics.compute_metrics(y, predictions, ["no", "yes"], {"threshold": 0.3})
    predicted = (predictions >= 0.3).astype(int)
    precision, recall, f1, support = precision_recall_fscore_support(y, predicted, zero_division=0)
    expected = np.transpose([precision, recall, f1, support])
    assert [list(scores.values()) for scores in found["details"].values()] == [pytest.approx(row) for row in expected]
    assert (found["f1"], found["macro_recall"]) == pytest.approx((f1[1], recall.mean()))
    assert found["roc_auc"] == pytest.approx(roc_auc_score(y, predictions))
    assert found["average_precision"] == pytest.approx(average_precision_score(y, predictions))


def test_a_sure_mistake_costs_what_it_costs() -> None:
    found = metrics.compute_metrics(np.array([1, 0]), np.array([1e-12, 0.5], np.float32), ["no", "yes"], {})
    assert found["log_loss"] == pytest.approx((12 * np.log(10) + np.log(2)) / 2)


def test_cells_are_cut_in_messages() -> None:
    assert len(unfit_targets({"kind": ["a", "b" * 10_000, "c" * 10_000, "a", "a"]})) < 500


def test_likely_targets() -> None:
    table = pd.DataFrame({"age": [30.5, 40.5, 50.5, 60.5], "sex": ["m", "f", "m", "f"], "survived": [0, 1, 0, 1]})
    table["class"] = [1, 2, 3, 3]
    table["answer"] = ["no", "yes", "yes", "no"]
    table["none"] = None
    table["same"] = 1
    assert task.target_candidates(table) == {"of 0/1 or yes/no": ["survived", "answer"], "of two values": ["sex"]}


def test_the_rare_class_is_named() -> None:
    column = ["yes", "no", "maybe", "no", "yes", "no"]
    sentence = unfit_targets({"answer": column})
    assert (
        "sample 2: maybe (1 sample) is a third class of 'answer' beside no (3 samples) and yes (2 samples)" in sentence
    )
    sentence = unfit_targets({"ticket": [5, 5, 5, 7, 7, 8, 8, 9]})
    assert "sample 7: 9 (1 sample) is the rarest of 4 classes of 'ticket' beside 5 (3 samples) and 7" in sentence
    assert "sample 2: 3 (1 sample) is a third class beside" in unfit_targets({0: [1, 2, 3, 1, 2]})  # of an array


@pytest.mark.parametrize("too_sure", [0.5, 2, 3])
def test_temperature_mends_probabilities(too_sure: float) -> None:
    """Of targets drawn by known probabilities, whose logits were multiplied, the factor is found again."""
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (20_000, 1))
    right = task.to_predictions(logits, {})
    y = (random.random(right.shape) < right).astype(int)
    outputs = (logits * too_sure).astype(np.float32)
    statistics = task.calibrate(outputs, y, {"samples": 1})
    assert statistics == {"samples": 1, "temperature": pytest.approx(too_sure, rel=0.05)}
    np.testing.assert_allclose(task.to_predictions(outputs, statistics), right, atol=0.02)
    assert task.calibrate(outputs[:99], y[:99], {})["temperature"] == 1


def test_the_error_of_a_sample_is_what_the_true_class_lacks() -> None:
    assert task.sample_errors(np.array([0, 1]), np.array([0.25, 0.25], np.float32), {}).tolist() == [0.25, 0.75]


def test_the_threshold_of_the_best_f1_is_chosen() -> None:
    """Of true probabilities it is half of the best F1 (arXiv:1402.1892)."""
    random = np.random.default_rng(0)
    probabilities = random.beta(0.5, 3, 20_000).astype(np.float32)  # most are small
    y = (random.random(probabilities.shape) < probabilities).astype(int)
    names = ["no", "yes"]
    for metric in metrics.NEED_THRESHOLD:
        statistics = metrics.choose_threshold(y, probabilities, metric)
        found = metrics.compute_metrics(y, probabilities, names, statistics)
        assert statistics["threshold"] == found["threshold"] == pytest.approx(found[metric] / 2, abs=0.03)
        assert found[metric] > metrics.compute_metrics(y, probabilities, names, {})[metric] + 0.05
        scored = metrics.Scorer(y, probabilities, statistics).score(np.ones(len(y)))
        assert scored[metric] == pytest.approx(found[metric])
    assert not metrics.choose_threshold(y, probabilities, "accuracy")
    assert not metrics.choose_threshold(y[:99], probabilities[:99], metric)  # too few: chance
    assert metrics.choose_threshold(y, y.astype(np.float32), metric) == {"threshold": 0.5}  # of equals, the middle one


def test_decisions_follow_the_threshold() -> None:
    y, probabilities = np.array([0, 0, 1, 1]), np.array([0.1, 0.35, 0.3, 0.2], np.float32)
    statistics = {"threshold": 0.3}
    rows = task.to_rows(probabilities, ["no", "yes"], statistics)
    assert [row["class"] for row in rows] == ["no", "yes", "yes", "no"]
    assert [row["class"] for row in task.to_rows(probabilities, ["no", "yes"], {})] == ["no"] * 4
    mistakes = task.find_mistakes(y, probabilities, ["no", "yes"], statistics, most=9)
    assert mistakes == [(3, "no 80%\nlabel: yes"), (1, "yes 35%\nlabel: no")]
    matrix, thresholds = metrics.report_tables(y, probabilities, ["no", "yes"], statistics)
    assert [[int(count) for count, _ in row["cells"]] for row in matrix["rows"]] == [[1, 1], [1, 1]]
    assert [row["name"] for row in thresholds["rows"]][2] == "0.3 (in use)"

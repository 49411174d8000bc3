"""Targets: what is read as a class, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from own_data import UserError, encode_targets, metrics, refused, task, unfit_targets
from sklearn.metrics import precision_recall_fscore_support


@pytest.mark.parametrize(
    ("column", "names"),
    [
        (["b", "a", "b", "a"], ["a", "b"]),
        ([7, 5, 7, 5], ["5", "7"]),
        ([7.0, 5.0, 7.0, 5.0], ["5", "7"]),
        ([True, False, True, False], ["False", "True"]),
    ],
)
def test_classes_are_numbered_in_their_order(column: list, names: list[str]) -> None:
    y, found = encode_targets({"kind": column})
    assert (y.dtype, y.tolist(), found) == (np.int64, [1, 0, 1, 0], names)


def test_the_source_may_name_the_classes() -> None:
    y, names = encode_targets({0: [0, 2, 2]}, ["a", "b", "c"])
    assert (y.tolist(), names) == ([0, 2, 2], ["a", "b", "c"])
    y, names = encode_targets({"a": [0, 1, 0], "b": [1, 0, 1]})  # one column a class
    assert (y.tolist(), names) == ([1, 0, 1], ["a", "b"])


@pytest.mark.parametrize(
    ("columns", "names", "message"),
    [
        ({"kind": ["a", None, "b"]}, None, "sample 1 has no target"),
        ({"kind": [0, None, 1]}, None, "sample 1 has no target"),
        ({"kind": [1, 1, 1]}, None, "All samples are of one class, 1"),
        ({"kind": ["a", "b", "a"]}, None, "sample 1 is the only sample of class b: add more"),
        ({"kind": [0, 1, 2, 7]}, ["a", "b", "c"], "sample 3: the class 7 is not a number from 0 to 2"),
        ({0: [0, 1], 1: [1, 1]}, None, "0, 1 are 2 targets: data.target_column must be one"),
        ({"kind": np.arange(300) / 7}, None, "has 300 different values"),
    ],
)
def test_faults_are_named(columns: dict, names: list[str] | None, message: str) -> None:
    assert message in unfit_targets(columns, names)


def test_a_class_that_training_would_not_see_is_named(config) -> None:
    arrays = dict(np.load(config.data.source))
    kept = arrays["y_train"] != 3
    np.savez("own.npz", **{**arrays, "x_train": arrays["x_train"][kept], "y_train": arrays["y_train"][kept]})
    assert f"No sample of the train split is {arrays['class_names'][3]}" in refused("own.npz")


def test_the_largest_unit_does_not_decide_for_the_nearest_mean() -> None:
    random = np.random.default_rng(0)
    y = np.arange(200) % 2
    x = np.stack([random.normal(3 * y), random.normal(0, 1e6, 200)], axis=1)  # the second column knows nothing
    (model,) = task.make_baselines(0, is_small=True, has_units=True)["nearest class mean"]
    predictions = task.predict_baseline(model.fit(x, y), x, ["no", "yes"])
    found = metrics.compute_metrics(y, predictions, ["no", "yes"], {})
    assert found["accuracy"] > 0.9


def test_metrics_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    y, predictions = random.choice([0, 1, 3], 50), random.dirichlet(np.ones(5), 50)  # no sample of two classes
    found = metrics.compute_metrics(y, predictions, list("abcde"), {})
    predicted = predictions.argmax(axis=1)
    precision, recall, f1, support = precision_recall_fscore_support(y, predicted, labels=range(5), zero_division=0)
    expected = np.transpose([precision, recall, f1, support])
    assert [list(scores.values()) for scores in found["details"].values()] == [pytest.approx(row) for row in expected]
    assert found["macro_f1"] == pytest.approx(f1[support > 0].mean())
    assert found["macro_recall"] == pytest.approx(recall[support > 0].mean())
    assert found["accuracy"] == pytest.approx((predicted == y).mean())


def test_a_sure_mistake_costs_what_it_costs() -> None:
    predictions = np.array([[1, 1e-12], [0.5, 0.5]], np.float32)
    found = metrics.compute_metrics(np.array([1, 0]), predictions, ["no", "yes"], {})
    assert found["log_loss"] == pytest.approx((12 * np.log(10) + np.log(2)) / 2)


def test_likely_targets() -> None:
    table = pd.DataFrame({"age": [30.5, 40.5, 50.5, 60.5], "sex": ["m", "f", "m", "f"], "survived": [0, 1, 0, 1]})
    table["class"] = [1, 2, 3, 3]
    table["answer"] = ["no", "yes", "yes", "no"]
    table["none"] = None
    table["same"] = 1
    found = task.target_candidates(table)
    assert found == {"of few texts": ["sex", "answer"], "of few whole numbers": ["survived"]}
    table = pd.concat([table] * 2)
    assert task.target_candidates(table)["of few whole numbers"] == ["survived", "class"]


def test_rows_hold_the_likeliest_classes() -> None:
    predictions = np.array([[0.1, 0.7, 0.2], [0.5, 0.1, 0.4]], np.float32)
    names = ["a", "b", "c"]
    assert task.to_rows(predictions, names, {}) == [
        {"class": "b", "probability": 0.7},
        {"class": "a", "probability": 0.5},
    ]
    assert task.to_rows(predictions, names, {}, top=2)[1] == {
        "class": "a",
        "probability": 0.5,
        "class 2": "c",
        "probability 2": 0.4,
    }
    with pytest.raises(UserError, match="--top is 4: it must be 1 to 3"):
        task.to_rows(predictions, names, {}, top=4)


@pytest.mark.parametrize("too_sure", [0.5, 2, 3])
def test_temperature_mends_probabilities(too_sure: float) -> None:
    """Of targets drawn by known probabilities, whose logits were multiplied, the factor is found again."""
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (20_000, 3))
    right = task.to_predictions(logits, {})
    y = (random.random((len(right), 1)) > right.cumsum(axis=1)[:, :-1]).sum(axis=1)
    outputs = (logits * too_sure).astype(np.float32)
    statistics = task.calibrate(outputs, y, {"samples": 1})
    assert statistics == {"samples": 1, "temperature": pytest.approx(too_sure, rel=0.05)}
    np.testing.assert_allclose(task.to_predictions(outputs, statistics), right, atol=0.02)
    assert task.calibrate(outputs[:99], y[:99], {})["temperature"] == 1


def test_the_error_of_a_sample_is_what_the_true_class_lacks() -> None:
    predictions = np.array([[0.75, 0.25], [0.75, 0.25]], np.float32)
    assert task.sample_errors(np.array([0, 1]), predictions, {}).tolist() == [0.25, 0.75]

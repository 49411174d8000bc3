"""Targets: what is read as a label, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from own_data import encode_targets, metrics, refused, task, unfit_targets
from sklearn.metrics import accuracy_score, f1_score, precision_recall_fscore_support


@pytest.mark.parametrize("column", [[1, 0, 1], [1.0, 0.0, 1.0], [True, False, True], ["1", "0", "1"]])
def test_labels_are_0_and_1(column: list) -> None:
    y, names = encode_targets({"new": column, "cheap": [0, 0, 1]})
    assert (y.dtype, y.tolist(), names) == (np.float32, [[1, 0], [0, 0], [1, 1]], ["new", "cheap"])


@pytest.mark.parametrize(
    ("columns", "names", "message"),
    [
        ({"new": [0, None, 1]}, None, "sample 1: the label new is missing: it must be 0 or 1"),
        ({"new": [0, 1, 2]}, None, "sample 2: the label new is 2: it must be 0 or 1"),
        ({"new": [0, 1, 0], "cheap": ["no", "no", "yes"]}, None, "sample 0: the label cheap is no: it must be 0 or 1"),
        (
            {"new": [0, 1, 1], "cheap": [1, 1, 1]},
            None,
            "'cheap' is 1 in all samples: leave it out of data.target_column",
        ),
        ({"new": [0, 1, 1]}, ["new", "cheap"], "There must be as many names of labels (2) as columns of targets (1)"),
    ],
)
def test_faults_are_named(columns: dict, names: list[str] | None, message: str) -> None:
    assert message in unfit_targets(columns, names)


def test_a_split_divides_combinations_that_occur_once() -> None:
    y = (np.random.default_rng(0).random((200, 12)) < 0.4).astype(np.float32)
    y[:, 0] = np.arange(200) == 3  # a label of one sample, which is to stay in the train split
    combinations = task.stratify_by(y).tolist()
    assert combinations.count(-1) > 150
    assert combinations.count(combinations[3]) == 1


def test_a_label_that_training_would_not_see_is_named(config) -> None:
    arrays = dict(np.load(config.data.source))
    arrays["y_train"][:, 3] = 0
    np.savez("own.npz", **arrays)
    assert "No sample of the train split is long sleeves" in refused("own.npz")
    arrays["y_train"][:, 3] = 1
    np.savez("own.npz", **arrays)
    assert "All samples of the train split are long sleeves" in refused("own.npz")


def test_small_probabilities_keep_their_digits() -> None:
    logits = np.array([-80, -20, -18, -16.5, -1, 0, 1, 20, 100], np.float32)
    found = task.to_predictions(logits[:, np.newaxis], {}).reshape(-1)
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-logits.astype(np.float64))), rtol=1e-6)


def test_a_label_that_no_sample_has_does_not_count_in_macro_f1() -> None:
    y = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0]], np.float32)
    assert metrics.compute_metrics(y, y, ["a", "b", "c"], {})["macro_f1"] == 1


def test_metrics_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    y, predictions = random.integers(0, 2, (50, 4)).astype(np.float32), random.random((50, 4))
    found = metrics.compute_metrics(y, predictions, list("abcd"), {"threshold": 0.4})
    predicted = predictions >= 0.4
    expected = np.transpose(precision_recall_fscore_support(y, predicted, zero_division=0))
    assert [list(scores.values()) for scores in found["details"].values()] == [pytest.approx(row) for row in expected]
    assert found["micro_f1"] == pytest.approx(f1_score(y, predicted, average="micro"))
    assert found["macro_f1"] == pytest.approx(f1_score(y, predicted, average="macro"))
    assert found["exact_match"] == pytest.approx(accuracy_score(y, predicted))


def test_a_sure_mistake_costs_what_it_costs() -> None:
    predictions = np.array([[1e-12, 0.5]], np.float32)
    found = metrics.compute_metrics(np.array([[1, 0]], np.float32), predictions, ["a", "b"], {})
    assert found["log_loss"] == pytest.approx((12 * np.log(10) + np.log(2)) / 2)


@pytest.mark.parametrize("mark", ["|", ";", ",", "; "])
def test_labels_may_stand_in_one_column(mark: str) -> None:
    lists = [["news", "sport"], ["sport"], [], ["art", "news"]]
    y, names = encode_targets({"about": [mark.join(labels) or mark for labels in lists]})
    assert names == ["art", "news", "sport"]
    assert y.tolist() == [[0, 1, 1], [0, 0, 1], [0, 0, 0], [1, 1, 0]]
    assert encode_targets({"about": ["NA", "art", "NA"]})[1] == ["NA", "art"]


def test_what_is_no_list_of_labels_is_refused() -> None:
    assert "sample 1 has no labels" in unfit_targets({"about": ["news", None, "sport"]})
    assert "holds 200 different labels in 200 samples" in unfit_targets({"about": [f"text {i}" for i in range(200)]})
    assert "sample 2: the label about is x: it must be 0 or 1" in unfit_targets({"about": ["1", "0", "x", "0"]})


def test_likely_targets() -> None:
    table = pd.DataFrame({"age": [30.5, 40.5, 50.5, 60.5], "sex": ["m", "f", "m", "f"], "survived": [0, 1, 0, 1]})
    table["class"] = [1, 2, 3, 3]
    table["answer"] = ["no", "yes", "yes", "no"]
    table["none"] = None
    table["same"] = 1
    table["late"] = [True, False, False, False]
    found = task.target_candidates(table)
    assert found == {"of 0/1": ["survived", "late", ["survived", "late"]], "of lists of labels": []}
    table = pd.DataFrame({"tags": ["news|sport", "sport", "news|art", "art"] * 3, "age": range(12)})
    table["name"] = [f"Doe {row}, Mr." for row in range(12)]
    assert task.target_candidates(table) == {"of 0/1": [], "of lists of labels": ["tags"]}


@pytest.mark.parametrize("too_sure", [0.5, 2, 3])
def test_temperature_mends_probabilities(too_sure: float) -> None:
    """Of targets drawn by known probabilities, whose logits were multiplied, the factor is found again."""
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (20_000, 3))
    right = task.to_predictions(logits, {})
    y = (random.random(right.shape) < right).astype(np.float32)
    outputs = (logits * too_sure).astype(np.float32)
    statistics = task.calibrate(outputs, y, {"samples": 1})
    assert statistics == {"samples": 1, "temperature": pytest.approx(too_sure, rel=0.05)}
    np.testing.assert_allclose(task.to_predictions(outputs, statistics), right, atol=0.02)
    assert task.calibrate(outputs[:99], y[:99], {})["temperature"] == 1


def test_the_error_of_a_sample_is_what_the_right_answers_lack() -> None:
    predictions = np.array([[0.25, 0.25], [0.5, 1]], np.float32)
    assert task.sample_errors(np.array([[0, 1], [1, 1]]), predictions, {}).tolist() == [0.5, 0.25]


def test_the_threshold_of_the_best_f1_is_chosen() -> None:
    """Of true probabilities it is half of the best F1 (arXiv:1402.1892)."""
    random = np.random.default_rng(0)
    probabilities = random.beta(0.5, 3, (8_000, 3)).astype(np.float32)  # most are small
    y = (random.random(probabilities.shape) < probabilities).astype(np.float32)
    names = ["a", "b", "c"]
    for metric in metrics.NEED_THRESHOLD:
        statistics = metrics.choose_threshold(y, probabilities, metric)
        found = metrics.compute_metrics(y, probabilities, names, statistics)
        assert statistics["threshold"] == found["threshold"] == pytest.approx(found[metric] / 2, abs=0.03)
        assert found[metric] > metrics.compute_metrics(y, probabilities, names, {})[metric] + 0.05
        scored = metrics.Scorer(y, probabilities, statistics).score(np.ones(len(y)))
        assert scored[metric] == pytest.approx(found[metric])
    assert not metrics.choose_threshold(y, probabilities, "exact_match")
    assert not metrics.choose_threshold(y[:99], probabilities[:99], metric)  # too few: chance
    assert metrics.choose_threshold(y, y.astype(np.float32), metric) == {"threshold": 0.5}  # of equals, the middle one


def test_decisions_follow_the_threshold() -> None:
    y, probabilities = np.array([[0, 1], [1, 0]]), np.array([[0.35, 0.2], [0.3, 0.1]], np.float32)
    statistics = {"threshold": 0.3}
    assert [row["labels"] for row in task.to_rows(probabilities, ["a", "b"], statistics)] == ["a", "a"]
    assert [row["labels"] for row in task.to_rows(probabilities, ["a", "b"], {})] == ["", ""]
    assert task.find_mistakes(y, probabilities, ["a", "b"], statistics, most=9) == [(0, "b: 20%\nlabel: yes")]
    (counts,) = metrics.report_tables(y, probabilities, ["a", "b"], statistics)
    assert [row["cells"][1][0] for row in counts["rows"]] == ["0", "2"]

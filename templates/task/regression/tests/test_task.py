"""Targets: what is read as a number, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from own_data import encode_targets, metrics, task, unfit_targets
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error


@pytest.mark.parametrize("column", [[1, 0, 2.5], ["1", "0", "2.5"], np.array([1, 0, 2.5], np.float16)])
def test_targets_are_numbers(column: list) -> None:
    y, names = encode_targets({"price": column, "size": [3, 4, 5]})
    assert (y.dtype, y.tolist(), names) == (np.float64, [[1, 3], [0, 4], [2.5, 5]], ["price", "size"])


@pytest.mark.parametrize(
    ("columns", "names", "message"),
    [
        ({"price": [0, None, 1]}, None, "sample 1: the target price is missing: correct it"),
        ({"price": pd.array([0, None, 1], dtype="Int64")}, None, "sample 1: the target price is missing"),
        ({"price": [0, 1, np.inf]}, None, "sample 2: the target price is inf, which is no number"),
        ({"price": [0, 1, 2], "size": [1, 2, "large"]}, None, "sample 2: the target size is large, which is no number"),
        ({"price": [1, 1, 1]}, None, "The target price is 1 in all samples: there is nothing to predict"),
        (
            {"price": [0, 1, 2]},
            ["price", "size"],
            "There must be as many names of targets (2) as columns of targets (1)",
        ),
    ],
)
def test_faults_are_named(columns: dict, names: list[str] | None, message: str) -> None:
    assert message in unfit_targets(columns, names)


@pytest.mark.parametrize("smallest", [1.7e9, -1e-13, 20])
def test_targets_keep_their_digits(smallest: float) -> None:
    column = smallest + abs(smallest) * 1e-9 * np.arange(30)  # such as the seconds of half a minute
    y, names = encode_targets({"time": column})
    statistics = task.target_statistics(y, names)
    for_loss = task.to_loss_targets(y, statistics)
    assert for_loss.dtype == np.float32
    np.testing.assert_allclose(for_loss[:, 0], (np.arange(30) - 14.5) / np.arange(30).std(), atol=1e-4)
    predictions = task.to_predictions(for_loss, statistics)
    np.testing.assert_allclose(predictions[:, 0], column, rtol=0, atol=1e-4 * np.ptp(column))
    rows = [row["time"] for row in task.to_rows(predictions, names, {})]
    np.testing.assert_allclose(rows, column, rtol=0, atol=0.1 * np.ptp(column) / 29)
    assert len(task.class_masks(y, names)) == 8
    titles = [title for _, title in task.find_mistakes(y, np.full_like(y, y[0, 0]), names, {}, most=5)]
    assert len(set(titles)) == 5


def test_a_linear_baseline_keeps_the_digits_of_targets() -> None:
    x = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    y = 1.7e9 + 10 * x[:, :1].astype(np.float64)
    for model in (
        *(task.make_baselines(0, is_small=small, has_units=True)["linear regression"][0] for small in (True, False)),
        task.make_boosting(0),
    ):
        error = task.predict_baseline(model.fit(x, y), x, ["time"]) - y
        assert np.abs(error).mean() < 5  # of a standard deviation of 10


def test_a_constant_of_the_train_split_has_no_deviation() -> None:
    y = np.full((7, 1), 0.1)
    assert task.target_statistics(y, ["price"])["std"] == [1]


@pytest.mark.parametrize("samples", [2, 5, 30])
def test_the_interval_holds_the_mean_in_95_of_100_cases(samples: int) -> None:
    errors = np.random.default_rng(0).normal(3, 1, (2000, samples))
    intervals = np.array([metrics.mean_interval(row) for row in errors])
    covered = ((intervals[:, 0] <= 3) & (intervals[:, 1] >= 3)).mean()
    assert covered == pytest.approx(0.95, abs=0.02)


def test_several_targets_are_compared_in_their_standard_deviations() -> None:
    random = np.random.default_rng(0)
    y = random.normal(size=(500, 2)) * [100_000, 1]  # euros and rooms
    names, statistics = ["euros", "rooms"], {"mean": [0, 0], "std": [100_000, 1]}
    no_rooms, no_euros = y * [1, 0], y * [0.99, 1]  # the first knows nothing of rooms, the second errs by 1 %
    bad, good = (metrics.compute_metrics(y, found, names, statistics) for found in (no_rooms, no_euros))
    for key in metrics.LOWER_IS_BETTER:
        assert good[key] < 0.01 < 0.3 < bad[key]
    assert good["details"]["euros"]["RMSE"] == pytest.approx(1000, rel=0.1)


def test_metrics_are_those_of_scikit_learn() -> None:
    y, predictions = np.random.default_rng(0).normal(5, 2, (2, 50, 2))  # two targets of 50 samples
    found = metrics.compute_metrics(y, predictions, ["a", "b"], {"std": [1, 1]})
    for number, scores in enumerate(found["details"].values()):
        of_target = y[:, number], predictions[:, number]
        assert scores["mean absolute error"] == pytest.approx(mean_absolute_error(*of_target))
        assert scores["RMSE"] == pytest.approx(root_mean_squared_error(*of_target))
        assert scores["R2"] == pytest.approx(r2_score(*of_target))
    assert found["mae"] == pytest.approx(mean_absolute_error(y, predictions))
    assert found["rmse"] == pytest.approx(root_mean_squared_error(y, predictions))
    assert found["r2"] == pytest.approx(r2_score(y, predictions))


def test_one_target_keeps_its_unit() -> None:
    y = np.array([[100.0], [300.0]])
    found = metrics.compute_metrics(y, y + np.array([[10], [-20]]), ["euros"], {"mean": [200], "std": [100]})
    assert (found["mae"], found["rmse"]) == pytest.approx((15, np.sqrt(250)))


def test_likely_targets() -> None:
    table = pd.DataFrame({"age": [30.5, 40.5, 50.5, 60.5], "sex": ["m", "f", "m", "f"], "survived": [0, 1, 0, 1]})
    table["class"] = [1, 2, 3, 3]
    table["answer"] = ["no", "yes", "yes", "no"]
    table["none"] = None
    table["same"] = 1
    assert task.target_candidates(table) == {"of numbers": ["age", "survived", "class"]}


def test_the_error_of_a_sample_is_in_standard_deviations() -> None:
    y = np.array([[100.0, 1], [300, 2]])
    found = task.sample_errors(y, y + np.array([[10, 0], [0, -2]]), {"std": [10, 1]})
    assert found.tolist() == [0.5, 1]

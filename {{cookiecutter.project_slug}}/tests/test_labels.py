"""Doubtful labels: wrong ones are found, and named by their place."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from {{ cookiecutter.__package }}.__main__ import main
from {{ cookiecutter.__package }}.config import Config, UserError
from {{ cookiecutter.__package }}.data import Splits, labels
from {{ cookiecutter.__package }}.data.labels import MOST_DRAWN, check_labels, draw_doubtful, find_doubtful
from {{ cookiecutter.__package }}.evaluation.evaluate import list_doubtful_labels
from {{ cookiecutter.__package }}.task import NUMERIC_TARGETS, make_baselines, predict_baseline, stratify_by


def with_swapped_labels(splits: Splits, count: int) -> tuple[Splits, set[int]]:
    """Replace the inputs of the train split by ones that tell the label, and swap some labels; their rows too."""
    random = np.random.default_rng(0)
    y = splits.train.y
    kind = np.unique(stratify_by(y), return_inverse=True)[1]
    x = np.eye(kind.max() + 1)[kind]  # (n, kinds)
    far = 1
    if NUMERIC_TARGETS:
        x, far = 10 * kind[:, np.newaxis] / kind.max(), kind.max() // 2  # (n, 1)
    x = x + random.normal(0, 0.1, x.shape)
    swapped = y.copy()
    rows = random.permutation(len(y))[:count].tolist()
    for row in rows:
        others = np.flatnonzero(np.abs(kind - kind[row]) >= far)
        swapped[row] = y[random.choice(others)]
    return replace(splits, train=replace(splits.train, x=x.astype(np.float32), y=swapped)), set(rows)


@pytest.fixture
def as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let baselines learn from these inputs as they are, whatever else the data type does with its own."""
    monkeypatch.setattr(labels, "for_baselines", lambda x, preprocessing: x)


def test_swapped_labels_are_found(splits: Splits, config: Config, as_they_are: None) -> None:
    changed, rows = with_swapped_labels(splits, 6)
    doubtful = check_labels(changed, config)
    found = set(doubtful["row"])
    assert found <= rows and len(found) >= 5  # the number is an estimate, from 18 samples of a class
    assert (doubtful["label"] != doubtful["suggestion"]).all()
    assert doubtful["doubt"].is_monotonic_decreasing
    assert set(doubtful["split"]) == {"train"}


def test_labels_that_are_right_are_left_alone(splits: Splits, config: Config, as_they_are: None) -> None:
    right, _ = with_swapped_labels(splits, 0)
    doubtful = check_labels(right, config)
    assert doubtful.empty
    draw_doubtful(right, doubtful)


@pytest.mark.skipif(NUMERIC_TARGETS, reason="a few numbers are enough for a line")
def test_too_few_samples_are_refused_in_a_sentence(splits: Splits, config: Config) -> None:
    train = splits.train
    few = replace(splits, train=replace(train, x=train.x[:3], y=train.y[:3]))
    with pytest.raises(UserError, match="--labels fits a model to four fifths"):
        check_labels(few, config)


def test_stats_lists_doubtful_labels(
    config: Config, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labels, "SMALL", 0)  # one penalty is enough here
    assert main(["stats", "--labels", f"--data.source={config.data.source}"]) == 0
    assert "Doubtful labels in the train split: " in capsys.readouterr().out
    table = pd.read_csv("reports/doubtful_labels.csv")
    assert list(table) == ["split", "sample", "label", "suggestion", "doubt", "correct_label"]
    assert table["sample"].str.contains(r"sample\.npz: row \d+ of x_train and y_train").all()
    assert Path("reports/doubtful_labels.png").is_file()


def test_evaluate_lists_those_of_validation_and_test_split(splits: Splits) -> None:
    (right, _), (changed, rows) = (with_swapped_labels(splits, count) for count in (0, 6))
    *_, (*_, linear) = make_baselines(0, is_small=True, has_units=True).values()  # of the weakest penalty
    x, y = right.train.x[:], right.train.y
    predictions = dict.fromkeys(("validation", "test"), predict_baseline(linear.fit(x, y), x, splits.target_names))
    ids = np.array([f"photo {row}" for row in range(len(y))])
    test = replace(splits.train, y=changed.train.y, ids=ids)
    section = list_doubtful_labels(Path(), replace(splits, val=splits.train, test=test), predictions)

    table = pd.read_csv("doubtful_labels.csv")
    assert set(table["split"]) == {"test"}
    named = table["sample"].str.extract(r"^photo (\d+) \(.*sample\.npz: row \d+ of x_train and y_train\)$")[0]
    assert set(named.astype(int)) <= rows and named.nunique() >= 5
    assert f"{len(table)}, among 180 samples of the validation split and 180 samples of the test" in section.lines[0]
    assert section.figure is not None and len(section.figure.axes) >= min(MOST_DRAWN, len(table))


def test_a_split_of_one_class_has_nothing_to_compare(splits: Splits) -> None:
    y = np.repeat(splits.val.y[:1], len(splits.val), axis=0)
    one = replace(splits, val=replace(splits.val, y=y))
    predictions = np.full((len(y), len(splits.target_names)), 0.1, np.float32)
    predictions = predictions[:, 0] if y.ndim == 1 and len(splits.target_names) == 2 else predictions
    assert find_doubtful(one, {"validation": predictions}).empty

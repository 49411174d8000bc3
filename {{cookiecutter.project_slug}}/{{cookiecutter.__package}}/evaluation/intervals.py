"""How sure the results are: 95 % intervals of the test metrics, and of the differences from the baselines.

Other test samples would give other numbers. How far these reach is seen by drawing the samples at hand anew, with
replacement: the bootstrap (Efron, Ann. Stat. 7, 1979). Model and baselines are scored on the same draws, so that what
is easy or hard for all of them does not blur a difference. Samples with a group are drawn by whole groups, as those of
one patient are alike.
The intervals are of the samples alone: a training with another seed differs too, and they do not show it.
Cost: a second or two for 10,000 samples, half a minute for a million, where 200 draws must do.
"""

import math
from typing import Any

import numpy as np

from ..data.splits import Split
from ..metrics import LOWER_IS_BETTER, SHOWN, Scorer

DRAWS = 1000
FEWEST_DRAWS = 200  # of many samples
MAX_DRAWN = 30_000_000  # samples in all draws, before there are fewer draws


def measure_certainty(test: Split, model: Scorer, baselines: dict[str, Scorer], metric: str) -> dict[str, Any]:
    """Compute intervals of the metrics of a model, and how much better than each baseline it is.

    Args:
        test: the test split.
        model: scores the model on it.
        baselines: score the baselines on it, by name.
        metric: the key in SHOWN that models are compared by.

    Returns:
        "intervals" of the model by key, [low, high] each; "better_by" of each baseline, with "value", "interval" and
        "p_values" by key, where more is better for the model; "drawn": what was drawn, of how many, and how often.
    """
    unit = np.arange(len(test)) if test.group is None else np.unique(test.group.astype(str), return_inverse=True)[1]
    num_units = int(unit.max()) + 1
    intervals, differences = draw_intervals(model, baselines, unit, metric)
    if test.group is None:
        intervals |= model.known_intervals()
    else:
        # Samples of a group are alike, so that intervals of groups are wider. But draws of few groups that happen to
        # agree are all the same, as are those of a model without a mistake. So no interval is narrower than of samples.
        of_samples, differences_of_samples = draw_intervals(model, baselines, np.arange(len(test)), metric)
        intervals = widen(widen(intervals, of_samples), model.known_intervals())
        differences = widen(differences, differences_of_samples)
    ones = np.ones(len(test))
    better_by = {
        name: {
            "value": float(subtract(model.score(ones)[metric], scorer.score(ones)[metric], metric)),
            "interval": differences[name],
            "p_values": model.known_tests(scorer) if test.group is None else {},
        }
        for name, scorer in baselines.items()
    }
    kind = "samples" if test.group is None else "groups"
    drawn_what = {"kind": kind, "number": num_units, "draws": count_draws(len(test))}
    return {"intervals": intervals, "better_by": better_by, "drawn": drawn_what}


def draw_intervals(
    model: Scorer, baselines: dict[str, Scorer], unit: np.ndarray, metric: str
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Find the intervals of the metrics of a model, by key, and of its differences from the baselines, by name.

    unit: what is drawn together (n,): the number of each sample, or that of its group.
    """
    own, *others = score_draws([model, *baselines.values()], unit)
    num_units = int(unit.max()) + 1
    intervals = {key: find_interval(values, num_units) for key, values in own.items()}
    differences = [find_interval(subtract(own[metric], drawn[metric], metric), num_units) for drawn in others]
    return intervals, dict(zip(baselines, differences, strict=True))


def subtract(own: Any, other: Any, metric: str) -> Any:
    """Say how much better the own values of a metric are than the others: more is better, whatever the metric."""
    return other - own if metric in LOWER_IS_BETTER else own - other


def widen(intervals: dict[str, list[float]], others: dict[str, list[float]]) -> dict[str, list[float]]:
    """Widen intervals so that they hold the others of the same name. An unknown one, NaN, stays unknown."""
    return {
        name: [min(low, others[name][0]), max(high, others[name][1])] if name in others else [low, high]
        for name, (low, high) in intervals.items()
    }


def score_draws(scorers: list[Scorer], unit: np.ndarray) -> list[dict[str, np.ndarray]]:
    """Score models on the same draws.

    Args:
        scorers: of the models.
        unit: what is drawn together (n,): the number of each sample, or that of its group.

    Returns:
        Of each model the metrics in SHOWN, by key: (draws,).
    """
    random = np.random.default_rng(0)
    num_units = int(unit.max()) + 1
    scores: list[list[dict[str, float]]] = [[] for _ in scorers]
    for _ in range(count_draws(len(unit))):
        counts = np.bincount(random.integers(0, num_units, num_units), minlength=num_units)
        weights = counts[unit].astype(np.float64)  # (n,): how often the draw has each sample
        for scorer, found in zip(scorers, scores, strict=True):
            found.append(scorer.score(weights))
    return [{key: np.array([score[key] for score in found]) for key in SHOWN} for found in scores]


def count_draws(num_samples: int) -> int:
    """Count the draws: fewer where each takes long."""
    return min(DRAWS, max(FEWEST_DRAWS, MAX_DRAWN // num_samples))


def find_interval(values: np.ndarray, num_units: int) -> list[float]:
    """Find the 95 % interval, low and high, between two percentiles of the draws.

    Of few units the plain percentiles of 2.5 and 97.5 are too near. They are moved out by as much as Student's t is
    wider than the normal distribution (Hesterberg, Am. Stat. 69, 2015, section 4.4: expanded percentiles).

    Args:
        values: of the draws (draws,). Some are NaN where a draw lacks a class.
        num_units: samples or groups that were drawn from.
    """
    from scipy.stats import norm, t  # takes a while to import

    values = values[np.isfinite(values)]
    if num_units < 2 or not len(values):
        return [math.nan, math.nan]
    tail = float(norm.cdf(math.sqrt(num_units / (num_units - 1)) * t.ppf(0.025, num_units - 1)))
    return [float(value) for value in np.quantile(values, (tail, 1 - tail))]

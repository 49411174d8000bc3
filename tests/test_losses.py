"""Losses, metrics, schedules and optimizers: equal in every framework, and what they should be."""

import itertools
import json
from functools import cache

import numpy as np
import pytest
from conftest import ANSWERS, FRAMEWORKS, run_script

pytestmark = pytest.mark.slow

# A class and a label that no sample of the train split has are among them.
STATISTICS = {
    "multiclass": {"counts": [50, 30, 20, 0]},
    "binary": {"counts": [30, 10]},
    "multilabel": {"counts": [5, 0, 20], "samples": 40},
    "regression": {"mean": [10.0, -2.0], "std": [4.0, 0.5]},
}
WEIGHTS = {  # by hand: samples / (classes * count), with a count of at least 1
    "multiclass": [100 / 200, 100 / 120, 100 / 80, 100 / 4],
    "binary": [40 / 60, 40 / 20],
    "multilabel": [[40 / 70, 40 / 10], [40 / 80, 40 / 2], [40 / 40, 40 / 40]],  # of lacking and of having each label
}
BATCHES = [16, 5, 12, 4]  # sizes
SAMPLES = sum(BATCHES)
SCHEDULES = ["cosine", "one_cycle", "constant"]
OPTIMIZERS = ["adamw", "adam", "sgd"]
STEPS, WARMUP, RATE = 40, 0.25, 0.003


def inputs() -> dict[str, np.ndarray]:
    """Outputs and targets of every task: random ones, and outputs of +-50 with targets of every kind."""
    random = np.random.default_rng(0)

    def normal(*shape: int) -> np.ndarray:
        return np.clip(random.normal(0, 2, shape), -5, 5).astype("float32")

    classes = random.integers(3, size=SAMPLES)
    labels = random.integers(2, size=(SAMPLES, 3)).astype("float32") * np.array([1, 0, 1], "float32")
    arrays = {
        "multiclass outputs": normal(SAMPLES, 4),
        "multiclass targets": classes,
        "multiclass one-hot": np.eye(4, dtype="float32")[classes],
        "binary outputs": normal(SAMPLES, 1),
        "binary targets": random.integers(2, size=SAMPLES),
        "multilabel outputs": normal(SAMPLES, 3),
        "multilabel targets": labels,
        "multilabel none": np.zeros((SAMPLES, 3), "float32"),
        "regression outputs": normal(SAMPLES, 2),
        "regression targets": normal(SAMPLES, 2),
    }
    arrays["gradients"] = normal(STEPS, 3)  # of three weights
    for task, classes in {"multiclass": 4, "binary": 1, "multilabel": 3}.items():
        arrays[f"{task} extreme"] = random.choice(np.array([-50, 50], "float32"), size=(SAMPLES, classes))
    return arrays


def losses_of(task: str) -> list[dict]:
    """Every kind of loss of a task."""
    if task == "regression":
        return [{"loss": loss, "huber_delta": 0.7} for loss in ("mse", "mae", "huber")]
    focal = [{"loss": "focal", "focal_gamma": gamma} for gamma in (0.0, 0.5, 2.0)]
    kinds = [{"loss": "binary_cross_entropy"}, *focal]
    if task == "multiclass":
        kinds = [{"loss": "cross_entropy", "label_smoothing": share} for share in (0.0, 0.1)]
        kinds += [{**kind, "label_smoothing": 0.1} for kind in focal]  # which it must not use
    return [{**kind, "class_weight": weight} for kind in kinds for weight in ("none", "balanced")]


def cases() -> list[dict]:
    """Every loss with every kind of its inputs."""
    found = []
    for task in STATISTICS:
        targets = ["targets", "one-hot"] if task == "multiclass" else ["targets"]
        outputs = ["outputs"] if task == "regression" else ["outputs", "extreme"]
        for settings in losses_of(task):
            for one, other in itertools.product(outputs, targets):
                names = {"outputs": f"{task} {one}", "targets": f"{task} {other}"}
                found.append({"task": task, "settings": settings, **names})
    return found


CASES = cases()
METRICS = [{"task": task, "outputs": f"{task} outputs", "targets": f"{task} targets"} for task in STATISTICS]
METRICS += [
    {"task": "multiclass", "outputs": "multiclass outputs", "targets": "multiclass one-hot"},
    {"task": "multilabel", "outputs": "multilabel none", "targets": "multilabel none"},
]


@pytest.fixture(scope="session")
def results(bake, environment, tmp_path_factory):
    """What scripts/compute_losses.py computes in a framework; it runs once."""

    @cache
    def results(framework: str) -> dict[str, np.ndarray]:
        projects = {
            task: str(bake(framework=framework, task=task, project_slug=f"losses-{framework}-{task}"))
            for task in STATISTICS
        }
        plan = {
            "projects": projects,
            "statistics": STATISTICS,
            "cases": CASES,
            "metrics": METRICS,
            "batches": BATCHES,
            "schedules": SCHEDULES,
            "optimizers": OPTIMIZERS,
            "schedule_settings": {"warmup_fraction": WARMUP, "learning_rate": RATE},
            "steps": STEPS,
        }
        folder = tmp_path_factory.mktemp(framework)
        (folder / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
        np.savez(folder / "inputs.npz", **inputs())
        python = environment(framework) / "bin" / "python"
        run_script(python, "compute_losses.py", framework, "plan.json", "inputs.npz", "results.npz", cwd=folder)
        return dict(np.load(folder / "results.npz"))

    return results


@pytest.fixture(params=FRAMEWORKS)
def result(request, results):
    """The same of each framework."""
    return results(request.param)


def loss_of(result: dict, task: str, outputs: str = "outputs", targets: str = "targets", **settings) -> float:
    """Loss of the one case that has these settings and inputs."""
    wanted = {"task": task, "outputs": f"{task} {outputs}", "targets": f"{task} {targets}"}
    (number,) = (
        number
        for number, case in enumerate(CASES)
        if wanted.items() <= case.items() and settings.items() <= case["settings"].items()
    )
    return float(result[f"loss{number}"])


def test_every_task_is_here():
    assert list(STATISTICS) == ANSWERS["task"]


def test_frameworks_agree(results):
    first, *others = (results(framework) for framework in FRAMEWORKS)
    for other in others:
        assert first.keys() == other.keys()
        for number, case in enumerate(CASES):
            relative = 1e-6 if case["outputs"].endswith("extreme") else 0  # losses of hundreds there
            for name in (f"loss{number}", f"gradient{number}"):
                np.testing.assert_allclose(first[name], other[name], rtol=relative, atol=1e-6, err_msg=str(case))
        for name in SCHEDULES:
            np.testing.assert_allclose(first[name], other[name], rtol=1e-5, err_msg=name)
        for name in OPTIMIZERS:
            np.testing.assert_allclose(first[name], other[name], rtol=1e-5, atol=1e-7, err_msg=name)


def test_extreme_outputs_stay_finite(result):
    for number, case in enumerate(CASES):
        assert np.isfinite(result[f"loss{number}"]), case
        assert np.isfinite(result[f"gradient{number}"]).all(), case
        if case["outputs"].endswith("extreme"):
            assert result[f"loss{number}"] > 1, case
            assert np.abs(result[f"gradient{number}"]).max() > 1e-3, case  # what is wrong is still pulled


def test_losses_are_what_their_names_say(result):
    arrays = {name: array.astype(np.float64) for name, array in inputs().items()}
    for task in ("multiclass", "binary", "multilabel"):
        cross_entropy = cross_entropies(task, arrays)
        weights = weights_of(task, arrays)
        plain = (
            {"loss": "cross_entropy", "label_smoothing": 0.0}
            if task == "multiclass"
            else {"loss": "binary_cross_entropy"}
        )
        for class_weight, factor in {"none": 1.0, "balanced": weights}.items():
            for settings, gamma in (
                (plain, 0.0),
                *(({"loss": "focal", "focal_gamma": gamma}, gamma) for gamma in (0.0, 0.5, 2.0)),
            ):
                expected = np.mean(factor * (1 - np.exp(-cross_entropy)) ** gamma * cross_entropy)
                for targets in ("targets", "one-hot") if task == "multiclass" else ("targets",):
                    found = loss_of(result, task, targets=targets, class_weight=class_weight, **settings)
                    assert found == pytest.approx(expected, rel=1e-5), (task, settings, class_weight)


def test_label_smoothing(result):
    arrays = {name: array.astype(np.float64) for name, array in inputs().items()}
    logits = arrays["multiclass outputs"]
    share = 0.9 * arrays["multiclass one-hot"] + 0.1 / 4
    losses = -(share * (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)))).sum(axis=1)
    for class_weight, weights in {"none": 1.0, "balanced": weights_of("multiclass", arrays)}.items():
        found = loss_of(result, "multiclass", loss="cross_entropy", label_smoothing=0.1, class_weight=class_weight)
        assert found == pytest.approx(np.mean(weights * losses), rel=1e-5)


def test_regression_losses(result):
    arrays = {name: array.astype(np.float64) for name, array in inputs().items()}
    errors = np.abs(arrays["regression outputs"] - arrays["regression targets"])
    huber = np.where(errors <= 0.7, errors**2 / 2, 0.7 * (errors - 0.35))
    for loss, expected in {"mse": errors**2, "mae": errors, "huber": huber}.items():
        assert loss_of(result, "regression", loss=loss) == pytest.approx(expected.mean(), rel=1e-5)


def test_metrics_over_batches_of_different_size(result):
    arrays = inputs()
    right = arrays["multiclass outputs"].argmax(axis=1) == arrays["multiclass targets"]
    right_binary = (arrays["binary outputs"][:, 0] > 0) == arrays["binary targets"]
    given, labels = arrays["multilabel outputs"] > 0, arrays["multilabel targets"] > 0
    micro_f1 = 2 * (given & labels).sum() / (2 * (given & labels).sum() + (given != labels).sum())
    # Targets are standardized. Of several, errors are in standard deviations of each.
    errors = np.abs(arrays["regression outputs"] - arrays["regression targets"])
    expected = [right.mean(), right_binary.mean(), micro_f1, errors.mean(), right.mean(), 0]
    assert [float(result[f"metric{number}"]) for number in range(len(METRICS))] == pytest.approx(expected, rel=1e-5)


def test_schedules(result):
    warm = round(WARMUP * STEPS)
    climb = np.arange(1, warm + 1) / warm
    fall = 0.5 + 0.5 * np.cos(np.pi * np.arange(STEPS - warm) / (STEPS - warm))
    expected = {
        "cosine": [*climb, *fall],
        "one_cycle": [*(0.04 + 0.96 * climb), *(0.0001 + 0.9999 * fall)],
        "constant": [*climb, *np.ones(STEPS - warm)],
    }
    for name in SCHEDULES:
        np.testing.assert_allclose(result[name], RATE * np.array(expected[name]), rtol=1e-5, err_msg=name)


def test_gradient_descent_with_nesterovs_momentum(result):
    weights, velocity = np.ones(3), np.zeros(3)
    for rate, gradient in zip(result["cosine"], inputs()["gradients"].astype(np.float64), strict=True):
        velocity = 0.9 * velocity + gradient
        weights -= rate * (gradient + 0.9 * velocity)
    np.testing.assert_allclose(result["sgd"], weights, rtol=1e-5)


def cross_entropies(task: str, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """Minus the logarithm of the probability of what is true, of each sample (and label)."""
    logits, targets = arrays[f"{task} outputs"], arrays[f"{task} targets"]
    if task == "multiclass":
        share = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        return -np.log(share[np.arange(SAMPLES), targets.astype(int)])
    return np.log(1 + np.exp(np.where(targets.reshape(logits.shape) > 0, -logits, logits)))


def weights_of(task: str, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """The weight of each sample (and label), in the shape of `cross_entropies`."""
    targets, weights = arrays[f"{task} targets"].astype(int), np.array(WEIGHTS[task])
    if task == "multilabel":
        return np.take_along_axis(weights[None], targets[:, :, None], axis=2)[:, :, 0]
    return weights[targets].reshape(-1) if task == "multiclass" else weights[targets].reshape(-1, 1)

"""Losses, the figures beside them and schedules: equal in every framework, and what they should be."""

import itertools
import json
from functools import cache

import numpy as np
import pytest
from conftest import ANSWERS, FRAMEWORKS, run

pytestmark = pytest.mark.slow

# A class and a label that no item of the train split has are among them.
STATISTICS = {
    "multiclass": {"counts": [50, 30, 20, 0]},
    "binary": {"counts": [30, 10]},
    "multilabel": {"counts": [5, 0, 20], "items": 40},
    "regression": {"mean": [10.0, -2.0], "deviation": [4.0, 0.5]},
}
WEIGHTS = {  # by hand: items / (classes * count), with a count of at least 1
    "multiclass": [100 / 200, 100 / 120, 100 / 80, 100 / 4],
    "binary": [40 / 60, 40 / 20],
    "multilabel": [[40 / 70, 40 / 10], [40 / 80, 40 / 2], [40 / 40, 40 / 40]],  # of lacking and of having each label
}
BATCHES = [16, 5, 12, 4]  # sizes
ITEMS = sum(BATCHES)
SCHEDULES = ["cosine", "one_cycle", "constant"]
STEPS, WARMUP, RATE = 40, 0.25, 0.003

# What a script does in its framework: loss and gradient, a figure over batches, and the learning rates.
SCRIPTS = {
    "pytorch": """
import torch

def measure(losses, config, statistics, outputs, targets):
    outputs = torch.tensor(outputs, requires_grad=True)
    loss = losses.make_loss(config, statistics)(outputs, torch.tensor(targets))
    loss.backward()
    assert loss.shape == () and loss.dtype == torch.float32
    return loss.item(), outputs.grad.numpy()

def figure(losses, statistics, batches):
    metric = losses.make_metric(statistics)
    parts = sum(metric(torch.tensor(outputs), torch.tensor(targets)) for outputs, targets in batches)
    assert parts.shape == (2,) and parts.dtype == torch.float32
    return parts[0].item() / max(parts[1].item(), 1)

def rates(schedule, settings, steps):
    return [settings.learning_rate * schedule(step) for step in range(steps)]
""",
    "keras": """
import keras
import tensorflow as tf

def measure(losses, config, statistics, outputs, targets):
    outputs = tf.constant(outputs)
    loss_function = losses.make_loss(config, statistics)
    saved = keras.saving.serialize_keras_object(loss_function)
    loss_function = keras.saving.deserialize_keras_object(json.loads(json.dumps(saved)))
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        loss = loss_function(targets, outputs)
    assert loss.shape == () and loss.dtype == "float32"
    return loss.numpy(), tape.gradient(loss, outputs).numpy()

def figure(losses, statistics, batches):
    metric = losses.make_metric(statistics)
    metric = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(metric))
    for outputs, targets in batches:
        metric.update_state(targets, outputs)
    return metric.result().numpy()

def rates(schedule, settings, steps):
    return [float(schedule(step)) for step in range(steps)]
""",
}
SCRIPT = """
import importlib, itertools, json, os, sys
from dataclasses import replace
from pathlib import Path

os.environ.update(KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3")
import numpy as np
{framework}
plan = json.loads(Path("plan.json").read_text())
arrays = dict(np.load("inputs.npz"))
results = {{}}
for task, folder in plan["projects"].items():
    sys.path.insert(0, folder)
    package = Path(folder).name.replace("-", "_")
    losses = importlib.import_module(package + ".losses")
    compile = importlib.import_module(package + ".compile")
    config = importlib.import_module(package + ".config").load_config(folder + "/config.yaml")
    original, statistics = config.compile, plan["statistics"][task]
    for number, case in enumerate(plan["cases"]):
        if case["task"] == task:
            config.compile = replace(original, **case["settings"])
            outputs, targets = arrays[case["outputs"]], arrays[case["targets"]]
            loss, slope = measure(losses, config, statistics, outputs, targets)
            results[f"loss{{number}}"], results[f"slope{{number}}"] = loss, slope
    for number, case in enumerate(plan["figures"]):
        if case["task"] == task:
            ends = list(itertools.accumulate(plan["batches"]))[:-1]
            batches = zip(np.split(arrays[case["outputs"]], ends), np.split(arrays[case["targets"]], ends))
            results[f"figure{{number}}"] = figure(losses, statistics, batches)
for name in plan["schedules"]:
    settings = replace(original, schedule=name, warmup={warmup}, learning_rate={rate})
    schedule = compile.Schedule(settings, total_steps={steps})
    results[name] = rates(schedule, settings, {steps})
np.savez(sys.argv[1], **results)
"""


def inputs() -> dict[str, np.ndarray]:
    """Outputs and targets of every task: random ones, and outputs of +-50 with targets of every kind."""
    random = np.random.default_rng(0)

    def normal(*shape: int) -> np.ndarray:
        return np.clip(random.normal(0, 2, shape), -5, 5).astype("float32")

    classes = random.integers(3, size=ITEMS)
    labels = random.integers(2, size=(ITEMS, 3)).astype("float32") * np.array([1, 0, 1], "float32")
    arrays = {
        "multiclass outputs": normal(ITEMS, 4),
        "multiclass targets": classes,
        "multiclass one-hot": np.eye(4, dtype="float32")[classes],
        "binary outputs": normal(ITEMS, 1),
        "binary targets": random.integers(2, size=ITEMS),
        "multilabel outputs": normal(ITEMS, 3),
        "multilabel targets": labels,
        "multilabel none": np.zeros((ITEMS, 3), "float32"),
        "regression outputs": normal(ITEMS, 2),
        "regression targets": normal(ITEMS, 2) * np.array([4, 0.5], "float32") + np.array([10, -2], "float32"),
    }
    for task, classes in {"multiclass": 4, "binary": 1, "multilabel": 3}.items():
        arrays[f"{task} extreme"] = random.choice(np.array([-50, 50], "float32"), size=(ITEMS, classes))
    return arrays


def settings_of(task: str) -> list[dict]:
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
        for settings in settings_of(task):
            for one, other in itertools.product(outputs, targets):
                names = {"outputs": f"{task} {one}", "targets": f"{task} {other}"}
                found.append({"task": task, "settings": settings, **names})
    return found


CASES = cases()
FIGURES = [{"task": task, "outputs": f"{task} outputs", "targets": f"{task} targets"} for task in STATISTICS]
FIGURES += [
    {"task": "multiclass", "outputs": "multiclass outputs", "targets": "multiclass one-hot"},
    {"task": "multilabel", "outputs": "multilabel none", "targets": "multilabel none"},
]


@pytest.fixture(scope="session")
def results(bake, environment, tmp_path_factory):
    """What the script of a framework computes; it runs once."""

    @cache
    def results(framework: str) -> dict[str, np.ndarray]:
        projects = {
            task: str(bake(framework=framework, task=task, project_slug=f"losses-{framework}-{task}"))
            for task in STATISTICS
        }
        plan = {"projects": projects, "statistics": STATISTICS, "cases": CASES, "figures": FIGURES}
        folder = tmp_path_factory.mktemp(framework)
        (folder / "plan.json").write_text(json.dumps({**plan, "batches": BATCHES, "schedules": SCHEDULES}))
        np.savez(folder / "inputs.npz", **inputs())
        script = SCRIPT.format(framework=SCRIPTS[framework], warmup=WARMUP, rate=RATE, steps=STEPS)
        run([environment(framework) / "bin" / "python", "-c", script, "results.npz"], cwd=folder)
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
            for name in (f"loss{number}", f"slope{number}"):
                np.testing.assert_allclose(first[name], other[name], rtol=relative, atol=1e-6, err_msg=str(case))
        for name in SCHEDULES:
            np.testing.assert_allclose(first[name], other[name], rtol=1e-5, err_msg=name)


def test_extreme_outputs_stay_finite(result):
    for number, case in enumerate(CASES):
        assert np.isfinite(result[f"loss{number}"]), case
        assert np.isfinite(result[f"slope{number}"]).all(), case
        if case["outputs"].endswith("extreme"):
            assert result[f"loss{number}"] > 1, case
            assert np.abs(result[f"slope{number}"]).max() > 1e-3, case  # what is wrong is still pulled


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
    shares = 0.9 * arrays["multiclass one-hot"] + 0.1 / 4
    losses = -(shares * (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)))).sum(axis=1)
    for class_weight, weights in {"none": 1.0, "balanced": weights_of("multiclass", arrays)}.items():
        found = loss_of(result, "multiclass", loss="cross_entropy", label_smoothing=0.1, class_weight=class_weight)
        assert found == pytest.approx(np.mean(weights * losses), rel=1e-5)


def test_regression_losses(result):
    arrays = {name: array.astype(np.float64) for name, array in inputs().items()}
    standardised = (arrays["regression targets"] - [10, -2]) / [4, 0.5]
    errors = np.abs(arrays["regression outputs"] - standardised)
    huber = np.where(errors <= 0.7, errors**2 / 2, 0.7 * (errors - 0.35))
    for loss, expected in {"mse": errors**2, "mae": errors, "huber": huber}.items():
        assert loss_of(result, "regression", loss=loss) == pytest.approx(expected.mean(), rel=1e-5)


def test_figures_over_batches_of_different_size(result):
    arrays = inputs()
    right = arrays["multiclass outputs"].argmax(axis=1) == arrays["multiclass targets"]
    right_binary = (arrays["binary outputs"][:, 0] > 0) == arrays["binary targets"]
    given, labels = arrays["multilabel outputs"] > 0, arrays["multilabel targets"] > 0
    micro_f1 = 2 * (given & labels).sum() / (2 * (given & labels).sum() + (given != labels).sum())
    errors = np.abs(arrays["regression outputs"] * [4, 0.5] + [10, -2] - arrays["regression targets"])
    expected = [right.mean(), right_binary.mean(), micro_f1, errors.mean(), right.mean(), 0]
    assert [float(result[f"figure{number}"]) for number in range(len(FIGURES))] == pytest.approx(expected, rel=1e-5)


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


def cross_entropies(task: str, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """Minus the logarithm of the probability of what is true, of each item (and label)."""
    logits, targets = arrays[f"{task} outputs"], arrays[f"{task} targets"]
    if task == "multiclass":
        shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        return -np.log(shares[np.arange(ITEMS), targets.astype(int)])
    return np.log(1 + np.exp(np.where(targets.reshape(logits.shape) > 0, -logits, logits)))


def weights_of(task: str, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """The weight of each item (and label), in the shape of `cross_entropies`."""
    targets, weights = arrays[f"{task} targets"].astype(int), np.array(WEIGHTS[task])
    if task == "multilabel":
        return np.take_along_axis(weights[None], targets[:, :, None], axis=2)[:, :, 0]
    return weights[targets].reshape(-1) if task == "multiclass" else weights[targets].reshape(-1, 1)

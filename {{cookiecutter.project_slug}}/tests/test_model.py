"""The model and the compile step: what any network must do before it is worth training."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from framework import gradients, train_steps

from {{ cookiecutter.__package }}.compile import Schedule, make_optimizer
from {{ cookiecutter.__package }}.config import Config, change_settings
from {{ cookiecutter.__package }}.data import Splits
from {{ cookiecutter.__package }}.device import set_up
from {{ cookiecutter.__package }}.losses import make_loss
from {{ cookiecutter.__package }}.model import build_model
from {{ cookiecutter.__package }}.task import to_loss_targets
from {{ cookiecutter.__package }}.training.checkpoint import run_model
from {{ cookiecutter.__package }}.training.overfit import find_regularization


def build(config: Config, splits: Splits) -> Any:
    """Build a new model, of the class of the framework, whose random weights are the same each time."""
    set_up(config)
    return build_model(splits.info, config)


def some(splits: Splits, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Take the first samples to train on: inputs, and targets as the loss takes them."""
    return splits.train.x[:count], to_loss_targets(splits.train.y[:count], splits.target_statistics)


def test_every_parameter_gets_a_gradient(config: Config, splits: Splits) -> None:
    model, loss = build(config, splits), make_loss(config, splits.target_statistics)
    found = gradients(model, loss, *some(splits, 64))
    assert found
    for name, gradient in found.items():
        assert gradient is not None, name
        assert np.isfinite(gradient).all(), name
        assert np.abs(gradient).max() > 0, name


def test_one_batch_can_be_learned_by_heart(config: Config, splits: Splits) -> None:
    config = change_settings(config, {**find_regularization(config), "compile.schedule": "constant"})
    model, loss = build(config, splits), make_loss(config, splits.target_statistics)
    optimizer = make_optimizer(model, config, total_steps=100)
    losses = train_steps(model, loss, optimizer, *some(splits, 16), steps=100)
    assert losses[0] > 0.4  # as a guess has
    assert losses[-1] < 0.1 * losses[0]


@pytest.mark.parametrize("name", ["adamw", "adam", "sgd"])
def test_every_optimizer_learns(config: Config, splits: Splits, name: str) -> None:
    rate = 0.001 if name == "sgd" else 0.01
    chosen = {"compile.optimizer": name, "compile.learning_rate": rate}
    config = change_settings(config, {**find_regularization(config), **chosen})  # else each step draws its own loss
    model, loss = build(config, splits), make_loss(config, splits.target_statistics)
    optimizer = make_optimizer(model, config, total_steps=10)
    losses = train_steps(model, loss, optimizer, *some(splits, 16), steps=12)
    assert losses[-1] < losses[0]


def test_a_large_mean_costs_no_digits(config: Config, splits: Splits) -> None:
    info = splits.info
    features = len(info.mean)
    x = np.random.default_rng(0).integers(0, 256, (16, *info.input_shape)).astype(np.float32)

    def outputs(mean: float, inputs: np.ndarray) -> np.ndarray:
        set_up(config)  # the same random weights again
        means, stds = [mean] * features, [70.0] * features
        scaling = {"center": means, "scale": stds, "edges": []}  # of networks that do not scale by mean and std
        preprocessing = info.preprocessing | {"scaling": scaling}
        model = build_model(replace(info, mean=means, std=stds, preprocessing=preprocessing), config)
        return run_model(model, inputs, config)

    expected = outputs(0.0, x)
    if (outputs(100.0, x) == expected).all():
        pytest.skip("this network does not subtract the mean")
    offset = 2.0**20  # exact in float32, as the sums are
    np.testing.assert_allclose(outputs(offset, x + np.float32(offset)), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ["cosine", "one_cycle"])
def test_the_learning_rate_climbs_and_falls(config: Config, name: str) -> None:
    config.compile.schedule, config.compile.warmup_fraction = name, 0.1
    schedule = Schedule(config.compile, total_steps=100)
    rates = [float(schedule(step)) for step in range(100)]
    assert np.argmax(rates) in (9, 10)
    assert rates[0] < rates[5] < rates[9]
    assert rates[20] > rates[60] > rates[99] >= 0
    assert rates[99] < 0.01 * max(rates)


def test_the_learning_rate_can_be_constant(config: Config) -> None:
    config.compile.schedule, config.compile.warmup_fraction = "constant", 0.0
    constant = Schedule(config.compile, total_steps=100)
    assert float(constant(0)) == float(constant(99)) > 0

"""The model and the compile step: what any network must do before it is worth training."""

import numpy as np
import pytest
from framework import gradients, train_steps

from {{ cookiecutter.__package }}.compile import Schedule, make_optimizer
from {{ cookiecutter.__package }}.config import Config
from {{ cookiecutter.__package }}.data import Splits
from {{ cookiecutter.__package }}.losses import make_loss
from {{ cookiecutter.__package }}.model import build_model


def build(config: Config, splits: Splits):
    return build_model(splits.input_shape, splits.num_outputs, config, normalisation=splits.normalisation)


def test_every_parameter_gets_a_gradient(config: Config, splits: Splits) -> None:
    model, loss = build(config, splits), make_loss(config, splits.target_statistics)
    found = gradients(model, loss, splits.train.x[:64], splits.train.y[:64])
    assert found
    for name, gradient in found.items():
        assert gradient is not None, name
        assert np.isfinite(gradient).all(), name
        assert np.abs(gradient).max() > 0, name


def test_one_batch_can_be_learnt_by_heart(config: Config, splits: Splits) -> None:
    config.model.dropout = 0.0
    config.compile.schedule = "constant"
    model, loss = build(config, splits), make_loss(config, splits.target_statistics)
    optimizer = make_optimizer(model, config, total_steps=100)
    losses = train_steps(model, loss, optimizer, splits.train.x[:16], splits.train.y[:16], steps=100)
    assert losses[0] > 0.4  # it starts by knowing nothing
    assert losses[-1] < 0.1 * losses[0]


@pytest.mark.parametrize("name", ["cosine", "one_cycle"])
def test_the_learning_rate_climbs_and_falls(config: Config, name: str) -> None:
    config.compile.schedule, config.compile.warmup = name, 0.1
    schedule = Schedule(config.compile, total_steps=100)
    rates = [float(schedule(step)) for step in range(100)]
    assert np.argmax(rates) in (9, 10)
    assert rates[0] < rates[5] < rates[9]
    assert rates[20] > rates[60] > rates[99] >= 0
    assert rates[99] < 0.01 * max(rates)


def test_the_learning_rate_can_be_constant(config: Config) -> None:
    config.compile.schedule, config.compile.warmup = "constant", 0.0
    constant = Schedule(config.compile, total_steps=100)
    assert float(constant(0)) == float(constant(99)) > 0

"""Learning aids: one batch is learned by heart, or it is said that it is not; the range test; where time goes."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from {{ cookiecutter.__package }}.__main__ import main
from {{ cookiecutter.__package }}.config import Config, UserError, change_settings
from {{ cookiecutter.__package }}.training import lr_find, overfit, profile
from {{ cookiecutter.__package }}.training.steps import Steps


def test_a_batch_is_learned_by_heart(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Path(__file__).parents[1] / "config.yaml"  # with the whole network
    Path("config.yaml").write_text(settings.read_text(encoding="utf-8"), encoding="utf-8")
    options = [f"--data.source={config.data.source}", "--training.batch_size=16", "--hardware.accelerator=cpu"]
    assert main(["overfit", *options]) == 0
    output = capsys.readouterr().out
    assert "Switched off: model.dropout" in output
    assert "the network can learn." in output
    assert not Path("runs").exists()


def test_a_network_that_does_not_learn_is_named(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overfit, "STEPS", 5)
    settings = replace(config, compile=replace(config.compile, learning_rate=1e-9))
    with pytest.raises(UserError, match="Usual reasons: targets that do not belong"):
        overfit.main(settings)


@pytest.mark.parametrize(("clip_norm", "moves"), [(0, True), (1e-6, False)])
def test_a_long_gradient_is_shortened(config: Config, clip_norm: float, moves: bool) -> None:
    # The same loss again for the same weights: no dropout, nothing mirrored or otherwise changed.
    off = overfit.find_regularization(config)
    rate = {"optimizer": "sgd", "schedule": "constant", "warmup_fraction": 0, "learning_rate": 0.01}
    changed = off | {f"compile.{name}": value for name, value in {**rate, "clip_norm": clip_norm}.items()}
    steps = Steps(change_settings(config, changed))
    batch = next(steps.draw())
    losses = [steps.take(batch) for _ in range(5)]
    # Five steps of a millionth, each ten times as long by the momentum at most, move nothing.
    assert (abs(losses[-1] - losses[0]) > 1e-3) == moves


def test_the_range_test_marks_two_rates(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    lr_find.main(config)
    output = capsys.readouterr().out
    assert "steepest fall: " in output
    assert f"compile.learning_rate is {config.compile.learning_rate:g}." in output
    assert Path("reports/lr_find.png").stat().st_size > 10_000


def test_the_parts_of_a_step_are_timed(
    config: Config, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profile, "STEPS", 3)
    profile.main(config)
    output = capsys.readouterr().out
    parts = [float(line.split("│")[2]) for line in output.splitlines() if "│" in line and "%" in line]
    assert len(parts) >= 4 and min(parts) >= 0
    assert sum(parts[:-1]) == pytest.approx(parts[-1], abs=0.05)
    assert re.search(r"\d samples a second, 3\d in a step\.", output)
    assert not Path("runs").exists()

"""Exported models: each format gives what the model gives, or is refused."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from {{ cookiecutter.__package }} import environment
from {{ cookiecutter.__package }}.config import Config, UserError
from {{ cookiecutter.__package }}.data import Splits
from {{ cookiecutter.__package }}.data_info import load_info, save_info
from {{ cookiecutter.__package }}.inference import export
from {{ cookiecutter.__package }}.inference.answers import answer_samples, load_service
from {{ cookiecutter.__package }}.inference.formats import FORMATS
from {{ cookiecutter.__package }}.inference.predict import predict
from {{ cookiecutter.__package }}.inference.runtimes import run_onnx
from {{ cookiecutter.__package }}.task import NUMERIC_TARGETS, to_rows
from {{ cookiecutter.__package }}.training import train
from {{ cookiecutter.__package }}.training.checkpoint import run_model


def test_each_format_agrees_with_the_model_or_is_refused(
    config: Config, splits: Splits, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxruntime", reason="the extra export is not installed")
    config.training.epochs = 1
    run, _ = train.train_model(config)
    info = load_info(run / "data.json")
    statistics = info.target_statistics
    statistics |= {"temperature": 2.0, "threshold": 0.3}  # as a larger validation split would tell it of classes
    save_info(info, run / "data.json")
    export.main(format="all")
    assert capsys.readouterr().out.count(" of the model on 100 samples") == len(FORMATS)
    folder = run / "export"
    names = {path.name for path in folder.iterdir()}
    assert names == {*FORMATS.values(), "metadata.json", "predict.cpp", "CMakeLists.txt"}
    assert f"using Input = {splits.test.x.dtype}_t;" in (folder / "predict.cpp").read_text(encoding="utf-8")
    metadata = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
    assert (metadata["target_names"], metadata["target_statistics"]) == (splits.target_names, statistics)
    found = run_onnx(str(folder / FORMATS["onnx"]), splits.test.x[:5])["predictions"]
    np.testing.assert_allclose(found, predict(run, splits.test.x[:5]), rtol=1e-3, atol=1e-4)

    # The service answers as `predict` does, too.
    served = answer_samples(load_service(run.name, 5), splits.test.x[:5].tolist())["predictions"]
    rows = to_rows(predict(run, splits.test.x[:5]), splits.target_names, statistics)
    for row, wanted in zip(served, rows, strict=True):
        assert row.keys() == wanted.keys()
        for name, value in wanted.items():
            assert row[name] == (value if isinstance(value, str) else pytest.approx(value, rel=1e-4, abs=1e-4))

    def other_outputs(model: object, inputs: np.ndarray, config: Config) -> np.ndarray:
        return run_model(model, inputs, config) + 0.01

    def copy(_: object, files: dict[str, Path], *others: object) -> None:  # as written before
        for file in files.values():
            shutil.copy(folder / file.name, file)

    monkeypatch.setattr(export, "write_formats", copy)
    monkeypatch.setattr(export, "run_model", other_outputs)
    with pytest.raises(UserError, match="differs from the model by"):
        export.main(output="refused")
    assert not list(Path("refused").iterdir())


@pytest.mark.skipif(not NUMERIC_TARGETS, reason="probabilities need few digits")
def test_predictions_keep_the_digits_of_targets(
    config: Config, splits: Splits, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("onnxruntime", reason="the extra export is not installed")
    config.training.epochs = 1
    run, _ = train.train_model(config)
    info = load_info(run / "data.json")
    info.target_statistics.update(mean=[1.7e9] * info.num_outputs, std=[500.0] * info.num_outputs)  # such as seconds
    save_info(info, run / "data.json")
    capsys.readouterr()
    export.main(format="all")
    printed = capsys.readouterr().out
    expected = predict(run, splits.test.x[:5])
    assert np.ptp(expected) > 1
    for name in FORMATS.values():
        found = export.run_exported(run / "export" / name, splits.test.x[:5])
        if f"Warning: predictions of {name} are float32" in printed:
            assert name != FORMATS["onnx"]
            statistics = {key: np.array(info.target_statistics[key]) for key in ("mean", "std")}
            found["predictions"] = found["outputs"] * statistics["std"] + statistics["mean"]
        np.testing.assert_allclose(found["predictions"], expected, rtol=0, atol=0.1)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r'needs .*onnxruntime: .* pip install --editable "\.\[export\]"'):
        export.main()

"""The formats that a model can be exported to.

onnx: for ONNX Runtime, which runs in servers, C++, C#, Java, browsers and phones. litert: for phones and small devices,
before called TensorFlow Lite. saved_model: for TensorFlow, without the code of this project.
Keras exports them all by TensorFlow, whatever library trained the model. So a process of its own writes them.
"""

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from .. import model as _model  # noqa: F401  # registers the layers of model.py, by which Keras finds them in a file
from ..config import Config, UserError
from ..data_info import DataInfo
from ..losses import to_predictions
from ..model import build_model
from ..training.checkpoint import load_model

FORMATS = {"onnx": "model.onnx", "litert": "model.tflite", "saved_model": "saved_model"}  # format -> file or folder
# Packages beside those of training.
NEEDED = {
    "onnx": ["tensorflow", "onnx", "tf2onnx", "onnxruntime"],
    "litert": ["tensorflow", "ai_edge_litert"],
    "saved_model": ["tensorflow"],
}


def load_float32(run: Path, config: Config, info: DataInfo) -> keras.Model:
    """Load the best model of a run, in float32, whatever precision it was trained in.

    A model that was trained in bfloat16 keeps that in its file, and runtimes refuse what is exported from it.
    """
    weights = load_model(run).get_weights()
    keras.config.set_dtype_policy("float32")
    model = build_model(info, config)
    model.set_weights(weights)
    return model


def write_formats(
    model: keras.Model,
    files: dict[str, Path],
    example: np.ndarray,
    statistics: dict[str, Any],
    metadata: dict[str, Any],
) -> None:
    """Write a model in some formats. The batch stays open, the other axes are those of the example.

    Args:
        model: the model in float32.
        files: the path to write to, by format.
        example: samples (n, *shape).
        statistics: of the targets, for the predictions.
        metadata: goes into each file; names the dtype of the predictions.

    Raises:
        UserError: a format can't hold the model.
    """
    with tempfile.TemporaryDirectory() as scratch:
        saved = Path(scratch, "model.keras")
        model.save(saved)
        job = {
            "model": str(saved),
            "files": {name: str(path) for name, path in files.items()},
            "shape": example.shape[1:],
            "dtype": str(example.dtype),
            "statistics": statistics,
            "metadata": metadata,
        }
        command = [sys.executable, "-c", f"import {__name__} as formats; formats.{_write_by_tensorflow.__name__}()"]
        environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(command, input=json.dumps(job), env=environment, capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason"])[-1]
        raise UserError(f"The model can't be exported to {', '.join(files)}: {reason}")


def _write_by_tensorflow() -> None:
    """Do the job of `write_formats` that comes by standard input, in a process whose backend is TensorFlow."""
    job = json.load(sys.stdin)
    files, metadata = job["files"], job["metadata"]
    model = keras.saving.load_model(job["model"], compile=False)

    # Samples come as stored, such as uint8, and the file gives predictions too.
    inputs = keras.Input(job["shape"], dtype=job["dtype"], name="inputs")
    outputs = model(keras.ops.cast(inputs, "float32"))

    def with_predictions(dtype: str) -> keras.Model:
        predictions = to_predictions(keras.ops.cast(outputs, dtype), job["statistics"])
        return keras.Model(inputs, {"outputs": outputs, "predictions": predictions})

    exported = with_predictions(metadata["prediction_dtype"])

    def signature(batch: int | None) -> list[keras.InputSpec]:
        return [keras.InputSpec(shape=(batch, *job["shape"]), dtype=job["dtype"], name="inputs")]

    if "onnx" in files:
        exported.export(files["onnx"], format="onnx", verbose=False, input_signature=signature(None))
        _finish_onnx(files["onnx"], metadata)
    if "litert" in files:
        is_recurrent = any(isinstance(layer, keras.layers.RNN) for layer in model.layers)
        batch = 1 if is_recurrent else None  # a file with an open batch would need operations that LiteRT lacks
        exported_float32 = with_predictions("float32")  # LiteRT does not compute in float64
        exported_float32.export(files["litert"], format="litert", verbose=False, input_signature=signature(batch))
        with zipfile.ZipFile(files["litert"], "a") as archive:  # the format's own place for such files
            archive.writestr("labels.txt", "\n".join(metadata["target_names"]))
            archive.writestr("metadata.json", json.dumps(metadata))
    if "saved_model" in files:
        exported.export(files["saved_model"], format="tf_saved_model", verbose=False, input_signature=signature(None))
        folder = Path(files["saved_model"], "assets.extra")
        folder.mkdir()
        (folder / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")


def _finish_onnx(path: str, metadata: dict[str, Any]) -> None:
    """Name the open axis of an ONNX file, add metadata, and check it."""
    import onnx

    model = onnx.load(path)
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "batch"
    onnx.helper.set_model_props(model, {name: json.dumps(value) for name, value in metadata.items()})
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)

"""Run an exported model: `python runtimes.py model.onnx inputs.npy outputs.npz`.

It needs the runtime of the format alone, and nothing of this project: copy the function that you need.
"""

import sys
from typing import Any

import numpy as np


def run_onnx(path: str, inputs: np.ndarray) -> dict[str, np.ndarray]:
    """Run model.onnx with ONNX Runtime on raw inputs (n, *shape)."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"inputs": inputs}), strict=True))


def run_litert(path: str, inputs: np.ndarray) -> dict[str, np.ndarray]:
    """Run model.tflite with LiteRT on raw inputs (n, *shape), one by one: recurrent models take no more at once."""
    from ai_edge_litert.interpreter import Interpreter

    model = Interpreter(model_path=path).get_signature_runner()
    results = [model(inputs=sample[np.newaxis]) for sample in inputs]
    return {name: np.concatenate([result[name] for result in results]) for name in results[0]}


def run_saved_model(path: str, inputs: np.ndarray) -> dict[str, np.ndarray]:
    """Run saved_model with TensorFlow on raw inputs (n, *shape)."""
    import tensorflow as tf

    model = tf.saved_model.load(path)
    return {name: values.numpy() for name, values in model.serve(inputs).items()}


if __name__ == "__main__":
    model, inputs, outputs = sys.argv[1:]
    run = {".onnx": run_onnx, ".tflite": run_litert}.get(model[model.rfind(".") :], run_saved_model)
    samples = np.load(inputs)
    parts = [run(model, samples[:1]), run(model, samples[1:])]  # a batch may have any size
    results: dict[str, Any] = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    np.savez(outputs, **results)

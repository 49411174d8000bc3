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


def run_pt2(path: str, inputs: np.ndarray) -> dict[str, np.ndarray]:
    """Run model.pt2 with PyTorch on raw inputs (n, *shape)."""
    import torch

    model = torch.export.load(path).module()
    return {name: values.detach().numpy() for name, values in model(torch.from_numpy(inputs)).items()}


if __name__ == "__main__":
    model, inputs, outputs = sys.argv[1:]
    run = run_onnx if model.endswith(".onnx") else run_pt2
    samples = np.load(inputs)
    parts = [run(model, samples[:1]), run(model, samples[1:])]  # a batch may have any size
    results: dict[str, Any] = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    np.savez(outputs, **results)

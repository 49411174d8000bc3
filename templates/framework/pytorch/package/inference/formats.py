"""The formats that a model can be exported to.

onnx: for ONNX Runtime, which runs in servers, C++, C#, Java, browsers and phones. pt2: PyTorch's own, without the code
of this project.
"""

import json
import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..config import Config
from ..data_info import DataInfo
from ..losses import to_predictions
from ..training.checkpoint import load_model

FORMATS = {"onnx": "model.onnx", "pt2": "model.pt2"}  # format -> file
NEEDED = {"onnx": ["onnx", "onnxscript", "onnxruntime"], "pt2": []}  # packages beside those of training


class _Exported(nn.Module):
    """The model, and the predictions that follow from its outputs, in their dtype."""

    def __init__(self, model: nn.Module, statistics: dict[str, Any], dtype: torch.dtype) -> None:
        super().__init__()
        self.model = model
        self.statistics = statistics
        self.dtype = dtype

    def forward(self, inputs: Tensor) -> dict[str, Tensor]:
        """Compute outputs (batch, outputs) and predictions (batch, ...) from raw inputs (batch, *shape)."""
        outputs = self.model(inputs)
        return {"outputs": outputs, "predictions": to_predictions(outputs.to(self.dtype), self.statistics)}


def load_float32(run: Path, config: Config, info: DataInfo) -> nn.Module:
    """Load the best model of a run on the CPU. Its weights are float32, whatever precision it was trained in."""
    return load_model(run)


def write_formats(
    model: nn.Module, files: dict[str, Path], example: np.ndarray, statistics: dict[str, Any], metadata: dict[str, Any]
) -> None:
    """Write a model in some formats. The batch stays open, the other axes are those of the example.

    Args:
        model: the model on the CPU.
        files: the path to write to, by format.
        example: two samples (2, *shape): a batch of one would be taken for a constant.
        statistics: of the targets, for the predictions.
        metadata: goes into each file; names the dtype of the predictions.
    """
    dtype = getattr(torch, metadata["prediction_dtype"])
    exported = _Exported(model, statistics, dtype).eval()  # else dropout stays active, without a word
    arguments = (torch.from_numpy(example),)
    open_batch = ({0: torch.export.Dim.DYNAMIC},)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of PyTorch to itself
        if "onnx" in files:
            logging.getLogger("torch.onnx").setLevel(logging.ERROR)
            program = torch.onnx.export(
                exported,
                arguments,
                dynamo=True,
                verbose=False,
                dynamic_shapes=open_batch,
                input_names=["inputs"],
                output_names=["outputs", "predictions"],
            )
            assert program  # None is what another exporter returns
            program.model.metadata_props.update({name: json.dumps(value) for name, value in metadata.items()})
            program.save(files["onnx"], external_data=False)  # one file: nobody loses the half with the weights
        if "pt2" in files:
            graph = torch.export.export(exported, arguments, dynamic_shapes=open_batch)
            torch.export.save(graph, files["pt2"], extra_files={"metadata.json": json.dumps(metadata)})

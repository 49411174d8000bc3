"""What the tests of backbones need of the framework: its library, a file of weights as it is published, and weights."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

LIBRARY: list[torch.library.Library] = []  # kept here: what it defines goes when it does


def import_library() -> None:
    """Import torchvision, or skip the test.

    Its build for GPUs can be imported beside the CPU build of PyTorch, once two operations exist that no backbone uses.
    """
    if importlib.util.find_spec("torchvision") is None:
        pytest.skip("torchvision, the extra backbone, is not installed")
    try:
        import torchvision
    except RuntimeError:
        LIBRARY.append(torch.library.Library("torchvision", "DEF"))
        for name in ("nms", "qnms"):
            LIBRARY[0].define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        import torchvision  # noqa: F401


def shrink(patch: pytest.MonkeyPatch, backbone: ModuleType) -> None:
    """Leave the networks as they are: nothing is compiled."""


def write_weights(folder: Path, name: str) -> Path:
    """Write random weights of a network with its last layers, as they are published; return the path."""
    from torchvision import models

    path = folder / f"{name}.pth"
    torch.save(models.get_model(name, weights=None).state_dict(), path)
    return path


def split_weights(model: nn.Module) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Copy weights and statistics of batch norm by name: of all that comes before the head, and of the head."""
    body: dict[str, Any] = {}
    head: dict[str, Any] = {}
    for name, weight in model.state_dict().items():
        (head if "head." in name else body)[name] = weight.cpu().numpy().copy()
    return body, head

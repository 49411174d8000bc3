"""Checkpoints: save and load weights, and run a model that was loaded.

best.pt: the weights of the epoch with the lowest validation loss. last.pt: all that resuming needs.
"""

import io
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map_only

from ..compile import Compiled
from ..config import Config, UserError
from ..data.samples import DiskArray
from ..device import find_device
from ..model import build_model
from ..runs import check_model, load_run, read_history
from ..storage import whole_file

if TYPE_CHECKING:
    from lightning_fabric import Fabric

BEST, LAST = "best.pt", "last.pt"
BATCH_SIZE = 1000  # of inference: limits memory; the outputs do not depend on it


def load_model(run: Path) -> nn.Module:
    """Load the best model of a run, on the CPU, in evaluation mode.

    Raises:
        UserError: there is no checkpoint, it is corrupt, or another model.py wrote it.
    """
    path = run / BEST
    if not path.is_file():
        raise UserError(f"There is no {path}: train first.")
    check_model(run)
    _, config, info = load_run(str(run))
    model = build_model(info, config)
    try:
        model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except Exception as error:  # of many kinds: the file may hold anything
        raise UserError(f"{path} is corrupt, or was made by another model.py: train again.") from error
    return model.eval()


def run_model(model: nn.Module, inputs: np.ndarray | DiskArray, config: Config) -> np.ndarray:
    """Compute the outputs (n, num_outputs) float32 for raw inputs (n, *shape), on the device of the settings."""
    device = find_device(config)
    model = model.to(device).eval()
    outputs = []
    with torch.no_grad():  # not inference_mode, which not all devices have
        for start in range(0, len(inputs), BATCH_SIZE):
            batch = torch.from_numpy(inputs[start : start + BATCH_SIZE])
            outputs.append(model(batch.to(device)).float().cpu().numpy())
    return np.concatenate(outputs)


@dataclass
class Progress:
    """How far training has come. Random numbers need no state: train.py seeds them anew every few steps."""

    epochs: int = 0  # whole ones
    steps: int = 0  # of the epoch after them
    sums: Tensor = field(default_factory=lambda: torch.zeros(4))  # of losses and metric in these steps (train.py)


def save_checkpoint(
    fabric: "Fabric", run: Path, compiled: Compiled, progress: Progress, *, improved: bool = False
) -> None:
    """Write last.pt, and best.pt if the last epoch improved.

    best.pt is replaced first. A process that is killed in between repeats the epoch and finds the same best again.

    Args:
        fabric: all processes must call this, because each may hold a part of the weights.
        run: folder of the run.
        compiled: the model with its optimizer and schedule.
        progress: how far training has come.
        improved: whether the last epoch had the lowest validation loss so far.
    """
    sums = fabric.all_reduce(progress.sums.to(fabric.device, copy=True), reduce_op="sum")  # of all processes
    state = {**_state(compiled), "epochs": progress.epochs, "steps": progress.steps, "sums": sums}
    with suppress(NotImplementedError):  # FSDP, which writes straight to the path by itself
        fabric.strategy.checkpoint_io.save_checkpoint = _write  # type: ignore[method-assign, assignment]
    if not fabric.is_global_zero:
        fabric.save(run / LAST, state)  # hands the weights to the first process, which writes
        return
    with whole_file(run / LAST) as path:
        fabric.save(path, state)
        if improved:
            weights = torch.load(path, map_location="cpu", weights_only=True)["model"]
            with whole_file(run / BEST) as best:
                _write(weights, best)


def load_checkpoint(fabric: "Fabric", run: Path, compiled: Compiled) -> Progress:
    """Restore model, optimizer and schedule from last.pt.

    Returns:
        How far training had come: nowhere if it ended before the first checkpoint.

    Raises:
        UserError: the file is corrupt, another model.py wrote it, or it is gone.
    """
    path = run / LAST
    if not path.is_file():
        if len(read_history(run)) > 1:  # one: training ended while its first checkpoint was written
            raise UserError(f"{path} is missing, and {run / 'history.csv'} has epochs: restore it, or start a new run.")
        return Progress()
    state = {**_state(compiled), "epochs": 0, "steps": 0, "sums": torch.zeros(4)}
    try:
        fabric.load(path, state, weights_only=True)
    except Exception as error:  # of many kinds: the file may hold anything
        raise UserError(f"{path} is corrupt, or was made by another model.py: start a new run.") from error
    if not fabric.is_global_zero:
        state["sums"].zero_()  # the first process goes on with those of all
    return Progress(state["epochs"], state["steps"], state["sums"])


def _write(checkpoint: Any, path: Path, storage_options: Any = None) -> None:
    """Write a file as Fabric does, but not by way of the system's temporary folder, which may be small.

    PyTorch's own writer does not say that a disk is full.
    """
    buffer = io.BytesIO()
    torch.save(tree_map_only(Tensor, Tensor.cpu, checkpoint), buffer)
    path.write_bytes(buffer.getbuffer())


def _state(compiled: Compiled) -> dict[str, Any]:
    """Collect what Fabric saves and restores."""
    return {"model": compiled.model, "optimizer": compiled.optimizer, "schedule": compiled.schedule}

"""Checkpoints: save and load weights, and run a model that was loaded.

best.pt: the weights of the epoch with the lowest validation loss. last.pt: all that resuming needs.
"""

import io
import math
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
BATCH_NORM = ("running_mean", "running_var", "num_batches_tracked")
# Of inference, to limit memory; the outputs do not depend on them.
BATCH_SIZE = 1000  # samples at once
BATCH_VALUES = 400_000  # numbers of these samples: large images come in smaller batches


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


def load_weights(model: nn.Module, path: Path, *, keep_head: bool) -> bool:
    """Give a new model the weights of a file: parameters, and the running statistics of batch norm.

    Other buffers, such as mean and std of the train split, stay as they are. The head is the last layer.

    Args:
        model: built for this data.
        path: best.pt of a run, or a state_dict of the same network.
        keep_head: whether the file's head has the same targets.

    Returns:
        Whether the head was taken. It stays as it is where it has another number of outputs.

    Raises:
        UserError: the file holds no weights, or those of another network.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        state = state.get("model", state)  # of last.pt, which has the optimizer beside it
        found = {name: tuple(weight.shape) for name, weight in state.items()}
    except Exception as error:  # of many kinds: the file may hold anything
        raise UserError(f"{path} holds no weights that PyTorch can read: name a run, or its {BEST}.") from error
    own = model.state_dict()
    parameters = {name for name, _ in model.named_parameters()}
    learned = [name for name in own if name in parameters or name.endswith(BATCH_NORM)]
    last = list(own)[-1].rpartition(".")[0]  # the name of the last layer
    head = [name for name in learned if name.rpartition(".")[0] == last]
    body = [name for name in learned if name not in head]
    shapes = {name: tuple(weight.shape) for name, weight in own.items()}
    for name in [*body, *(found.keys() - own.keys())]:
        here, there = shapes.get(name, "missing"), found.get(name, "missing")
        if here != there:
            raise UserError(f"The weights of {path} are of another network: {name} is {there} there and {here} here.")
    keep = keep_head and all(found.get(name) == shapes[name] for name in head)
    taken = [*body, *head] if keep else body
    model.load_state_dict({**own, **{name: state[name] for name in taken}})
    return keep


def run_model(model: nn.Module, inputs: np.ndarray | DiskArray, config: Config) -> np.ndarray:
    """Compute the outputs (n, num_outputs) float32 for raw inputs (n, *shape), on the device of the settings."""
    device = find_device(config)
    model = model.to(device).eval()
    batch_size = max(1, min(BATCH_SIZE, BATCH_VALUES // math.prod(inputs.shape[1:])))
    outputs = []
    with torch.no_grad():  # not inference_mode, which not all devices have
        for start in range(0, len(inputs), batch_size):
            batch = torch.from_numpy(inputs[start : start + batch_size])
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

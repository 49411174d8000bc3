"""What the tests need of the framework: batches, gradients of one, and a few training steps on it."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler


def gradients(model: nn.Module, loss: nn.Module, x: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray | None]:
    """Compute the gradient of the loss of one batch, by parameter; None if the loss does not depend on it."""
    model.train()
    _score(model, loss, x, y).backward()
    named = model.named_parameters()
    return {name: None if weight.grad is None else weight.grad.numpy() for name, weight in named}


def train_steps(
    model: nn.Module,
    loss: nn.Module,
    optimizer: tuple[Optimizer, LRScheduler],
    x: np.ndarray,
    y: np.ndarray,
    *,
    steps: int,
) -> list[float]:
    """Train on one batch; return the loss before each step. optimizer: what make_optimizer returns."""
    update, schedule = optimizer
    model.train()
    losses = []
    for _ in range(steps):
        batch_loss = _score(model, loss, x, y)
        update.zero_grad()
        batch_loss.backward()
        update.step()
        schedule.step()
        losses.append(batch_loss.item())
    return losses


def _score(model: nn.Module, loss: nn.Module, x: np.ndarray, y: np.ndarray) -> torch.Tensor:
    """Compute the loss of one batch, of each answer where the network gives several to a sample."""
    outputs, targets = model(torch.from_numpy(x)), torch.from_numpy(y)
    return loss(outputs, targets.repeat_interleave(len(outputs) // len(targets), dim=0))


def last_weights(run: Path) -> dict[str, np.ndarray]:
    """Weights and the optimizer's state in the last checkpoint of a run."""
    state = torch.load(run / "last.pt", weights_only=True)
    found = {name: weight.numpy() for name, weight in state["model"].items()}
    for number, values in state["optimizer"]["state"].items():
        found |= {f"optimizer {number} {name}": np.asarray(value) for name, value in values.items()}
    return found


def read_epoch(batches: Any) -> list[np.ndarray]:
    """Read the targets of each batch of an epoch."""
    return [targets.numpy() for _, targets, _ in batches]

"""What the tests need of the framework: gradients of one batch, and a few steps of training on it."""

import numpy as np
import torch


def gradients(model, loss, x: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray | None]:
    """Gradient of the loss of one batch for each trainable parameter; None where the loss does not depend on it."""
    model.train()
    loss(model(torch.from_numpy(x)), torch.from_numpy(y)).backward()
    named = model.named_parameters()
    return {name: None if weight.grad is None else weight.grad.numpy() for name, weight in named}


def train_steps(model, loss, optimizer, x: np.ndarray, y: np.ndarray, *, steps: int) -> list[float]:
    """Loss before each of some steps on the same batch; optimizer: what make_optimizer returns."""
    optimizer, schedule = optimizer
    model.train()
    losses = []
    for _ in range(steps):
        batch_loss = loss(model(torch.from_numpy(x)), torch.from_numpy(y))
        optimizer.zero_grad()
        batch_loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(batch_loss.item())
    return losses

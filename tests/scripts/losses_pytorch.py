"""What compute_losses.py does in PyTorch; losses_keras.py is its twin."""

from collections.abc import Callable, Iterable

import numpy as np
import torch


def compute_loss(loss_function: Callable, outputs: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
    """Compute the loss, and its gradient by the outputs."""
    variable = torch.tensor(outputs, requires_grad=True)
    loss = loss_function(variable, torch.tensor(targets))
    loss.backward()
    assert loss.shape == () and loss.dtype == torch.float32
    return loss.item(), variable.grad.numpy()


def compute_metric(metric: Callable, batches: Iterable[tuple[np.ndarray, np.ndarray]]) -> float:
    """Compute the metric over batches of (outputs, targets)."""
    parts = sum(metric(torch.tensor(outputs), torch.tensor(targets)) for outputs, targets in batches)
    assert parts.shape == (2,) and parts.dtype == torch.float32
    return parts[0].item() / max(parts[1].item(), 1)


def learning_rates(schedule: Callable, peak: float, steps: int) -> list[float]:
    """List the learning rate of each step: here a schedule gives fractions of the peak."""
    return [peak * schedule(step) for step in range(steps)]


def descend(make_optimizer: Callable, config: object, gradients: np.ndarray) -> np.ndarray:
    """Change weights that start at 1 by gradients (steps, weights)."""
    model = torch.nn.Linear(gradients.shape[1], 1, bias=False)
    torch.nn.init.ones_(model.weight)
    optimizer, schedule = make_optimizer(model, config, total_steps=len(gradients))
    for gradient in gradients:
        model.weight.grad = torch.tensor(gradient[np.newaxis])
        optimizer.step()
        schedule.step()
    return model.weight.detach().numpy()[0]

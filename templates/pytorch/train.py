"""Training: fit the model on the train split, watch it on the validation split, keep the best epoch.

Out: runs/<name>/ with settings, history.csv, TensorBoard events, best.pt (lowest validation loss) and last.pt (to
resume from). `main` is the story; the rest is its chapters.
"""

from pathlib import Path

import torch

from .batches import make_batches
from .compile import make_optimizer
from .config import Config, UserError
from .data import load_splits
from .device import set_up
from .losses import make_loss, make_metric
from .model import build_model, save_model
from .monitor import Monitor
from .runs import resume_run, start_run
from .task import METRIC

SHOW_EVERY = 20  # steps between two moves of the progress bar: reading the loss makes a GPU wait


def main(config: Config, *, resume: bool = False) -> Path:
    """Train as the settings say, and return the folder of the run."""
    fabric = set_up(config)
    splits = load_splits(config)
    train_batches = make_batches(splits.train, config, shuffle=True).to(fabric.device)
    val_batches = make_batches(splits.val, config, shuffle=False).to(fabric.device)
    model = build_model(splits.input_shape, splits.num_outputs, config, normalisation=splits.normalisation)
    loss, metric = make_loss(config, splits.target_statistics), make_metric(splits.target_statistics)
    loss.to(fabric.device)
    total_steps = config.training.epochs * len(train_batches)
    optimizer, schedule = make_optimizer(model, config, total_steps=total_steps)
    run = resume_run(config, splits) if resume else start_run(config, splits)
    done = _load_checkpoint(run, model, optimizer, schedule) if resume else 0
    _fit(
        fabric, model, loss, metric, optimizer, schedule, train_batches, val_batches, run=run, config=config, done=done
    )
    return run


def _fit(fabric, model, loss, metric, optimizer, schedule, train_batches, val_batches, *, run, config, done) -> None:
    """Train epoch by epoch until the monitor says stop; after each, note the figures and keep best and last."""
    settings = config.training
    parameters = sum(parameter.numel() for parameter in model.parameters())
    model, optimizer = fabric.setup(model, optimizer)
    monitor = Monitor(run, epochs=settings.epochs, steps=len(train_batches), patience=settings.patience, done=done)
    with monitor:
        while not monitor.should_stop:
            train_batches.epoch = epoch = len(monitor.history)
            torch.manual_seed(config.seed + epoch)  # a resumed run draws the dropout that an unbroken one draws
            train = _train_epoch(fabric, model, loss, metric, optimizer, schedule, train_batches, monitor)
            val = _validate(fabric, model, loss, metric, val_batches)
            improved = monitor.end_epoch(
                **{"loss": train[0], METRIC: train[1], "val_loss": val[0], f"val_{METRIC}": val[1]},
                learning_rate=optimizer.param_groups[0]["lr"],
            )
            if improved:
                save_model(model.module, run / "best.pt")
            _save_checkpoint(run, model, optimizer, schedule, epoch=epoch + 1)
        monitor.finish(parameters=parameters, device=str(fabric.device))


def _train_epoch(fabric, model, loss, metric, optimizer, schedule, batches, monitor) -> tuple[float, float]:
    """One pass over the train split; mean loss and metric of the model as it was at each step."""
    model.train()
    # Sums that are divided once, at the end: the numerator and denominator of loss and of metric.
    total_loss, total_metric, count = torch.zeros((), device=fabric.device), torch.zeros(2, device=fabric.device), 0
    for number, batch in enumerate(batches, start=1):
        inputs, targets = fabric.to_device(batch)
        outputs = model(inputs)
        batch_loss = loss(outputs, targets)
        optimizer.zero_grad()
        fabric.backward(batch_loss)
        optimizer.step()
        schedule.step()
        total_loss += batch_loss.detach() * len(targets)
        total_metric += metric(outputs.detach(), targets)
        count += len(targets)
        if number % SHOW_EVERY == 0:
            monitor.step(number, loss=batch_loss.item(), learning_rate=schedule.get_last_lr()[0])
    return total_loss.item() / count, (total_metric[0] / total_metric[1].clamp(min=1)).item()


@torch.inference_mode()
def _validate(fabric, model, loss, metric, batches) -> tuple[float, float]:
    """Mean loss and metric over a split, with dropout and augmentation off."""
    model.eval()
    total_loss, total_metric, count = torch.zeros((), device=fabric.device), torch.zeros(2, device=fabric.device), 0
    for batch in batches:
        inputs, targets = fabric.to_device(batch)
        outputs = model(inputs)
        total_loss += loss(outputs, targets) * len(targets)
        total_metric += metric(outputs, targets)
        count += len(targets)
    return total_loss.item() / count, (total_metric[0] / total_metric[1].clamp(min=1)).item()


def _save_checkpoint(run, model, optimizer, schedule, *, epoch: int) -> None:
    """Write all that is needed to go on after `epoch` epochs to last.pt, whole or not at all."""
    state = {"epoch": epoch, "optimizer": optimizer.state_dict(), "schedule": schedule.state_dict()}
    part = run / "last.pt.part"
    torch.save({**state, "model": model.module.state_dict()}, part)
    part.replace(run / "last.pt")


def _load_checkpoint(run, model, optimizer, schedule) -> int:
    """Restore what `_save_checkpoint` wrote; the number of epochs done: 0 where none was."""
    path = run / "last.pt"
    if not path.is_file():
        return 0
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        return state["epoch"]
    except Exception as error:  # of many kinds: the file may hold anything
        raise UserError(f"{path} is damaged, or was made by another model.py: start a new run.") from error

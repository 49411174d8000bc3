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
from .device import prepare_model, set_up
from .losses import make_loss, make_metric
from .model import build_model, load_model, save_model
from .monitor import Monitor
from .runs import resume_run, start_run
from .task import METRIC

SHOW_EVERY = 20  # steps between two moves of the progress bar: reading the loss makes a GPU wait


def main(config: Config, *, resume: bool = False) -> Path | None:
    """Train as the settings say, and return the folder of the run; None in every process but the first."""
    fabric = set_up(config)
    with fabric.rank_zero_first():  # where several processes share the work, the first one fetches and prepares
        splits = load_splits(config)
    share = (fabric.global_rank, fabric.world_size)
    train_batches = make_batches(splits.train, config, shuffle=True, share=share).to(fabric.device)
    val_batches = make_batches(splits.val, config, shuffle=False, share=share).to(fabric.device)
    model = build_model(splits.input_shape, splits.num_outputs, config, normalisation=splits.normalisation)
    model = fabric.setup_module(prepare_model(model, config, fabric))
    loss, metric = make_loss(config, splits.target_statistics), make_metric(splits.target_statistics)
    loss.to(fabric.device)
    total_steps = config.training.epochs * len(train_batches)
    optimizer, schedule = make_optimizer(model, config, total_steps=total_steps)
    optimizer = fabric.setup_optimizers(optimizer)
    with fabric.rank_zero_first():
        run = resume_run(config, splits) if resume else start_run(config, splits) if fabric.is_global_zero else None
    run = fabric.broadcast(run)
    state = {"arguments": model.arguments, "weights": model, "optimizer": optimizer, "schedule": schedule, "epoch": 0}
    if resume:
        _load_checkpoint(fabric, run, state)
    _fit(fabric, state, loss, metric, train_batches, val_batches, run=run, config=config)
    return run if fabric.is_global_zero else None


def _fit(fabric, state, loss, metric, train_batches, val_batches, *, run, config) -> None:
    """Train epoch by epoch until the monitor says stop; after each, note the figures and keep best and last."""
    model, optimizer, schedule, settings = state["weights"], state["optimizer"], state["schedule"], config.training
    monitor = Monitor(
        run,
        epochs=settings.epochs,
        steps=len(train_batches),
        patience=settings.patience,
        done=state["epoch"],
        silent=not fabric.is_global_zero,
    )
    with monitor:
        while not monitor.should_stop:
            train_batches.epoch = epoch = len(monitor.history)
            # A resumed run draws the dropout that an unbroken one draws, and every process its own.
            torch.manual_seed(config.seed + epoch + 1_000_003 * fabric.global_rank)
            train = _train_epoch(fabric, model, loss, metric, optimizer, schedule, train_batches, monitor)
            val = _validate(fabric, model, loss, metric, val_batches)
            improved = monitor.end_epoch(
                **{"loss": train[0], METRIC: train[1], "val_loss": val[0], f"val_{METRIC}": val[1]},
                learning_rate=optimizer.param_groups[0]["lr"],
            )
            _save_checkpoint(fabric, run, {**state, "epoch": epoch + 1}, improved=improved)
        parameters = sum(parameter.numel() for parameter in model.parameters())
        device = str(fabric.device) if fabric.world_size == 1 else f"{fabric.world_size} x {fabric.device.type}"
        monitor.finish(parameters=parameters, device=device)


def _train_epoch(fabric, model, loss, metric, optimizer, schedule, batches, monitor) -> tuple[float, float]:
    """One pass over the train split; mean loss and metric of the model as it was at each step."""
    model.train()
    sums = torch.zeros(4, device=fabric.device)
    for number, batch in enumerate(batches, start=1):
        inputs, targets, weight = fabric.to_device(batch)
        outputs = model(inputs)
        batch_loss = loss(outputs, targets)
        optimizer.zero_grad()
        fabric.backward(batch_loss * weight)
        optimizer.step()
        schedule.step()
        _add(sums, batch_loss.detach(), metric(outputs.detach(), targets), len(targets))
        if number % SHOW_EVERY == 0:
            monitor.step(number, loss=batch_loss.item(), learning_rate=schedule.get_last_lr()[0])
    return _means(fabric, sums)


@torch.no_grad()
def _validate(fabric, model, loss, metric, batches) -> tuple[float, float]:
    """Mean loss and metric over a split, with dropout and augmentation off."""
    model.eval()
    sums = torch.zeros(4, device=fabric.device)
    for batch in batches:
        inputs, targets, _ = fabric.to_device(batch)
        outputs = model(inputs)
        _add(sums, loss(outputs, targets), metric(outputs, targets), len(targets))
    return _means(fabric, sums)


def _add(sums, loss, metric, count) -> None:
    """Add a batch to the sums that are divided once, at the end: of losses, numerator and denominator of the metric."""
    sums[0] += loss * count
    sums[1:3] += metric
    sums[3] += count


def _means(fabric, sums) -> tuple[float, float]:
    """Mean loss and metric over what all processes have summed up."""
    loss, numerator, denominator, count = fabric.all_reduce(sums, reduce_op="sum").tolist()
    return loss / count, numerator / max(denominator, 1)


def _save_checkpoint(fabric, run, state, *, improved: bool) -> None:
    """Write all that is needed to go on to last.pt, and the weights alone to best.pt, whole or not at all."""
    part = run / "last.pt.part"
    fabric.save(part, state)  # by all processes: the first one writes what each of them holds
    if fabric.is_global_zero:
        part.replace(run / "last.pt")
        if improved:
            save_model(load_model(run / "last.pt"), run / "best.pt")


def _load_checkpoint(fabric, run, state) -> None:
    """Restore what `_save_checkpoint` wrote, if it did: a training may have been broken off in its first epoch."""
    path = run / "last.pt"
    if not path.is_file():
        return
    try:
        fabric.load(path, state, weights_only=True)
    except Exception as error:  # of many kinds: the file may hold anything
        raise UserError(f"{path} is damaged, or was made by another model.py: start a new run.") from error

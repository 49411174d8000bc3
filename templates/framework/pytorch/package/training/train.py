"""Training: fit the model to the train split, watch the validation split, keep the best epoch.

Out: runs/<name>/ with settings, history.csv, TensorBoard events and two checkpoints: best.pt, with the lowest
validation loss, and last.pt, to resume from.
Read `train_model` first, then `fit`, then `_train_epoch`.
"""

from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from jsonargparse import ArgumentParser
from torch import Tensor

from ..baseline import compare_on_validation
from ..compile import Compiled, compile_model
from ..config import Config, add_settings
from ..data import Splits, load_splits
from ..data_info import load_info
from ..device import seed_dropout, set_up
from ..runs import RUNS, check_name, open_run
from ..task import METRIC
from .batches import Batches, make_batches
from .calibration import calibrate_run
from .checkpoint import Progress, load_checkpoint, save_checkpoint
from .like import compare_with_repeated, load_repeated
from .monitor import Monitor, Watch, adapt_patience
from .series import choose_kind, require_one_process, train_series
from .start import start_model
from .tracking import require_tracker
from .weights import save_start

if TYPE_CHECKING:
    from lightning_fabric import Fabric

SHOW_EVERY = 20  # steps between two updates of the progress bar, and two seeds: reading the loss makes a GPU wait


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of the command `train`."""
    add_settings(parser)
    parser.add_argument("--resume", action="store_true", help="continue the newest run, or the one of --run")
    parser.add_argument("--like", default="", help="train once more with the settings of this run")
    parser.add_argument("--repeats", type=int | None, default=None, help="train so many seeds, on the same splits")
    parser.add_argument("--folds", type=int | None, default=None, help="cross-validate with so many parts")


def main(
    config: Config, *, resume: bool = False, like: str = "", typed: list[str] | None = None, **several: int | None
) -> None:
    """Train a model, and print its validation metrics beside those of the baselines.

    Args:
        config: the settings.
        resume: continue a run, or a series.
        like: name of a run to repeat; its settings are used then.
        typed: the options as typed.
        several: `repeats` or `folds`, how many runs to train as a series.

    Raises:
        UserError: settings, data or the run to resume or repeat do not fit.
    """
    if chosen := choose_kind(several, like):
        train_series(config, *chosen, train_and_calibrate, resume=resume)
        return
    if like:
        config = load_repeated(like, config.run, typed or [])
    trained = train_and_calibrate(config, resume=resume)
    if trained is None:  # another process prints
        return
    run, splits, predictions = trained
    compare_on_validation(config, splits, predictions, load_info(run / "data.json").target_statistics)
    if like:
        compare_with_repeated(like, run)
    print(f"Written: {run}. Next: evaluate it on the test split.")


def train_and_calibrate(
    config: Config, *, resume: bool = False, watch: Watch | None = None
) -> tuple[Path, Splits, np.ndarray] | None:
    """Train a model, and learn from the validation split how its outputs become predictions.

    Args:
        config: the settings.
        resume: continue a run, if there is one.
        watch: of `train_model`.

    Returns:
        The folder of the run, the data, and predictions of the validation split; None as of `train_model`.
    """
    trained = train_model(config, resume=resume, watch=watch)
    if trained is None:
        return None
    run, splits = trained
    return run, splits, calibrate_run(run, config, splits)


def train_model(
    config: Config, *, resume: bool = False, watch: Watch | None = None, runs: Path = RUNS
) -> tuple[Path, Splits] | None:
    """Train a model by the settings.

    Args:
        config: the settings.
        resume: continue a run, if there is one.
        watch: is called after each epoch, and may end training by an exception; nothing is printed then.
        runs: where the folder of a new run is made.

    Returns:
        The folder of the run, and the data. With several processes, all but the first return None.
    """
    check_name(config.run, again=resume, runs=runs)
    require_tracker(config.training.tracking)
    fabric = set_up(config)  # device, precision, processes
    shard = (fabric.global_rank, fabric.world_size)
    if watch:
        require_one_process(shard)

    # Data: arrays -> batches on the device. The first process downloads and prepares, then the others read.
    with fabric.rank_zero_first():
        splits = load_splits(config)
        info = splits.info  # shapes and statistics of the train split
    train_batches = make_batches(splits.train, info, config, shuffle=True, shard=shard).to(fabric.device)
    val_batches = make_batches(splits.val, info, config, shuffle=False, shard=shard).to(fabric.device)

    # Model and compile step: network, loss, metric, optimizer, schedule.
    model, start = start_model(fabric, splits, config, resume=resume)  # what build_model of model.py builds
    compiled = compile_model(model, info, config, steps_per_epoch=len(train_batches)).to(fabric)

    # Run: a new folder, or the one to resume.
    with fabric.rank_zero_first():
        run = open_run(config, info, resume=resume, first=fabric.is_global_zero, runs=runs)
    run = fabric.broadcast(run)
    if start and fabric.is_global_zero:
        save_start(run, start)
    progress = load_checkpoint(fabric, run, compiled) if resume else Progress()
    settings = adapt_patience(config.training, len(splits.val))
    monitor = Monitor(run, settings, progress, steps=len(train_batches), shard=shard)
    monitor.watch = watch

    fit(fabric, compiled, train_batches, val_batches, monitor)
    return (run, splits) if fabric.is_global_zero else None


def fit(fabric: "Fabric", compiled: Compiled, train_batches: Batches, val_batches: Batches, monitor: Monitor) -> None:
    """Train epoch by epoch until the monitor says stop. Validate and save checkpoints after each."""
    with monitor:
        while not monitor.should_stop:
            loss, metric = _train_epoch(fabric, compiled, train_batches, monitor)
            val_loss, val_metric = _validate(fabric, compiled, val_batches)

            row = {"loss": loss, METRIC: metric, "val_loss": val_loss, f"val_{METRIC}": val_metric}
            row["learning_rate"] = compiled.optimizer.param_groups[0]["lr"]
            improved = monitor.end_epoch(**row)
            monitor.progress = Progress(epochs=len(monitor.history))
            save_checkpoint(fabric, monitor.run, compiled, monitor.progress, improved=improved)
            monitor.saved()

        parameters = sum(parameter.numel() for parameter in compiled.model.parameters())
        device = str(fabric.device)
        if fabric.world_size > 1:
            device = f"{fabric.world_size} x {fabric.device.type}"
        monitor.finish(parameters=parameters, device=device, threads=torch.get_num_threads())


def _train_epoch(fabric: "Fabric", compiled: Compiled, batches: Batches, monitor: Monitor) -> tuple[float, float]:
    """Make one pass over the train split, or what a resumed run has left of it.

    Returns:
        Mean loss and metric. The model changes meanwhile: each batch is scored before its own step.
    """
    model, optimizer, schedule = compiled.model, compiled.optimizer, compiled.schedule
    progress: Progress = monitor.progress
    model.train()
    batches.epoch, batches.start = progress.epochs, progress.steps
    progress.sums = progress.sums.to(fabric.device)
    for batch in batches:
        if progress.steps % SHOW_EVERY == 0:  # so that a resumed run draws the dropout of an unbroken one
            seed_dropout(fabric, batches.seed, progress.epochs, progress.steps)
        inputs, targets, weight = fabric.to_device(batch)
        outputs = model(inputs)  # (batch, outputs)
        loss = compiled.loss(outputs, targets)  # scalar
        optimizer.zero_grad()
        fabric.backward(loss * weight)
        compiled.clip(fabric)
        optimizer.step()
        schedule.step()
        _add(progress.sums, loss.detach(), compiled.metric(outputs.detach(), targets), len(targets))
        progress.steps += 1
        if progress.steps % SHOW_EVERY == 0:
            monitor.step(progress.steps, loss=loss.item(), learning_rate=float(schedule.get_last_lr()[0]))
            if fabric.broadcast(monitor.save_is_due):  # the first process decides for all
                save_checkpoint(fabric, monitor.run, compiled, progress)
                monitor.saved()
    return _means(fabric, progress.sums)


@torch.no_grad()
def _validate(fabric: "Fabric", compiled: Compiled, batches: Batches) -> tuple[float, float]:
    """Compute mean loss and metric over a split, without dropout and augmentation."""
    compiled.model.eval()
    sums = torch.zeros(4, device=fabric.device)
    for step, batch in enumerate(batches, start=1):
        inputs, targets, _ = fabric.to_device(batch)
        outputs = compiled.model(inputs)  # (batch, outputs)
        _add(sums, compiled.loss(outputs, targets), compiled.metric(outputs, targets), len(targets))
        if step % SHOW_EVERY == 0:
            sums.tolist()  # a device that computes when asked would keep the whole split until the end
    return _means(fabric, sums)


def _add(sums: Tensor, loss: Tensor, metric: Tensor, count: int) -> None:
    """Add a batch to the sums (4,): losses, numerator and denominator of the metric, samples.

    The sums stay on the device: reading them after each batch would make a GPU wait.
    """
    sums[0] += loss * count
    sums[1:3] += metric
    sums[3] += count


def _means(fabric: "Fabric", sums: Tensor) -> tuple[float, float]:
    """Compute mean loss and metric from the sums (4,) of all processes."""
    total = cast(Tensor, fabric.all_reduce(sums, reduce_op="sum"))
    loss, numerator, denominator, count = total.tolist()
    return loss / count, numerator / max(denominator, 1)

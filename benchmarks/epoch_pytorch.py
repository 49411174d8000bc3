"""Times one PyTorch project for epoch.py; runs inside the project: PACKAGE DATA_FOLDER ROUNDS STEPS."""

import importlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the project's own commands do
sys.path.insert(0, str(Path.cwd()))

import torch

package, folder, rounds, steps = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
config_module, data, batches, model_module, compile_module, losses, train, device, monitor_module = (
    importlib.import_module(f"{package}.{name}")
    for name in ("config", "data", "batches", "model", "compile", "losses", "train", "device", "monitor")
)

config = config_module.load_config("config.yaml", data__folder=folder)
splits = data.load_splits(config)
some = slice(0, steps * config.training.batch_size)
train_split = data.Split(splits.train.x[some], splits.train.y[some])


class PerSample(torch.utils.data.Dataset):
    """One item at a time, as in most tutorials."""

    def __len__(self) -> int:
        return len(train_split)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return torch.from_numpy(train_split.x[index]).float(), int(train_split.y[index])


def build() -> tuple:
    """A new model with its compile step."""
    model = model_module.build_model(splits.input_shape, splits.num_outputs, config, normalisation=splits.normalisation)
    total = rounds * 2 * steps
    return (
        model,
        losses.make_loss(config, splits.target_statistics),
        *compile_module.make_optimizer(model, config, total_steps=total),
    )


def prepare(compiled: bool) -> list:
    """What an epoch of the project takes: the model, as it is or compiled, and what belongs to it."""
    model, loss, optimizer, schedule = build()
    model = fabric.setup_module(torch.compile(model) if compiled else model)
    return [fabric, model, loss, metric, fabric.setup_optimizers(optimizer), schedule, whole]


fabric = device.set_up(config)
whole = batches.make_batches(train_split, config, shuffle=True)
metric = losses.make_metric(splits.target_statistics)
plain, compiled = prepare(compiled=False), prepare(compiled=True)
bare_model, bare_loss, bare_optimizer, _ = build()
loader = torch.utils.data.DataLoader(
    PerSample(), batch_size=config.training.batch_size, shuffle=True, num_workers=2, persistent_workers=True
)
inputs, targets, _ = next(iter(whole))


def steps_over(pairs) -> None:
    """Plain training steps over (inputs, targets)."""
    bare_model.train()
    for x, y in pairs:
        bare_optimizer.zero_grad()
        bare_loss(bare_model(x), y).backward()
        bare_optimizer.step()


results = []
with (
    tempfile.TemporaryDirectory() as run,
    monitor_module.Monitor(Path(run), epochs=1, steps=steps, patience=1) as monitor,
):
    ways = {
        "bare": lambda: steps_over((inputs, targets) for _ in range(steps)),
        "epoch": lambda: train._train_epoch(*plain, monitor),
        "compiled": lambda: train._train_epoch(*compiled, monitor),
        "per sample": lambda: steps_over(loader),
    }
    for number in range(rounds + 1):
        times = {}
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            times[name] = time.perf_counter() - start
        if number:  # the first round warms up: memory, worker processes, compilers
            results.append(times)
print(json.dumps(results))

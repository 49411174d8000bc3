"""Times one PyTorch project for epoch.py; runs inside the project: PACKAGE DATA_FOLDER ROUNDS STEPS."""

import importlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the project's own commands do
sys.path.insert(0, str(Path.cwd()))

import torch

package, folder, rounds, steps = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
config_module, data, device, model_module, compile_module, batches, train, monitor_module = (
    importlib.import_module(f"{package}.{name}")
    for name in (
        "config",
        "data",
        "device",
        "model",
        "compile",
        "training.batches",
        "training.train",
        "training.monitor",
    )
)

config = config_module.load_config("config.yaml", data__data_dir=folder)
splits = data.load_splits(config)
info = splits.info
steps = min(steps, len(splits.train) // config.training.batch_size)  # spoken digits are few
some = slice(0, steps * config.training.batch_size)
train_split = data.Split(splits.train.x[some], splits.train.y[some])
fabric = device.set_up(config)


class PerSample(torch.utils.data.Dataset):
    """One sample at a time, as in most tutorials."""

    def __len__(self) -> int:
        return len(train_split)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return torch.from_numpy(train_split.x[index]).float(), int(train_split.y[index])


def build(jit: bool = False) -> Any:
    """Compile a new model as the project does, with or without `hardware.jit`."""
    settings = config_module.load_config("config.yaml", hardware__jit=jit)
    model = device.prepare_model(model_module.build_model(info, settings), settings, fabric)
    return compile_module.compile_model(model, info, settings, steps_per_epoch=steps).to(fabric)


whole = batches.make_batches(train_split, info, config, shuffle=True)
plain, compiled = build(), build(jit=True)
# Without Fabric: what remains is PyTorch alone.
bare = compile_module.compile_model(model_module.build_model(info, config), info, config, steps_per_epoch=steps)
loader = torch.utils.data.DataLoader(
    PerSample(), batch_size=config.training.batch_size, shuffle=True, num_workers=2, persistent_workers=True
)
inputs, targets, _ = next(iter(whole))


def steps_over(pairs) -> None:
    """Plain training steps over (inputs, targets)."""
    bare.model.train()
    for x, y in pairs:
        bare.optimizer.zero_grad()
        bare.loss(bare.model(x), y).backward()
        bare.optimizer.step()


results = []
with (
    tempfile.TemporaryDirectory() as run,
    monitor_module.Monitor(Path(run), config.training, steps=steps) as monitor,
):
    ways = {
        "bare": lambda: steps_over((inputs, targets) for _ in range(steps)),
        "epoch": lambda: train._train_epoch(fabric, plain, whole, monitor),
        "compiled": lambda: train._train_epoch(fabric, compiled, whole, monitor),
        "per sample": lambda: steps_over(loader),
    }
    for number in range(rounds + 1):
        times = {}
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            times[name] = (time.perf_counter() - start) / steps
        if number:  # the first round warms up: memory, worker processes, compilers
            results.append(times)
print(json.dumps(results))

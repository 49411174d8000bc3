"""Times one Keras project for epoch.py; runs inside the project: PACKAGE DATA_FOLDER ROUNDS STEPS."""

import importlib
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path.cwd()))
package, folder, rounds, steps = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
importlib.import_module(package)  # chooses the backend, before TensorFlow is imported

import tensorflow as tf  # noqa: E402

config_module, data, device_module, model_module, compile_module, batches, train, monitor_module = (
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
device = device_module.set_up(config)


def build() -> Any:
    """Compile a new model as the project does."""
    model = device.prepare_model(model_module.build_model(info, config))
    return compile_module.compile_model(model, info, config, steps_per_epoch=steps)


whole = batches.make_batches(train_split, info, config, shuffle=True)
plain, compiled, bare_model, sample_model = build(), build(), build().model, build().model
compiled.model.jit_compile = True  # hardware.jit leaves the choice to Keras, which takes no XLA on a CPU
inputs, targets, _ = (tf.constant(array) for array in whole[0])
bare_step = tf.function(bare_model.train_step)


def bare() -> None:
    """The compiled train step of Keras, in a plain loop."""
    for _ in range(steps):
        bare_step((inputs, targets))


def epoch(compiled: Any, run: Path) -> None:
    """What the project does in an epoch, without validation and checkpoints."""
    with monitor_module.Monitor(run, config.training, steps=steps) as monitor:
        follow = train._Follow(device, compiled, whole, monitor)
        follow.on_epoch_end = lambda epoch, logs=None: None
        compiled.model.fit(whole, shuffle=False, verbose=0, callbacks=[follow])


per_sample = tf.data.Dataset.from_tensor_slices((train_split.x, train_split.y))
per_sample = per_sample.shuffle(10_000).map(
    lambda x, y: (tf.cast(x, tf.float32), y), num_parallel_calls=tf.data.AUTOTUNE
)
per_sample = per_sample.batch(config.training.batch_size).prefetch(tf.data.AUTOTUNE)

results = []
for number in range(rounds + 1):
    times = {}
    with tempfile.TemporaryDirectory() as run:
        ways = {
            "bare": bare,
            "epoch": lambda run=run: epoch(plain, Path(run)),
            "compiled": lambda run=run: epoch(compiled, Path(run)),
            "per sample": lambda: sample_model.fit(per_sample, verbose=0),
        }
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            times[name] = (time.perf_counter() - start) / steps
    if number:  # the first round warms up: tracing, memory
        results.append(times)
print(json.dumps(results))

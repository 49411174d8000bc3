"""Times one Keras project for epoch.py; runs inside the project: PACKAGE DATA_FOLDER ROUNDS STEPS."""

import importlib
import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))
package, folder, rounds, steps = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
importlib.import_module(package)  # chooses the backend, before keras is imported

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

config_module, data, batches, model_module, compile_module, losses, train, device, monitor_module = (
    importlib.import_module(f"{package}.{name}")
    for name in ("config", "data", "batches", "model", "compile", "losses", "train", "device", "monitor")
)

config = config_module.load_config("config.yaml", data__folder=folder)
splits = data.load_splits(config)
some = slice(0, steps * config.training.batch_size)
train_split = data.Split(splits.train.x[some], splits.train.y[some])
here = device.set_up(config)


def build(jit_compile: bool = False) -> keras.Model:
    """A new model, with the compile step of the project on a CPU."""
    model = model_module.build_model(splits.input_shape, splits.num_outputs, config, normalisation=splits.normalisation)
    model.compile(
        loss=losses.make_loss(config, splits.target_statistics),
        optimizer=compile_module.make_optimizer(model, config, total_steps=2 * rounds * steps),
        weighted_metrics=[losses.make_metric(splits.target_statistics)],
        steps_per_execution=train.SHOW_EVERY,
        jit_compile=jit_compile,
    )
    return model


whole = batches.make_batches(train_split, config, shuffle=True)
model, xla_model, bare_model, sample_model = build(), build(jit_compile=True), build(), build()
inputs, targets, _ = (tf.constant(array) for array in whole[0])
schedule = compile_module.Schedule(config.compile, total_steps=2 * rounds * steps)
bare_step = tf.function(bare_model.train_step)


def bare() -> None:
    """The compiled train step of Keras, in a plain loop."""
    for _ in range(steps):
        bare_step((inputs, targets))


def epoch(model: keras.Model, run: Path) -> None:
    """What the project does in an epoch, without validation and checkpoints."""
    with monitor_module.Monitor(run, epochs=1, steps=steps, patience=1) as monitor:
        follow = train._Follow(monitor, whole, schedule, run=run, seed=config.seed, device=here)
        follow.on_epoch_end = lambda epoch, logs=None: None
        model.fit(whole, shuffle=False, verbose=0, callbacks=[follow])


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
            "epoch": lambda run=run: epoch(model, Path(run)),
            "compiled": lambda run=run: epoch(xla_model, Path(run)),
            "per sample": lambda: sample_model.fit(per_sample, verbose=0),
        }
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            times[name] = time.perf_counter() - start
    if number:  # the first round warms up: tracing, memory
        results.append(times)
print(json.dumps(results))

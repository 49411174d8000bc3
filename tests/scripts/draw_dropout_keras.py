"""Draw dropout on two CPUs of TensorFlow, as in the first steps of two epochs; print how often each mask is drawn.

cd PROJECT; python draw_dropout_keras.py PACKAGE
"""

import importlib
import sys
from collections import Counter


def main(package: str) -> None:
    importlib.import_module(package)  # first: it sets variables that TensorFlow reads when it is imported
    import keras
    import numpy as np
    import tensorflow as tf

    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    config = importlib.import_module(f"{package}.config").load_config(hardware__accelerator="cpu", hardware__devices=2)
    device = importlib.import_module(f"{package}.device").set_up(config)
    masks = Counter()
    with device.scope():
        dropout = keras.layers.Dropout(0.5)
        dropout(np.ones((1, 64)))
        draw = tf.function(lambda: dropout(tf.ones((1, 64)), training=True))
        for epoch in (0, 1, 0):  # the last one, as after a resume, draws what the first one did
            device.seed_dropout(dropout.variables, np.random.default_rng([config.seed, epoch]))
            for _ in range(2):
                drawn = device.strategy.experimental_local_results(device.strategy.run(draw))
                masks.update(mask.numpy().tobytes() for mask in drawn)
    print(sorted(masks.values()))


if __name__ == "__main__":
    main(*sys.argv[1:])

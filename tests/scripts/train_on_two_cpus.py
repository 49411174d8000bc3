"""Run a command of a project where TensorFlow sees two CPUs.

cd PROJECT; python train_on_two_cpus.py PACKAGE COMMAND [OPTION...]
"""

import importlib
import sys


def main(package: str, *arguments: str) -> int:
    importlib.import_module(package)  # first: it sets variables that TensorFlow reads when it is imported
    import tensorflow as tf

    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    return importlib.import_module(f"{package}.__main__").main(list(arguments))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

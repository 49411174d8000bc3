"""What to compute on: accelerator and precision.

One code path for all machines: the settings choose, and where the chosen accelerator is absent the CPU takes over.
"""

from functools import cache

import keras
import tensorflow as tf

from .config import Config


def find_device(config: Config) -> str:
    """The device of the settings, or the CPU, with one line of warning, where there is none such.

    TensorFlow computes on every GPU that it sees, so that the CPU is chosen by hiding them.
    """
    if config.hardware.accelerator == "gpu":
        if tf.config.list_physical_devices("GPU"):
            return "GPU:0"
        _warn_of_missing_gpu()
    tf.config.set_visible_devices([], "GPU")
    return "CPU:0"


@cache  # once in a command, however often the device is asked for
def _warn_of_missing_gpu() -> None:
    print("Warning: no GPU that TensorFlow can use was found: going on with the CPU. The doctor command says more.")


def set_up(config: Config) -> str:
    """Seed everything and choose device and precision for training; returns the device."""
    device = find_device(config)
    # bfloat16 does not pay on CPUs, and GPUs older than compute capability 8.0 lack it
    mixed = device == "GPU:0" and config.hardware.precision == "bfloat16" and _capability() >= (8, 0)
    keras.config.set_dtype_policy("mixed_bfloat16" if mixed else "float32")
    keras.utils.set_random_seed(config.seed)
    return device


def describe_device(config: Config) -> dict[str, str]:
    """What Keras sees, and what training will use, for the doctor command."""
    device = find_device(config)
    gpus = [tf.config.experimental.get_device_details(gpu) for gpu in tf.config.list_physical_devices("GPU")]
    return {
        "Keras": keras.version(),
        "backend": f"{keras.backend.backend()} {tf.__version__}",
        "CUDA of this build": tf.sysconfig.get_build_info().get("cuda_version", "none: a build for CPUs"),
        "GPUs": ", ".join(gpu.get("device_name", "unnamed") for gpu in gpus) or "none",
        "threads": str(tf.config.threading.get_intra_op_parallelism_threads() or "as many as there are cores"),
        "training will use": f"{device}, {config.hardware.precision if device == 'GPU:0' else 'float32'}",
    }


def _capability() -> tuple[int, int]:
    (gpu, *_) = tf.config.list_physical_devices("GPU")
    return tf.config.experimental.get_device_details(gpu).get("compute_capability", (0, 0))

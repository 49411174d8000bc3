"""What to compute on: accelerator, precision, and how many GPUs.

The settings choose. Where the chosen accelerator is absent, the CPU takes over.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .config import Config, UserError

STEPS = 20  # that Keras does in one go, without Python in between


def find_device(config: Config) -> str:
    """Find the device of the settings. Without one, print a warning and return the CPU.

    TensorFlow uses every GPU that it sees: for the CPU they are hidden.
    """
    tf.get_logger().setLevel("ERROR")  # else it warns that each of several models compiles its own steps
    if config.hardware.accelerator == "gpu":
        if tf.config.list_physical_devices("GPU"):
            return "GPU:0"
        _warn_of_missing_gpu()
    tf.config.set_visible_devices([], "GPU")
    return "CPU:0"


@cache  # so that it is printed once in a command
def _warn_of_missing_gpu() -> None:
    """Warn that there is no GPU."""
    print("Warning: no GPU that TensorFlow can use was found: going on with the CPU. The doctor command says more.")


@dataclass(frozen=True)
class Device:
    """The devices that train together; training runs inside their `scope`."""

    name: str  # for people
    count: int  # how many devices share each batch
    strategy: tf.distribute.Strategy | None  # how they share it; None for one device

    # One process.
    shard = (0, 1)  # number of this process, and how many there are
    is_first = True
    rank_zero_first = staticmethod(nullcontext)  # no other process to wait for
    alone = staticmethod(nullcontext)

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Put variables on each device."""
        if self.strategy is None:
            yield
            return
        with self.strategy.scope():
            yield

    @property
    def threads(self) -> int:
        """The threads that share an operation on the CPU."""
        return _count_threads()

    def seed_dropout(self, generators: list[keras.Variable], random: np.random.Generator) -> None:
        """Seed the generators in the model, of dropout and augmentation, on each device another way."""
        for generator in generators:
            state = generator.value
            for copy in getattr(state, "values", [state]):  # with several devices, each has a copy
                copy.assign([random.integers(2**31), 0])

    def prepare_model(self, model: keras.Model) -> keras.Model:
        """Let batch norm see the whole batch, of which each device has a part."""
        for layer in model.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.synchronized = self.count > 1
        return model


def set_up(config: Config) -> Device:
    """Seed everything and choose devices and precision for training.

    Raises:
        UserError: the settings ask for more devices than there are, or for what several can't do.
    """
    kind = find_device(config)[:3]
    devices = _choose_devices(config, kind)
    is_mixed = _find_precision(config, kind) == "bfloat16"
    keras.config.set_dtype_policy("mixed_bfloat16" if is_mixed else "float32")
    keras.utils.set_random_seed(config.seed)
    if len(devices) == 1:
        return Device(name=devices[0], count=1, strategy=None)
    if config.compile.clip_norm:
        raise UserError(
            "compile.clip_norm does not go with several devices in TensorFlow, which shortens the part of each of them"
            " alone: set it to 0, or hardware.devices to 1."
        )
    return Device(
        name=f"{len(devices)} x {kind}",
        count=len(devices),
        strategy=tf.distribute.MirroredStrategy(devices),
    )


def compile_options(config: Config) -> dict[str, Any]:
    """Return the options of `model.compile` for this hardware: XLA or not, and how many steps are done in one go."""
    has_several_devices = tf.distribute.has_strategy()  # then several steps in one go fail
    return {
        "jit_compile": "auto" if config.hardware.jit else False,
        "steps_per_execution": 1 if has_several_devices else STEPS,
    }


def describe_device(config: Config) -> dict[str, str]:
    """Describe what Keras finds and what training will use, for the doctor command: name -> value."""
    kind = find_device(config)[:3]
    gpus = tf.config.list_physical_devices("GPU")
    build = tf.sysconfig.get_build_info()
    rows = {
        "Keras": keras.version(),
        "backend": f"{keras.backend.backend()} {tf.__version__}",
        "CUDA of this build": build.get("cuda_version", "none: a build for CPUs"),
        "NVIDIA's driver": _ask_driver(),
        "GPUs": "\n".join(_describe_gpu(gpu) for gpu in gpus) or "none",
        "threads": str(_count_threads()),
        "training will use": f"{len(_choose_devices(config, kind))} x {kind}, {_find_precision(config, kind)}",
    }
    if config.hardware.accelerator == "gpu" and not gpus:
        rows["why no GPU"] = _explain_missing_gpu(build)
    elif _find_precision(config, kind) != config.hardware.precision:
        rows["why not bfloat16"] = "this device has no fast bfloat16: GPUs have it from compute capability 8.0 on"
    return rows


def _count_threads() -> int:
    """Count the threads that share an operation on the CPU: by default as many as this process has cores."""
    chosen = int(os.environ.get("TF_NUM_INTRAOP_THREADS") or tf.config.threading.get_intra_op_parallelism_threads())
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return chosen or cores


def _choose_devices(config: Config, kind: str) -> list[str]:
    """Choose the devices that share each batch: their names, such as ["GPU:0", "GPU:1"]."""
    found = [device.name.removeprefix("/device:") for device in tf.config.list_logical_devices(kind)]
    wanted = config.hardware.devices or len(found)
    if kind == "CPU" and (config.hardware.accelerator != "cpu" or not config.hardware.devices):
        wanted = 1  # TensorFlow sees all cores as one CPU, unless it is told to divide them
    if wanted > len(found):
        raise UserError(f"hardware.devices is {wanted}, and TensorFlow sees {len(found)} x {kind} here: lower it.")
    return found[:wanted]


def _find_precision(config: Config, kind: str) -> str:
    """Choose float32 where bfloat16 is slow: on CPUs, and on GPUs older than compute capability 8.0."""
    if kind == "GPU":
        oldest = min(_find_capability(gpu) for gpu in tf.config.list_physical_devices("GPU"))
        if oldest >= (8, 0):
            return config.hardware.precision
    return "float32"


def _find_capability(gpu: Any) -> tuple[int, int]:
    """Find the compute capability of a GPU; (0, 0) if it is unknown."""
    return tf.config.experimental.get_device_details(gpu).get("compute_capability", (0, 0))


def _describe_gpu(gpu: Any) -> str:
    """Describe a GPU: name, compute capability."""
    name = tf.config.experimental.get_device_details(gpu).get("device_name", "unnamed")
    major, minor = _find_capability(gpu)
    return f"{name}, compute capability {major}.{minor}"


def _explain_missing_gpu(build: dict[str, Any]) -> str:
    """Explain why TensorFlow can't use a GPU, with the cure."""
    if not build.get("is_cuda_build"):
        return 'this TensorFlow was built for CPUs: pip install "tensorflow[and-cuda]"'
    return (
        f"no NVIDIA driver for CUDA {build.get('cuda_version')} was found: install or update it until nvidia-smi shows"
        " the GPU"
    )

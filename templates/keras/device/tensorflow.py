"""What to compute on: accelerator and precision, and how many GPUs share the work.

One code path for all machines: the settings choose, and where the chosen accelerator is absent the CPU takes over.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any

import keras
import tensorflow as tf

from .config import Config, UserError


def find_device(config: Config) -> str:
    """The device of the settings, or the CPU, with one line of warning, where there is none such.

    TensorFlow takes hold of every GPU that it sees, so that the CPU is chosen by hiding them.
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


@dataclass(frozen=True)
class Device:
    """What trains together; `main` of train.py works inside its `scope`."""

    name: str  # for people
    count: int  # how many devices share each batch
    strategy: tf.distribute.Strategy | None  # how they do, where there are several
    jit_compile: str | bool

    # All belong to this process, which does all of each batch.
    share = (0, 1)
    is_first = True
    rank_zero_first = alone = staticmethod(nullcontext)  # nobody to wait for, or to part from

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Variables made in here are held by each device."""
        with self.strategy.scope() if self.strategy else nullcontext():
            yield

    def seed_dropout(self, seed: int) -> None:
        """Nothing to do: dropout draws from generators in the model, which train.py sets."""

    def compile(self, model: keras.Model, *, steps: int, **options: Any) -> None:
        """The compile step of Keras; several steps are done in one go, and batch norm sees the whole batch."""
        for layer in model.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.synchronized = self.count > 1
        steps = 1 if self.strategy else steps  # TensorFlow fails on a loop of steps that several devices share
        model.compile(jit_compile=self.jit_compile, steps_per_execution=steps, **options)


def set_up(config: Config) -> Device:
    """Seed everything and choose devices and precision for training.

    Raises:
        UserError: the settings ask for more devices than there are, or than a batch has items.
    """
    kind = find_device(config)[:3]
    devices = _choose_devices(config, kind)
    if config.training.batch_size < len(devices):
        raise UserError(
            f"training.batch_size is {config.training.batch_size}, too few for {len(devices)} devices that share each"
            " batch: raise it."
        )
    mixed = _precision(config, kind) == "bfloat16"
    keras.config.set_dtype_policy("mixed_bfloat16" if mixed else "float32")
    keras.utils.set_random_seed(config.seed)
    return Device(
        name=devices[0] if len(devices) == 1 else f"{len(devices)} x {kind}",
        count=len(devices),
        strategy=tf.distribute.MirroredStrategy(devices) if len(devices) > 1 else None,
        jit_compile="auto" if config.hardware.compile else False,
    )


def describe_device(config: Config) -> dict[str, str]:
    """What Keras sees, and what training will use, for the doctor command."""
    kind = find_device(config)[:3]
    gpus = tf.config.list_physical_devices("GPU")
    build = tf.sysconfig.get_build_info()
    rows = {
        "Keras": keras.version(),
        "backend": f"{keras.backend.backend()} {tf.__version__}",
        "CUDA of this build": build.get("cuda_version", "none: a build for CPUs"),
        "NVIDIA's driver": _ask_driver(),
        "GPUs": "\n".join(map(_describe_gpu, gpus)) or "none",
        "threads": str(tf.config.threading.get_intra_op_parallelism_threads() or "as many as there are cores"),
        "training will use": f"{len(_choose_devices(config, kind))} x {kind}, {_precision(config, kind)}",
    }
    if config.hardware.accelerator == "gpu" and not gpus:
        rows["why no GPU"] = _explain_missing_gpu(build)
    elif _precision(config, kind) != config.hardware.precision:
        rows["why not bfloat16"] = "this device has no fast bfloat16: GPUs have it from compute capability 8.0 on"
    return rows


def _choose_devices(config: Config, kind: str) -> list[str]:
    """The names of the devices that share each batch, such as ["GPU:0", "GPU:1"]."""
    there = [device.name.removeprefix("/device:") for device in tf.config.list_logical_devices(kind)]
    wanted = config.hardware.devices or len(there)
    if kind == "CPU" and (config.hardware.accelerator != "cpu" or not config.hardware.devices):
        wanted = 1  # TensorFlow sees all cores as one CPU, unless it is told to part them
    if wanted > len(there):
        raise UserError(f"hardware.devices is {wanted}, and TensorFlow sees {len(there)} x {kind} here: lower it.")
    return there[:wanted]


def _precision(config: Config, kind: str) -> str:
    """bfloat16 does not pay on CPUs, and GPUs older than compute capability 8.0 lack it."""
    able = kind == "GPU" and min(map(_capability, tf.config.list_physical_devices("GPU"))) >= (8, 0)
    return config.hardware.precision if able else "float32"


def _capability(gpu: Any) -> tuple[int, int]:
    return tf.config.experimental.get_device_details(gpu).get("compute_capability", (0, 0))


def _describe_gpu(gpu: Any) -> str:
    name = tf.config.experimental.get_device_details(gpu).get("device_name", "unnamed")
    return f"{name}, compute capability {'.'.join(map(str, _capability(gpu)))}"


def _explain_missing_gpu(build: dict[str, Any]) -> str:
    """Why TensorFlow can't use a GPU, and the cure."""
    if not build.get("is_cuda_build"):
        return 'this TensorFlow was built for CPUs: pip install "tensorflow[and-cuda]"'
    return (
        f"no NVIDIA driver for CUDA {build.get('cuda_version')} was found: install or update it until nvidia-smi shows"
        " the GPU"
    )

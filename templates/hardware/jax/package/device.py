"""What to compute on: accelerator, precision, and how many devices and processes.

The settings choose. Where the chosen accelerator is absent, the CPU takes over.
Several processes, one on each machine, train together if VARIABLES say where they meet. Each holds the whole model and
computes its part of each batch. XLA adds the parts up, so that one process and many do the same steps.
"""

import atexit
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import jax
import keras
import numpy as np
from jax.experimental import multihost_utils

from .config import Config, UserError

VARIABLES = ("KERAS_DISTRIBUTION_JOB_ADDRESSES", "KERAS_DISTRIBUTION_NUM_PROCESSES", "KERAS_DISTRIBUTION_PROCESS_ID")
STEPS = 20  # that Keras does in one go, without Python in between
HEARTBEAT = 40  # seconds without a sign of life after which a process counts as lost
LOST = (
    "another process of this training has ended, or did not start: see its own message; then go on with train --resume."
)
# JAX ends a process that has lost the others without returning to Python. A second process notices and says why.
WATCH = "import sys; sys.stdin.read() or print('Error:', sys.argv[1], file=sys.stderr)"


def find_device(config: Config) -> str:
    """Find the device of the settings, such as "gpu:0". Without one, print a warning and return the CPU.

    A TPU multiplies in bfloat16. For float32 it is told to put products together from several of these.
    """
    accelerator = config.hardware.accelerator
    if accelerator == "cpu":
        jax.config.update("jax_platforms", "cpu")  # leave a GPU's memory to others
    found = _list_devices(accelerator)
    if not found:
        _warn_of_missing(accelerator.upper())
        jax.config.update("jax_platforms", "cpu")
        found = _list_devices("cpu")
    if found[0].platform == "tpu" and config.hardware.precision == "float32":
        jax.config.update("jax_default_matmul_precision", "highest")
    return f"{found[0].platform}:{found[0].id}"


@cache  # so that it is printed once in a command
def _warn_of_missing(accelerator: str) -> None:
    """Warn that there is no such accelerator."""
    print(f"Warning: no {accelerator} that JAX can use was found: going on with the CPU. The doctor command says more.")


@dataclass(frozen=True)
class Device:
    """The devices that train together; training runs inside their `scope`."""

    name: str  # for people
    devices: list[jax.Device]  # of all processes
    shard: tuple[int, int]  # number of this process, and how many there are

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that writes and prints."""
        return self.shard[0] == 0

    @property
    def count(self) -> int:
        """The number of devices that share each batch."""
        return len(self.devices)

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Lay variables and batches out over all devices. At the end the processes separate."""
        names = [f"{device.platform}:{device.id}" for device in self.devices]
        if self.count == 1:
            with keras.device(names[0]):
                yield
            return
        try:
            # Keras can't shard NumPy arrays: each process passes its own part of a batch.
            with keras.distribution.DataParallel(devices=names, auto_shard_dataset=False).scope():
                yield
        except (RuntimeError, ValueError) as error:
            if self.shard[1] > 1 and (isinstance(error, jax.errors.JaxRuntimeError) or "Gloo" in str(error)):
                raise UserError(LOST.capitalize()) from error
            raise
        if self.shard[1] > 1:
            jax.distributed.shutdown()  # all together, before the first one goes on alone
            atexit.unregister(_end_at_once)

    @contextmanager
    def rank_zero_first(self) -> Iterator[None]:
        """Let the first process run the block first, then the others."""
        if not self.is_first:
            multihost_utils.sync_global_devices("first")
        yield
        if self.is_first and self.shard[1] > 1:
            multihost_utils.sync_global_devices("first")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let one process run the block alone, such as to write a file: new variables stay on its device."""
        distribution = keras.distribution.distribution()
        keras.distribution.set_distribution(None)
        try:
            yield
        finally:
            keras.distribution.set_distribution(distribution)

    @property
    def threads(self) -> int:
        """The threads that share an operation on the CPU."""
        return _count_threads()

    def seed_dropout(self, generators: list[keras.Variable], random: np.random.Generator) -> None:
        """Seed the generators in the model, of dropout and augmentation. All devices draw parts of one mask."""
        for generator in generators:
            generator.assign([random.integers(2**31), 0])

    def prepare_model(self, model: keras.Model) -> keras.Model:
        """Return the model as it is: XLA lets batch norm see the whole batch."""
        return model


def set_up(config: Config) -> Device:
    """Seed everything, choose devices and precision for training, and meet the other processes if there are any.

    Raises:
        UserError: the settings or variables do not fit each other, or the machine.
    """
    _join_processes()
    first = find_device(config)
    platform = first.split(":")[0]
    devices = _choose_devices(config, platform)
    is_mixed = _find_precision(config, devices[0]) == "bfloat16"
    keras.config.set_dtype_policy("mixed_bfloat16" if is_mixed else "float32")
    keras.utils.set_random_seed(config.seed)
    name = first if len(devices) == 1 else f"{len(devices)} x {platform}"
    return Device(name, devices, (jax.process_index(), jax.process_count()))


def compile_options(config: Config) -> dict[str, Any]:
    """Return the options of `model.compile` for this hardware: steps are compiled as a whole, which is much faster."""
    return {"jit_compile": True, "steps_per_execution": STEPS}


def describe_device(config: Config) -> dict[str, str]:
    """Describe what Keras finds and what training will use, for the doctor command: name -> value."""
    wanted = config.hardware.accelerator
    found = find_device(config).split(":")[0]
    devices = _list_devices(found)
    packages = _list_packages("jax-cuda12-plugin", "jax-cuda13-plugin", "libtpu")
    rows = {
        "Keras": keras.version(),
        "backend": f"{keras.backend.backend()} {jax.__version__}",
        "accelerator of this build": ", ".join(packages) or "none: for CPUs",
        "devices": "\n".join(_describe(device) for device in devices),
        "threads": str(_count_threads()),
        "training will use": f"{len(_choose_devices(config, found))} x {found}, {_find_precision(config, devices[0])}",
    }
    name = wanted.upper()
    if name == "GPU":
        rows["NVIDIA's driver"] = _ask_driver()
    if wanted != found:
        rows[f"why no {name}"] = _explain_missing(wanted, built_for_it=bool(packages))
    return rows


def _count_threads() -> int:
    """Count the threads that share an operation on the CPU: as many as this process has cores."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _list_devices(platform: str) -> list[jax.Device]:
    """List the devices of this process; none if JAX or the machine does not support the platform."""
    try:
        return jax.local_devices(backend=platform)
    except RuntimeError:
        return []


def _choose_devices(config: Config, platform: str) -> list[jax.Device]:
    """Choose the devices that share each batch: of each process as many as the settings say."""
    found = len(_list_devices(platform))
    wanted = config.hardware.devices or found
    if platform == "cpu" and (config.hardware.accelerator != "cpu" or not config.hardware.devices):
        wanted = 1  # JAX sees all cores as one CPU, unless XLA_FLAGS divide them
    if wanted > found:
        raise UserError(f"hardware.devices is {wanted}, and JAX sees {found} x {platform} here: lower it.")
    by_process: dict[int, list[jax.Device]] = {}
    for device in jax.devices(platform):
        by_process.setdefault(device.process_index, []).append(device)
    return [device for number in sorted(by_process) for device in by_process[number][:wanted]]


def _find_precision(config: Config, device: jax.Device) -> str:
    """Choose float32 where bfloat16 is slow: on CPUs, and on GPUs older than compute capability 8.0."""
    capability = float(getattr(device, "compute_capability", 0))  # of GPUs alone
    if device.platform == "tpu" or capability >= 8:
        return config.hardware.precision
    return "float32"


def _describe(device: jax.Device) -> str:
    """Describe a device: name, kind, and memory if it is known."""
    memory = (device.memory_stats() or {}).get("bytes_limit")
    words = f"{device.platform}:{device.id} {device.device_kind}"
    return f"{words}, {memory / 1e9:.0f} GB" if memory else words


def _list_packages(*names: str) -> list[str]:
    """List those packages that are installed, with their versions."""
    found = []
    for name in names:
        with suppress(metadata.PackageNotFoundError):
            found.append(f"{name} {metadata.version(name)}")
    return found


def _explain_missing(accelerator: str, *, built_for_it: bool) -> str:
    """Explain why the accelerator can't be used, with the cure."""
    if not built_for_it:
        packages = {"gpu": "jax[cuda13]", "tpu": "jax[tpu]"}[accelerator]
        return f'this JAX was installed for CPUs: pip install --upgrade "{packages}"'
    if accelerator == "tpu":
        return "this machine has no TPU, or another program holds it: use a machine with one, or end that program"
    return "no NVIDIA driver that fits was found: install or update it until nvidia-smi shows the GPU"


def _join_processes() -> None:
    """Connect to the processes that VARIABLES name. Without the variables this is the only one.

    Raises:
        UserError: the variables are incomplete or wrong.
    """
    if not any(os.environ.get(name) for name in VARIABLES) or jax.distributed.is_initialized():
        return
    missing = [name for name in VARIABLES if not os.environ.get(name)]
    if missing:
        raise UserError(f"{', '.join(missing)} is not set: set all of {', '.join(VARIABLES)}, or none of them.")
    addresses, count, number = (os.environ[name] for name in VARIABLES)
    if not (count.isdecimal() and number.isdecimal() and int(number) < int(count)):
        raise UserError(
            f"{VARIABLES[2]} is {number} of {count} ({VARIABLES[1]}): it must be 0 for the first process, 1, ..."
        )
    address = addresses.split(",")[0]
    if not address.rpartition(":")[2].isdecimal():
        raise UserError(
            f"{VARIABLES[0]} is {addresses}: it must be the first machine and a free port, such as node1:12345."
        )
    if int(number):
        with Path(os.devnull).open("w") as nothing:
            os.dup2(nothing.fileno(), 1)  # only the first process prints; libraries in C++ don't know sys.stdout
    watcher = subprocess.Popen(
        [sys.executable, "-c", WATCH, LOST.capitalize()], stdin=subprocess.PIPE, text=True, start_new_session=True
    )
    atexit.register(_end_at_once)
    atexit.register(watcher.communicate, "ended by itself")  # the last to be registered is the first to run
    jax.distributed.initialize(address, int(count), int(number), heartbeat_timeout_seconds=HEARTBEAT)


def _end_at_once() -> None:
    """End without waiting for the other processes, as JAX would: they may be gone."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(1)

"""What to compute on: accelerator and precision, and who shares the work.

One code path for all machines: the settings choose, and where the chosen accelerator is absent the CPU takes over.
Several processes, one on each machine, train together when VARIABLES say where they meet. Each holds the whole model
and computes its share of each batch; XLA adds up what belongs together, so that one process and many do the same steps.
"""

import atexit
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import jax
import keras
from jax.experimental import multihost_utils

from .config import Config, UserError

VARIABLES = ("KERAS_DISTRIBUTION_JOB_ADDRESSES", "KERAS_DISTRIBUTION_NUM_PROCESSES", "KERAS_DISTRIBUTION_PROCESS_ID")
HEARTBEAT = 40  # seconds after which a process that is no longer heard of counts as lost
LOST = (
    "another process of this training has ended, or did not start: see its own message; then go on with train --resume."
)
# JAX ends a process that has lost the others from outside of Python. Then this one, whose input ends, says why.
WATCH = "import sys; sys.stdin.read() or print('Error:', sys.argv[1], file=sys.stderr)"


def find_device(config: Config) -> str:
    """The device of the settings, such as "gpu:0", or the CPU, with one line of warning, where there is none such."""
    accelerator = config.hardware.accelerator
    if accelerator == "cpu":
        jax.config.update("jax_platforms", "cpu")  # leave a GPU's memory to others
    found = _list_devices(accelerator)
    if not found:
        _warn_of_missing(accelerator.upper())
        jax.config.update("jax_platforms", "cpu")
        found = _list_devices("cpu")
    return f"{found[0].platform}:{found[0].id}"


@cache  # once in a command, however often the device is asked for
def _warn_of_missing(accelerator: str) -> None:
    print(f"Warning: no {accelerator} that JAX can use was found: going on with the CPU. The doctor command says more.")


@dataclass(frozen=True)
class Device:
    """What trains together; `main` of train.py works inside its `scope`."""

    name: str  # for people
    devices: list[jax.Device]  # of all processes
    share: tuple[int, int]  # number of this process, and of how many

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that writes and speaks."""
        return self.share[0] == 0

    @property
    def count(self) -> int:
        """How many devices share each batch."""
        return len(self.devices)

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Variables made and batches met in here are laid out over all devices; at its end the processes part."""
        names = [f"{device.platform}:{device.id}" for device in self.devices]
        if self.count == 1:
            with keras.device(names[0]):
                yield
            return
        try:
            # NumPy arrays can't be sharded by Keras: each process hands over its own part of a batch.
            with keras.distribution.DataParallel(devices=names, auto_shard_dataset=False).scope():
                yield
        except (RuntimeError, ValueError) as error:
            if self.share[1] > 1 and (isinstance(error, jax.errors.JaxRuntimeError) or "Gloo" in str(error)):
                raise UserError(LOST.capitalize()) from error
            raise
        if self.share[1] > 1:
            jax.distributed.shutdown()  # all at once, before the first one goes on alone
            atexit.unregister(_end_at_once)

    @contextmanager
    def rank_zero_first(self) -> Iterator[None]:
        """What is in here the first process does first, then the others."""
        if not self.is_first:
            multihost_utils.sync_global_devices("first")
        yield
        if self.is_first and self.share[1] > 1:
            multihost_utils.sync_global_devices("first")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """What is in here, such as writing a file, needs no other process: new variables are not laid out over all."""
        distribution = keras.distribution.distribution()
        keras.distribution.set_distribution(None)
        try:
            yield
        finally:
            keras.distribution.set_distribution(distribution)

    def seed_dropout(self, seed: int) -> None:
        """Nothing to do: dropout draws from generators in the model, which train.py sets."""

    def compile(self, model: keras.Model, *, steps: int, **options: Any) -> None:
        """The compile step of Keras. Steps are compiled as a whole: else JAX takes several times as long."""
        model.compile(jit_compile=True, steps_per_execution=steps, **options)


def set_up(config: Config) -> Device:
    """Seed everything, choose devices and precision for training, and meet the other processes, if there are any.

    Raises:
        UserError: the settings or variables do not fit each other, or what is there.
    """
    _join_processes()
    first = find_device(config)
    platform = first.split(":")[0]
    devices = _choose_devices(config, platform)
    if config.training.batch_size < len(devices):
        raise UserError(
            f"training.batch_size is {config.training.batch_size}, too few for {len(devices)} devices that"
            " share each batch: raise it."
        )
    mixed = _precision(config, devices[0]) == "bfloat16"
    keras.config.set_dtype_policy("mixed_bfloat16" if mixed else "float32")
    keras.utils.set_random_seed(config.seed)
    name = first if len(devices) == 1 else f"{len(devices)} x {platform}"
    return Device(name, devices, (jax.process_index(), jax.process_count()))


def describe_device(config: Config) -> dict[str, str]:
    """What Keras sees, and what training will use, for the doctor command."""
    wanted, found = config.hardware.accelerator, find_device(config).split(":")[0]
    devices = _list_devices(found)
    packages = {name: _version(name) for name in ("jax-cuda12-plugin", "jax-cuda13-plugin", "libtpu")}
    rows = {
        "Keras": keras.version(),
        "backend": f"{keras.backend.backend()} {jax.__version__}",
        "accelerator of this build": ", ".join(f"{name} {v}" for name, v in packages.items() if v) or "none: for CPUs",
        "devices": "\n".join(map(_describe, devices)),
        "threads": str(os.cpu_count()),
        "training will use": f"{len(_choose_devices(config, found))} x {found}, {_precision(config, devices[0])}",
    }
    if wanted == "gpu":
        rows["NVIDIA's driver"] = _ask_driver()
    if wanted != found:
        rows["why no " + wanted.upper()] = _explain_missing(wanted, any(packages.values()))
    return rows


def _list_devices(platform: str) -> list[jax.Device]:
    """Those of this process; none where JAX has no support for the platform, or no driver is there."""
    try:
        return jax.local_devices(backend=platform)
    except RuntimeError:
        return []


def _choose_devices(config: Config, platform: str) -> list[jax.Device]:
    """The devices that share each batch: of each process as many as the settings say."""
    there = len(_list_devices(platform))
    wanted = config.hardware.devices or there
    if platform == "cpu" and (config.hardware.accelerator != "cpu" or not config.hardware.devices):
        wanted = 1  # JAX sees all cores as one CPU, unless XLA_FLAGS part them
    if wanted > there:
        raise UserError(f"hardware.devices is {wanted}, and JAX sees {there} x {platform} here: lower it.")
    by_process: dict[int, list[jax.Device]] = {}
    for device in jax.devices(platform):
        by_process.setdefault(device.process_index, []).append(device)
    return [device for number in sorted(by_process) for device in by_process[number][:wanted]]


def _precision(config: Config, device: jax.Device) -> str:
    """bfloat16 does not pay on CPUs, and GPUs older than compute capability 8.0 lack it."""
    able = device.platform == "tpu" or float(getattr(device, "compute_capability", 0)) >= 8
    return config.hardware.precision if able else "float32"


def _describe(device: jax.Device) -> str:
    memory = (device.memory_stats() or {}).get("bytes_limit")
    return f"{device.platform}:{device.id} {device.device_kind}{f', {memory / 1e9:.0f} GB' if memory else ''}"


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _explain_missing(accelerator: str, built_for_it: bool) -> str:
    """Why the accelerator can't be used, and the cure."""
    if not built_for_it:
        packages = {"gpu": "jax[cuda13]", "tpu": "jax[tpu]"}[accelerator]
        return f'this JAX was installed for CPUs: pip install --upgrade "{packages}"'
    if accelerator == "tpu":
        return "this machine has no TPU, or another program holds it: use a machine with one, or end that program"
    return "no NVIDIA driver that fits was found: install or update it until nvidia-smi shows the GPU"


def _join_processes() -> None:
    """Meet the processes that VARIABLES speak of; without the variables this is the only one.

    Raises:
        UserError: they are not complete, or not what they must be.
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
            os.dup2(nothing.fileno(), 1)  # only the first process speaks; libraries in C++ don't know sys.stdout
    watcher = subprocess.Popen(
        [sys.executable, "-c", WATCH, LOST.capitalize()], stdin=subprocess.PIPE, text=True, start_new_session=True
    )
    atexit.register(_end_at_once)
    atexit.register(watcher.communicate, "ended by itself")  # the last to be registered is the first to run
    jax.distributed.initialize(address, int(count), int(number), heartbeat_timeout_seconds=HEARTBEAT)


def _end_at_once() -> None:
    """End without the farewell that JAX would wait for: the other processes may be gone."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(1)

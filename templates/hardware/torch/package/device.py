"""What to compute on: the GPU of an Apple chip, by Metal, or the CPU."""

import platform
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any

import keras
import numpy as np
import torch

from .config import Config


def find_device(config: Config) -> str:
    """Find the device of the settings, "mps" or "cpu". Without Metal, print a warning and return "cpu"."""
    if config.hardware.accelerator == "apple":
        if torch.backends.mps.is_available():
            return "mps"
        _warn_of_missing_metal()
    return "cpu"


@cache  # so that it is printed once in a command
def _warn_of_missing_metal() -> None:
    """Warn that there is no Metal."""
    print("Warning: no Metal that PyTorch can use was found: going on with the CPU. The doctor command says more.")


@dataclass(frozen=True)
class Device:
    """The device that trains; training runs inside its `scope`."""

    name: str  # for people, and for Keras

    # One process with one device.
    count = 1
    shard = (0, 1)  # number of this process, and how many there are
    is_first = True
    rank_zero_first = staticmethod(nullcontext)  # no other process to wait for
    alone = staticmethod(nullcontext)

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Put variables and batches on the device."""
        with keras.device(self.name):
            yield

    @property
    def threads(self) -> int:
        """The threads that share an operation on the CPU."""
        return torch.get_num_threads()

    def seed_dropout(self, generators: list[keras.Variable], random: np.random.Generator) -> None:
        """Seed the generators in the model, from which augmentation draws, and PyTorch's own: dropout draws from it."""
        for generator in generators:
            generator.assign([random.integers(2**31), 0])
        torch.manual_seed(int(random.integers(2**31)))

    def prepare_model(self, model: keras.Model) -> keras.Model:
        """Return the model as it is."""
        return model


def set_up(config: Config) -> Device:
    """Seed everything and choose the device for training."""
    keras.config.set_dtype_policy("float32")
    keras.utils.set_random_seed(config.seed)
    return Device(find_device(config))


def compile_options(config: Config) -> dict[str, Any]:
    """Return the options of `model.compile` for this hardware: on PyTorch, Keras does one step after the other."""
    return {"jit_compile": False, "steps_per_execution": 1}


def describe_device(config: Config) -> dict[str, str]:
    """Describe what Keras finds and what training will use, for the doctor command: name -> value."""
    device = find_device(config)
    rows = {
        "Keras": keras.version(),
        "backend": f"{keras.backend.backend()} {torch.__version__}",
        "Metal in this build": "yes" if torch.backends.mps.is_built() else "no",
        "memory for Metal": f"{torch.mps.recommended_max_memory() / 1e9:.0f} GB" if device == "mps" else "none",
        "threads": str(torch.get_num_threads()),
        "training will use": f"{device}, float32",
    }
    if config.hardware.accelerator == "apple" and device == "cpu":
        rows["why no Metal"] = _explain_missing_metal()
    return rows


def _explain_missing_metal() -> str:
    """Explain why Metal can't be used, with the cure."""
    if platform.system() != "Darwin":
        return f"this is {platform.system()}, and Metal is a part of macOS: train on a Mac with an Apple chip"
    if not torch.backends.mps.is_built():
        return "this Python or PyTorch was made for Intel chips: install a Python for arm64, and the project anew"
    return "macOS is too old: update it to 14 or newer"

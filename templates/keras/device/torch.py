"""What to compute on: the graphics part of an Apple chip (Metal), or the CPU where there is none."""

import platform
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any

import keras
import torch

from .config import Config


def find_device(config: Config) -> str:
    """The device of the settings: "mps", or "cpu", with one line of warning, where there is no Metal."""
    if config.hardware.accelerator == "apple":
        if torch.backends.mps.is_available():
            return "mps"
        _warn_of_missing_metal()
    return "cpu"


@cache  # once in a command, however often the device is asked for
def _warn_of_missing_metal() -> None:
    print("Warning: no Metal that PyTorch can use was found: going on with the CPU. The doctor command says more.")


@dataclass(frozen=True)
class Device:
    """What trains; `main` of train.py works inside its `scope`."""

    name: str  # for people, and for Keras

    # One device of one process, which does all of each batch.
    count = 1
    share = (0, 1)
    is_first = True
    rank_zero_first = alone = staticmethod(nullcontext)  # nobody to wait for, or to part from

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Variables made and batches met in here are on the device."""
        with keras.device(self.name):
            yield

    def seed_dropout(self, seed: int) -> None:
        """Dropout draws from the generator of PyTorch, not from those in the model, which train.py sets."""
        torch.manual_seed(seed)

    def compile(self, model: keras.Model, *, steps: int, **options: Any) -> None:
        """The compile step of Keras, which on PyTorch does one step after the other."""
        model.compile(jit_compile=False, steps_per_execution=1, **options)


def set_up(config: Config) -> Device:
    """Seed everything and choose the device for training."""
    keras.config.set_dtype_policy("float32")
    keras.utils.set_random_seed(config.seed)
    return Device(find_device(config))


def describe_device(config: Config) -> dict[str, str]:
    """What Keras sees, and what training will use, for the doctor command."""
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
    """Why Metal can't be used, and the cure."""
    if platform.system() != "Darwin":
        return f"this is {platform.system()}, and Metal is a part of macOS: train on a Mac with an Apple chip"
    if not torch.backends.mps.is_built():
        return "this Python or PyTorch was made for Intel chips: install a Python for arm64, and the project anew"
    return "macOS is too old: update it to 14 or newer"

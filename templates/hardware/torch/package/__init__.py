"""The package of this project: `python -m PACKAGE --help` lists the commands."""

import os

# Read when Keras and PyTorch are imported, which happens late: not every command needs them.
os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")  # the few operations that Metal lacks run on the CPU

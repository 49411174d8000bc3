"""The package of this project: `python -m PACKAGE --help` lists the commands."""

import os

# Read when Keras and TensorFlow are imported, which happens late: not every command needs them.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # errors alone: no notices of what the build can do
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # else off on a CPU without AVX-512: convolutions in half the time
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # take a GPU's memory when needed, not all of it at once

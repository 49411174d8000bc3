"""The package of this project: `python -m PACKAGE --help` lists the commands."""

import os

# Read when Keras and JAX are imported, which happens late: not every command needs them.
os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # take a GPU's memory when needed, not all at once
os.environ.setdefault("JAX_CPU_COLLECTIVES_IMPLEMENTATION", "gloo")  # how processes on CPUs talk to each other

"""The package of this project: `python -m PACKAGE --help` lists the commands."""

import importlib.abc
import importlib.machinery
import os
import sys
import tempfile

# Read when Keras and TensorFlow are imported, which happens late: not every command needs them.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # errors alone: no notices of what the build can do
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # else off on a CPU without AVX-512: convolutions in half the time
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # take a GPU's memory when needed, not all of it at once


class _SilentImport(importlib.abc.MetaPathFinder):
    """Holds back what TensorFlow's libraries print while they are loaded: that oneDNN is on; no setting silences it."""

    def find_spec(self, name, path=None, target=None):
        """Called by Python for each first import of a module; None leaves it to the next finder."""
        if name != "tensorflow":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None:
            spec.loader.exec_module = _silent(spec.loader.exec_module)
        return spec


def _silent(load):
    """The function `load`, with what it writes to file descriptor 2 shown only where it fails."""

    def load_silently(module):
        with tempfile.TemporaryFile() as notices:
            screen = os.dup(2)
            os.dup2(notices.fileno(), 2)
            try:
                load(module)
            except BaseException:
                notices.seek(0)
                os.write(screen, notices.read())
                raise
            finally:
                os.dup2(screen, 2)
                os.close(screen)

    return load_silently


sys.meta_path.insert(0, _SilentImport())

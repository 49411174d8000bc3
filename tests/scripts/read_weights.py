"""Read all weights of a Keras model that a project wrote into a file of NumPy.

python read_weights.py MODEL.keras WEIGHTS.npz
"""

import io
import sys
import zipfile

import h5py
import numpy as np


def read_weights(path):
    """All numbers of a model in a file, by name."""
    found = {}
    with zipfile.ZipFile(path) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:
        file.visititems(lambda name, item: found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return found


if __name__ == "__main__":
    model, weights = sys.argv[1:]
    np.savez(weights, **{name.replace("/", " "): values for name, values in read_weights(model).items()})

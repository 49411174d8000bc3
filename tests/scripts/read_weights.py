"""Read all weights of a Keras model that a project wrote into a file of NumPy.

python read_weights.py MODEL.keras WEIGHTS.npz
"""

import io
import sys
import zipfile

import h5py
import numpy as np

model, weights = sys.argv[1:]
found = {}
with zipfile.ZipFile(model) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:
    file.visititems(lambda name, item: found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
np.savez(weights, **{name.replace("/", " "): values for name, values in found.items()})

"""Read all weights of a Keras model that a project wrote, in their order, into a file of NumPy.

cd PROJECT; python read_weights.py PACKAGE MODEL.keras WEIGHTS.npz
"""

import importlib
import sys

import numpy as np

package, model, weights = sys.argv[1:]
importlib.import_module(f"{package}.training.checkpoint")  # registers the project's layers; chooses the backend, too

import keras  # noqa: E402

np.savez(weights, *keras.saving.load_model(model, compile=False).get_weights())

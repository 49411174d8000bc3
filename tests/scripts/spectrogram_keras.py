"""Write what the model makes of recordings before its first block: `spectrogram_keras.py PACKAGE IN.npy OUT.npy`."""

import importlib
import sys

import numpy as np

package, source, target = sys.argv[1:]
config = importlib.import_module(f"{package}.config").load_config(data__source="sample.npz")
info = importlib.import_module(f"{package}.data").load_splits(config).info
keras = importlib.import_module("keras")
model = importlib.import_module(f"{package}.model").build_model(info, config)
front = keras.Model(model.input, next(layer for layer in model.layers if type(layer).__name__ == "Augmentation").output)
np.save(target, front.predict(np.load(source), verbose=0))

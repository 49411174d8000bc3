"""Write what the model makes of recordings before its first block: `spectrogram_pytorch.py PACKAGE IN.npy OUT.npy`."""

import importlib
import sys

import numpy as np
import torch

package, source, target = sys.argv[1:]
config = importlib.import_module(f"{package}.config").load_config(data__source="sample.npz")
info = importlib.import_module(f"{package}.data").load_splits(config).info
model = importlib.import_module(f"{package}.model").build_model(info, config).eval()
np.save(target, model.spectrograms(torch.from_numpy(np.load(source))).numpy())

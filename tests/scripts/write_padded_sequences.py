"""Write the sample of a project as sequences of 10 to 28 steps, padded with NaN: `write_padded_sequences.py FILE`."""

import sys

import numpy as np

with np.load("tests/sample.npz") as arrays:
    content = dict(arrays)
random = np.random.default_rng(0)
for name in ("x_train", "x_test"):
    x = content[name].astype(np.float32)
    for sequence, length in zip(x, random.integers(10, 29, len(x)), strict=True):
        sequence[length:] = np.nan
    content[name] = x
np.savez(sys.argv[1], **content)

"""Write five test samples as text, and what `predict` says of them: `write_samples_for_cpp.py PACKAGE SOURCE`."""

import importlib
import sys
from pathlib import Path

import numpy as np

package, source = sys.argv[1:]
predict = importlib.import_module(f"{package}.inference.predict").predict
with np.load(source) as arrays:
    x = arrays["x_test"][:5]
x = x[..., np.newaxis] if "image" in package else x.reshape(5, -1) if "vector" in package else x
np.savetxt("samples.txt", x.reshape(5, -1), fmt="%g")
np.savetxt("expected.txt", predict(Path("runs/001"), x).reshape(5, -1))

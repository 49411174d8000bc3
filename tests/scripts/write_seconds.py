"""Write vectors whose target is seconds since 1970: `write_seconds.py FILE`.

Of such numbers float32 has multiples of 128 alone. The file is a .npz with splits, of true and false, or a .csv with a
header.
"""

import sys

import numpy as np

path = sys.argv[1]
random = np.random.default_rng(0)
x = random.normal(size=(240, 3)).astype(np.float32)
y = 1.7e9 + 500 * x[:, :2].sum(axis=1, dtype=np.float64)
if path.endswith(".npz"):
    np.savez(path, x_train=x[:200] > 0, y_train=y[:200], x_test=x[200:] > 0, y_test=y[200:])
else:
    table = np.column_stack([x, y])
    np.savetxt(path, table, fmt="%.12g", delimiter=",", header="a,b,c,answer", comments="")

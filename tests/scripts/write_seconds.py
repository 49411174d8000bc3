"""Write vectors of true and false, whose target is seconds since 1970: `write_seconds.py FILE.npz`.

Of such numbers float32 has multiples of 128 alone.
"""

import sys

import numpy as np

x = np.random.default_rng(0).random((240, 3)) < 0.5
y = 1.7e9 + 500 * x[:, :2].sum(axis=1, dtype=np.float64)
np.savez(sys.argv[1], x_train=x[:200], y_train=y[:200], x_test=x[200:], y_test=y[200:])

"""Write data/sample.npz: the sample of a project, 200 images to train and 100 to test, with the targets of its task.

cd PROJECT; python write_sample.py PACKAGE
"""

import importlib
import sys

import numpy as np

package = sys.argv[1]
demo = importlib.import_module(f"{package}.data.demo")

with np.load("tests/sample.npz") as arrays:
    x = np.concatenate([arrays["x_train"], arrays["x_test"]])
    labels = np.concatenate([arrays["y_train"], arrays["y_test"]]).astype(np.int64)
x, y, names = demo.demo_targets(x, labels)
np.savez("data/sample.npz", x_train=x[:200], y_train=y[:200], x_test=x[200:], y_test=y[200:], class_names=names)

"""Write data/sample.npz: the sample of a project, 200 images to train and 100 to test, with the targets of its task.

cd PROJECT; python write_sample.py PACKAGE
"""

import importlib
import sys

import numpy as np

package = sys.argv[1]
classes = importlib.import_module(f"{package}.data.fashion_mnist").CLASSES
task = importlib.import_module(f"{package}.task")

with np.load("tests/sample.npz") as arrays:
    x = np.concatenate([arrays["x_train"], arrays["x_test"]])
    labels = np.concatenate([arrays["y_train"], arrays["y_test"]]).astype(np.int64)
x, y, names = task.demo_targets(x, labels, list(classes))
np.savez("data/sample.npz", x_train=x[:200], y_train=y[:200], x_test=x[200:], y_test=y[200:], class_names=names)

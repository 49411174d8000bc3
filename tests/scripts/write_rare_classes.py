"""Write rare.npz: two classes of Fashion-MNIST, the second one rare in the train split, as vectors.

    cd PROJECT; python write_rare_classes.py PACKAGE FOLDER COMMON RARE

FOLDER: where the files of Fashion-MNIST are. COMMON and RARE: the numbers of the classes.
"""

import importlib
import sys
from pathlib import Path

import numpy as np

SIZES = {"train": (5000, 100), "test": (1000, 1000)}

package, folder, *classes = sys.argv[1:]
fashion_mnist = importlib.import_module(f"{package}.data.fashion_mnist")

images, labels, splits = fashion_mnist.read_fashion_mnist(Path(folder))
arrays = {}
for split, sizes in SIZES.items():
    rows = [
        np.flatnonzero((splits == split) & (labels == int(label)))[:size]
        for label, size in zip(classes, sizes, strict=True)
    ]
    arrays[f"x_{split}"] = images[np.concatenate(rows)].reshape(-1, 784)
    arrays[f"y_{split}"] = np.repeat([0, 1], [len(part) for part in rows])
names = [f"class {label}" for label in classes]
np.savez("rare.npz", class_names=names, **arrays)

"""Write files to predict, as a project's README names them, from the first three images of its sample.

cd PROJECT; python write_new_files.py image|vector|sequence NAME...
"""

import sys
from pathlib import Path

import numpy as np

SHAPES = {"image": (28, 28, 1), "vector": (784,), "sequence": (28, 28)}

data_type, *names = sys.argv[1:]
x = np.load("tests/sample.npz")["x_test"][:3]  # (3, 28, 28)
for number, name in enumerate(names):
    suffix = Path(name).suffix
    if suffix == ".npz":
        np.savez(name, x=x.reshape(-1, *SHAPES[data_type]))
    elif suffix == ".csv":  # a vector a row, or a sequence a file
        np.savetxt(name, x.reshape(3, 784) if data_type == "vector" else x[number % 3], fmt="%d", delimiter=",")
    else:
        from PIL import Image  # here, because projects for other data do not have it

        image = Image.fromarray(x[number % 3])
        (image if suffix == ".png" else image.convert("RGB").resize((90, 60))).save(name)

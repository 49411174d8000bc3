"""Run Python from a project's README, which has to turn `inputs` into `predictions` of ten classes.

cd PROJECT; python run_snippet.py SNIPPET.py INPUTS.npz
"""

import sys
from pathlib import Path

import numpy as np

snippet, file = sys.argv[1:]
names = {"inputs": np.load(file)["x"]}
exec(Path(snippet).read_text(encoding="utf-8"), names)
assert names["predictions"].shape == (len(names["inputs"]), 10), names["predictions"].shape

"""Print the largest difference of the last weights of runs from those of the first, by run, as JSON.

cd PROJECT; python compare_weights.py RUN RUN ...
"""

import json
import sys

import torch

first, *others = sys.argv[1:]
weights = {name: torch.load(f"runs/{name}/last.pt")["model"] for name in (first, *others)}
differences = {}
for name in others:
    assert weights[name].keys() == weights[first].keys()
    pairs = ((values.double(), weights[first][key].double()) for key, values in weights[name].items())
    differences[name] = max((one - other).abs().max().item() for one, other in pairs)
print(json.dumps(differences))

"""Print the largest difference of the last weights of two runs, with PyTorch.

cd PROJECT; python compare_weights.py RUN RUN
"""

import sys

import torch

first, second = (torch.load(f"runs/{name}/last.pt")["model"] for name in sys.argv[1:])
assert first.keys() == second.keys()
print(max((first[name].double() - second[name].double()).abs().max().item() for name in first))

"""Draw dropout as two processes do, for two seeds, epochs and steps each; print how often each mask is drawn.

cd PROJECT; python draw_dropout_pytorch.py PACKAGE
"""

import importlib
import itertools
import sys
from collections import Counter
from types import SimpleNamespace

import torch


def main(package: str) -> None:
    device = importlib.import_module(f"{package}.device")
    masks = Counter()
    for process, seed, epoch, step in itertools.product(range(2), repeat=4):
        fabric = SimpleNamespace(global_rank=process, device=torch.device("cpu"))
        device.seed_dropout(fabric, seed, epoch, step)
        masks[torch.nn.functional.dropout(torch.ones(64)).numpy().tobytes()] += 1
    print(sorted(masks.values()))


if __name__ == "__main__":
    main(*sys.argv[1:])

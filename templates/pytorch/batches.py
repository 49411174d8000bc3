"""Arrays -> batches.

A batch is one slice of the whole array in its stored dtype: collecting a batch item by item, as a Dataset and a
DataLoader do, takes several times as long as a training step of a small network. What stays on disk is read batch by
batch, the next ones while the model works on the last.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import torch

from .config import Config
from .data import Split
from .files import Rows

AHEAD = 3  # batches that are read from disk in advance


class Batches:
    """Iterates over (inputs (batch, *shape) in the dtype of the data, targets (batch, ...)).

    Every item comes once an epoch. Sizes differ by one at most, so that no last batch of a single item upsets batch
    norm. The order of epoch `epoch`, an attribute to be set before iterating, depends on nothing but it and the seed.
    """

    def __init__(self, split: Split, *, batch_size: int, shuffle: bool, seed: int = 0):
        self.inputs = split.x if isinstance(split.x, Rows) else torch.from_numpy(split.x)
        self.targets = torch.from_numpy(split.y)
        self.batch_size, self.shuffle, self.seed = batch_size, shuffle, seed
        self.epoch = 0

    def __len__(self) -> int:
        return -(-len(self.targets) // self.batch_size)  # rounded up

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        if not self.shuffle and isinstance(self.inputs, torch.Tensor):
            yield from zip(self.inputs.tensor_split(len(self)), self.targets.tensor_split(len(self)), strict=True)
            return
        order = torch.arange(len(self.targets))
        if self.shuffle:
            order = torch.randperm(len(order), generator=torch.Generator().manual_seed(self.seed + self.epoch))
        if isinstance(self.inputs, Rows):
            yield from self._read_ahead(order.tensor_split(len(self)))
            return
        for chosen in order.to(self.targets.device).tensor_split(len(self)):
            yield self.inputs[chosen], self.targets[chosen]

    def _read_ahead(self, batches: tuple[torch.Tensor, ...]) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Batches from disk, by a thread that is a few of them ahead."""
        with ThreadPoolExecutor(1) as reader:
            waiting: deque = deque()
            for chosen in batches:
                waiting.append((reader.submit(self.inputs.__getitem__, chosen.numpy()), chosen))
                if len(waiting) > AHEAD:
                    inputs, rows = waiting.popleft()
                    yield torch.from_numpy(inputs.result()), self.targets[rows]
            for inputs, rows in waiting:
                yield torch.from_numpy(inputs.result()), self.targets[rows]

    def to(self, device: torch.device) -> "Batches":
        """Keep the data on `device`, where it fits: then no batch has to travel."""
        held = isinstance(self.inputs, torch.Tensor)
        if held and device.type == "cuda" and self.inputs.nbytes < torch.cuda.mem_get_info(device)[0] / 4:
            self.inputs, self.targets = self.inputs.to(device), self.targets.to(device)
        return self


def make_batches(split: Split, config: Config, *, shuffle: bool) -> Batches:
    """Batches of a split, of the size in the settings; shuffled anew each epoch for training."""
    return Batches(split, batch_size=config.training.batch_size, shuffle=shuffle, seed=config.seed)

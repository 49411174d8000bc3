"""Arrays -> batches.

A batch is one slice of the whole array in its stored dtype: collecting a batch item by item, as a Dataset and a
DataLoader do, takes several times as long as a training step of a small network. What stays on disk is read batch by
batch, the next ones while the model works on the last.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import torch

from .config import Config, UserError
from .data import Split
from .device import free_memory
from .files import Rows

AHEAD = 3  # batches that are read from disk in advance


class Batches:
    """Iterates over (inputs (batch, *shape) in the dtype of the data, targets (batch, ...), weight).

    Every item comes once an epoch. Sizes differ by one at most, so that no last batch of a single item upsets batch
    norm. The order of epoch `epoch`, an attribute to be set before iterating, depends on nothing but it and the seed.

    Where several processes share the work, each gets its part of every batch: `share` is its number, from 0, and how
    many there are. The mean over the parts' losses times `weight` is then the mean over the batch, whether or not the
    parts are of equal size.
    """

    def __init__(self, split: Split, *, batch_size: int, shuffle: bool, seed: int = 0, share: tuple[int, int] = (0, 1)):
        self.inputs = split.x if isinstance(split.x, Rows) else torch.from_numpy(split.x)
        self.targets = torch.from_numpy(split.y)
        self.batch_size, self.shuffle, self.seed = batch_size, shuffle, seed
        self.part, self.parts = share
        if min(batch_size, len(split)) < self.parts:
            raise UserError(
                f"{self.parts} processes can't share batches of {min(batch_size, len(split))}: use fewer of them, or"
                " raise training.batch_size."
            )
        self.epoch = 0

    def __len__(self) -> int:
        count = -(-len(self.targets) // self.batch_size)  # rounded up
        return min(count, len(self.targets) // self.parts)  # no part of a batch is empty

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor, float]]:
        if self.shuffle:
            order = torch.randperm(len(self.targets), generator=torch.Generator().manual_seed(self.seed + self.epoch))
        else:
            order = torch.arange(len(self.targets))
        chosen, weights = [], []
        for batch in order.to(self.targets.device).tensor_split(len(self)):
            part = batch.tensor_split(self.parts)[self.part]
            chosen.append(part)
            weights.append(len(part) * self.parts / len(batch))
        read = self._read_ahead if isinstance(self.inputs, Rows) else self._take
        for (inputs, targets), weight in zip(read(chosen), weights, strict=True):
            yield inputs, targets, weight

    def _take(self, chosen: list[torch.Tensor]) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Batches of what is in memory."""
        for rows in chosen:
            yield self.inputs[rows], self.targets[rows]

    def _read_ahead(self, chosen: list[torch.Tensor]) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Batches from disk, by a thread that is a few of them ahead."""
        with ThreadPoolExecutor(1) as reader:
            waiting: deque = deque()
            for rows in chosen:
                waiting.append((reader.submit(self.inputs.__getitem__, rows.numpy()), rows))
                if len(waiting) > AHEAD:
                    inputs, first = waiting.popleft()
                    yield torch.from_numpy(inputs.result()), self.targets[first]
            for inputs, first in waiting:
                yield torch.from_numpy(inputs.result()), self.targets[first]

    def to(self, device: torch.device) -> "Batches":
        """Keep the data on `device`, where it fits: then no batch has to travel."""
        if isinstance(self.inputs, torch.Tensor) and self.inputs.nbytes < free_memory(device) / 4:
            self.inputs, self.targets = self.inputs.to(device), self.targets.to(device)
        return self


def make_batches(split: Split, config: Config, *, shuffle: bool, share: tuple[int, int] = (0, 1)) -> Batches:
    """Batches of a split, of the size in the settings; shuffled anew each epoch for training."""
    return Batches(split, batch_size=config.training.batch_size, shuffle=shuffle, seed=config.seed, share=share)

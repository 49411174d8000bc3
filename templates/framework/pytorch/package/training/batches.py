"""Arrays -> batches.

A batch is one slice of the whole array, in its stored dtype. A Dataset with a DataLoader would collect it sample by
sample. For a small network that takes several times as long as a training step.
Arrays on disk are read batch by batch, by a thread that works ahead of the model.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from ..config import Config, UserError
from ..data import Split
from ..data.samples import DiskArray
from ..data_info import DataInfo
from ..device import free_memory
from ..task import to_loss_targets

AHEAD = 3  # batches that are read from disk in advance


class Batches:
    """Iterate over (inputs (batch, *shape) in their stored dtype, targets (batch, ...), weight).

    Every sample comes once an epoch. Batch sizes differ by one at most: a last batch of one sample would upset batch
    norm. So no batch of training has one, and no process gets an empty part.

    Several processes share each batch. Loss times `weight`, averaged over the processes, is the mean over the batch,
    even if their parts differ in size.

    Args:
        split: inputs and targets.
        batch_size: samples in a batch, of all processes together.
        shuffle: draw a new order each epoch. It depends on `seed` and on the attribute `epoch` alone. The attribute
            `start` is the first batch to take: those before it were taken before training was resumed.
        seed: of the order.
        shard: number of this process, from 0, and how many there are.

    Raises:
        UserError: there are more processes than samples in a batch, or there is a single sample to train on.
    """

    def __init__(
        self, split: Split, *, batch_size: int, shuffle: bool, seed: int = 0, shard: tuple[int, int] = (0, 1)
    ) -> None:
        self.inputs = split.x if isinstance(split.x, DiskArray) else torch.from_numpy(split.x)  # (n, *shape)
        self.targets = torch.from_numpy(split.y)  # (n, ...)
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.epoch = 0
        self.start = 0
        self.process, self.processes = shard
        self.least = max(self.processes, 2 if shuffle else 1)  # samples in a batch
        if shuffle and len(split) < 2:
            raise UserError("The train split has one sample, and batch norm needs two: add samples.")
        smallest = min(batch_size, len(split))
        if smallest < self.processes:
            cure = "raise training.batch_size" if smallest == batch_size else "add samples: a split has no more"
            raise UserError(
                f"{self.processes} processes can't share batches of {smallest}: use fewer of them, or {cure}."
            )

    def __len__(self) -> int:
        """Count the batches of an epoch."""
        samples = len(self.targets)
        batches = -(-samples // self.batch_size)  # rounded up
        return min(batches, samples // self.least)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, float]]:
        parts, weights = [], []
        for rows in self._order().tensor_split(len(self))[self.start :]:  # of a batch: (batch,)
            part = rows.tensor_split(self.processes)[self.process]
            parts.append(part)
            weights.append(len(part) * self.processes / len(rows))
        if isinstance(self.inputs, DiskArray):
            batches = self._read_ahead(self.inputs, parts)
        else:
            batches = self._slice(self.inputs, parts)
        for (inputs, targets), weight in zip(batches, weights, strict=True):
            yield inputs, targets, weight

    def _order(self) -> Tensor:
        """Draw the order of the samples in this epoch: row numbers (n,) int64."""
        samples = len(self.targets)
        if not self.shuffle:
            return torch.arange(samples, device=self.targets.device)
        order = np.random.default_rng([self.seed, self.epoch]).permutation(samples)
        return torch.from_numpy(order).to(self.targets.device)

    def _slice(self, inputs: Tensor, parts: list[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
        """Take batches from memory."""
        for rows in parts:
            yield inputs.index_select(0, rows), self.targets[rows]  # copies rows whole: inputs[rows], value by value

    def _read_ahead(self, inputs: DiskArray, parts: list[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
        """Read batches from disk, in a thread that is AHEAD of them in front."""
        waiting: deque[tuple[Future[np.ndarray], Tensor]] = deque()
        with ThreadPoolExecutor(1) as reader:
            for rows in parts:
                waiting.append((reader.submit(inputs.__getitem__, rows.numpy()), rows))
                if len(waiting) > AHEAD:
                    read, first = waiting.popleft()
                    yield torch.from_numpy(read.result()), self.targets[first]
            for read, rows in waiting:
                yield torch.from_numpy(read.result()), self.targets[rows]

    def to(self, device: torch.device) -> "Batches":
        """Move the data to `device` where it fits, so that no batch has to travel."""
        if isinstance(self.inputs, Tensor) and self.inputs.nbytes < free_memory(device) / 4:
            self.inputs = self.inputs.to(device)
            self.targets = self.targets.to(device)
        return self


def make_batches(
    split: Split, info: DataInfo, config: Config, *, shuffle: bool, shard: tuple[int, int] = (0, 1)
) -> Batches:
    """Make batches of the size in the settings, with targets as the loss takes them."""
    targets = to_loss_targets(split.y, info.target_statistics)
    size = config.training.batch_size
    return Batches(Split(split.x, targets), batch_size=size, shuffle=shuffle, seed=config.seed, shard=shard)

"""Arrays -> batches.

A batch is one slice of the whole array in its stored dtype: collecting a batch item by item takes several times as
long as a training step of a small network. What stays on disk is read batch by batch, the next ones while the model
works on the last.
"""

import keras
import numpy as np

from .config import Config
from .data import Split
from .files import Rows

AHEAD = 3  # batches that are read from disk in advance


class Batches(keras.utils.PyDataset):
    """A sequence of (inputs (batch, *shape) in the dtype of the data, targets (batch, ...), weights (batch,)).

    Every item comes once an epoch. The order of epoch `epoch`, an attribute to be set before iterating, depends on
    nothing but it and the seed. Items are dealt out evenly, so that no last batch of a single item upsets batch norm.
    A batch with one item less than others is filled up with one of its own that weighs nothing: where all have one
    shape, the steps are compiled once. Keras divides by the size of the batch; the weight of an item makes up for that,
    so that the mean over batches is the mean over items.

    Where several processes share the work, each gets its part of every batch: `share` is its number, from 0, and how
    many there are.
    """

    def __init__(self, split: Split, *, batch_size: int, shuffle: bool, seed: int = 0, share: tuple[int, int] = (0, 1)):
        # Two threads read ahead from disk: with one, Keras has no queue. Slicing an array is too quick to be worth it.
        super().__init__(workers=2 if isinstance(split.x, Rows) else 1, max_queue_size=AHEAD)
        self.inputs, self.targets = split.x, split.y
        self.shuffle, self.seed = shuffle, seed
        self.part, self.parts = share
        count = -(-len(split) // batch_size)  # rounded up
        self.bounds = np.linspace(0, len(split), count + 1).astype(int)  # batch i: from bounds[i] to bounds[i + 1]
        self.size = int(np.diff(self.bounds).max())
        self.order = np.arange(len(split))
        self.epoch = 0

    @property
    def epoch(self) -> int:
        return self._epoch

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        self._epoch = epoch
        if self.shuffle:
            self.order = np.random.default_rng([self.seed, epoch]).permutation(len(self.targets))

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        chosen = self.order[self.bounds[index] : self.bounds[index + 1]]
        weights = np.zeros(self.size, np.float32)
        weights[: len(chosen)] = len(self) * self.size / len(self.targets)
        rows, weights = (np.split(array, self.parts)[self.part] for array in (np.resize(chosen, self.size), weights))
        return self.inputs[rows], self.targets[rows], weights

    def over(self, devices: int) -> "Batches":
        """Make the batches so large that `devices`, which are those of all processes, get equal parts of each."""
        self.size = -(-self.size // devices) * devices  # rounded up
        return self


def make_batches(split: Split, config: Config, *, shuffle: bool, share: tuple[int, int] = (0, 1)) -> Batches:
    """Batches of a split, of the size in the settings; shuffled anew each epoch for training."""
    return Batches(split, batch_size=config.training.batch_size, shuffle=shuffle, seed=config.seed, share=share)

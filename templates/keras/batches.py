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
    """A sequence of (inputs (batch, *shape) in the dtype of the data, targets (batch, ...)).

    Every item comes once an epoch. Sizes differ by one at most, so that no last batch of a single item upsets batch
    norm. The order of epoch `epoch`, an attribute to be set before iterating, depends on nothing but it and the seed.
    """

    def __init__(self, split: Split, *, batch_size: int, shuffle: bool, seed: int = 0):
        # Two threads read ahead from disk: with one, Keras has no queue. Slicing an array is too quick to be worth it.
        super().__init__(workers=2 if isinstance(split.x, Rows) else 1, max_queue_size=AHEAD)
        self.inputs, self.targets = split.x, split.y
        self.shuffle, self.seed = shuffle, seed
        count = -(-len(split) // batch_size)  # rounded up
        self.bounds = np.linspace(0, len(split), count + 1).astype(int)  # batch i: from bounds[i] to bounds[i + 1]
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

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = slice(self.bounds[index], self.bounds[index + 1])
        if self.shuffle:
            chosen = self.order[chosen]
        return self.inputs[chosen], self.targets[chosen]


def make_batches(split: Split, config: Config, *, shuffle: bool) -> Batches:
    """Batches of a split, of the size in the settings; shuffled anew each epoch for training."""
    return Batches(split, batch_size=config.training.batch_size, shuffle=shuffle, seed=config.seed)

"""Arrays -> batches.

A batch is one slice of the whole array, in its stored dtype. Collecting it sample by sample takes several times as long
as a training step of a small network.
Arrays on disk are read batch by batch, by threads that work ahead of the model.
"""

from concurrent.futures import Future, ThreadPoolExecutor

import keras
import numpy as np

from ..config import Config, UserError
from ..data import Split
from ..data.samples import DiskArray
from ..data_info import DataInfo
from ..task import to_loss_targets

AHEAD = 3  # batches that are read from disk in advance

Batch = tuple[np.ndarray, np.ndarray, np.ndarray]  # inputs, targets, weights


class Batches(keras.utils.PyDataset):
    """A sequence of (inputs (batch, *shape) in their stored dtype, targets (batch, ...), weights (batch,)).

    All batches have one size, so that the steps are compiled once. The samples of an epoch rarely fill the last batch.
    Its other places go to the first samples of the epoch once more. In training they count like all others: batch norm,
    which knows no weights, sees real batches only. The order is new each epoch, so no sample counts more in the long
    run. Without `shuffle` they weigh nothing: the mean over batches is the mean over samples.

    Several processes share each batch.

    Args:
        split: inputs and targets.
        batch_size: samples in a batch, of all processes together; fewer where the split has fewer.
        shuffle: for training: draw a new order each epoch. It depends on `seed` and on the attribute `epoch` alone.
            The attribute `start` is the first batch to take: those before it were taken before training was resumed.
        seed: of the order.
        shard: number of this process, from 0, and how many there are.

    Raises:
        UserError: there is a single sample to train on.
    """

    def __init__(
        self, split: Split, *, batch_size: int, shuffle: bool, seed: int = 0, shard: tuple[int, int] = (0, 1)
    ) -> None:
        super().__init__()
        if shuffle and len(split) < 2:
            raise UserError("The train split has one sample, and batch norm needs two: add samples.")
        self.inputs = split.x  # (n, *shape)
        self.targets = split.y  # (n, ...)
        self.shuffle = shuffle
        self.seed = seed
        self.process, self.processes = shard
        self.size = min(batch_size, len(split))
        # Keras has workers of its own. What they have read ahead they keep for the next epoch, which has another order.
        self.readers = ThreadPoolExecutor(2) if isinstance(split.x, DiskArray) else None
        self.ahead: dict[int, Future[Batch]] = {}  # batches that are read, by number
        self.epoch = 0
        self.start = 0
        self.fault: OSError | UserError | None = None  # that ended reading

    @property
    def epoch(self) -> int:
        """The epoch, from 0, whose order of samples the batches have."""
        return self._epoch

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        self._epoch = epoch
        for future in self.ahead.values():
            future.cancel()
        self.ahead = {}
        self.order = np.arange(len(self.targets))
        if self.shuffle:
            self.order = np.random.default_rng([self.seed, epoch]).permutation(self.order)

    def __len__(self) -> int:
        """Count the batches of an epoch that are to be taken."""
        return -(-len(self.targets) // self.size) - self.start  # rounded up

    def __getitem__(self, index: int) -> Batch:
        """Take a batch, or the part of it that this process gets."""
        number = self.start + index
        try:
            return self._take_ahead(number) if self.readers else self._take(number)
        except (OSError, UserError) as fault:
            self.fault = fault
            raise

    def _take_ahead(self, number: int) -> Batch:
        """Take a batch that threads have read, or read now, and let them read the next ones."""
        assert self.readers is not None
        for each in range(number, min(number + AHEAD, self.start + len(self) - 1) + 1):
            if each not in self.ahead:
                self.ahead[each] = self.readers.submit(self._take, each)
        return self.ahead.pop(number).result()

    def _take(self, number: int) -> Batch:
        """Collect the samples of a batch of the epoch."""
        first = number * self.size
        places = np.arange(first, first + self.size)  # in the order, which begins anew after its end
        weights = np.ones(self.size, np.float32)
        if not self.shuffle:
            # Keras divides a loss by the size of the batch. The factor makes up for the samples that weigh nothing.
            present = (places < len(self.order)).astype(np.float32)
            weights = present * np.float32(len(self) * self.size / len(self.order))
        rows = self.order[places % len(self.order)]
        share = self.size // self.processes
        own = slice(self.process * share, (self.process + 1) * share)
        return self.inputs[rows[own]], self.targets[rows[own]], weights[own]

    def over(self, devices: int) -> "Batches":
        """Give `devices` equal parts of each batch; devices: those of all processes.

        Raises:
            UserError: they can't share a batch of training.
        """
        if not self.shuffle:
            self.size = -(-self.size // devices) * devices  # rounded up
        elif self.size % devices:
            raise UserError(
                f"{devices} devices can't share batches of {self.size} samples evenly: set training.batch_size to a"
                f" multiple of {devices}, and to no more than the {len(self.targets):,} samples of the train split."
            )
        return self


def make_batches(
    split: Split, info: DataInfo, config: Config, *, shuffle: bool, shard: tuple[int, int] = (0, 1)
) -> Batches:
    """Make batches of the size in the settings, with targets as the loss takes them."""
    targets = to_loss_targets(split.y, info.target_statistics)
    size = config.training.batch_size
    return Batches(Split(split.x, targets), batch_size=size, shuffle=shuffle, seed=config.seed, shard=shard)

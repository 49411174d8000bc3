"""What to compute on: accelerator, precision, and how many processes on how many machines.

One code path for all: torchrun starts a process for each GPU (or CPU) on each machine, and Fabric joins them. Without
torchrun the GPUs of this machine are used. Where the chosen accelerator is absent the CPU takes over.
"""

import atexit
import os
import signal
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from .config import Config, UserError

if TYPE_CHECKING:
    from lightning_fabric import Fabric

FUSED = True  # optimizers can update all weights in one pass
LOST = (
    "Error: another process of this training has ended, or the time of the job is over: see the messages of the other"
    " processes, then go on after the last whole epoch with train --resume."
)


def find_device(config: Config) -> torch.device:
    """The device of the settings, or the CPU, with one line of warning, where there is none such."""
    if config.hardware.accelerator == "gpu":
        if torch.cuda.is_available():
            return torch.device("cuda")
        _warn_of_missing_gpu()
    return torch.device("cpu")


@cache  # once in a command, however often the device is asked for
def _warn_of_missing_gpu() -> None:
    print("Warning: no GPU that PyTorch can use was found: going on with the CPU. The doctor command says more.")


def set_up(config: Config) -> "Fabric":
    """Seed everything, choose device and precision for training, and join the processes that torchrun has started.

    Fabric moves model and batches to the device, and lets the processes share them; it is imported here, because that
    takes seconds that prediction can do without. Of the processes only the first one speaks.

    Raises:
        UserError: the settings ask for more GPUs than there are.
    """
    from lightning_fabric import Fabric, seed_everything

    if os.environ.get("RANK", os.environ.get("LOCAL_RANK", "0")) != "0":
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115  # until the process ends
    device = find_device(config)
    if device.type == "cuda":
        torch.set_float32_matmul_precision("high")  # TF32: 10 bits of mantissa in products, float32 in sums
    seed_everything(config.seed, verbose=False)
    precision = "bf16-mixed" if _find_precision(config, device) == "bfloat16" else "32-true"
    devices = _count_devices(config, device)
    machines = _count_machines()
    strategy = "auto" if devices * machines == 1 else _make_strategy(config, devices * machines)
    fabric = Fabric(
        accelerator=device.type, devices=devices, num_nodes=machines, strategy=strategy, precision=precision
    )
    fabric.launch()
    if fabric.world_size > 1:
        sys.excepthook = _explain_lost_process
        signal.signal(signal.SIGTERM, _end)
        atexit.register(torch.distributed.destroy_process_group)  # else gloo's threads may abort a process that ends
    return fabric


def prepare_model(model: nn.Module, config: Config, fabric: "Fabric") -> nn.Module:
    """The model as this hardware wants it: batch norm over the batches of all processes; compiled, if so set."""
    if fabric.world_size > 1:
        if fabric.device.type == "cuda":
            model = nn.SyncBatchNorm.convert_sync_batchnorm(model)
        else:
            for module in model.modules():
                if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                    module.__class__ = _SharedBatchNorm
    return torch.compile(model) if config.hardware.compile else model


def free_memory(device: torch.device) -> int:
    """Bytes that data may take on the device; 0 on the CPU, where it is already."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else 0


def _count_devices(config: Config, device: torch.device) -> int:
    """How many processes share the work on this machine: as many as torchrun has started, or as the settings say."""
    wanted = int(os.environ.get("LOCAL_WORLD_SIZE", config.hardware.devices))
    if device.type == "cpu":
        fallback = config.hardware.accelerator == "gpu" and "LOCAL_WORLD_SIZE" not in os.environ
        return 1 if fallback else wanted or 1
    if wanted > torch.cuda.device_count():
        raise UserError(
            f"{wanted} processes are to use {torch.cuda.device_count()} GPUs: lower torchrun's --nproc-per-node, or"
            " hardware.devices."
        )
    return wanted or torch.cuda.device_count()


def _count_machines() -> int:
    if "LOCAL_WORLD_SIZE" not in os.environ:  # not from torchrun
        return 1
    return int(os.environ["WORLD_SIZE"]) // int(os.environ["LOCAL_WORLD_SIZE"])


def _make_strategy(config: Config, processes: int) -> Any:
    """How processes share a model: each holds all of it, or a part of the weights, gradients and optimizer's state."""
    from lightning_fabric.strategies import DDPStrategy, ModelParallelStrategy

    if config.hardware.strategy == "ddp":
        return DDPStrategy()
    return ModelParallelStrategy(
        _shard, data_parallel_size=processes, tensor_parallel_size=1, save_distributed_checkpoint=False
    )


def _shard(model: nn.Module, mesh: Any) -> nn.Module:
    """FSDP: the weights of a layer come together only while it computes; arXiv:2304.11277."""
    from torch.distributed.fsdp import fully_shard

    model = model.to(memory_format=torch.contiguous_format)  # weights in another order can't be parted
    for layer in model.modules():
        if layer is not model and any(True for _ in layer.parameters(recurse=False)):
            fully_shard(layer, mesh=mesh["data_parallel"])
    return fully_shard(model, mesh=mesh["data_parallel"])


def _find_precision(config: Config, device: torch.device) -> str:
    """bfloat16 does not pay on CPUs, of which few have it in hardware, and older GPUs lack it."""
    able = device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 0)
    return config.hardware.precision if able else "float32"


def _end(*_: Any) -> None:
    """Torchrun sends a signal when another process has failed, a scheduler when the time is over."""
    print(LOST, file=sys.stderr, flush=True)
    os._exit(1)  # at once: threads that wait for the lost process would not let Python end


def _explain_lost_process(kind: type, error: BaseException, trace: Any) -> None:
    """Say it in one sentence where an exception comes from a lost connection."""
    if isinstance(error, torch.distributed.DistError) or "gloo" in str(error):
        _end()
    sys.__excepthook__(kind, error, trace)


class _Sum(torch.autograd.Function):
    """The sum of a tensor over all processes; the gradient is the sum of theirs."""

    @staticmethod
    def forward(context: Any, tensor: Tensor) -> Tensor:
        total = tensor.clone()
        torch.distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        return _Sum.forward(context, gradient)


class _SharedBatchNorm(nn.modules.batchnorm._BatchNorm):
    """Batch norm over the batch of all processes, on the CPU: PyTorch's SyncBatchNorm is for GPUs alone.

    Processes may have parts of different size. The variance is taken from the common mean, in a second exchange: the
    mean of squares less the square of the mean would lose digits.
    """

    def forward(self, inputs: Tensor) -> Tensor:
        """(batch, features, ...) -> the same."""
        if not self.training:
            statistics = (self.running_mean, self.running_var, self.weight, self.bias)
            return nn.functional.batch_norm(inputs, *statistics, eps=self.eps)
        axes = [axis for axis in range(inputs.dim()) if axis != 1]
        shape = [1, -1] + [1] * (inputs.dim() - 2)
        sums = torch.cat([inputs.sum(axes), inputs.new_tensor([inputs.numel() / inputs.shape[1]])])
        sums = _Sum.apply(sums)
        count = sums[-1].detach()
        centered = inputs - (sums[:-1] / count).view(shape)
        variance = _Sum.apply(centered.square().sum(axes)) / count
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(sums[:-1] / count, self.momentum)
            self.running_var.lerp_(variance * count / (count - 1), self.momentum)
        scale = self.weight / (variance + self.eps).sqrt()
        return centered * scale.view(shape) + self.bias.view(shape)

"""What to compute on: accelerator, precision, and how many processes on how many machines.

torchrun starts a process for each GPU (or CPU) on each machine, and Fabric connects them. Without torchrun, the GPUs of
this machine are used. Where the chosen accelerator is absent, the CPU takes over.
"""

import atexit
import os
import signal
import sys
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from .config import Config, UserError, counted

if TYPE_CHECKING:
    from lightning_fabric import Fabric

FUSED = True  # optimizers update all weights in one pass
LOST = (
    "Error: another process of this training has ended, or the time of the job is over: see the messages of the other"
    " processes, then go on from the last checkpoint with train --resume."
)


def find_device(config: Config) -> torch.device:
    """Find the device of the settings. Without one, print a warning and return the CPU."""
    if config.hardware.accelerator == "gpu":
        if torch.cuda.is_available():
            return torch.device("cuda")
        _warn_of_missing_gpu()
    return torch.device("cpu")


@cache  # so that it is printed once in a command
def _warn_of_missing_gpu() -> None:
    """Warn that there is no GPU."""
    print("Warning: no GPU that PyTorch can use was found: going on with the CPU. The doctor command says more.")


def set_up(config: Config) -> "Fabric":
    """Seed everything, choose device and precision for training, and connect the processes that torchrun has started.

    Fabric moves model and batches to the device, and connects the processes. It is imported here, because that takes
    seconds that prediction can do without. Only the first process prints.

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
    devices = _count_devices(config, device)
    machines = _count_machines()
    processes = devices * machines
    fabric = Fabric(
        accelerator=device.type,
        devices=devices,
        num_nodes=machines,
        strategy=_make_strategy(config, processes) if processes > 1 else "auto",
        precision="bf16-mixed" if _find_precision(config, device) == "bfloat16" else "32-true",
    )
    fabric.launch()
    if fabric.world_size > 1:
        sys.excepthook = _explain_lost_process
        signal.signal(signal.SIGTERM, _end)
        atexit.register(_leave)
    return fabric


def prepare_model(model: nn.Module, config: Config, fabric: "Fabric") -> nn.Module:
    """Let batch norm see the batches of all processes, compile by the settings, and hand the model to Fabric."""
    if fabric.world_size > 1:
        model = _share_batch_norm(model, fabric.device)
    if config.hardware.jit:
        model = torch.compile(model)  # type: ignore[assignment]  # of a module it makes a module
    return fabric.setup_module(model)


def seed_dropout(fabric: "Fabric", seed: int, epoch: int, step: int) -> None:
    """Seed dropout and augmentation from a step on. A sum would give seed 0 in epoch 1 what seed 1 has in epoch 0."""
    mixed = np.random.SeedSequence([seed, epoch, step, fabric.global_rank]).generate_state(1)
    torch.manual_seed(int(mixed[0]))


def free_memory(device: torch.device) -> int:
    """Count the bytes that data may take on the device: 0 on the CPU, where it is already."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else 0


def _count_devices(config: Config, device: torch.device) -> int:
    """Count the processes on this machine: as many as torchrun has started, or as the settings say."""
    by_torchrun = "LOCAL_WORLD_SIZE" in os.environ
    wanted = int(os.environ["LOCAL_WORLD_SIZE"]) if by_torchrun else config.hardware.devices
    if device.type == "cpu":
        if config.hardware.accelerator == "gpu" and not by_torchrun:
            return 1  # the settings count GPUs, and there are none
        return wanted or 1
    if wanted > torch.cuda.device_count():
        raise UserError(
            f"{wanted} processes are to use {counted(torch.cuda.device_count(), 'GPU')}: lower torchrun's"
            " --nproc-per-node, or hardware.devices."
        )
    return wanted or torch.cuda.device_count()


def _count_machines() -> int:
    """Count the machines on which torchrun has started processes; 1 without torchrun."""
    if "LOCAL_WORLD_SIZE" not in os.environ:
        return 1
    return int(os.environ["WORLD_SIZE"]) // int(os.environ["LOCAL_WORLD_SIZE"])


def _make_strategy(config: Config, processes: int) -> Any:
    """Choose how processes share a model: each holds all of it, or a part of weights, gradients and optimizer state."""
    from lightning_fabric.strategies import DDPStrategy, ModelParallelStrategy

    if config.hardware.strategy == "ddp":
        return DDPStrategy()
    return ModelParallelStrategy(
        _shard,
        data_parallel_size=processes,
        tensor_parallel_size=1,
        save_distributed_checkpoint=False,  # one file, which inference reads on one device
    )


def _shard(model: nn.Module, mesh: Any) -> nn.Module:
    """Shard a model by FSDP: the weights of a layer come together only while it computes; arXiv:2304.11277."""
    from torch.distributed.fsdp import fully_shard

    # Weights in another memory format can't be sharded. The stubs of PyTorch leave memory_format out.
    model = model.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    for layer in model.modules():
        has_own_weights = bool(list(layer.parameters(recurse=False)))
        if layer is not model and has_own_weights:
            fully_shard(layer, mesh=mesh["data_parallel"])
    fully_shard(model, mesh=mesh["data_parallel"])
    return model


def _find_precision(config: Config, device: torch.device) -> str:
    """Choose float32 where bfloat16 is slow: on CPUs, and on GPUs older than compute capability 8.0."""
    if device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 0):
        return config.hardware.precision
    return "float32"


def _end(*_: Any) -> None:
    """End this process: torchrun signals that another one has failed, a scheduler that the time is over."""
    print(LOST, file=sys.stderr, flush=True)
    os._exit(1)  # at once: threads that wait for the lost process would not let Python end


def _leave() -> None:
    """Leave the group of processes before Python ends: threads of gloo that meet its end abort the process.

    DDP's threads end here. FSDP's caches keep theirs: a second lets them release the tensors of their last exchange.
    """
    torch.distributed.destroy_process_group()
    time.sleep(1)


def _explain_lost_process(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    """Report an exception of a lost connection in one sentence, any other with its traceback."""
    if isinstance(error, torch.distributed.DistError) or "gloo" in str(error):
        _end()
    sys.__excepthook__(kind, error, trace)


def _share_batch_norm(model: nn.Module, device: torch.device) -> nn.Module:
    """Let each batch norm layer compute its statistics over the batch of all processes."""
    if device.type == "cuda":
        return nn.SyncBatchNorm.convert_sync_batchnorm(model)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.__class__ = _SharedBatchNorm  # type: ignore[assignment]  # it has the same weights
    return model


class _Sum(torch.autograd.Function):
    """Sum a tensor over all processes; the gradient is the sum of theirs."""

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

    Processes may have parts of different size. A second exchange computes the variance from the common mean: the mean
    of squares minus the square of the mean would lose digits.
    """

    # Those of the layers that it replaces, which have them all.
    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor
    momentum: float

    def forward(self, inputs: Tensor) -> Tensor:
        """Normalize inputs (batch, features, ...)."""
        if not self.training:
            statistics = (self.running_mean, self.running_var, self.weight, self.bias)
            return nn.functional.batch_norm(inputs, *statistics, eps=self.eps)
        axes = [axis for axis in range(inputs.dim()) if axis != 1]
        shape = [1, -1] + [1] * (inputs.dim() - 2)  # of a value a feature, beside the inputs
        local_count = inputs.new_tensor([inputs.numel() / inputs.shape[1]])
        sums = _Sum.apply(torch.cat([inputs.sum(axes), local_count]))  # (features + 1,)
        count = sums[-1].detach()
        mean = sums[:-1] / count  # (features,)
        centered = inputs - mean.view(shape)
        variance = _Sum.apply(centered.square().sum(axes)) / count  # (features,)
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * count / (count - 1), self.momentum)
        scale = self.weight / (variance + self.eps).sqrt()
        return centered * scale.view(shape) + self.bias.view(shape)

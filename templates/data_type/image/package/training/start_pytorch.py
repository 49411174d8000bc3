"""The model before the first step of a run: built, on its device, with the weights from which training starts.

These are random ones, those that `training.weights` names, or those of a pretrained backbone (backbone.py).
To a backbone a new head comes, whose large gradients would spoil what the backbone knows: so the head trains alone
first, for `model.frozen_epochs`. After that the run trains all; arXiv:2202.10054, section 3.
"""

import time
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ..backbone import find_weights_url, load_backbone
from ..config import Config
from ..data import Splits
from ..data.pretrained import fetch_weights
from ..device import prepare_model
from ..losses import make_loss
from ..model import Network, build_model
from ..runs import has_checkpoint
from ..storage import hash_file
from .batches import make_batches
from .weights import Start, load_start

if TYPE_CHECKING:
    from lightning_fabric import Fabric

HEAD_RATE = 1e-3  # learning rate of Adam, the one of its paper: a single layer needs no other


def start_model(
    fabric: "Fabric", splits: Splits, config: Config, *, resume: bool = False
) -> tuple[nn.Module, Start | None]:
    """Build the model with the weights from which training starts.

    Returns:
        The model on its device, and what the run has to keep of its weights; None as of `load_start`.
    """
    model = build_model(splits.info, config)
    start = load_start(model, splits.info, config, resume=resume)
    has_weights = resume and has_checkpoint(config.run)
    if config.model.backbone != "none" and not has_weights:
        if start is None and config.model.backbone_weights == "imagenet":
            start = load_pretrained(fabric, model, config)
        if start is None or start.head == "random":
            train_head(fabric, model, splits, config)
    return prepare_model(model, config, fabric), start


def load_pretrained(fabric: "Fabric", model: nn.Module, config: Config) -> Start:
    """Give the backbone its published weights. The first process gets the file, then the others read it.

    Raises:
        UserError: there is no such file, and it can't be downloaded.
    """
    name = config.model.backbone
    with fabric.rank_zero_first():
        path = fetch_weights(*find_weights_url(name), config)
    load_backbone(model, name, path)
    return Start(weights=str(path), weights_sha256=hash_file(path), head="random")


def train_head(fabric: "Fabric", model: nn.Module, splits: Splits, config: Config) -> None:
    """Train the head alone for `model.frozen_epochs`. The backbone computes as in inference, batch norm too."""
    network = cast(Network, model.to(fabric.device)).train()
    network.features.requires_grad_(False).eval()
    shard = (fabric.global_rank, fabric.world_size)
    batches = make_batches(splits.train, splits.info, config, shuffle=True, shard=shard).to(fabric.device)
    loss = make_loss(config, splits.info.target_statistics).to(fabric.device)
    weights = list(network.head.parameters())
    optimizer = cast(Optimizer, fabric.setup_optimizers(torch.optim.Adam(weights, lr=HEAD_RATE)))
    for epoch in range(config.model.frozen_epochs):
        batches.epoch = epoch
        begin = time.perf_counter()
        total = torch.zeros((), device=fabric.device)
        for batch in batches:
            inputs, targets, weight = fabric.to_device(batch)
            with fabric.autocast():
                outputs = network(inputs)  # (batch, outputs)
            batch_loss = loss(outputs.float(), targets)  # scalar
            optimizer.zero_grad()
            fabric.backward(batch_loss * weight)
            for each in weights:  # the mean over processes, as DDP would compute it
                each.grad = cast(Tensor, fabric.all_reduce(cast(Tensor, each.grad), reduce_op="mean"))
            optimizer.step()
            total += batch_loss.detach()
        mean = float(cast(Tensor, fabric.all_reduce(total / len(batches), reduce_op="mean")))
        seconds = time.perf_counter() - begin
        print(f"head alone {epoch + 1}/{config.model.frozen_epochs}  loss {mean:.4f}  {seconds:.1f} s")
    network.features.requires_grad_(True)

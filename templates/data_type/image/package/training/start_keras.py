"""The model before the first step of a run: built, on its device, with the weights from which training starts.

These are random ones, those that `training.weights` names, or those of a pretrained backbone (backbone.py).
To a backbone a new head comes, whose large gradients would spoil what the backbone knows: so the head trains alone
first, for `model.frozen_epochs`. After that the run trains all; arXiv:2202.10054, section 3.
"""

import time

import keras

from ..backbone import find_weights_url, load_backbone
from ..config import Config
from ..data import Splits
from ..data.pretrained import fetch_weights
from ..device import Device, compile_options
from ..losses import make_loss
from ..model import build_model
from ..runs import has_checkpoint
from ..storage import hash_file
from .batches import make_batches
from .weights import Start, load_start

HEAD_RATE = 1e-3  # learning rate of Adam, the one of its paper: a single layer needs no other


def start_model(
    device: Device, splits: Splits, config: Config, *, resume: bool = False
) -> tuple[keras.Model, Start | None]:
    """Build the model with the weights from which training starts.

    Returns:
        The model on its device, and what the run has to keep of its weights; None as of `load_start`.
    """
    model = device.prepare_model(build_model(splits.info, config))
    start = load_start(model, splits.info, config, resume=resume)
    has_weights = resume and has_checkpoint(config.run)
    if config.model.backbone != "none" and not has_weights:
        if start is None and config.model.backbone_weights == "imagenet":
            start = load_pretrained(device, model, config)
        if start is None or start.head == "random":
            train_head(device, model, splits, config)
    return model, start


def load_pretrained(device: Device, model: keras.Model, config: Config) -> Start:
    """Give the backbone its published weights. The first process gets the file, then the others read it.

    Raises:
        UserError: there is no such file, and it can't be downloaded.
    """
    name = config.model.backbone
    with device.rank_zero_first():
        path = fetch_weights(*find_weights_url(name), config)
    load_backbone(model, name, path)
    return Start(weights=str(path), weights_sha256=hash_file(path), head="random")


def train_head(device: Device, model: keras.Model, splits: Splits, config: Config) -> None:
    """Train the head alone for `model.frozen_epochs`. The backbone computes as in inference, batch norm too."""
    *_, head = (layer for layer in model.layers if layer.weights)
    for layer in model.layers:
        layer.trainable = layer is head  # batch norm that is not trainable takes the statistics that it has
    rates = {layer: layer.rate for layer in _find_stochastic_depth(model)}
    for layer in rates:
        layer.rate = 0.0
    batches = make_batches(splits.train, splits.info, config, shuffle=True, shard=device.shard).over(device.count)
    optimizer = keras.optimizers.Adam(HEAD_RATE)
    model.compile(optimizer, make_loss(config, splits.info.target_statistics), **compile_options(config))
    for epoch in range(config.model.frozen_epochs):
        batches.epoch = epoch
        begin = time.perf_counter()
        try:
            history = model.fit(batches, shuffle=False, verbose=0)
        except Exception as error:
            if batches.fault:  # of which the backend raises an error of its own
                raise batches.fault from error
            raise
        seconds = time.perf_counter() - begin
        loss = history.history["loss"][0]
        print(f"head alone {epoch + 1}/{config.model.frozen_epochs}  loss {loss:.4f}  {seconds:.1f} s")
    for layer in model.layers:
        layer.trainable = True
    for layer, rate in rates.items():
        layer.rate = rate


def _find_stochastic_depth(model: keras.Model) -> list[keras.layers.Dropout]:
    """Find the layers that leave out whole blocks of the network in training (stochastic depth, arXiv:1603.09382)."""
    dropouts = (layer for layer in model.layers if isinstance(layer, keras.layers.Dropout))
    return [layer for layer in dropouts if layer.noise_shape]  # the others leave out single values

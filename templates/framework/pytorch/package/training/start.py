"""The model before the first step of a run: built, on its device, with the weights from which training starts."""

from typing import TYPE_CHECKING

from torch import nn

from ..config import Config
from ..data import Splits
from ..device import prepare_model
from ..model import build_model
from .weights import Start, load_start

if TYPE_CHECKING:
    from lightning_fabric import Fabric


def start_model(
    fabric: "Fabric", splits: Splits, config: Config, *, resume: bool = False
) -> tuple[nn.Module, Start | None]:
    """Build the model with the weights from which training starts: random ones, or those of another run.

    Returns:
        The model on its device, and what the run has to keep of its weights; None as of `load_start`.
    """
    model = build_model(splits.info, config)
    start = load_start(model, splits.info, config, resume=resume)
    return prepare_model(model, config, fabric), start

@dataclass
class ModelSettings:
    """The convolutional network (model.py)."""

    channels: list[PositiveInt]  # of each block: convolution, batch norm, ReLU; all but the last halve the resolution
    dropout: ClosedUnitInterval  # share of the pooled features that is hidden at random in training
    flip: bool  # mirror half of the training pictures: right for garments, wrong for letters and digits

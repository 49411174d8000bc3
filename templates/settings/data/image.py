@dataclass
class InputSettings:
    """How pictures are read from files (sources.py)."""

    shape: list[PositiveInt]  # height, width, channels (1: grey, 3: RGB): pictures of another size are scaled
    convert: bool  # make grey of RGB, or RGB of grey, where a picture differs from `shape`; else it is refused
    skip_damaged: bool  # leave out pictures that can't be read, and count them; else the first one ends the command
    file: str  # table of pictures: the column with their file names


@dataclass
class ModelSettings:
    """The convolutional network (model.py)."""

    channels: list[PositiveInt]  # of each block: convolution, batch norm, ReLU; all but the last halve the resolution
    dropout: ClosedUnitInterval  # share of the pooled features that is hidden at random in training
    flip: bool  # mirror half of the training pictures: right for garments, wrong for letters and digits

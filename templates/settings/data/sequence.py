@dataclass
class InputSettings:
    """How sequences are read from files (sources.py)."""

    ignore: list[str]  # columns that the model must not see
    item: str  # long table, a row a step: the column that tells which sequence a row belongs to
    step: str  # and the column by which its rows are ordered; empty: as they stand
    file: str  # table of files, a sequence each: the column with their names
    pad: bool  # sequences may differ in length: the short ones are padded, and the padding is masked


@dataclass
class ModelSettings:
    """The recurrent network (model.py)."""

    cell: Literal["lstm", "gru"]  # a GRU has three quarters of the parameters and often does as well
    units: list[PositiveInt]  # width of each recurrent layer
    dropout: ClosedUnitInterval  # share of the pooled features that is hidden at random in training

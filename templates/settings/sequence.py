@dataclass
class ModelSettings:
    """The recurrent network (model.py)."""

    cell: Literal["lstm", "gru"]  # a GRU has three quarters of the parameters and often does as well
    units: list[PositiveInt]  # width of each recurrent layer
    dropout: ClosedUnitInterval  # share of the pooled features that is hidden at random in training

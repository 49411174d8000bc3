@dataclass
class ModelSettings:
    """The dense network (model.py)."""

    units: list[PositiveInt]  # width of each hidden layer
    dropout: ClosedUnitInterval  # share of each hidden layer that is hidden at random in training

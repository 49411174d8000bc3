@dataclass
class InputSettings:
    """How vectors are read from a table (sources.py). Arrays need none of these."""

    ignore: list[str]  # columns that the model must not see: numbers of rows, names, what is known only afterwards
    categories: list[str]  # columns of numbers that are names of categories, such as postcodes


@dataclass
class ModelSettings:
    """The dense network (model.py)."""

    units: list[PositiveInt]  # width of each hidden layer
    dropout: ClosedUnitInterval  # share of each hidden layer that is hidden at random in training

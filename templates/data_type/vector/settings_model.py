units: list[PositiveInt]  # width of each hidden layer
dropout: Fraction  # fraction of each hidden layer set to 0 at random in training
members: Annotated[PositiveInt, Absent(1)]  # networks that share these layers, and predict by their mean
piecewise_linear: Annotated[bool, Absent(False)]  # encode numbers of tables by 16 intervals each

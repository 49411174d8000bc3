units: list[PositiveInt]  # width of each hidden layer
dropout: Fraction  # fraction of each hidden layer set to 0 at random in training

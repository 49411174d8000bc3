cell: Literal["lstm", "gru"]  # a GRU has three quarters of the parameters and often does as well
units: list[PositiveInt]  # width of each recurrent layer
dropout: Fraction  # fraction of the pooled features set to 0 at random in training

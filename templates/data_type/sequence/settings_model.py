channels: Annotated[list[PositiveInt], Absent(())]  # width of each convolution in front; each halves the steps
cell: Literal["lstm", "gru"]  # a GRU has three quarters of the parameters and often does as well
units: list[PositiveInt]  # width of each recurrent layer
dropout: Fraction  # fraction of the pooled features set to 0 at random in training
shift: Annotated[Fraction, Absent(0.0)]  # training sequences without padding are moved by up to this fraction
test_time_augmentation: Annotated[bool, Absent(False)]  # predict the mean over moved copies

channels: list[PositiveInt]  # of each block: convolution, batch norm, ReLU; all but the last halve the resolution
dropout: Fraction  # fraction of the pooled features set to 0 at random in training
horizontal_flip: bool  # mirror half of the training images: right for clothing, wrong for letters and digits

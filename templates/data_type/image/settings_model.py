channels: list[PositiveInt]  # of the convolutional blocks; the last is repeated until 8 pixels are left
dropout: Fraction  # fraction of the pooled features set to 0 at random in training
horizontal_flip: bool  # mirror half of the training images: right for clothing, wrong for letters and digits

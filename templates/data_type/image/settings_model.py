channels: list[PositiveInt]  # of the convolutional blocks; the last is repeated until 8 pixels are left
backbone: Annotated[  # a network of the framework's library in place of these blocks (backbone.py)
    Literal["none", "mobilenet_v3_small", "mobilenet_v3_large", "efficientnet_v2_s", "resnet50"], Absent("none")
]
backbone_weights: Annotated[Literal["imagenet", "random"], Absent("imagenet")]  # from which it starts
frozen_epochs: Annotated[NonNegativeInt, Absent(1)]  # before the run, in which the head on a backbone trains alone
dropout: Fraction  # fraction of the pooled features set to 0 at random in training
horizontal_flip: bool  # mirror half of the training images: right for clothing, wrong for letters and digits
shift: Annotated[Fraction, Absent(0.0)]  # training images are moved by up to this fraction of height and width
test_time_augmentation: Annotated[bool, Absent(False)]  # predict the mean over mirrored and moved copies

n_mels: Annotated[int, Range(min=1, max=1000)]  # bands of the mel spectrogram, from low to high
window_seconds: PositiveFloat  # length of each frame of the spectrogram
hop_seconds: PositiveFloat  # from one frame to the next
channels: list[PositiveInt]  # of the convolutional blocks; the last is repeated until 8 bands or frames are left
dropout: Fraction  # fraction of the pooled features set to 0 at random in training
noise: NonNegativeFloat  # training: white noise, its std up to this fraction of the recording's
time_shift: NonNegativeFloat  # training: earlier or later by up to so many seconds
time_stretch: NonNegativeFloat  # training: longer or shorter by up to this fraction; wrong where speed counts
pitch_shift: NonNegativeInt  # training: up or down by up to so many bands; wrong where the pitch is what counts
pitch_stretch: NonNegativeFloat  # training: bands higher or lower by up to this fraction, as of other vocal tracts
coloring: NonNegativeFloat  # training: louder and softer bands, as of other microphones; std in steps of 20 dB
time_mask: NonNegativeFloat  # training: hide up to so many seconds
frequency_mask: NonNegativeInt  # training: hide up to so many bands

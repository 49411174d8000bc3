sample_rate: Annotated[int, Range(min=1000, max=192_000)]  # Hz; recordings of another rate are resampled
seconds: PositiveFloat  # of a sample: longer recordings are cut off there, shorter ones end in silence
skip_corrupt: bool  # leave out recordings that can't be read, and count them; else the first one ends the command
audio_column: str  # table: the column with the file names of the recordings

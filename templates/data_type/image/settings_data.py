shape: list[PositiveInt]  # height, width, channels (1: gray, 3: RGB): images of another size are scaled
convert: bool  # make gray of RGB, or RGB of gray, where an image differs from `shape`; else it is refused
skip_corrupt: bool  # leave out images that can't be read, and count them; else the first one ends the command
image_column: str  # table: the column with the file names of the images

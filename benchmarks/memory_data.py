"""Write the data of memory.py, in the environment of a project: memory_data.py image|audio|vector FOLDER TIMES.

Images are a folder of classes with RGB PNGs: smooth shapes and a little noise, so that a file is as large as that of
a photograph. Recordings are one with WAV files: a tone by class, and noise. Vectors are x.npy and
y.npy. What was written before is left as it is.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

IMAGES, SIDE = 2_000, 64  # at 1x; pixels
RECORDINGS, RATE = 2_000, 8_000  # at 1x, of a second each; Hz
VECTORS, FEATURES = 30_000, 512  # at 1x: 60 MB
CLASSES = 10


def write_pictures(folder: Path, times: int) -> None:
    """PNGs in a folder a class."""
    for label in range(CLASSES):
        (folder / str(label)).mkdir(parents=True, exist_ok=True)

    def write(number: int) -> None:
        random = np.random.default_rng(number)
        coarse = Image.fromarray(random.integers(0, 256, (6, 6, 3), np.uint8))
        smooth = np.asarray(coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.float32)
        image = np.clip(smooth + random.normal(0, 4, smooth.shape), 0, 255).astype(np.uint8)
        Image.fromarray(image).save(folder / str(number % CLASSES) / f"{number}.png", compress_level=1)

    with ThreadPoolExecutor() as threads:
        list(threads.map(write, range(times * IMAGES)))


def write_recordings(folder: Path, times: int) -> None:
    """WAV files in a folder a class."""
    import soundfile  # projects without sound have none

    time = np.arange(RATE) / RATE
    for label in range(CLASSES):
        (folder / str(label)).mkdir(parents=True, exist_ok=True)
    for number in range(times * RECORDINGS):
        label = number % CLASSES
        wave = np.sin(2 * np.pi * 200 * (label + 1) * time) + np.random.default_rng(number).normal(size=RATE)
        soundfile.write(folder / str(label) / f"{number}.wav", (3000 * wave).astype(np.int16), RATE)


def write_array(folder: Path, times: int) -> None:
    """x.npy and y.npy, block by block."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    y = random.integers(0, CLASSES, times * VECTORS)
    x = np.lib.format.open_memmap(folder / "x.npy", "w+", np.float32, (len(y), FEATURES))
    for start in range(0, len(y), VECTORS):
        block = random.normal(size=(VECTORS, FEATURES))
        block[:, 0] += y[start : start + VECTORS]  # something to learn
        x[start : start + VECTORS] = block
    x.flush()
    np.save(folder / "y.npy", y)


if __name__ == "__main__":
    kind, folder, times = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    done = folder.parent / f"{times}.done"
    if not done.exists():
        {"image": write_pictures, "audio": write_recordings, "vector": write_array}[kind](folder, times)
        done.touch()

"""Write the sample of projects of sound: 300 digits spoken by espeak-ng, 20 of each to train and 10 to test.

    python tests/scripts/speak_sample.py sample.npz

Needs espeak-ng and SciPy. Recordings last a second at 8 kHz. They are rounded to 64 levels: so the file is small.
"""

import io
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

WORDS = "zero one two three four five six seven eight nine".split()
VOICES = ("m1", "m3", "m7", "f1", "f2", "f4")
SAMPLES = 8000
STEP = 1024  # between levels


def speak(word: str, number: int) -> np.ndarray:
    """A word by one of the voices at 8 kHz, cut or padded to SAMPLES, as int16."""
    random = np.random.default_rng([WORDS.index(word), number])
    voice = f"en+{VOICES[number % len(VOICES)]}"
    options = ["-v", voice, "-s", str(random.integers(170, 220)), "-p", str(random.integers(30, 70)), "--stdout"]
    done = subprocess.run(["espeak-ng", *options, word], capture_output=True, check=True)
    with wave.open(io.BytesIO(done.stdout[:40] + (2**31 - 64).to_bytes(4, "little") + done.stdout[44:])) as file:
        rate = file.getframerate()
        spoken = np.frombuffer(done.stdout[44:], "<i2").astype(float)
    spoken = resample_poly(spoken, 8000, rate)
    loud = np.flatnonzero(np.abs(spoken) > 0.02 * np.abs(spoken).max())
    spoken = spoken[loud[0] : loud[-1]] * (30000 / np.abs(spoken).max())
    start = int(random.integers(0, 1 + max(0, SAMPLES - len(spoken))))
    waveform = np.zeros(SAMPLES)
    waveform[start : start + len(spoken)] = spoken[: SAMPLES - start]
    return (np.round(waveform / STEP) * STEP).clip(-(2**15), 2**15 - 1).astype(np.int16)


random = np.random.default_rng(0)
train, test = (random.permutation(np.tile(np.arange(10), times)) for times in (20, 10))
digits = np.concatenate([train, test])
x = np.array([speak(WORDS[digit], number) for number, digit in enumerate(digits)])  # (300, samples)
y = digits.astype(np.uint8)
with Path(sys.argv[1]).open("wb") as file:  # else NumPy adds .npz to this name
    np.savez_compressed(file, x_train=x[:200], y_train=y[:200], x_test=x[200:], y_test=y[200:])

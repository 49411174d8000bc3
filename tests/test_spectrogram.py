"""The spectrogram inside the models: the numbers of SciPy, in both frameworks."""

import numpy as np
import pytest
from conftest import FRAMEWORKS, run_script
from scipy.signal import spectrogram

RATE, WINDOW, HOP, N_MELS = 8000, 200, 80, 40
FLOOR, DYNAMIC_RANGE = 1e-10, 60  # of power, in dB


@pytest.mark.slow
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_spectrogram_of_the_model_is_scipys(bake, environment, framework, tmp_path):
    slug = f"log-mel-{framework}"
    project = bake(framework=framework, data_type="audio", project_slug=slug)
    noise = np.random.default_rng(0).normal(size=(4, RATE)) * [[1], [30], [1000], [9000]]
    x = noise.round().clip(-(2**15), 2**15 - 1).astype(np.int16)
    np.save(tmp_path / "x.npy", x)
    np.savez(project / "sample.npz", x=np.tile(x, (10, 1)), y=np.arange(40) % 2)
    python = environment(framework) / "bin" / "python"
    script, package = f"spectrogram_{framework}.py", slug.replace("-", "_")
    run_script(python, script, package, tmp_path / "x.npy", tmp_path / "found.npy", cwd=project)

    options = {"nperseg": WINDOW, "noverlap": WINDOW - HOP, "detrend": False, "scaling": "spectrum"}
    frequencies, _, power = spectrogram(x / 2**15, RATE, "hann", **options)  # (4, bins, frames)
    power[:, 1:-1] /= 2  # SciPy adds the power of negative frequencies
    mels = mel_bands(frequencies).T @ power
    loudest = np.maximum(mels.max(axis=(1, 2), keepdims=True), FLOOR)
    expected = 10 * np.log10(mels / loudest + 10 ** (-DYNAMIC_RANGE / 10)) / 20 + DYNAMIC_RANGE / 20
    np.testing.assert_allclose(np.load(tmp_path / "found.npy"), expected, atol=1e-3)


def mel_bands(frequencies):
    """Triangles on the mel scale, each weight the mean over the place of a frequency: by numerical integration."""
    step = frequencies[1]
    places = frequencies[:, np.newaxis] + step * (np.arange(16) + 0.5 - 8) / 16
    mels = 2595 * np.log10(1 + np.abs(places) / 700)
    edges = np.linspace(0, 2595 * np.log10(1 + RATE / 2 / 700), N_MELS + 2)
    rises = (mels[..., np.newaxis] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falls = (edges[2:] - mels[..., np.newaxis]) / (edges[2:] - edges[1:-1])
    weights = np.minimum(rises, falls).clip(0).mean(axis=1)
    return weights / weights.sum(axis=0)

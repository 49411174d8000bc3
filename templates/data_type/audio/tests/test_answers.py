"""What the service takes: recordings as arrays, and as files."""

import io

import numpy as np
import pytest
import soundfile
from own_data import UserError
from serving import Service, answer_file, answer_samples, serve

pytestmark = pytest.mark.usefixtures("config")  # its folder, with a config.yaml


@pytest.fixture
def service() -> Service:
    """Make a service for recordings of 400 samples at 8 kHz."""
    x = np.random.default_rng(0).integers(-20_000, 20_000, (40, 400), dtype=np.int16)
    np.savez("own.npz", x=x, y=np.arange(40) % 2)
    return serve("own.npz", "int16", sample_rate=8000, seconds=0.05)


def as_file(waveform: np.ndarray, kind: str, rate: int = 8000) -> bytes:
    """Write a waveform as a file of a kind, such as WAV."""
    file = io.BytesIO()
    soundfile.write(file, waveform, rate, format=kind, subtype="PCM_16")
    return file.getvalue()


def test_recordings_as_lists_and_as_files_are_alike(service: Service) -> None:
    waveform = np.random.default_rng(1).integers(-20_000, 20_000, 400, dtype=np.int16)
    expected = answer_samples(service, [waveform.tolist()])
    assert len(expected["predictions"]) == 1
    assert answer_samples(service, [(waveform / 2**15).tolist()]) == expected  # floats are from -1 to 1
    for kind in ("wav", "WAV", "flac"):
        assert answer_file(service, f"mine.{kind}", as_file(waveform, kind.upper())) == expected
    array = io.BytesIO()
    np.save(array, waveform)
    assert answer_file(service, "mine.npy", array.getvalue()) == expected


def test_a_short_recording_ends_in_silence(service: Service) -> None:
    waveform = np.full(300, 9000, np.int16)
    padded = np.concatenate([waveform, np.zeros(100, np.int16)])
    assert answer_file(service, "mine.wav", as_file(waveform, "WAV")) == answer_samples(service, [padded.tolist()])


def test_wrong_recordings_are_refused_by_the_name_of_their_file(service: Service) -> None:
    with pytest.raises(UserError, match=r"^mine\.wav is not a whole recording"):
        answer_file(service, "mine.wav", b"RIFF\0\0\0\0WAVE")
    with pytest.raises(UserError, match=r"shape \[400\]: on level 1 there is a list of 5 instead of a list of 400"):
        answer_samples(service, [[1, 2, 3, 4, 5]])

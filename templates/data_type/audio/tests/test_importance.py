"""Importance of parts of a recording: the time and the band that decide are found. Clips of the worst predictions."""

import base64
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from own_data import Splits, clips, importance, near_truth


def test_the_part_that_decides_is_found(splits: Splits, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = splits.info.input_shape[0]
    time = np.arange(samples) / splits.preprocessing["sample_rate"]
    levels = 100 * np.arange(len(splits.train))  # of a tone of 200 Hz in the last eighth: the number of the sample
    swell = np.zeros(samples)
    swell[-samples // 8 :] = np.hanning(samples // 8)  # a sudden start would sound in all bands
    tone = swell * np.sin(2 * np.pi * 200 * time)
    x = (levels[:, np.newaxis] * tone).round().astype(np.int16)
    changed = replace(splits, val=replace(splits.train, x=x))
    right = near_truth(changed.val.y, splits.target_names)
    asked, maps = [], []
    original = importance.draw_maps
    monkeypatch.setattr(importance, "draw_maps", lambda x, found, rate: maps.append(found) or original(x, found, rate))

    def predict(recordings: np.ndarray) -> np.ndarray:
        asked.append(len(recordings))
        loudest = np.abs(recordings[:, -samples // 8 :]).max(axis=1)
        return right[np.round(loudest / 100).astype(int).clip(0, len(right) - 1)]

    monkeypatch.setattr(importance, "collect_clips", lambda run, splits: None)  # of a run, which this is not
    _, section = importance.make_sections(Path(), changed, predict)
    mean = maps[0].mean(axis=0)
    assert mean.shape == (importance.BANDS, importance.PARTS)
    assert mean[0, -1] > 0.1
    assert np.abs(mean[:, :-1]).max() == 0  # the other times decide nothing
    assert np.abs(mean[2:]).max() == 0  # nor do higher bands
    assert sum(asked) <= importance.MIN_BUDGET + len(x)
    assert section.figure is not None and Path("figures/importance.png").is_file()


def test_bands_add_up_to_the_recording() -> None:
    x = np.random.default_rng(0).integers(-1000, 1000, (2, 801), dtype=np.int16)
    bands = list(importance.split_bands(x, 8000))
    assert len(bands) == importance.BANDS
    np.testing.assert_allclose(sum(bands), x, atol=1e-6)


def test_clips_are_the_worst_recordings(splits: Splits, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = near_truth(np.roll(splits.test.y, 1, axis=0), splits.target_names)
    np.savez("predictions.npz", test=wrong)
    monkeypatch.setattr(clips, "load_run", lambda run: (None, None, splits))
    section = clips.collect_clips(Path(), splits)
    assert 0 < len(section.clips) <= 18 and str(len(section.clips)) in section.lines[0]
    found = set()
    for title, address in section.clips:
        kind, content = address.split(",")
        assert kind == "data:audio/wav;base64" and "\n" not in title
        values, rate = soundfile.read(io.BytesIO(base64.b64decode(content)), dtype="int16")
        assert rate == splits.preprocessing["sample_rate"]
        padded = np.pad(values, (0, splits.info.input_shape[0] - len(values)))
        (row,) = np.flatnonzero((splits.test.x[:] == padded).all(axis=1))[:1]
        found.add(row)
    assert len(found) == len(section.clips)
    monkeypatch.setattr(clips, "LARGEST", len(section.clips[0][1]) + 100)
    assert len(clips.collect_clips(Path(), splits).clips) == 1
    monkeypatch.setattr(clips, "LARGEST", 2000)  # less than the first one
    ((_, address),) = clips.collect_clips(Path(), splits).clips
    assert 1500 < len(address) <= 2000

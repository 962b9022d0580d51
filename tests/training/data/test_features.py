"""Features measured in blocks are those of the whole recording."""

import numpy as np
import pytest
from records import harmonic_tone

from ddsp import spectral_ops
from ddsp.training.data import features


def measure(audio: np.ndarray, frame_rate: int, center: bool = True) -> dict:
    """Features of a recording, block by block."""
    n_frames = features.count_frames(audio.size, frame_rate, center)
    n_blocks = -(-n_frames // features.block_frames(frame_rate))
    return features.join_blocks(
        [features.measure_block(audio, i, frame_rate, center) for i in range(n_blocks)]
    )


def glide(secs: float) -> np.ndarray:
    """A tone that glides up an octave and is silent for its last tenth."""
    time = np.arange(round(secs * 16000)) / 16000
    cycles = 220 * secs / np.log(2) * (2 ** (time / secs) - 1)
    audio = sum(0.2 / k * np.sin(2 * np.pi * k * cycles) for k in range(1, 5))
    return np.where(time < 0.9 * secs, audio, 0.0).astype(np.float32)


@pytest.mark.parametrize("center", [True, False])
def test_blocks_are_the_whole(monkeypatch: pytest.MonkeyPatch, center: bool) -> None:
    monkeypatch.setattr(features, "BLOCK_SECS", 1.0)
    audio = glide(2.703)
    padding = "center" if center else "same"
    f0_hz, confidence = spectral_ops.compute_f0(audio, 50, padding=padding)
    loudness_db = spectral_ops.compute_loudness(
        audio, frame_rate=50, use_tf=False, padding=padding
    )
    measured = measure(audio, 50, center)
    assert all(values.dtype == np.float32 for values in measured.values())
    assert np.sum(confidence > 0.5) > 100
    cents = 1200 * np.log2(measured["f0_hz"] / f0_hz)
    np.testing.assert_allclose(cents, 0.0, atol=1.0)
    np.testing.assert_allclose(measured["f0_confidence"], confidence, atol=1e-5)
    np.testing.assert_allclose(measured["loudness_db"], loudness_db, atol=1e-3)


@pytest.mark.parametrize("center", [True, False])
def test_pitch_is_held_across_silent_blocks(
    monkeypatch: pytest.MonkeyPatch, center: bool
) -> None:
    monkeypatch.setattr(features, "BLOCK_SECS", 1.0)
    tone, pause = harmonic_tone(220.0, 1.0), np.zeros(40000)
    audio = np.concatenate([pause, tone, pause, 0.5 * tone]).astype(np.float32)
    middle = features.measure_block(audio, 4, 50, center)
    assert np.all(middle["f0_hz"] == 0) and np.all(middle["f0_confidence"] == 0)
    measured = measure(audio, 50, center)
    padding = "center" if center else "same"
    f0_hz, confidence = spectral_ops.compute_f0(audio, 50, padding=padding)
    silent = confidence == 0
    assert silent.sum() > 200
    cents = 1200 * np.log2(measured["f0_hz"] / 220.0)
    assert np.abs(cents[silent]).max() < 60
    np.testing.assert_allclose(measured["f0_hz"], f0_hz, rtol=1e-3)


def test_pitch_of_a_tone_is_found() -> None:
    audio = harmonic_tone(330.0, 1.0).astype(np.float32)
    measured = measure(audio, 100)
    inside = slice(5, -5)
    cents = 1200 * np.log2(measured["f0_hz"][inside] / 330.0)
    np.testing.assert_allclose(cents, 0.0, atol=20.0)
    assert np.min(measured["f0_confidence"][inside]) > 0.7


@pytest.mark.parametrize("n_samples", [1, 63, 64, 65, 16000])
@pytest.mark.parametrize("center", [True, False])
def test_there_are_as_many_frames_as_counted(n_samples: int, center: bool) -> None:
    audio = np.zeros(n_samples, np.float32)
    n_frames = features.count_frames(n_samples, 250, center)
    assert n_frames == (n_samples // 64 + 1 if center else int(np.ceil(n_samples / 64)))
    measured = measure(audio, 250, center)
    assert {values.shape for values in measured.values()} == {(n_frames,)}

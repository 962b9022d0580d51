"""Features measured in blocks are those of the whole recording."""

import numpy as np
import pytest
from records import harmonic_tone

from ddsp import spectral_ops
from ddsp.training.data_preparation import features


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
    done: list[float] = []
    measured = features.measure_features(audio, 50, center, report=done.append)
    assert len(done) == 3 and done == sorted(done)
    assert all(values.dtype == np.float32 for values in measured.values())
    heard = confidence > 0.5
    assert heard.sum() > 100
    cents = 1200 * np.log2(measured["f0_hz"] / f0_hz)
    np.testing.assert_allclose(cents[heard], 0.0, atol=1.0)
    np.testing.assert_allclose(measured["f0_confidence"], confidence, atol=1e-5)
    np.testing.assert_allclose(measured["loudness_db"], loudness_db, atol=1e-3)


def test_pitch_of_a_tone_is_found() -> None:
    audio = harmonic_tone(330.0, 1.0).astype(np.float32)
    measured = features.measure_features(audio, 100)
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
    measured = features.measure_features(audio, 250, center)
    assert {values.shape for values in measured.values()} == {(n_frames,)}

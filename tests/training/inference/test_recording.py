"""What is measured of a recording is what a model was taught by."""

import numpy as np
import pytest

from ddsp import spectral_ops
from ddsp.training.inference import recording


def swell(secs: float = 1.5) -> np.ndarray:
    """A tone with vibrato that grows and stops."""
    time = np.arange(round(secs * 16000)) / 16000
    cycles = 262.0 * time + 0.15 * np.sin(2 * np.pi * 5.0 * time)
    audio = sum(0.1 / k * np.sin(2 * np.pi * k * cycles) for k in range(1, 9))
    return np.where(time < 0.8 * secs, audio * time, 0.0).astype(np.float32)


@pytest.mark.parametrize("frame_rate", [250, 100, 50, 200.0])
def test_curves_are_those_of_the_analysis_as_a_whole(frame_rate: float) -> None:
    audio = swell()
    n_frames = round(1.5 * frame_rate)
    f0_hz, confidence, loudness_db = recording.measure(audio, n_frames, frame_rate)
    whole_hz, whole_confidence = spectral_ops.compute_f0(audio, frame_rate)
    whole_db = spectral_ops.compute_loudness(audio, 16000, frame_rate, use_tf=False)
    np.testing.assert_allclose(loudness_db, whole_db[:n_frames], atol=1e-3)
    sure = whole_confidence[:n_frames] > 0.8
    assert sure.mean() > 0.5
    cents = 1200 * np.log2(f0_hz / whole_hz[:n_frames])[sure]
    assert np.abs(cents).max() < 10.0 and np.median(np.abs(cents)) < 1.0
    distance = np.abs(confidence - whole_confidence[:n_frames])
    assert np.median(distance) < 0.02 and np.mean(distance > 0.15) < 0.02


def test_vibrato_is_followed() -> None:
    f0_hz, _, _ = recording.measure(swell(), 375, 250)
    time = np.arange(375) / 250
    truth_hz = 262.0 + 0.15 * 2 * np.pi * 5.0 * np.cos(2 * np.pi * 5.0 * time)
    cents = 1200 * np.log2(f0_hz / truth_hz)[60:280]
    assert np.median(np.abs(cents)) < 12.0


def test_rates_of_models_that_do_not_divide_16000_are_interpolated() -> None:
    frame_rate = 44100 / 128
    f0_hz, confidence, loudness_db = recording.measure(swell(), 500, frame_rate)
    assert f0_hz.shape == confidence.shape == loudness_db.shape == (500,)
    end = round(1.2 * frame_rate)
    assert loudness_db[end - 20] > -40 and loudness_db[end + 20] < -60


@pytest.mark.parametrize("frame_size", [64, 1024])
def test_power_is_that_of_the_preprocessor(frame_size: int) -> None:
    audio = swell()
    power_db = recording.measure_power(audio, 75, 50.0, frame_size)
    window = max(frame_size, 320)
    expected = spectral_ops.compute_power(audio, frame_rate=50, frame_size=window)
    np.testing.assert_allclose(power_db, expected.numpy()[:75], atol=1e-3)


def test_frames_that_begin_at_their_time_lead() -> None:
    audio = np.concatenate([np.zeros(8000, np.float32), swell()])
    onsets = [
        np.argmax(recording.measure(audio, 250, 250, center)[2] > -70.0)
        for center in (True, False)
    ]
    assert onsets[0] - onsets[1] == pytest.approx(256 / 64, abs=1)

"""What is measured of a recording is what a model was taught by."""

from collections.abc import Callable

import numpy as np
import pytest

from ddsp import spectral_ops
from ddsp.training.errors import InputError
from ddsp.training.inference import recording


def swell(secs: float = 1.5) -> np.ndarray:
    """A tone with vibrato that grows and stops."""
    time = np.arange(round(secs * 16000)) / 16000
    cycles = 262.0 * time + 0.15 * np.sin(2 * np.pi * 5.0 * time)
    audio = sum(0.1 / k * np.sin(2 * np.pi * k * cycles) for k in range(1, 9))
    return np.where(time < 0.8 * secs, audio * time, 0.0).astype(np.float32)


@pytest.mark.parametrize(
    ("change", "sample_rate", "said"),
    [
        (np.asarray, 0, "sample_rate=0;"),
        (np.asarray, -16000, "sample_rate=-16000;"),
        (np.asarray, 10, "sample_rate=10;"),
        (np.asarray, float("nan"), "sample_rate=nan;"),
        (np.asarray, 2_000_000, "sample_rate=2000000;"),
        (lambda x: (32767 * x).astype(np.int16), 16000, "dtype=int16; divide"),
        (lambda x: (255 * np.abs(x)).astype(np.uint8), 16000, "dtype=uint8; divide"),
        (lambda x: x > 0, 16000, "dtype=bool; divide"),
        (lambda x: (2.0**31 * x).astype(np.int32).tolist(), 16000, "dtype=int64;"),
        (lambda x: 32767 * x, 16000, "divide them by their full scale"),
        (lambda x: x - np.float32(1e30), 16000, "peak=1e"),
        (lambda x: x * np.float64(1e300), 16000, "peak="),
    ],
)
def test_numbers_that_are_no_recording_are_refused_with_a_way_out(
    change: Callable[[np.ndarray], np.ndarray], sample_rate: float, said: str
) -> None:
    with pytest.raises(InputError) as caught:
        recording.check_recording(change(swell(0.5)), sample_rate)
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_are_taken_as_they_are(dtype: type) -> None:
    audio = swell(0.5).astype(dtype)
    taken = recording.check_recording(audio, 8000)
    assert taken.dtype == np.float32
    np.testing.assert_array_equal(taken, audio.astype(np.float32))


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

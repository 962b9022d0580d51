"""Rendering in segments: nothing is lost, and the harmonics stay in phase."""

import numpy as np
import pytest
from signals import harmonic_truth, snr_db

from ddsp.training.inference import segments

FRAME_RATE, HOP_SIZE = 250, 8
SAMPLE_RATE = FRAME_RATE * HOP_SIZE


def vibrato_curve(secs: float) -> np.ndarray:
    time = np.arange(int(secs * FRAME_RATE)) / FRAME_RATE
    return 97.3 * 2 ** (0.3 * np.sin(2 * np.pi * 0.11 * time)) + 3 * np.sin(33 * time)


def render(f0_hz: np.ndarray, loudness_db: np.ndarray) -> np.ndarray:
    """Two harmonics whose phase starts at 0, as a synthesizer's does."""
    amplitudes = 10 ** (loudness_db[:, np.newaxis] / 20) * np.array([[1.0, 0.5]])
    n_samples = f0_hz.size * HOP_SIZE
    return harmonic_truth(f0_hz, amplitudes, n_samples, SAMPLE_RATE).astype(np.float32)


def test_cycles_are_those_of_a_sample_by_sample_sum() -> None:
    f0_hz = vibrato_curve(3.0)
    position = np.arange(f0_hz.size * HOP_SIZE) / HOP_SIZE
    by_sample = np.interp(position, np.arange(f0_hz.size), f0_hz) / SAMPLE_RATE
    before = np.cumsum(by_sample)[HOP_SIZE - 1 :: HOP_SIZE][:-1]
    cycles = segments.completed_cycles(f0_hz, HOP_SIZE, FRAME_RATE)
    assert cycles[0] == 0.0
    np.testing.assert_allclose(cycles[1:], before, rtol=1e-9)


def test_bent_pitch_is_ahead_by_what_was_asked_and_hardly_bent() -> None:
    f0_hz = vibrato_curve(4.0)
    bent_hz = segments.bend_pitch(f0_hz, 17.3, HOP_SIZE, FRAME_RATE)
    ends = [
        segments.completed_cycles(curve, HOP_SIZE, FRAME_RATE)[-1]
        for curve in (f0_hz, bent_hz)
    ]
    assert ends[1] - ends[0] == pytest.approx(0.3, abs=1e-4)
    assert 0.3 < np.max(np.abs(bent_hz - f0_hz)) < 1.0
    np.testing.assert_allclose(bent_hz[FRAME_RATE:], f0_hz[FRAME_RATE:], rtol=1e-6)


def test_rendering_in_segments_sounds_like_rendering_at_once() -> None:
    f0_hz = vibrato_curve(70.0)
    loudness_db = np.linspace(-20, 0, f0_hz.size).astype(np.float32)
    pieces = segments.render_in_segments(
        render, f0_hz, loudness_db, HOP_SIZE, FRAME_RATE
    )
    whole = render(f0_hz, loudness_db)
    assert pieces.size == whole.size
    assert snr_db(whole, pieces) > 60
    # Across the seam too, where two renderings out of phase would cancel.
    seam = slice(int(34 * SAMPLE_RATE), int(36 * SAMPLE_RATE))
    assert snr_db(whole[seam], pieces[seam]) > 60


@pytest.mark.parametrize("secs", [0.25, 3.7, 30.0, 44.0])
def test_what_fits_is_rendered_at_once(secs: float) -> None:
    f0_hz = vibrato_curve(secs)
    silence_db = np.full(f0_hz.size, -80.0)
    calls = []

    def count(f0_hz: np.ndarray, loudness_db: np.ndarray) -> np.ndarray:
        calls.append(f0_hz.size)
        return render(f0_hz, loudness_db)

    audio = segments.render_in_segments(count, f0_hz, silence_db, HOP_SIZE, FRAME_RATE)
    assert calls == [f0_hz.size]
    np.testing.assert_array_equal(audio, render(f0_hz, silence_db))


def test_no_call_is_long_however_long_the_recording() -> None:
    f0_hz = np.full(10 * 60 * FRAME_RATE, 220.0)
    calls = []

    def count(f0_hz: np.ndarray, loudness_db: np.ndarray) -> np.ndarray:
        del loudness_db
        calls.append(f0_hz.size / FRAME_RATE)
        return np.zeros(f0_hz.size * HOP_SIZE, np.float32)

    segments.render_in_segments(count, f0_hz, f0_hz, HOP_SIZE, FRAME_RATE)
    assert len(calls) == 20
    assert max(calls) < 40

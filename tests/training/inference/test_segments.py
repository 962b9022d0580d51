"""Rendering in segments: nothing is lost, and the harmonics stay in phase."""

import numpy as np
import pytest
from signals import harmonic_truth, snr_db

from ddsp.training.inference import segments

FRAME_RATE, HOP_SIZE = 250, 8
SAMPLE_RATE = FRAME_RATE * HOP_SIZE
SURPLUS = segments.surplus_frames(FRAME_RATE)


def vibrato_curve(secs: float) -> np.ndarray:
    """Pitch of a sound, and of the frames beyond its end."""
    time = np.arange(int(secs * FRAME_RATE) + SURPLUS) / FRAME_RATE
    curve = 97.3 * 2 ** (0.3 * np.sin(2 * np.pi * 0.11 * time)) + 3 * np.sin(33 * time)
    return curve.astype(np.float32)


def render(f0_hz: np.ndarray) -> np.ndarray:
    """Two harmonics whose phase starts at 0, as a synthesizer's does."""
    amplitudes = np.full([f0_hz.size, 1], 0.5) * np.array([[1.0, 0.5]])
    n_samples = f0_hz.size * HOP_SIZE
    return harmonic_truth(f0_hz, amplitudes, n_samples, SAMPLE_RATE).astype(np.float32)


def render_piece(first: int, last: int, f0_hz: np.ndarray) -> np.ndarray:
    assert f0_hz.size == last - first
    return render(f0_hz)


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
    # A hundredth of a degree, also of the hundredth harmonic.
    assert ends[1] - ends[0] == pytest.approx(0.3, abs=2.5e-7)
    assert 0.3 < np.max(np.abs(bent_hz - f0_hz)) < 1.0
    np.testing.assert_array_equal(bent_hz[FRAME_RATE:], f0_hz[FRAME_RATE:])


@pytest.mark.parametrize("segment_secs", [30.0, 7.0])
def test_rendering_in_segments_is_rendering_at_once(segment_secs: float) -> None:
    f0_hz = vibrato_curve(70.0)
    pieces, whole = (
        segments.render_in_segments(render_piece, f0_hz, HOP_SIZE, FRAME_RATE, secs)
        for secs in (segment_secs, np.inf)
    )
    assert pieces.size == whole.size == 70 * SAMPLE_RATE
    np.testing.assert_array_equal(whole, render(f0_hz)[: whole.size])
    assert snr_db(whole, pieces) > 80
    # Across the seams too, where two renderings out of phase would cancel.
    n_segments = round(70.0 / segment_secs)
    for border in np.linspace(0, 70, n_segments + 1)[1:-1]:
        at = round(border * SAMPLE_RATE)
        seam = slice(at - SAMPLE_RATE // 5, at + SAMPLE_RATE // 5)
        assert snr_db(whole[seam], pieces[seam]) > 80


@pytest.mark.parametrize("secs", [0.25, 3.7, 30.0, 44.0])
def test_what_fits_is_rendered_at_once(secs: float) -> None:
    f0_hz = vibrato_curve(secs)
    calls = []

    def count(first: int, last: int, f0_hz: np.ndarray) -> np.ndarray:
        calls.append((first, last))
        return render_piece(first, last, f0_hz)

    audio = segments.render_in_segments(count, f0_hz, HOP_SIZE, FRAME_RATE)
    assert calls == [(0, f0_hz.size)]
    np.testing.assert_array_equal(audio, render(f0_hz)[: audio.size])


def test_no_call_is_long_however_long_the_recording() -> None:
    f0_hz = np.full(10 * 60 * FRAME_RATE + SURPLUS, 220.0, np.float32)
    calls = []

    def count(first: int, last: int, f0_hz: np.ndarray) -> np.ndarray:
        calls.append((last - first) / FRAME_RATE)
        return np.zeros(f0_hz.size * HOP_SIZE, np.float32)

    segments.render_in_segments(count, f0_hz, HOP_SIZE, FRAME_RATE)
    assert len(calls) == 20
    assert max(calls) < 40


@pytest.mark.parametrize("room_secs", [0.0, 2.5])
def test_pieces_start_early_by_the_room_and_the_bend(room_secs: float) -> None:
    f0_hz = vibrato_curve(90.0)
    starts = []

    def note(first: int, last: int, f0_hz: np.ndarray) -> np.ndarray:
        starts.append(first)
        assert f0_hz.size == last - first
        return np.zeros((last - first) * HOP_SIZE, np.float32)

    segments.render_in_segments(note, f0_hz, HOP_SIZE, FRAME_RATE, room_secs=room_secs)
    assert starts[0] == 0
    for start, border in zip(starts[1:], (30, 60), strict=True):
        early = border - start / FRAME_RATE
        assert room_secs + 1.0 < early < room_secs + 1.2


@pytest.mark.parametrize("frame_rate", [31.25, 50, 100, 250])
def test_frames_beyond_the_end_are_three_at_least(frame_rate: float) -> None:
    assert segments.surplus_frames(frame_rate) >= 3

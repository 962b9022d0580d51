"""Which frames are silent, and what pitch they get."""

import numpy as np
import pytest

from ddsp.spectral_ops.silence import hold_pitch, is_silent


def test_frames_without_change_are_silent_whatever_their_offset() -> None:
    frames = np.full([4, 1024], 0.3, np.float32)
    frames[1, 5] += 1e-5
    frames[2, 5] += 1e-6
    frames[3] = 0.0
    np.testing.assert_array_equal(is_silent(frames), [True, False, True, True])


@pytest.mark.parametrize("sample", [np.nan, np.inf, -np.inf])
def test_frames_that_are_not_finite_are_silent(sample: float) -> None:
    frames = np.random.default_rng(0).normal(size=[2, 8]).astype(np.float32)
    frames[0, 3] = sample
    np.testing.assert_array_equal(is_silent(frames), [True, False])
    frames[1] = sample
    np.testing.assert_array_equal(is_silent(frames), [True, True])


def test_no_frames_are_none() -> None:
    assert is_silent(np.zeros([0, 8])).shape == (0,)


def test_last_pitch_is_held_and_the_first_one_reaches_back() -> None:
    f0_hz = np.array([1.0, 2.0, 300.0, 4.0, 500.0, 6.0, 7.0])
    heard = np.array([0, 0, 1, 0, 1, 0, 0], bool)
    held = hold_pitch(f0_hz, heard)
    np.testing.assert_array_equal(held, [300, 300, 300, 300, 500, 500, 500])


def test_what_is_heard_stays() -> None:
    f0_hz = np.array([100.0, 200.0, 300.0], np.float32)
    np.testing.assert_array_equal(hold_pitch(f0_hz, np.ones(3, bool)), f0_hz)
    assert hold_pitch(f0_hz, np.ones(3, bool)).dtype == np.float32


def test_nothing_heard_is_concert_pitch() -> None:
    np.testing.assert_array_equal(hold_pitch(np.zeros(3), np.zeros(3, bool)), [440] * 3)

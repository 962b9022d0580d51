"""Levels in dB, what sounds, and stretches of time."""

import numpy as np
import pytest
from signals import sine

from ddsp.training.data_inspection import levels


def test_level_of_a_full_scale_sine_is_minus_three_db() -> None:
    levels_db = levels.frame_levels_db(sine(500.0))
    assert levels_db.shape == (50,)
    np.testing.assert_allclose(levels_db, -3.01, atol=0.01)


def test_silence_has_the_lowest_level() -> None:
    np.testing.assert_array_equal(levels.frame_levels_db(np.zeros(700)), [-120.0] * 2)


def test_rumble_and_offset_go_and_notes_stay() -> None:
    note = sine(100.0)
    # A thump of the filter would be seen in the first frame.
    offset = levels.remove_rumble(np.full(16000, 0.5, np.float32))
    assert np.abs(offset).max() < 1e-4
    rumble = levels.remove_rumble(sine(6.0))
    assert np.abs(rumble[8000:]).max() < 0.08
    kept = levels.remove_rumble(note)
    assert levels.frame_levels_db(kept)[10:] == pytest.approx(-3.01, abs=0.1)
    assert levels.remove_rumble(np.zeros(0, np.float32)).size == 0


def test_blocks_of_the_filter_join_without_a_seam(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    audio = sine(110.0) + 0.3
    whole = levels.remove_rumble(audio)
    monkeypatch.setattr(levels, "FILTER_BLOCK", 777)
    np.testing.assert_allclose(levels.remove_rumble(audio), whole, atol=1e-6)


def test_loud_level_is_exceeded_a_twentieth_of_the_time() -> None:
    assert levels.loud_level_db(np.arange(101.0) - 100.0) == pytest.approx(-5.0)
    assert levels.loud_level_db(np.zeros(0)) == -120.0


def test_sounding_is_within_forty_db_of_the_louder_notes() -> None:
    levels_db = np.array([-20.0] * 20 + [-59.0, -61.0])
    np.testing.assert_array_equal(
        levels.sounding_frames(levels_db), [True] * 21 + [False]
    )


def test_an_empty_channel_does_not_sound() -> None:
    assert not levels.sounding_frames(np.full(20, -66.0)).any()
    assert levels.sounding_frames(np.full(20, -64.0)).all()


def test_spans_are_times_of_what_holds() -> None:
    flags = np.zeros(100, bool)
    flags[10:30] = flags[60:61] = True
    spans = levels.spans_of(flags, rate=20.0, begin_secs=100.0)
    assert spans == [(100.5, 101.5), (103.0, 103.05)]
    assert levels.spans_of(flags, 20.0, 100.0, least_secs=0.1) == [(100.5, 101.5)]
    assert levels.spans_of(np.ones(4, bool), 2.0) == [(0.0, 2.0)]
    assert levels.spans_of(np.zeros(4, bool), 2.0) == []


def test_spans_less_than_half_a_second_apart_are_one() -> None:
    spans = [(0.0, 1.0), (1.4, 2.0), (2.6, 3.0), (2.7, 2.8)]
    assert levels.join_spans(spans) == [(0.0, 2.0), (2.6, 3.0)]

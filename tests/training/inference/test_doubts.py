"""Doubts about a recording name what is wrong and where."""

import numpy as np
from signals import sine

from ddsp.training.inference import doubts

N_FRAMES = 1000  # Four seconds.


def find(
    audio: np.ndarray, confidence: np.ndarray, loudness_db: np.ndarray | None = None
) -> tuple[str, ...]:
    if loudness_db is None:
        loudness_db = np.full(N_FRAMES, -20.0)
    return doubts.find_doubts(audio, loudness_db, confidence, 250)


def test_clear_single_voice_raises_no_doubt() -> None:
    tone = 0.3 * (sine(220, 64000) + 0.5 * sine(440, 64000))
    assert find(tone, np.full(N_FRAMES, 0.9)) == ()


def test_chord_is_named_with_its_time() -> None:
    chord = sine(220, 64000) + sine(277.2, 64000) + sine(329.6, 64000)
    chord[:32000] = sine(220, 32000)
    (doubt,) = find(0.2 * chord, np.full(N_FRAMES, 0.9))
    assert "more than one note" in doubt
    assert "(0:02-0:04)" in doubt


def test_missing_pitch_is_named_with_its_times(rng: np.random.Generator) -> None:
    noise = 0.1 * rng.standard_normal(64000).astype(np.float32)
    confidence = np.full(N_FRAMES, 0.1)
    confidence[500:700] = 0.9
    (doubt,) = find(noise, confidence)
    assert doubt.startswith(
        "no clear pitch in 0:00 to 0:02 and 0:03 to 0:04; is this polyphonic?"
    )
    assert "80%" in doubt


def test_seconds_without_pitch_are_named_in_a_recording_that_is_clear() -> None:
    n_frames = 60 * 250
    tone = sine(220, 60 * 16000)
    confidence = np.full(n_frames, 0.9)
    confidence[12 * 250 : 40 * 250] = 0.1
    (doubt,) = doubts.find_doubts(tone, np.full(n_frames, -20.0), confidence, 250)
    assert "no clear pitch in 0:12 to 0:40; is this polyphonic?" in doubt
    confidence[13 * 250 :] = 0.9  # A second of it is a consonant.
    assert doubts.find_doubts(tone, np.full(n_frames, -20.0), confidence, 250) == ()


def test_unclear_pitch_in_pauses_does_not_matter() -> None:
    tone = sine(220, 64000)
    confidence = np.full(N_FRAMES, 0.1)
    loudness_db = np.full(N_FRAMES, -70.0)
    confidence[:200], loudness_db[:200] = 0.9, -20.0
    assert find(tone, confidence, loudness_db) == ()


def test_every_doubt_is_one_line() -> None:
    chord = sine(220, 64000) + sine(277.2, 64000) + sine(329.6, 64000)
    found = find(0.2 * chord, np.full(N_FRAMES, 0.1))
    assert len(found) == 2
    assert [doubt.splitlines() for doubt in found] == [[doubt] for doubt in found]

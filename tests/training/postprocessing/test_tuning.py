"""Intonation: the player's own tuning, keys, and pitch that lands on their notes."""

import numpy as np
import pytest

from ddsp.training.postprocessing import auto_tune, get_tuning_factor, tuning


def melody(notes: list[int], offset: float = 0.0, spread: float = 0.08) -> np.ndarray:
    """Notes of 40 frames, sung by somebody who is not quite in tune."""
    rng = np.random.default_rng(5)
    steady = np.repeat(np.asarray(notes, float), 40)
    return steady + offset + spread * rng.standard_normal(steady.size)


D_MAJOR = [62, 64, 66, 67, 69, 71, 73, 74, 73, 71, 66, 64, 62]


@pytest.mark.parametrize("offset", [-0.4, -0.25, 0.0, 0.1, 0.33, 0.45])
def test_tuning_of_a_player_is_found_within_two_cents(offset: float) -> None:
    sung = melody(D_MAJOR, offset)
    found = get_tuning_factor(sung, np.ones(sung.size), np.ones(sung.size, bool))
    assert found == pytest.approx(offset, abs=0.021)


def test_only_notes_that_sound_and_are_sure_decide_on_the_tuning() -> None:
    sung, rng = melody(D_MAJOR, 0.2), np.random.default_rng(6)
    babble = rng.uniform(50, 70, 2000)
    pitch = np.concatenate([sung, babble])
    is_on = np.arange(pitch.size) < sung.size
    found = get_tuning_factor(pitch, np.ones(pitch.size), is_on)
    assert found == pytest.approx(0.2, abs=0.021)


def test_without_a_note_a_player_is_in_tune() -> None:
    silence = np.full(100, 60.4)
    assert get_tuning_factor(silence, np.zeros(100), np.zeros(100, bool)) == 0.0


def test_vibrato_across_two_semitones_stays_on_one_note() -> None:
    # Nearest to the notes alone, a trill would do as well.
    vibrato = 60.0 + 0.45 * np.sin(np.arange(1000) / 7.0)
    sure = np.ones(1000)
    found = get_tuning_factor(vibrato, sure, sure > 0)
    notes = np.round(vibrato - found)
    assert np.ptp(notes) == 0


def test_amount_is_how_far_the_pitch_goes() -> None:
    sung, is_on = np.array([60.3, 61.8, 64.4]), np.ones(3, bool)
    for amount in (0.0, 0.5, 1.0):
        moved = auto_tune(sung, 0.0, is_on, amount, chromatic=True)
        expected = sung + amount * (np.array([60.0, 62.0, 64.0]) - sung)
        np.testing.assert_allclose(moved, expected, atol=1e-12)


def test_pitch_lands_in_the_tuning_of_the_player() -> None:
    moved = auto_tune(np.array([60.1, 62.4]), 0.25, np.ones(2, bool), 1.0, True)
    np.testing.assert_allclose(moved, [60.25, 62.25])


def test_without_chromatic_pitch_lands_in_the_key_of_the_melody() -> None:
    sung = melody(D_MAJOR)
    odd = np.concatenate([sung, [65.4, 60.4]])  # F and C are no notes of D major.
    is_on = np.arange(odd.size) < sung.size
    moved = auto_tune(odd, 0.0, is_on, 1.0)
    classes = set(np.mod(moved, 12).astype(int).tolist())
    assert classes == {2, 4, 6, 7, 9, 11, 1}
    np.testing.assert_array_equal(moved[-2:], [66.0, 61.0])


@pytest.mark.parametrize("tonic", range(12))
def test_all_twelve_major_keys_are_found(tonic: int) -> None:
    steps = [0, 2, 4, 5, 7, 9, 11, 12, 11, 7, 4, 0]
    sung = melody([60 + tonic + step for step in steps])
    assert tuning.best_major(sung, np.ones(sung.size, bool)) == tonic
    # The relative minor has the same notes.
    minor = tuning.key_name((tonic + 9) % 12).replace("major", "minor")
    assert tuning.parse_key(minor) == tuning.scale_of(tonic)


def test_nearest_note_is_the_one_of_an_exhaustive_search() -> None:
    pitch = np.random.default_rng(7).uniform(-5, 130, 500)
    for classes in (tuning.scale_of(3), frozenset({0}), tuning.CHROMATIC):
        notes = np.array([n for n in range(-24, 156) if n % 12 in classes])
        distances = np.abs(pitch[:, np.newaxis] - notes)
        np.testing.assert_array_equal(
            tuning.nearest_note(pitch, classes), notes[distances.argmin(axis=1)]
        )


@pytest.mark.parametrize(
    ("key", "classes"),
    [
        ("C major", {0, 2, 4, 5, 7, 9, 11}),
        ("F# minor", {6, 8, 9, 11, 1, 2, 4}),
        ("Bb", {10, 0, 2, 3, 5, 7, 9}),
        (" bb   MAJOR ", {10, 0, 2, 3, 5, 7, 9}),
        ("C♯ minor", {1, 3, 4, 6, 8, 9, 11}),
        ("Cb major", {11, 1, 3, 4, 6, 8, 10}),
        ("chromatic", set(range(12))),
    ],
)
def test_keys_are_read(key: str, classes: set[int]) -> None:
    assert tuning.parse_key(key) == classes


def test_auto_is_no_key_yet() -> None:
    assert tuning.parse_key("Auto") is None


@pytest.mark.parametrize("key", ["", "H major", "C dur", "C##", "major", "7", "Cmajor"])
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="C major"):
        tuning.parse_key(key)

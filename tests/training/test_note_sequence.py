"""Piano rolls and sequences hold the same notes."""

from types import SimpleNamespace

import numpy as np
import pytest

from ddsp.training.note_sequence import (
    Note,
    NoteSequence,
    is_sequence,
    to_pianoroll,
    to_sequence,
)

RATE = 250


def roll_of(*notes: tuple[int, int, int, float], n_frames: int = 100) -> np.ndarray:
    """A piano roll of pitches, first frames, frames behind the last, velocities."""
    roll = np.zeros([n_frames, 128])
    for pitch, start, stop, velocity in notes:
        roll[start:stop, pitch] = velocity
    return roll


def test_notes_are_stretches_of_a_pitch() -> None:
    roll = roll_of((60, 0, 10, 90), (72, 5, 100, 50), (60, 11, 20, 1))
    sequence = to_sequence(roll, RATE)
    assert sequence.notes == [
        Note(60, 0.0, 0.04, 90),
        Note(72, 0.02, 0.4, 50),
        Note(60, 0.044, 0.08, 1),
    ]
    assert sequence.total_time == 0.4


def test_rolls_come_back_from_sequences(rng: np.random.Generator) -> None:
    is_on = rng.random([300, 128]) < 0.3
    velocities = rng.integers(1, 128, 128) * is_on  # One for each pitch.
    for rate in (250, 31.25, 441):
        sequence = to_sequence(velocities, rate)
        np.testing.assert_array_equal(to_pianoroll(sequence, rate), velocities)


def test_velocities_of_rolls_from_0_to_1_are_at_least_1() -> None:
    (note,) = to_sequence(roll_of((60, 0, 10, 0.2)), RATE).notes
    assert note.velocity == 1


def test_what_is_silent_has_no_notes() -> None:
    assert to_sequence(np.zeros([50, 128]), RATE) == NoteSequence([], 0.2)
    assert to_sequence(-np.ones([50, 128]), RATE).notes == []
    assert not to_pianoroll(NoteSequence([], 0.2), RATE).any()


def test_a_short_note_sounds_in_one_frame_and_a_late_one_is_cut_off() -> None:
    sequence = NoteSequence([Note(60, 0.02, 0.0201), Note(61, 0.3, 9.0)], 0.4)
    roll = to_pianoroll(sequence, RATE, n_frames=80)
    assert roll.shape == (80, 128)
    assert np.flatnonzero(roll[:, 60]).tolist() == [5]
    assert np.flatnonzero(roll[:, 61]).tolist() == [75, 76, 77, 78, 79]


def test_what_is_of_the_wanted_kind_is_returned() -> None:
    sequence, roll = NoteSequence(), np.zeros([3, 128])
    assert to_sequence(sequence, RATE) is sequence
    assert to_pianoroll(roll, RATE) is roll
    assert is_sequence(sequence) and not is_sequence(roll)


def test_messages_of_note_seq_are_understood() -> None:
    note = SimpleNamespace(pitch=64, start_time=0.1, end_time=0.2, velocity=80)
    message = SimpleNamespace(notes=[note], total_time=0.5)
    assert is_sequence(message)
    roll = to_pianoroll(message, RATE)
    assert roll.shape == (125, 128)
    assert roll[25:50, 64].tolist() == [80.0] * 25
    assert roll.sum() == pytest.approx(80.0 * 25)

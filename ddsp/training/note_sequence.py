"""Notes with times, and piano rolls made of them.

The classes have the attributes of note_seq's messages that matter here, and the
functions take those messages too.
"""

import dataclasses
from typing import Any

import numpy as np

N_PITCHES = 128
VELOCITY = 127


@dataclasses.dataclass
class Note:
    """A note.

    Attributes:
        pitch: MIDI number, from 0 to 127.
        start_time: When it begins, in seconds.
        end_time: When it ends, in seconds.
        velocity: How hard it was struck, from 1 to 127.

    Example:
        >>> Note(pitch=69, start_time=0.0, end_time=0.5).velocity
        127
    """

    pitch: int
    start_time: float
    end_time: float
    velocity: int = VELOCITY


@dataclasses.dataclass
class NoteSequence:
    """Notes in their order.

    Attributes:
        notes: The notes.
        total_time: Length in seconds, of which the end may be silent.

    Example:
        >>> melody = NoteSequence([Note(69, 0.0, 0.5), Note(71, 0.5, 1.0)], 1.5)
        >>> [note.pitch for note in melody.notes]
        [69, 71]
    """

    notes: list[Note] = dataclasses.field(default_factory=list)
    total_time: float = 0.0


def is_sequence(value: Any) -> bool:
    """Tells a sequence of notes from a piano roll.

    Args:
        value: One of the two; a sequence may be a message of note_seq.

    Returns:
        Whether it is a sequence.
    """
    return hasattr(value, "notes") and hasattr(value, "total_time")


def to_sequence(pianoroll: Any, frame_rate: float) -> NoteSequence:
    """Reads the notes of a piano roll.

    Args:
        pianoroll: Velocities, [n_frames, 128], not above 0 where a pitch is silent. A
            sequence is returned as it is.
        frame_rate: Frames per second.

    Returns:
        A note for each stretch of frames in which a pitch sounds, ordered by time; its
        velocity is that of the first frame.
    """
    if is_sequence(pianoroll):
        return pianoroll
    roll = np.asarray(pianoroll)
    steps = np.diff(np.pad(roll > 0, ((1, 1), (0, 0))).astype(np.int8), axis=0)
    notes = []
    for pitch in np.flatnonzero(steps.any(axis=0)):
        starts, ends = (np.flatnonzero(steps[:, pitch] == sign) for sign in (1, -1))
        for start, end in zip(starts, ends, strict=True):
            velocity = int(np.clip(round(float(roll[start, pitch])), 1, VELOCITY))
            times = (float(start / frame_rate), float(end / frame_rate))
            notes.append(Note(int(pitch), *times, velocity))
    notes.sort(key=lambda note: (note.start_time, note.pitch))
    return NoteSequence(notes, len(roll) / frame_rate)


def to_pianoroll(
    sequence: Any, frame_rate: float, n_frames: int | None = None
) -> np.ndarray:
    """Writes notes into a piano roll.

    Args:
        sequence: Notes. A piano roll is returned as it is.
        frame_rate: Frames per second.
        n_frames: Frames of the roll, beyond which notes are cut off; None for those of
            the sequence's total_time.

    Returns:
        Velocities, float32, [n_frames, 128], 0 where a pitch is silent. A note sounds
        in one frame at least.
    """
    if not is_sequence(sequence):
        return np.asarray(sequence)
    if n_frames is None:
        n_frames = round(sequence.total_time * frame_rate)
    roll = np.zeros([n_frames, N_PITCHES], np.float32)
    for note in sequence.notes:
        start, end = (round(t * frame_rate) for t in (note.start_time, note.end_time))
        roll[start : max(end, start + 1), note.pitch] = note.velocity
    return roll

"""Brings a recording's pitch and loudness to where an instrument is at home."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ddsp import core
from ddsp.training import postprocessing

HIGHEST_MIDI = 110.0
# What the models know as silence; nothing below was ever shown to them.
SILENCE_DB = -core.DB_RANGE
# All that can be heard; more can only come from statistics that are wrong.
MOST_OCTAVES = 10.0


@dataclass(frozen=True)
class Adjusted:
    """Pitch and loudness as an instrument is to play them.

    Attributes:
        f0_hz: Pitch in Hz, [n_frames].
        loudness_db: Loudness in dB, [n_frames].
        register_shift: Whole octaves by which the pitch was moved towards the
            instrument's register.
        n_note_frames: Frames in which a note was found; without any, neither register
            nor loudness were moved.
        is_note: Where they were found, bool, [n_frames].

    Example:
        >>> import numpy as np
        >>> curve, is_note = np.array([440.0]), np.array([True])
        >>> Adjusted(curve, curve - 460.0, 1.0, 1, is_note).register_shift
        1.0
    """

    f0_hz: np.ndarray
    loudness_db: np.ndarray
    register_shift: float
    n_note_frames: int
    is_note: np.ndarray


def adjust_to_instrument(
    f0_hz: np.ndarray,
    f0_confidence: np.ndarray,
    loudness_db: np.ndarray,
    statistics: dict[str, Any],
    threshold: float = 1.0,
    quiet: float = 20.0,
) -> Adjusted:
    """Moves a recording into the register and the dynamics of an instrument.

    Args:
        f0_hz: Pitch of the recording in Hz, [n_frames].
        f0_confidence: How sure the pitch is, 0 to 1, [n_frames].
        loudness_db: Loudness in dB, [n_frames].
        statistics: The instrument's `mean_pitch` (MIDI) and `quantile_transform` (of
            its loudness), as `postprocessing.load_statistics` gives them.
        threshold: How clear a sound must be to count as a note; from 0 (all) to 2.
        quiet: By how many dB the space between notes is lowered, where nothing at all
            is heard of a note.

    Returns:
        Pitch moved by whole octaves, loudness given the instrument's distribution.
    """
    is_note, clarity = postprocessing.detect_notes(
        loudness_db, f0_confidence, threshold
    )
    is_note, clarity = np.asarray(is_note).ravel(), np.asarray(clarity).ravel()
    if not is_note.any():
        return Adjusted(f0_hz, loudness_db, 0.0, 0, is_note)
    midi = core.hz_to_midi(f0_hz).numpy()
    octaves = register_shift(
        float(midi[is_note].mean()), float(statistics["mean_pitch"])
    )
    _, matched_db = postprocessing.fit_quantile_transform(
        loudness_db, is_note, inv_quantile=statistics["quantile_transform"]
    )
    matched_db = np.array(matched_db, np.float32).reshape(loudness_db.shape)
    matched_db[~is_note] -= quiet * (1.0 - clarity[~is_note])
    return Adjusted(
        (f0_hz * 2.0**octaves).astype(np.float32),
        np.maximum(matched_db, SILENCE_DB).astype(np.float32),
        octaves,
        int(is_note.sum()),
        is_note,
    )


def register_shift(mean_midi: float, instrument_midi: float) -> float:
    """Whole octaves that bring a recording to an instrument's register.

    The octave at or above the instrument's mean is taken, where instruments sound
    clear; a recording more than an octave and a half below is not lifted beyond it.

    Args:
        mean_midi: Mean pitch of the recording's notes, MIDI.
        instrument_midi: Mean pitch of the instrument's notes, MIDI.

    Returns:
        Octaves, positive for up, from -10 to 10.
    """
    distance = (instrument_midi - mean_midi) / 12.0
    octaves = np.floor(distance) if distance > 1.5 else np.ceil(distance)
    return float(np.clip(octaves, -MOST_OCTAVES, MOST_OCTAVES))


def shift_by_hand(
    f0_hz: np.ndarray,
    loudness_db: np.ndarray,
    pitch_shift: float,
    loudness_shift: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Applies the shifts that a user asks for and keeps both within the model's range.

    Args:
        f0_hz: Pitch in Hz, [n_frames].
        loudness_db: Loudness in dB, [n_frames].
        pitch_shift: Octaves, positive for up.
        loudness_shift: dB, positive for louder.

    Returns:
        Pitch within 0 Hz and MIDI note 110, and loudness not below silence, as float32.
    """
    highest_hz = 440.0 * 2.0 ** ((HIGHEST_MIDI - 69.0) / 12.0)
    f0_hz = np.clip(f0_hz * 2.0**pitch_shift, 0.0, highest_hz)
    loudness_db = np.maximum(loudness_db + loudness_shift, SILENCE_DB)
    return f0_hz.astype(np.float32), loudness_db.astype(np.float32)


def adjust_power(
    power_db: np.ndarray,
    loudness_db: np.ndarray,
    played_loudness_db: np.ndarray,
    is_note: np.ndarray,
    mean_power_db: float | None = None,
) -> np.ndarray:
    """Moves power as loudness was moved, for models that are played by power.

    Args:
        power_db: Power of the recording in dB, [n_frames].
        loudness_db: Its loudness in dB, [n_frames].
        played_loudness_db: Loudness after all adjustments and shifts, [n_frames].
        is_note: Where notes sound, bool, [n_frames].
        mean_power_db: Mean power of the instrument's notes, to which that of the notes
            is brought, shifts aside; None to leave it.

    Returns:
        Power in dB, not below silence, float32, [n_frames].
    """
    moved_db = power_db + (played_loudness_db - loudness_db)
    if mean_power_db is not None and is_note.any():
        moved_db = moved_db + mean_power_db - float(np.mean(moved_db[is_note]))
    return np.maximum(moved_db, SILENCE_DB).astype(np.float32)

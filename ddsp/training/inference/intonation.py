"""Autotune: a recording's pitch, moved onto the notes of a key."""

from dataclasses import dataclass

import numpy as np

from ddsp.training.postprocessing import tuning


@dataclass(frozen=True)
class Tuned:
    """Pitch on the notes of a key, or on its way there.

    Attributes:
        f0_hz: Pitch in Hz, float32, [n_frames].
        key: Name of the key, "chromatic" if every semitone is a note of it.
        offset_cents: How far the player is tuned from A = 440 Hz, positive for sharp.

    Example:
        >>> import numpy as np
        >>> Tuned(np.array([440.0]), "C major", -12.0).key
        'C major'
    """

    f0_hz: np.ndarray
    key: str
    offset_cents: float


def tune(
    f0_hz: np.ndarray,
    f0_confidence: np.ndarray,
    is_note: np.ndarray,
    amount: float,
    key: str,
) -> Tuned:
    """Moves pitch towards the notes of a key, at A = 440 Hz.

    Which note is meant is decided in the tuning of the player: somebody who is a third
    of a semitone flat throughout is lifted by as much, and not pushed onto notes that
    were never meant.

    Args:
        f0_hz: Pitch in Hz, [n_frames].
        f0_confidence: How sure it is, from 0 to 1, [n_frames].
        is_note: Where notes sound, bool, [n_frames], which decide on tuning and key.
        amount: How far to go, from 0 to 1.
        key: "auto" for the best of the twelve major scales, whose notes those of minor
            are too; "chromatic"; or a name such as "F# minor".

    Returns:
        Pitch, key and tuning.
    """
    f0_midi = 69.0 + 12.0 * np.log2(np.maximum(f0_hz, 1.0) / 440.0)
    offset = tuning.get_tuning_factor(f0_midi, f0_confidence, is_note)
    relative = f0_midi - offset
    notes, name = tuning.parse_key(key), " ".join(key.split())
    if notes is None:
        tonic = tuning.best_major(relative, is_note, f0_confidence)
        notes, name = tuning.scale_of(tonic), tuning.key_name(tonic)
    moved = f0_midi + amount * (tuning.nearest_note(relative, notes) - f0_midi)
    tuned_hz = 440.0 * 2.0 ** ((moved - 69.0) / 12.0)
    return Tuned(tuned_hz.astype(np.float32), name, 100.0 * offset)

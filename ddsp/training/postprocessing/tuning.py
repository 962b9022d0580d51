"""Intonation: how a player is tuned, and moving pitch onto the notes of a scale.

Everything is measured in MIDI notes, of which one is a semitone; A = 440 Hz is 69.
"""

import re

import numpy as np

N_OFFSETS = 101  # A cent apart, over a semitone.
PITCH_CLASSES = 12
MAJOR_STEPS = (0, 2, 4, 5, 7, 9, 11)
CHROMATIC = frozenset(range(PITCH_CLASSES))
AUTO_KEY, CHROMATIC_KEY = "auto", "chromatic"
# Of two names for one key the one with fewer accidentals.
_TONICS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}
_KEY = re.compile(r"([a-g])(#|♯|b|♭)?(?:\s+(major|minor))?", re.IGNORECASE)
_RELATIVE_MAJOR = 3  # A minor has the notes of C major, three semitones up.


def get_tuning_factor(
    f0_midi: np.ndarray, f0_confidence: np.ndarray, mask_on: np.ndarray
) -> float:
    """Finds by how much a player is tuned away from A = 440 Hz.

    Of all offsets within half a semitone, a cent apart, the one is taken in whose grid
    of semitones the pitch lies best: near to the notes, and without stepping from note
    to note more often than it must. Both are measured by how far they lie from their
    mean over all offsets, in standard deviations, and added up.

    Args:
        f0_midi: Pitch in MIDI notes, [n_frames].
        f0_confidence: How sure it is, from 0 to 1, [n_frames].
        mask_on: Where notes sound, bool, [n_frames].

    Returns:
        Semitones from -0.5 to 0.5, positive for sharp; 0 if no note sounds.

    Example:
        >>> sharp = np.repeat([60.2, 62.2, 64.2], 50)
        >>> sure = np.ones(150)
        >>> round(get_tuning_factor(sharp, sure, sure > 0.5), 2)
        0.2
    """
    is_on = np.ravel(np.asarray(mask_on, bool))
    f0_midi = np.ravel(np.asarray(f0_midi, np.float64))[is_on]
    weights = np.ravel(np.asarray(f0_confidence, np.float64))[is_on]
    if not f0_midi.size:
        return 0.0
    offsets = np.linspace(-0.5, 0.5, N_OFFSETS)
    distances, transitions = np.zeros(N_OFFSETS), np.zeros(N_OFFSETS)
    for i, offset in enumerate(offsets):
        notes = np.round(f0_midi - offset)
        distances[i] = np.sum(weights * np.abs(f0_midi - offset - notes))
        transitions[i] = np.count_nonzero(np.diff(notes))
    cost = _standardized(distances) + _standardized(transitions)
    return float(offsets[np.argmin(cost)])


def _standardized(values: np.ndarray) -> np.ndarray:
    """Distance from the mean in standard deviations; 0 where all are alike."""
    spread = values.std()
    return (values - values.mean()) / spread if spread else np.zeros_like(values)


def auto_tune(
    f0_midi: np.ndarray,
    tuning_factor: float,
    mask_on: np.ndarray,
    amount: float = 0.0,
    chromatic: bool = False,
) -> np.ndarray:
    """Moves pitch towards the notes of a scale, in the player's own tuning.

    Args:
        f0_midi: Pitch in MIDI notes, [n_frames].
        tuning_factor: How the player is tuned, in semitones, see `get_tuning_factor`.
        mask_on: Where notes sound, bool, [n_frames]; these frames decide on the key.
        amount: How far to go: 0 not at all, 1 all the way.
        chromatic: Whether every semitone is a note, instead of those of the major key
            that fits best.

    Returns:
        Pitch in MIDI notes, float64, [n_frames].

    Example:
        >>> auto_tune(np.array([60.3, 61.9]), 0.0, np.ones(2, bool), 1.0, True)
        array([60., 62.])
    """
    f0_midi = np.asarray(f0_midi, np.float64)
    relative = f0_midi - tuning_factor
    classes = CHROMATIC if chromatic else scale_of(best_major(relative, mask_on))
    return f0_midi + amount * (nearest_note(relative, classes) - relative)


def scale_of(tonic: int) -> frozenset[int]:
    """Notes of a major scale.

    Args:
        tonic: First note, from 0 (C) to 11 (B).

    Returns:
        Its seven notes, from 0 to 11.
    """
    return frozenset((tonic + step) % PITCH_CLASSES for step in MAJOR_STEPS)


def best_major(
    f0_midi: np.ndarray, mask_on: np.ndarray, weights: np.ndarray | None = None
) -> int:
    """Finds the major scale that a melody lies in.

    Args:
        f0_midi: Pitch in MIDI notes, without the offset of the player's tuning,
            [n_frames].
        mask_on: Where notes sound, bool, [n_frames].
        weights: How much each frame counts, [n_frames]; all alike if None.

    Returns:
        Tonic of the scale to whose notes the pitch is nearest, from 0 (C) to 11 (B).
        The first of several that fit as well; C if no note sounds.
    """
    is_on = np.ravel(np.asarray(mask_on, bool))
    f0_midi = np.ravel(np.asarray(f0_midi, np.float64))[is_on]
    if weights is None:
        weights = np.ones(f0_midi.size)
    else:
        weights = np.ravel(np.asarray(weights, np.float64))[is_on]
    distances = [
        np.sum(weights * np.abs(f0_midi - nearest_note(f0_midi, scale_of(tonic))))
        for tonic in range(PITCH_CLASSES)
    ]
    return int(np.argmin(distances))


def nearest_note(f0_midi: np.ndarray, classes: frozenset[int]) -> np.ndarray:
    """Finds the note of a scale that is nearest to each pitch.

    Args:
        f0_midi: Pitch in MIDI notes, any shape.
        classes: Notes of the scale, from 0 (C) to 11 (B), at least one.

    Returns:
        MIDI notes, float64, same shape. Of two that are equally near, the lower one.
    """
    f0_midi = np.asarray(f0_midi, np.float64)
    ordered = np.array(sorted(classes), np.float64)
    # The octave around: its last note below, its first one above.
    ladder = np.concatenate(
        [[ordered[-1] - PITCH_CLASSES], ordered, [ordered[0] + PITCH_CLASSES]]
    )
    octave = PITCH_CLASSES * np.floor(f0_midi / PITCH_CLASSES)
    place = f0_midi - octave
    above = np.clip(np.searchsorted(ladder, place), 1, len(ladder) - 1)
    low, high = ladder[above - 1], ladder[above]
    return octave + np.where(place - low <= high - place, low, high)


def parse_key(key: str) -> frozenset[int] | None:
    """Reads the name of a key.

    Args:
        key: "auto"; "chromatic" for every semitone; or a tonic from "A" to "G", with
            "#" or "b" after it, and "major" (also if nothing is said) or "minor".
            Natural minor is meant. Capitals do not matter.

    Returns:
        Notes of the scale, from 0 (C) to 11 (B); None for "auto".

    Raises:
        ValueError: If there is no such key.

    Example:
        >>> parse_key("A minor") == parse_key("C major")
        True
    """
    words = " ".join(str(key).split())
    if words.lower() == AUTO_KEY:
        return None
    if words.lower() == CHROMATIC_KEY:
        return CHROMATIC
    found = _KEY.fullmatch(words)
    if found is None:
        raise ValueError(
            "key must be 'auto', 'chromatic' or the name of a key. Got "
            f"key={key!r}; write it like 'C major', 'F# minor' or 'Bb major'."
        )
    letter, accidental, mode = found.groups()
    tonic = _LETTERS[letter.upper()] + _ACCIDENTALS[(accidental or "").lower()]
    if (mode or "").lower() == "minor":
        tonic += _RELATIVE_MAJOR
    return scale_of(tonic)


def key_name(tonic: int) -> str:
    """Names a major scale.

    Args:
        tonic: First note, from 0 (C) to 11 (B).

    Returns:
        A name that `parse_key` reads, such as "Bb major".
    """
    return f"{_TONICS[tonic]} major"

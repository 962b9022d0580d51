"""Frames without sound, and what pitch they are given."""

import numpy as np

# Softer than a tenth of the last bit of 16: -110 dB, which no recording reaches.
_SILENCE = 3e-6
# A4, where nothing at all was heard.
PITCH_OF_NOTHING_HZ = 440.0


def is_silent(frames: np.ndarray) -> np.ndarray:
    """Which frames hold no sound.

    Args:
        frames: Audio, [n_frames, frame_size].

    Returns:
        True where all samples are alike within 3e-6 (full scale is 1), or one is not
        finite, [n_frames].
    """
    if frames.size == 0:
        return np.zeros(len(frames), bool)
    # Infinity less infinity is no number, and never above anything.
    with np.errstate(invalid="ignore"):
        spread = frames.max(axis=-1).astype(np.float64) - frames.min(axis=-1)
    return ~((spread > _SILENCE) & np.isfinite(spread))


def hold_pitch(f0_hz: np.ndarray, is_heard: np.ndarray) -> np.ndarray:
    """Goes on with the last pitch where nothing is heard.

    Args:
        f0_hz: Pitch in Hz, [n_frames].
        is_heard: Which frames have a pitch, [n_frames].

    Returns:
        Pitch in Hz, [n_frames]: before the first that is heard it is that one, and 440
        if there is none.
    """
    heard = np.flatnonzero(is_heard)
    if len(heard) == 0:
        return np.full(len(f0_hz), PITCH_OF_NOTHING_HZ, f0_hz.dtype)
    last = np.searchsorted(heard, np.arange(len(f0_hz)), side="right") - 1
    return f0_hz[heard[np.maximum(last, 0)]]

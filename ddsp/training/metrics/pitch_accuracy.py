"""The two measures by which melody tracking is compared.

Source: Salamon et al., "Melody extraction from polyphonic music signals", IEEE Signal
Processing Magazine, 2014.
"""

from typing import Any

import numpy as np

OCTAVE_CENTS = 1200.0


def raw_pitch_accuracy(
    f0_hz: Any, f0_hz_predict: Any, is_voiced: Any, tolerance_cents: float = 50.0
) -> float:
    """Share of the voiced frames whose pitch is right.

    Args:
        f0_hz: True pitch in Hz, [n_frames].
        f0_hz_predict: Pitch to judge in Hz, [n_frames]; 0 Hz is wrong.
        is_voiced: Which frames have a pitch, [n_frames], of bool.
        tolerance_cents: Right is what lies nearer than that.

    Returns:
        From 0 to 1; 0 without voiced frames.
    """
    cents, is_voiced = _distance_cents(f0_hz, f0_hz_predict, is_voiced)
    return _share(np.abs(cents) < tolerance_cents, is_voiced)


def raw_chroma_accuracy(
    f0_hz: Any, f0_hz_predict: Any, is_voiced: Any, tolerance_cents: float = 50.0
) -> float:
    """Share of the voiced frames whose pitch is right but for the octave.

    Args:
        f0_hz: True pitch in Hz, [n_frames].
        f0_hz_predict: Pitch to judge in Hz, [n_frames]; 0 Hz is wrong.
        is_voiced: Which frames have a pitch, [n_frames], of bool.
        tolerance_cents: Right is what lies nearer than that to some octave of f0_hz.

    Returns:
        From 0 to 1; 0 without voiced frames.
    """
    cents, is_voiced = _distance_cents(f0_hz, f0_hz_predict, is_voiced)
    octaves = np.floor(cents / OCTAVE_CENTS + 0.5)
    return _share(np.abs(cents - OCTAVE_CENTS * octaves) < tolerance_cents, is_voiced)


def _distance_cents(
    f0_hz: Any, f0_hz_predict: Any, is_voiced: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Distances, NaN where one side has no pitch, and which frames count."""
    truth, predicted = (np.asarray(x, np.float64) for x in (f0_hz, f0_hz_predict))
    voiced = np.asarray(is_voiced, bool) & (truth > 0.0)
    both = voiced & (predicted > 0.0)
    cents = np.full(truth.shape, np.nan)
    cents[both] = OCTAVE_CENTS * np.log2(predicted[both] / truth[both])
    return cents, voiced


def _share(is_right: np.ndarray, is_voiced: np.ndarray) -> float:
    """Right ones among those that count."""
    return float(np.sum(is_right & is_voiced) / max(np.sum(is_voiced), 1))

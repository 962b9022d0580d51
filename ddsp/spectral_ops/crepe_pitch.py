"""Pitch and confidence of frames: CREPE, checked against how the frames repeat."""

from collections.abc import Iterator

import numpy as np

from ddsp.spectral_ops.crepe import (
    CREPE_SAMPLE_RATE,
    N_PITCHES,
    compute_activations,
)
from ddsp.spectral_ops.decoding import best_centers, mean_pitch_hz, viterbi_centers
from ddsp.spectral_ops.periodicity import normalized_autocorrelation, periodicity
from ddsp.spectral_ops.silence import is_silent

_PITCHES_PER_OCTAVE = 60
# A frame repeats so well after the period of another octave ...
_LEAST_PERIODICITY = 0.8
# ... and, to go down, so much better than after its own, ...
_LEAST_GAIN_BELOW = 0.25
# ... or, to go up, nearly as well.
_LEAST_SHARE_ABOVE = 0.9
_LEAST_PERIODICITY_ABOVE = 0.85
# From here on, half of the power repeating, the network's word is taken as it is.
_PERIODICITY_OF_TRUST = 0.5


def track_crepe(
    frames: np.ndarray, size_or_path: str, viterbi: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Measures the pitch of frames.

    Args:
        frames: Audio at 16 kHz, [n_frames, 1024].
        size_or_path: Network, see `pretrained.crepe_weights`.
        viterbi: Whether to choose the likeliest melody.

    Returns:
        Pitch in Hz, 0 in frames that are silent or not finite, and confidence, float32
        arrays, [n_frames].
    """
    decode = viterbi_centers if viterbi else best_centers
    parts = [(np.zeros(0), np.zeros(0))]
    repeating: list[np.ndarray] = []
    for block, centers in decode(_checked_activations(frames, size_or_path, repeating)):
        f0_hz = np.asarray(mean_pitch_hz(block.astype(np.float64), centers))
        parts.append((f0_hz, block.max(axis=1)))
    f0_hz, heights = (np.concatenate(x) for x in zip(*parts, strict=True))
    trust = np.concatenate([np.zeros(0), *repeating]) / _PERIODICITY_OF_TRUST
    confidence = heights * np.clip(trust, 0.0, 1.0)
    return f0_hz.astype(np.float32), confidence.astype(np.float32)


def _checked_activations(
    frames: np.ndarray, size_or_path: str, repeating: list[np.ndarray]
) -> Iterator[np.ndarray]:
    """Activations in the octave in which frames repeat; silent frames have none.

    How much the frames repeat is appended to a list, piece by piece.
    """
    start = 0
    for activations in compute_activations(frames, size_or_path):
        chunk = frames[start : start + len(activations)]
        start += len(activations)
        silent = is_silent(chunk)
        chunk = np.where(silent[:, np.newaxis], np.float32(0.0), chunk)
        activations = np.where(silent[:, np.newaxis], np.float32(0.0), activations)
        activations, found = correct_octaves(chunk, activations)
        repeating.append(found)
        yield activations


def correct_octaves(
    frames: np.ndarray, activations: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Moves activations by an octave where the sound says so.

    A sound without its fundamental may be heard an octave too high: it then repeats
    after twice the period that was heard, but not after that period. One that repeats
    after half the period as well was heard an octave too low.

    Args:
        frames: Finite audio at 16 kHz, [n_frames, 1024].
        activations: How likely each pitch is, [n_frames, 360].

    Returns:
        Activations, moved where needed, and how much of each frame repeats after the
        period of its best pitch, up to 1, [n_frames].
    """
    if len(frames) == 0:
        return activations, np.zeros(0)
    best = activations.argmax(axis=1)
    f0_hz = np.asarray(mean_pitch_hz(activations.astype(np.float64), best))
    period = CREPE_SAMPLE_RATE / np.where(f0_hz > 0.0, f0_hz, 440.0)
    autocorrelation = normalized_autocorrelation(frames)
    above, here, below = (
        periodicity(autocorrelation, ratio * period) for ratio in (0.5, 1.0, 2.0)
    )
    goes_down = (
        (below > _LEAST_PERIODICITY)
        & (below - here > _LEAST_GAIN_BELOW)
        & (best >= _PITCHES_PER_OCTAVE)
    )
    goes_up = (
        ~goes_down
        & (above > _LEAST_PERIODICITY_ABOVE)
        & (above > _LEAST_SHARE_ABOVE * here)
        & (best < N_PITCHES - _PITCHES_PER_OCTAVE)
    )
    moved = activations.copy()
    moved[goes_down] = 0.0
    moved[goes_down, :-_PITCHES_PER_OCTAVE] = activations[
        goes_down, _PITCHES_PER_OCTAVE:
    ]
    moved[goes_up] = 0.0
    moved[goes_up, _PITCHES_PER_OCTAVE:] = activations[goes_up, :-_PITCHES_PER_OCTAVE]
    return moved, np.where(goes_down, below, np.where(goes_up, above, here))

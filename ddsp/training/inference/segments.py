"""Renders any length in bounded memory: in segments that pass into each other.

Every segment starts some seconds early, which brings the network's memory and the
reverberation to where they would be, and the early part is thrown away. In its first
second the pitch is bent by less than half a hertz, just so much that the harmonics come
out in phase with those of the segment before; then the two can be cross-faded without a
trace.
"""

import itertools
from collections.abc import Callable

import numpy as np

SEGMENT_SECS = 30.0
# Longer than the network remembers and the longest learned reverberation rings (3 s).
WARM_UP_SECS = 4.0
BEND_SECS = 1.0
FADE_SECS = 0.05

Render = Callable[[np.ndarray, np.ndarray], np.ndarray]


def render_in_segments(
    render: Render,
    f0_hz: np.ndarray,
    loudness_db: np.ndarray,
    hop_size: int,
    frame_rate: float,
) -> np.ndarray:
    """Renders a sound piece by piece.

    Args:
        render: Makes audio [n_frames * hop_size] from pitch and loudness [n_frames].
        f0_hz: Pitch in Hz, [n_frames].
        loudness_db: Loudness in dB, [n_frames].
        hop_size: Samples per frame.
        frame_rate: Frames per second.

    Returns:
        Audio, [n_frames * hop_size], the same as rendered at once up to details far
        below hearing, and other noise. Up to 45 seconds are rendered at once.
    """
    n_segments = max(round(f0_hz.size / (SEGMENT_SECS * frame_rate)), 1)
    borders = np.linspace(0, f0_hz.size, n_segments + 1).astype(int)
    warm_up, fade = (round(s * frame_rate) for s in (WARM_UP_SECS, FADE_SECS))
    audio = np.zeros(f0_hz.size * hop_size, np.float32)
    for start, stop in itertools.pairwise(borders):
        first = max(start - warm_up, 0)
        # Each segment but the last goes on a little, to be faded out by the next one.
        frames = slice(first, min(stop + fade, f0_hz.size))
        bent_hz = f0_hz[frames]
        if first:
            missing = completed_cycles(f0_hz, hop_size, frame_rate)[first]
            bent_hz = bend_pitch(bent_hz, missing, hop_size, frame_rate)
        part = render(bent_hz, loudness_db[frames])[(start - first) * hop_size :]
        _cross_fade(audio, part, start * hop_size, fade * hop_size)
    return audio


def completed_cycles(f0_hz: np.ndarray, hop_size: int, frame_rate: float) -> np.ndarray:
    """Cycles of the fundamental before each frame.

    Args:
        f0_hz: Pitch in Hz, [n_frames], linear between frames.
        hop_size: Samples per frame.
        frame_rate: Frames per second.

    Returns:
        Cycles that the samples before the frame add up to, float64, [n_frames].
    """
    f0_hz = f0_hz.astype(np.float64)
    mean_hz = f0_hz[:-1] + np.diff(f0_hz) * (hop_size - 1) / (2 * hop_size)
    return np.concatenate([[0.0], np.cumsum(mean_hz / frame_rate)])


def bend_pitch(
    f0_hz: np.ndarray, cycles: float, hop_size: int, frame_rate: float
) -> np.ndarray:
    """Bends the beginning of a pitch curve until its end is ahead in phase.

    Args:
        f0_hz: Pitch in Hz, [n_frames], at least a second.
        cycles: By how many cycles it is to be ahead; whole ones do not count.
        hop_size: Samples per frame.
        frame_rate: Frames per second.

    Returns:
        Pitch in Hz, float32, [n_frames]: bent by less than 1 Hz in the first second.
    """
    n_bent = round(BEND_SECS * frame_rate)
    bump_hz = np.zeros(f0_hz.size)
    bump_hz[:n_bent] = np.hanning(n_bent)
    gained = completed_cycles(bump_hz, hop_size, frame_rate)[-1]
    return (f0_hz + bump_hz * (cycles - np.round(cycles)) / gained).astype(np.float32)


def _cross_fade(
    audio: np.ndarray, part: np.ndarray, start: int, n_fade_samples: int
) -> None:
    """Lays a part over the audio from `start` on, fading over what is there already."""
    if start:
        fade = np.linspace(0.0, 1.0, n_fade_samples, dtype=np.float32)
        before = audio[start : start + n_fade_samples]
        part[:n_fade_samples] = before + (part[:n_fade_samples] - before) * fade
    audio[start : start + part.size] = part

"""Renders any length in bounded memory: in pieces that pass into each other.

Every piece starts some seconds early, which brings reverberation to where it would be,
and the early part is thrown away. In its first second the pitch is bent by less than a
hertz, just so much that the harmonics come out in phase with those of the piece before.
Every piece goes on a little beyond its end, where the next one fades in.
"""

import itertools
from collections.abc import Callable

import numpy as np

SEGMENT_SECS = 30.0
# The longest learned reverberation of the models of the original.
ROOM_SECS = 3.0
BEND_SECS = 1.0
FADE_SECS = 0.05
# Filters and the fades between frames look ahead by less.
GUARD_SECS = 0.06

# Makes audio of the frames from the first number to the second, with their pitch in Hz.
Render = Callable[[int, int, np.ndarray], np.ndarray]


def surplus_frames(frame_rate: float) -> int:
    """Counts the frames that are played beyond the end of a piece.

    Args:
        frame_rate: Frames per second.

    Returns:
        Number of frames, at least 3.
    """
    return _fade_frames(frame_rate) + max(round(GUARD_SECS * frame_rate), 2)


def _fade_frames(frame_rate: float) -> int:
    return max(round(FADE_SECS * frame_rate), 1)


def render_in_segments(
    render: Render,
    f0_hz: np.ndarray,
    hop_size: int,
    frame_rate: float,
    segment_secs: float = SEGMENT_SECS,
    room_secs: float = ROOM_SECS,
) -> np.ndarray:
    """Renders a sound piece by piece.

    Args:
        render: Makes audio, at least [n_frames * hop_size] but for the surplus frames,
            from the numbers of the first frame and of that after the last, and from
            their pitch.
        f0_hz: Pitch in Hz, [n_frames], with `surplus_frames` at the end that are not
            part of the result.
        hop_size: Samples per frame.
        frame_rate: Frames per second.
        segment_secs: About how long a piece is; infinite for all at once.
        room_secs: How long a sound goes on to be heard, such as in a reverberation.

    Returns:
        Audio, float32, the same as rendered at once up to details far below hearing.
        What is not longer than one and a half pieces is rendered at once.
    """
    surplus = surplus_frames(frame_rate)
    n_frames = f0_hz.size - surplus
    n_segments = max(round(n_frames / (segment_secs * frame_rate)), 1)
    borders = np.linspace(0, n_frames, n_segments + 1).astype(int)
    warm_up = round((BEND_SECS + room_secs + GUARD_SECS) * frame_rate)
    n_fade = _fade_frames(frame_rate) * hop_size
    cycles = completed_cycles(f0_hz, hop_size, frame_rate)
    audio = np.zeros(n_frames * hop_size, np.float32)
    for start, stop in itertools.pairwise(map(int, borders)):
        first, last = max(start - warm_up, 0), stop + surplus
        bent_hz = f0_hz[first:last]
        if first:
            bent_hz = bend_pitch(bent_hz, cycles[first], hop_size, frame_rate)
        part = render(first, last, bent_hz)[(start - first) * hop_size :]
        # Each piece but the last goes on a little, to be faded out by the next one.
        part = part[: (stop - start) * hop_size + n_fade]
        _cross_fade(audio, part, start * hop_size, n_fade)
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
        f0_hz: Pitch in Hz, float32, [n_frames], at least a second.
        cycles: By how many cycles it is to be ahead; whole ones do not count.
        hop_size: Samples per frame.
        frame_rate: Frames per second.

    Returns:
        Pitch in Hz, float32, [n_frames]: bent by about 1 Hz at most, and only in the
        first second.
    """
    n_bent = round(BEND_SECS * frame_rate)
    bump_hz = np.zeros(f0_hz.size)
    bump_hz[:n_bent] = np.hanning(n_bent)
    gained = completed_cycles(bump_hz, hop_size, frame_rate)[-1]
    wanted = float(cycles - np.round(cycles))
    bent_hz = (f0_hz + bump_hz * wanted / gained).astype(np.float32)
    # What rounding to float32 has left over a whole second goes into one frame.
    before, after = (
        completed_cycles(x, hop_size, frame_rate) for x in (f0_hz, bent_hz)
    )
    rest = wanted - (after - before)[n_bent + 1]
    bent_hz[n_bent // 2] += np.float32(rest * frame_rate)
    return bent_hz


def _cross_fade(
    audio: np.ndarray, part: np.ndarray, start: int, n_fade_samples: int
) -> None:
    """Lays a part over the audio from `start` on, fading over what is there already."""
    part = part[: audio.size - start]
    if start:
        n_fade_samples = min(n_fade_samples, part.size)
        fade = np.linspace(0.0, 1.0, n_fade_samples, dtype=np.float32)
        before = audio[start : start + n_fade_samples]
        part = part.copy()
        part[:n_fade_samples] = before + (part[:n_fade_samples] - before) * fade
    audio[start : start + part.size] = part

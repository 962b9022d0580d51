"""Rules that say in which frames a note sounds."""

from collections.abc import Sequence

import gin
import numpy as np

from ddsp import core
from ddsp.spectral_ops import DB_RANGE
from ddsp.training.heuristics.controls import Controls, find_curve
from ddsp.training.heuristics.frames import pad_for_frame, remove_short

JUMP_SEMITONES = 0.75
SHORTEST_NOTE_FRAMES = 10
SILENT_AMPLITUDE = 1e-5  # -100 dB.
# Where nothing changes, rounding must not decide.
TOLERANCE = 1e-6


@gin.register(module="ddsp.training.heuristics")
def amp_pooled_outliers(
    controls: Controls,
    frame_width: int = 80,
    num_devs: float = 2,
    pad_mode: str = "center",
) -> np.ndarray:
    """Finds the frames whose amplitude does not drop out of its neighbourhood.

    Args:
        controls: Controls of one example with 'amplitudes'.
        frame_width: Frames of a neighbourhood.
        num_devs: How many standard deviations below the mean of its neighbourhood the
            logarithm of an amplitude may be.
        pad_mode: Where a frame is in its neighbourhood, see `pad_for_frame`.

    Returns:
        Whether a note sounds, [n_frames]; False below -100 dB.
    """
    amplitudes = find_curve(controls, "amplitudes")
    logs = np.log(np.maximum(amplitudes, SILENT_AMPLITUDE))
    is_on = _is_near_neighbours(logs, frame_width, num_devs, pad_mode)
    return is_on & (amplitudes > SILENT_AMPLITUDE)


@gin.register(module="ddsp.training.heuristics")
def power_pooled_outliers(
    controls: Controls,
    frame_width: int = 80,
    num_devs: float = 2.5,
    pad_mode: str = "center",
) -> np.ndarray:
    """Finds the frames whose power does not drop out of its neighbourhood.

    Args:
        controls: Controls of one example with 'power_db'.
        frame_width: Frames of a neighbourhood.
        num_devs: How many standard deviations below the mean of its neighbourhood the
            power in dB may be.
        pad_mode: Where a frame is in its neighbourhood, see `pad_for_frame`.

    Returns:
        Whether a note sounds, [n_frames]; False at the floor of -80 dB.
    """
    power_db = find_curve(controls, "power_db")
    is_on = _is_near_neighbours(power_db, frame_width, num_devs, pad_mode)
    return is_on & (power_db > -DB_RANGE)


def _is_near_neighbours(
    values: np.ndarray, frame_width: int, num_devs: float, pad_mode: str
) -> np.ndarray:
    """Whether values [n_frames] are not far below the mean around them."""
    padded = pad_for_frame(values, pad_mode, frame_width)
    frames = np.lib.stride_tricks.sliding_window_view(padded, frame_width)
    lowest = frames.mean(axis=-1) - num_devs * frames.std(axis=-1)
    return values >= lowest - TOLERANCE


@gin.register(module="ddsp.training.heuristics")
def strided_freq_change(
    controls: Controls,
    frame_widths: Sequence[int] = (2, 4, 8, 16, 32),
    pad_mode: str = "front",
) -> np.ndarray:
    """Finds the frames in which the pitch does not change from one note to another.

    A jump shows between neighbouring frames, a slide only between frames further apart.
    Each is marked once: a frame does not count as a change where another one within its
    stride does.

    Args:
        controls: Controls of one example with 'f0_hz'; 0 Hz is no pitch.
        frame_widths: Frames from one end of a stride to the other, both included.
        pad_mode: Where a frame is in its stride, see `pad_for_frame`.

    Returns:
        Whether a note sounds, [n_frames]: False where the pitch has moved by more than
        0.75 semitones, and where there is none.
    """
    f0_hz = find_curve(controls, "f0_hz")
    f0_midi = np.asarray(core.hz_to_midi(f0_hz.astype(np.float32)))
    is_change = np.zeros(f0_hz.size, bool)
    for width in frame_widths:
        padded = pad_for_frame(f0_midi, pad_mode, width)
        n_before = pad_for_frame(np.arange(f0_hz.size), pad_mode, width).tolist()
        frames = np.lib.stride_tricks.sliding_window_view(padded, width)
        is_far = np.abs(frames[:, -1] - frames[:, 0]) > JUMP_SEMITONES
        for i in np.flatnonzero(is_far):
            first, last = n_before[i], n_before[i + width - 1]
            if not is_change[first : last + 1].any():
                is_change[i] = True
    return ~is_change & (f0_hz > 0.0)


@gin.register(module="ddsp.training.heuristics")
def midi_heuristic(controls: Controls) -> np.ndarray:
    """Finds the frames of notes by pitch and amplitude.

    Args:
        controls: Controls of one example with 'f0_hz' and 'amplitudes'.

    Returns:
        Whether a note of at least 10 frames sounds, [n_frames].
    """
    is_on = strided_freq_change(controls) & amp_pooled_outliers(controls)
    return remove_short(is_on, SHORTEST_NOTE_FRAMES)


@gin.register(module="ddsp.training.heuristics")
def midi_heuristic_power(controls: Controls) -> np.ndarray:
    """Finds the frames of notes by pitch and power.

    Args:
        controls: Controls of one example with 'f0_hz' and 'power_db'.

    Returns:
        Whether a note of at least 10 frames sounds, [n_frames].
    """
    is_on = strided_freq_change(controls) & power_pooled_outliers(controls)
    return remove_short(is_on, SHORTEST_NOTE_FRAMES)

"""Curves cut into frames, and runs of frames."""

from typing import Any

import numpy as np
import tensorflow as tf

PAD_MODES = ("front", "center", "end")


def get_active_frame_indices(piano_roll: Any) -> np.ndarray:
    """Counts for each pitch the frames since its note began.

    Args:
        piano_roll: Above 0 while a pitch sounds, [n_frames, n_pitches].

    Returns:
        1 in the first frame of a note, 2 in the second and so on; 0 in silence. A note
        that sounds from the first frame of all began earlier, nobody knows when: it
        counts from 0 there. Of the shape of piano_roll.
    """
    is_on = np.asarray(piano_roll) > 0
    counts = np.zeros(is_on.shape)
    for i in range(1, len(is_on)):
        counts[i] = np.where(is_on[i], counts[i - 1] + 1, 0)
    return counts


def window_array(
    array: Any, sr: float, win_len: float, frame_step_ratio: float = 0.75, ax: int = 0
) -> tf.Tensor:
    """Cuts a signal into windows that overlap, beginning before the signal does.

    Args:
        array: Signal, with its samples along the axis ax.
        sr: Samples per second.
        win_len: Length of a window in seconds.
        frame_step_ratio: Step from one window to the next, as a share of the window.
        ax: Axis to cut, in place of which there are two: windows and their samples.

    Returns:
        Windows. Zeros stand before the signal, as many as two windows share, and after
        it as far as the last window reaches.
    """
    array = tf.convert_to_tensor(array)
    n_before = int(sr * win_len * (1.0 - frame_step_ratio))
    ends = [[0, 0] for _ in array.shape]
    ends[ax][0] = n_before
    return tf.signal.frame(
        tf.pad(array, ends),
        frame_length=int(sr * win_len),
        frame_step=int(sr * win_len * frame_step_ratio),
        pad_end=True,
        axis=ax,
    )


def pad_for_frame(vec: Any, mode: str, frame_width: int, axis: int = 0) -> np.ndarray:
    """Lengthens a curve so that there is a frame for each of its values.

    Args:
        vec: Curve, with its values along an axis.
        mode: Where a value is in its frame: 'front' repeats the first value, so that a
            frame ends with it; 'end' the last one, so that a frame begins with it;
            'center' both.
        frame_width: Values of a frame.
        axis: Axis of the values.

    Returns:
        The curve with frame_width - 1 values more.

    Raises:
        ValueError: If mode is none of the three.
    """
    if mode not in PAD_MODES:
        raise ValueError(
            f"mode must be one of {PAD_MODES}. Got mode={mode!r}; use 'center' for "
            "frames around each value."
        )
    before = {"front": frame_width - 1, "center": frame_width // 2, "end": 0}[mode]
    vec = np.asarray(vec)
    ends = [(0, 0)] * vec.ndim
    ends[axis] = (before, frame_width - 1 - before)
    return np.pad(vec, ends, mode="edge")


def find_runs(is_on: np.ndarray) -> np.ndarray:
    """Finds runs of True.

    Args:
        is_on: Whether something is, [n_frames], of bool.

    Returns:
        First frame of each run and the first after it, [n_runs, 2].
    """
    steps = np.diff(np.pad(np.asarray(is_on, bool), 1).astype(np.int8))
    return np.flatnonzero(steps).reshape(-1, 2)


def remove_short(
    is_on_vec: np.ndarray, min_samples: int = 20, glue_back: bool = False
) -> np.ndarray:
    """Removes runs of True that are too short for a note.

    Args:
        is_on_vec: Whether a note sounds, [n_frames], of bool; changed in place.
        min_samples: Fewest frames of a note.
        glue_back: Whether a short run becomes the end of the note before it, if there
            is one: the gap between them is filled.

    Returns:
        is_on_vec.
    """
    end_of_note = None
    for start, stop in find_runs(is_on_vec):
        if stop - start >= min_samples:
            end_of_note = stop
        elif glue_back and end_of_note is not None:
            is_on_vec[end_of_note:stop] = True
            end_of_note = stop
        else:
            is_on_vec[start:stop] = False
    return is_on_vec

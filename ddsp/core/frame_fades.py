"""How a value moves from one frame to the next, and when whole frames can be played."""

import numpy as np
import tensorflow as tf


def raised_cosine(hop_size: int) -> np.ndarray:
    """Weight of the following frame along half a period of a cosine, [hop_size]."""
    phase = np.arange(hop_size) / hop_size
    return np.float32(0.5 - 0.5 * np.cos(np.pi * phase))


def straight_line(hop_size: int) -> np.ndarray:
    """Weight of the following frame along a straight line, [hop_size]."""
    return np.arange(hop_size, dtype=np.float32) / np.float32(hop_size)


def cross_fade(
    frequencies: tf.Tensor, amplitudes: tf.Tensor, n_samples: int, method: str
) -> np.ndarray | None:
    """The cross-fade of amplitudes, if the controls can be played frame by frame.

    They can if every frame is the same whole number of samples long and amplitudes
    move from each frame to the next alone.

    Args:
        frequencies: Controls, [batch, n_frames, ...].
        amplitudes: Controls, [batch, n_frames, ...].
        n_samples: Length of the sound.
        method: Of resampling amplitudes.

    Returns:
        Weight of the following frame, [hop_size], or None.
    """
    n_frames = frequencies.shape[1]
    fits = (
        n_frames is not None
        and n_frames == amplitudes.shape[1]
        and n_samples % n_frames == 0
        and n_samples > n_frames
    )
    fades = {"window": raised_cosine, "linear": straight_line}
    return fades[method](n_samples // n_frames) if fits and method in fades else None

"""Maps from the output of a network, any real number, to a control of a synthesizer."""

from typing import Any

import gin
import numpy as np
import tensorflow as tf

from ddsp.core.numerics import log_scale, soft_limit
from ddsp.core.tensors import tf_float32
from ddsp.core.units import (
    bark_to_hz,
    hz_to_bark,
    hz_to_erb,
    hz_to_mel,
    mel_to_hz,
    unit_to_hz,
)


@gin.register(module="ddsp.core")
def exp_sigmoid(
    x: Any, exponent: float = 10.0, max_value: float = 2.0, threshold: float = 1e-7
) -> tf.Tensor:
    """A sigmoid raised to a power, which spreads soft levels as decibels do.

    Args:
        x: Output of a network, any shape.
        exponent: The sigmoid is raised to the natural logarithm of this; larger is
            softer. At x = 0 the sigmoid is 1 / 2.
        max_value: Upper end.
        threshold: Lower end, added to keep logarithms finite.

    Returns:
        float32 tensor of the same shape, from threshold to max_value + threshold.
    """
    # The power is taken on the logarithm: its gradient is finite however small it gets.
    power = tf.math.log(tf_float32(exponent))
    return max_value * tf.exp(power * tf.math.log_sigmoid(tf_float32(x))) + threshold


@gin.register(module="ddsp.core")
def sym_exp_sigmoid(x: Any, width: float = 8.0) -> tf.Tensor:
    """`exp_sigmoid` of the magnitude: smallest at 0, and the same for x and -x.

    Args:
        x: Output of a network, any shape.
        width: Width of the valley around 0.

    Returns:
        float32 tensor of the same shape, from 1.2e-7 to 2.
    """
    return exp_sigmoid(width * (tf.abs(tf_float32(x)) / 2.0 - 1.0))


@gin.register(module="ddsp.core")
def log_scale_sigmoid(x: Any, min_value: Any, max_value: Any) -> tf.Tensor:
    """A sigmoid on a logarithmic scale: equal steps around 0 are equal ratios.

    Args:
        x: Output of a network, any shape; 0 becomes the geometric mean of the range.
        min_value: Lower end, positive.
        max_value: Upper end.

    Returns:
        float32 tensor of the same shape, from min_value to max_value.

    Example:
        >>> values = log_scale_sigmoid([-100.0, 0.0, 100.0], 0.01, 100.0)
        >>> [round(float(value), 3) for value in values]
        [0.01, 1.0, 100.0]
    """
    return log_scale(tf.tanh(tf_float32(x) / 2.0), min_value, max_value)


def _split_depth(freqs: tf.Tensor, depth: int) -> tf.Tensor:
    """Gives the numbers that make up one sinusoid's frequency an axis of their own."""
    if freqs.shape.rank == 4:
        return freqs
    if freqs.shape.rank != 3:
        raise ValueError(
            "freqs must be [batch, n_frames, n_sinusoids * depth] or [batch, n_frames, "
            f"n_sinusoids, depth]. Got shape={freqs.shape}; add or merge axes."
        )
    n_sinusoids, rest = divmod(int(freqs.shape[-1]), depth)
    if rest:
        raise ValueError(
            "The last axis must be a multiple of depth. Got "
            f"{freqs.shape[-1]} channels with depth={depth}; change either."
        )
    n_frames = freqs.shape[1] if freqs.shape[1] is not None else tf.shape(freqs)[1]
    return tf.reshape(freqs, [-1, n_frames, n_sinusoids, depth])


@gin.register(module="ddsp.core")
def frequencies_softmax(
    freqs: tf.Tensor, depth: int = 1, hz_min: float = 20.0, hz_max: float = 8000.0
) -> tf.Tensor:
    """Frequencies as averages over a logarithmic grid, weighted by a softmax.

    Args:
        freqs: Output of a network, [batch, n_frames, n_sinusoids * depth] or [batch,
            n_frames, n_sinusoids, depth].
        depth: Points of the grid, used for the first form; 2 or more, because a single
            point is hz_min whatever the network says.
        hz_min: Lower end of the grid in Hz.
        hz_max: Upper end of the grid in Hz.

    Returns:
        Frequencies in Hz, [batch, n_frames, n_sinusoids].

    Raises:
        ValueError: If the rank is not 3 or 4, or depth does not divide the last axis.
    """
    freqs = _split_depth(tf_float32(freqs), depth)
    grid = np.linspace(0.0, 1.0, int(freqs.shape[-1]), dtype=np.float32)
    unit = tf.reduce_sum(tf.nn.softmax(freqs, axis=-1) * grid, axis=-1)
    return unit_to_hz(unit, hz_min=hz_min, hz_max=hz_max)


@gin.register(module="ddsp.core")
def frequencies_sigmoid(
    freqs: tf.Tensor, depth: int = 1, hz_min: float = 0.0, hz_max: float = 8000.0
) -> tf.Tensor:
    """Frequencies as sums of sigmoids, from coarse to fine.

    Each of the depth numbers sets a share of the range, the first the largest. Trained
    models rely on the two quirks of this sum: every share adds at least 8.18 Hz (MIDI
    note 0) unless its range ends lower, and the highest frequency is hz_max - hz_min.

    Args:
        freqs: Output of a network, [batch, n_frames, n_sinusoids * depth] or [batch,
            n_frames, n_sinusoids, depth].
        depth: Numbers per frequency, used for the first form.
        hz_min: Lower end of the last share in Hz.
        hz_max: Upper end of the range in Hz.

    Returns:
        Frequencies in Hz, [batch, n_frames, n_sinusoids].

    Raises:
        ValueError: If the rank is not 3 or 4, depth does not divide the last axis, or
            hz_max is not above hz_min.
    """
    if hz_max <= hz_min:
        raise ValueError(
            f"hz_max must be above hz_min. Got hz_min={hz_min} with hz_max={hz_max}; "
            "raise hz_max."
        )
    freqs = _split_depth(tf_float32(freqs), depth)
    n_shares = int(freqs.shape[-1])
    remaining = float(hz_max) - float(hz_min)
    kept = remaining ** (-1.0 / n_shares)
    # Every share but the last takes the same proportion of what is left.
    left = remaining * kept ** np.arange(n_shares)
    tops = np.append(left[:-1] * (1.0 - kept), left[-1])
    bottoms = np.append(np.zeros(n_shares - 1), hz_min)
    shares = unit_to_hz(tf.sigmoid(freqs), hz_min=bottoms, hz_max=tops)
    return tf.reduce_sum(shares, axis=-1)


def _equal_steps(low: Any, high: Any, n_steps: int) -> tf.Tensor:
    """Numbers from low to high at equal distances, [n_steps]."""
    low, high = tf_float32(low), tf_float32(high)
    return low + (high - low) * np.linspace(0.0, 1.0, n_steps, dtype=np.float32)


def _band_centers(n: int, hz_min: float, hz_max: float, scale: str) -> tf.Tensor:
    """Centres in Hz, equally spaced on an auditory scale, [n]."""
    if scale == "bark":
        return bark_to_hz(_equal_steps(hz_to_bark(hz_min), hz_to_bark(hz_max), n))
    if scale == "mel":
        return mel_to_hz(_equal_steps(hz_to_mel(hz_min), hz_to_mel(hz_max), n))
    raise ValueError(
        f"scale must be an auditory scale. Got scale={scale!r}; use 'bark' or 'mel'."
    )


@gin.register(module="ddsp.core")
def frequencies_critical_bands(
    freqs: tf.Tensor,
    depth: int = 1,
    depth_scale: float = 10.0,
    bandwidth_scale: float = 1.0,
    hz_min: float = 20.0,
    hz_max: float = 8000.0,
    scale: str = "bark",
) -> tf.Tensor:
    """Frequencies within bands of hearing: each sinusoid moves around its own centre.

    Args:
        freqs: Output of a network, [batch, n_frames, n_sinusoids * depth] or [batch,
            n_frames, n_sinusoids, depth].
        depth: Numbers per frequency, from coarse to fine, used for the first form.
        depth_scale: How much finer each of them is than the one before.
        bandwidth_scale: How far a sinusoid moves, in equivalent rectangular bandwidths.
        hz_min: Lowest centre and frequency in Hz.
        hz_max: Highest centre and frequency in Hz.
        scale: On which the centres are equally spaced, `bark` or `mel`.

    Returns:
        Frequencies in Hz, [batch, n_frames, n_sinusoids].

    Raises:
        ValueError: If the rank is not 3 or 4, depth does not divide the last axis, or
            the scale is unknown.
    """
    freqs = _split_depth(tf_float32(freqs), depth)
    n_sinusoids, n_digits = int(freqs.shape[-2]), int(freqs.shape[-1])
    centers = _band_centers(n_sinusoids, hz_min, hz_max, scale)
    digits = (float(depth_scale) ** -np.arange(n_digits)).astype(np.float32)
    offset = tf.reduce_sum(tf.tanh(freqs) * digits, axis=-1)
    hz = centers + bandwidth_scale * hz_to_erb(centers) * offset
    return soft_limit(hz, hz_min, hz_max)

"""The lean form of harmonic synthesis: frame by frame, by angle addition.

Harmonic k = p + P q, with p = 1 .. P and q = 0 .. Q - 1, is split by
sin(k phi) = sin(p phi) cos(P q phi) + cos(p phi) sin(P q phi). Within a frame the
amplitudes of both its ends are constant, so the sum over p is a small matrix product
and 2 (P + Q) sines per sample serve P Q harmonics. Nothing of the size
[batch, n_samples, n_harmonics] exists.
"""

import math

import numpy as np
import tensorflow as tf

from ddsp.core import phase

Pair = tuple[tf.Tensor, tf.Tensor]


def applies(
    frequencies: tf.Tensor, amplitudes: tf.Tensor, n_samples: int, method: str
) -> bool:
    """Whether the controls fit this form: whole samples per frame, a cross-fade."""
    n_frames = frequencies.shape[1]
    return (
        method in ("window", "linear")
        and n_frames is not None
        and n_frames == amplitudes.shape[1]
        and n_samples % n_frames == 0
        and n_samples > n_frames + 1
    )


def synthesize(
    frequencies: tf.Tensor,
    amplitudes: tf.Tensor,
    n_samples: int,
    sample_rate: int,
    method: str,
) -> tf.Tensor:
    """Plays harmonics whose amplitudes cross-fade from frame to frame.

    Args:
        frequencies: Fundamental in Hz, [batch, n_frames, 1]; n_frames divides
            n_samples.
        amplitudes: Amplitude of each harmonic, [batch, n_frames, n_harmonics].
        n_samples: Length of the sound.
        sample_rate: Samples per second.
        method: 'window' (raised cosine) or 'linear' cross-fade.

    Returns:
        Audio, [batch, n_samples].
    """
    n_frames, n_harmonics = int(frequencies.shape[1]), int(amplitudes.shape[-1])
    hop_size = n_samples // n_frames
    n_inner = max(1, math.isqrt(n_harmonics - 1) + 1)
    n_outer = -(-n_harmonics // n_inner)
    inner, outer = _sines(frequencies, n_inner, n_outer, hop_size, sample_rate)
    ends = _frame_ends(amplitudes, n_inner, n_outer)
    audible = _audible_harmonics(frequencies, hop_size, sample_rate)
    start, end = _sum_harmonics(inner, outer, ends, audible)
    fade = tf.range(hop_size, dtype=tf.float32) / float(hop_size)
    if method == "window":
        fade = 0.5 - 0.5 * tf.cos(np.pi * fade)
    return tf.reshape(start + (end - start) * fade, [-1, n_samples])


def _sines(
    frequencies: tf.Tensor,
    n_inner: int,
    n_outer: int,
    hop_size: int,
    sample_rate: int,
) -> tuple[Pair, Pair]:
    """Sine and cosine of p phi and of P q phi, [batch, n_frames, n, hop_size]."""
    numbers = np.concatenate([np.arange(1, n_inner + 1), n_inner * np.arange(n_outer)])
    sine, cosine = phase.frame_sines(
        frequencies[..., 0], numbers, hop_size, sample_rate
    )
    inner = sine[:, :, :n_inner], cosine[:, :, :n_inner]
    return inner, (sine[:, :, n_inner:], cosine[:, :, n_inner:])


def _frame_ends(amplitudes: tf.Tensor, n_inner: int, n_outer: int) -> Pair:
    """Amplitudes at a frame's ends, two of [batch, n_frames, n_outer, n_inner]."""
    n_frames, n_harmonics = int(amplitudes.shape[1]), int(amplitudes.shape[-1])
    missing = n_inner * n_outer - n_harmonics
    padded = tf.pad(amplitudes, [[0, 0], [0, 0], [0, missing]])
    start = tf.reshape(padded, [-1, n_frames, n_outer, n_inner])
    return start, tf.concat([start[:, 1:], start[:, -1:]], axis=1)


def _audible_harmonics(
    frequencies: tf.Tensor, hop_size: int, sample_rate: int
) -> tf.Tensor:
    """How many harmonics lie below Nyquist, [batch, n_frames, hop_size]."""
    following = tf.concat([frequencies[:, 1:], frequencies[:, -1:]], axis=1)
    fade = tf.range(hop_size, dtype=tf.float32) / float(hop_size)
    f0 = tf.stop_gradient(frequencies + (following - frequencies) * fade)
    # Below a millihertz every harmonic is audible, and the quotient stays finite.
    return tf.math.ceil(sample_rate / 2.0 / tf.maximum(f0, 1e-3)) - 1.0


def _sum_harmonics(
    inner: Pair, outer: Pair, ends: Pair, audible: tf.Tensor
) -> list[tf.Tensor]:
    """Sum of the audible harmonics with each end's amplitudes, [..., hop_size].

    Blocks of n_inner harmonics are wholly audible, cut or silent at a sample. The whole
    ones are summed as matrix products, the cut one with the amplitudes of its block
    picked out for each sample.
    """
    n_outer, n_inner = int(ends[0].shape[-2]), int(ends[0].shape[-1])
    audible = audible[:, :, tf.newaxis]
    n_whole = tf.floor(audible / n_inner)
    block = tf.range(n_outer, dtype=tf.float32)[:, tf.newaxis]
    number = tf.range(1, n_inner + 1, dtype=tf.float32)[:, tf.newaxis]
    whole = tf.cast(block < n_whole, tf.float32)
    cut = tf.cast(tf.equal(block, n_whole), tf.float32)
    left = tf.cast(number <= audible - n_whole * n_inner, tf.float32)
    whole_sine, whole_cosine = (whole * x for x in outer)
    cut_sine, cut_cosine = (tf.reduce_sum(cut * x, 2, keepdims=True) for x in outer)
    in_cut_block = left * (inner[0] * cut_cosine + inner[1] * cut_sine)

    def weigh(amplitudes: tf.Tensor) -> tf.Tensor:
        by_block = tf.matmul(amplitudes, inner[0]) * whole_cosine
        by_block += tf.matmul(amplitudes, inner[1]) * whole_sine
        at_cut = tf.matmul(amplitudes, cut, transpose_a=True) * in_cut_block
        return tf.reduce_sum(by_block, axis=2) + tf.reduce_sum(at_cut, axis=2)

    return [weigh(end) for end in ends]

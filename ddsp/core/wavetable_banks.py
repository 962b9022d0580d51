"""Banks of waveforms that are mixed from frame to frame.

Source: Shan et al., "Differentiable Wavetable Synthesis", ICASSP 2022.
"""

import gin
import numpy as np
import tensorflow as tf

from ddsp.core.noise import white_noise
from ddsp.core.products import precise_matmul
from ddsp.core.tensors import tf_float32


@gin.register(module="ddsp.core")
def random_wavetables(
    n_wavetables: int, n_points: int, n_harmonics: int = 8, seed: int | None = None
) -> tf.Tensor:
    """Draws smooth periods: sums of a few low harmonics with random phases.

    The sine and the cosine of harmonic n are uniform random numbers between -1 / n and
    1 / n, so the tables differ in colour and their spectra fall as those of
    instruments do.

    Args:
        n_wavetables: Number of tables.
        n_points: Points of a period; more than twice n_harmonics.
        n_harmonics: Harmonics of each table, at least 1.
        seed: Makes the tables reproducible. Without a seed they are drawn anew in every
            call, governed by `tf.random.set_seed`.

    Returns:
        Tables without offset whose largest magnitude is 1, [n_wavetables, n_points].

    Raises:
        ValueError: If there are no harmonics, or too few points for them.

    Example:
        >>> table = random_wavetables(1, 64, n_harmonics=1, seed=1)[0].numpy()
        >>> [round(float(x), 2) for x in np.abs(np.fft.rfft(table)[:3]) / 32]
        [0.0, 1.0, 0.0]
    """
    if n_harmonics < 1 or n_points <= 2 * n_harmonics:
        raise ValueError(
            "n_points must be more than twice n_harmonics, and that at least 1. Got "
            f"n_points={n_points} with n_harmonics={n_harmonics}; use more points."
        )
    number = np.arange(1, n_harmonics + 1)[:, np.newaxis]
    angle = 2.0 * np.pi * number * np.arange(n_points) / n_points
    waves = np.concatenate([np.sin(angle) / number, np.cos(angle) / number])
    shares = white_noise(n_wavetables, 2 * n_harmonics, seed, same_on_replicas=True)
    tables = precise_matmul(shares, tf_float32(waves))
    return tables / tf.reduce_max(tf.abs(tables), axis=1, keepdims=True)


@gin.register(module="ddsp.core")
def mix_wavetables(wavetables: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """Mixes the tables of a bank for every frame.

    Args:
        wavetables: One period each, [n_wavetables, n_points]. Their offsets are taken
            off: a waveform has none.
        weights: Share of each table, [batch, n_frames, n_wavetables].

    Returns:
        Tables for `wavetable_synthesis`, [batch, n_frames, n_points].

    Example:
        >>> bank = tf.constant([[1.0, -1.0], [3.0, 5.0]])
        >>> mix_wavetables(bank, tf.constant([[[0.5, 0.5]]])).numpy().tolist()
        [[[0.0, 0.0]]]
    """
    tables = tf_float32(wavetables)
    tables -= tf.reduce_mean(tables, axis=-1, keepdims=True)
    weights, n_wavetables = tf_float32(weights), int(tables.shape[0])
    mixed = precise_matmul(tf.reshape(weights, [-1, n_wavetables]), tables)
    shape = tf.concat([tf.shape(weights)[:-1], tf.shape(tables)[-1:]], axis=0)
    known = weights.shape[:-1].concatenate(tables.shape[-1:])
    return tf.ensure_shape(tf.reshape(mixed, shape), known)

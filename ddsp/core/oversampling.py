"""Whole multiples of the sample rate and back: linear phase, no delay."""

import gin
import numpy as np
import tensorflow as tf

from ddsp.core.products import precise_conv1d
from ddsp.core.tensors import tf_float32

# Reach of the filter to both sides in samples at the lower rate, and the parameter of
# its Kaiser window: flat up to 0.9 of half that rate, 95 dB down from there on.
_REACH = 64
_KAISER_BETA = 10.0
_CUTOFF = 0.95


@gin.register(module="ddsp.core")
def oversample(audio: tf.Tensor, factor: int) -> tf.Tensor:
    """Raises the sample rate and leaves the new part of the band empty.

    What lies below 0.9 of half the lower sample rate is kept; from there on the gain
    falls to -90 dB at half of it.

    Args:
        audio: Sound, [batch, n_samples]; outside of it there is silence.
        factor: How many times as high the sample rate becomes; 1 changes nothing.

    Returns:
        Sound, [batch, n_samples * factor], in which sample k is sample k * factor.

    Raises:
        ValueError: If factor is less than 1, or audio is not of rank 2.

    Example:
        >>> wave = tf.sin(tf.range(200.0) * np.pi / 4.0)[tf.newaxis]
        >>> [round(float(x), 2) + 0.0 for x in oversample(wave, 2)[0, 192:197]]
        [0.0, 0.38, 0.71, 0.92, 1.0]
    """
    audio, taps = _checked(audio, factor), _taps(factor)
    if factor == 1:
        return audio
    # Every place between two samples has a filter of its own, [2 reach, 1, factor].
    filters = factor * taps[::-1, np.newaxis]
    padded = tf.pad(audio, [[0, 0], [_REACH - 1, _REACH]])
    raised = precise_conv1d(padded[..., tf.newaxis], filters)
    n_samples = audio.shape[1]
    n_raised = -1 if n_samples is None else n_samples * factor
    return tf.reshape(raised, [tf.shape(audio)[0], n_raised])


@gin.register(module="ddsp.core")
def decimate(audio: tf.Tensor, factor: int) -> tf.Tensor:
    """Lowers the sample rate, after a filter against aliasing: undoes `oversample`.

    Args:
        audio: Sound, [batch, n_samples]; outside of it there is silence. n_samples is a
            multiple of factor.
        factor: How many times as low the sample rate becomes; 1 changes nothing.

    Returns:
        Sound, [batch, n_samples / factor]; sample k was sample k * factor.

    Raises:
        ValueError: If factor is less than 1 or does not divide n_samples, or audio is
            not of rank 2.

    Example:
        >>> wave = tf.sin(tf.range(400.0) * np.pi / 8.0)[tf.newaxis]
        >>> [round(float(x), 2) + 0.0 for x in decimate(wave, 2)[0, 96:101]]
        [0.0, 0.71, 1.0, 0.71, 0.0]
    """
    audio, taps = _checked(audio, factor), _taps(factor)
    if factor == 1:
        return audio
    n_samples = audio.shape[1]
    if n_samples is not None and n_samples % factor:
        raise ValueError(
            f"factor must divide n_samples. Got factor={factor} with "
            f"n_samples={n_samples}; pad or crop the audio."
        )
    n_lowered = -1 if n_samples is None else n_samples // factor
    blocks = tf.reshape(audio, [tf.shape(audio)[0], n_lowered, factor])
    padded = tf.pad(blocks, [[0, 0], [_REACH, _REACH - 1], [0, 0]])
    return precise_conv1d(padded, taps[..., np.newaxis])[..., 0]


def _checked(audio: tf.Tensor, factor: int) -> tf.Tensor:
    """Audio in float32, if the request makes sense."""
    audio = tf_float32(audio)
    if audio.shape.rank != 2 or factor < 1 or factor != int(factor):
        raise ValueError(
            "audio must be [batch, n_samples], and factor a whole number of at least "
            f"1. Got shape={audio.shape} and factor={factor}; use 1 to change nothing."
        )
    return audio


def _taps(factor: int) -> np.ndarray:
    """Low-pass filter at the higher rate, symmetric around [_REACH, 0].

    Returns:
        Lag (row - _REACH) * factor + column, with a sum of 1, [2 * _REACH, factor].
    """
    n_side = _REACH * factor
    lag = np.arange(-n_side, n_side)
    # The first lag has no partner on the other side and is left out.
    window = np.append(0.0, np.kaiser(2 * n_side - 1, _KAISER_BETA))
    taps = np.sinc(_CUTOFF * lag / factor) * window
    return (taps / taps.sum()).astype(np.float32).reshape(2 * _REACH, factor)

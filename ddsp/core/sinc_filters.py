"""Low-pass and high-pass filters from a cutoff frequency: windowed sinc functions."""

import math

import numpy as np
import tensorflow as tf

from ddsp.core.convolution import fft_convolve
from ddsp.core.tensors import tf_float32


def sinc(x: tf.Tensor, threshold: float = 1e-20) -> tf.Tensor:
    """The impulse response of an ideal low-pass filter: sin(pi x) / (pi x).

    Args:
        x: Numbers in any form, any shape.
        threshold: What numbers closer to zero than this become.

    Returns:
        float32 tensor of the same shape: 1 at 0 and 0 at every other whole number.

    Example:
        >>> float(sinc(0.0)), round(float(sinc(0.5)), 4), float(sinc(2.0))
        (1.0, 0.6366, 0.0)
    """
    x = tf_float32(x)
    x = tf.where(tf.abs(x) < threshold, threshold, x)
    angle = math.pi * x
    # Taking away half periods, each a change of sign, makes the zeros exact.
    half_periods = tf.round(x)
    sign = 1.0 - 2.0 * (half_periods % 2.0)
    sine = sign * tf.sin(math.pi * (x - half_periods))
    is_small = tf.abs(angle) < 0.1
    quotient = sine / tf.where(is_small, 1.0, angle)
    # Near 0 the derivative of the quotient is a difference of large numbers.
    square = tf.where(is_small, angle, 0.0) ** 2
    series = 1.0 - square / 6.0 * (1.0 - square / 20.0 * (1.0 - square / 42.0))
    return tf.where(is_small, series, quotient)


def sinc_impulse_response(
    cutoff_frequency: tf.Tensor,
    window_size: int = 512,
    sample_rate: int | None = None,
    high_pass: bool = False,
) -> tf.Tensor:
    """Designs a linear-phase low-pass or high-pass filter under a Hamming window.

    Args:
        cutoff_frequency: Where the gain has fallen to a half: as a share of half the
            sample rate, 0 to 1, or in Hz if sample_rate is given. A number or
            [batch, n_frames, 1].
        window_size: Taps; an even number gets one more.
        sample_rate: Samples per second.
        high_pass: Whether to keep what lies above the cutoff instead of below.

    Returns:
        Taps, [batch, n_frames, 2 * (window_size // 2) + 1], with the zero lag in the
        middle; [1, 1, ...] for a number. The gain is 1 at 0 Hz, or 0 for a high-pass.

    Raises:
        ValueError: If cutoff_frequency is neither a number nor of rank 3.

    Example:
        >>> taps = sinc_impulse_response(4000.0, window_size=3, sample_rate=16000)
        >>> [round(float(tap), 3) for tap in taps[0, 0]]
        [0.046, 0.908, 0.046]
    """
    cutoff = tf_float32(cutoff_frequency)
    if cutoff.shape.num_elements() == 1:
        cutoff = tf.reshape(cutoff, [1, 1, 1])
    if cutoff.shape.rank != 3:
        raise ValueError(
            "cutoff_frequency must be a number or [batch, n_frames, 1]. Got "
            f"shape={cutoff.shape}; add the missing axes."
        )
    if sample_rate is not None:
        cutoff *= 2.0 / sample_rate
    half_size = window_size // 2
    lags = np.arange(-half_size, half_size + 1, dtype=np.float32)
    taps = sinc(cutoff * lags) * tf.signal.hamming_window(len(lags))
    taps /= tf.abs(tf.reduce_sum(taps, axis=-1, keepdims=True))
    return np.float32(lags == 0) - taps if high_pass else taps


def sinc_filter(
    audio: tf.Tensor,
    cutoff_frequency: tf.Tensor,
    window_size: int = 512,
    sample_rate: int | None = None,
    padding: str = "same",
    high_pass: bool = False,
) -> tf.Tensor:
    """Removes what lies above a cutoff frequency, or below, without delay.

    Args:
        audio: Sound, [batch, n_samples].
        cutoff_frequency: Share of half the sample rate, 0 to 1, or Hz if sample_rate is
            given. A number or [batch, n_frames, 1].
        window_size: Taps of the filter: the more, the steeper.
        sample_rate: Samples per second.
        padding: 'same' for the length of audio, 'valid' for the whole convolution.
        high_pass: Whether to keep what lies above the cutoff instead of below.

    Returns:
        Filtered sound, [batch, n_samples] for 'same'.

    Raises:
        ValueError: If cutoff_frequency is neither a number nor of rank 3, or n_frames
            does not cut the audio into equal blocks.

    Example:
        >>> click = tf.constant([[0.0, 0.0, 1.0, 0.0, 0.0]])
        >>> softer = sinc_filter(click, 0.5, window_size=4)
        >>> [round(abs(float(sample)), 3) for sample in softer[0]]
        [0.0, 0.204, 0.593, 0.204, 0.0]
    """
    response = sinc_impulse_response(
        cutoff_frequency, window_size, sample_rate, high_pass
    )
    return fft_convolve(audio, response, padding, delay_compensation=window_size // 2)

"""Finite impulse response filters from magnitudes or cutoff frequencies.

Every design states at which tap its zero lag lies (`_windowed_taps`), and every use
removes exactly that delay: an impulse comes out where it went in.
"""

import tensorflow as tf

from ddsp.core.convolution import fft_convolve
from ddsp.core.tensors import tf_float32


def _windowed_taps(n_taps: int, window_size: int) -> tuple[int, int]:
    """Number of taps before and after the zero lag that a window keeps.

    A window of 0, or longer than the response, covers it whole: n_taps // 2 before. An
    even window keeps one tap less than its size and, as in the original, one more tap
    after the zero lag than fits its symmetry.
    """
    if window_size <= 0 or window_size >= n_taps:
        return n_taps // 2, (n_taps - 1) // 2
    if window_size % 2 == 1 or window_size == 2:
        return (window_size - 1) // 2, (window_size - 1) // 2
    return window_size // 2 - 2, window_size // 2


def _window(n_taps: int, window_size: int) -> tf.Tensor:
    """Hann window over the kept taps, 1 at the zero lag."""
    before, after = _windowed_taps(n_taps, window_size)
    covers = window_size <= 0 or window_size >= n_taps
    size = n_taps if covers else window_size
    hann = tf.signal.hann_window(size)
    start = size // 2 - before
    return tf.pad(hann, [[0, 1]])[start : start + before + 1 + after]


def apply_window_to_impulse_response(
    impulse_response: tf.Tensor, window_size: int = 0, causal: bool = False
) -> tf.Tensor:
    """Shortens an impulse response with a Hann window and makes it causal.

    Args:
        impulse_response: Taps, [..., n_taps]. Zero-phase (lag 0 first, negative lags
            last) or, if causal, with its peak in the middle.
        window_size: Taps under the window. 0, or more than n_taps, means n_taps.
        causal: Whether the peak is in the middle already.

    Returns:
        Causal taps, [..., n_windowed]: n_taps of them if the window covers the
        response, else window_size rounded down to an odd number.
    """
    response = tf_float32(impulse_response)
    n_taps = int(response.shape[-1])
    if causal:
        response = tf.roll(response, -(n_taps // 2), axis=-1)
    before, after = _windowed_taps(n_taps, window_size)
    # A split, because the gradient of `[a:b]` takes several times as long.
    kept, _, early = tf.split(
        response, [after + 1, n_taps - before - after - 1, before], axis=-1
    )
    return tf.concat([early, kept], axis=-1) * _window(n_taps, window_size)


def frequency_impulse_response(
    magnitudes: tf.Tensor, window_size: int = 0
) -> tf.Tensor:
    """Designs a linear-phase filter from its magnitude response.

    Args:
        magnitudes: Gains at frequencies equally spaced from 0 to half the sample rate,
            both included, [batch, n_frequencies] or [batch, n_frames, n_frequencies].
        window_size: Taps under the window. 0, or more than 2 (n_frequencies - 1), means
            all of them.

    Returns:
        Causal taps, [..., n_taps].

    Raises:
        ValueError: If there are fewer than two frequencies.
    """
    if int(magnitudes.shape[-1]) < 2:
        raise ValueError(
            "magnitudes must hold at least 2 frequencies, 0 Hz and half the sample "
            f"rate. Got shape={magnitudes.shape}."
        )
    magnitudes = tf_float32(magnitudes)
    response = tf.signal.irfft(tf.complex(magnitudes, tf.zeros_like(magnitudes)))
    return apply_window_to_impulse_response(response, window_size)


def frequency_filter(
    audio: tf.Tensor,
    magnitudes: tf.Tensor,
    window_size: int = 0,
    padding: str = "same",
) -> tf.Tensor:
    """Filters audio with magnitude responses, without delay.

    Args:
        audio: Sound, [batch, n_samples].
        magnitudes: Gains from 0 Hz to half the sample rate, [batch, n_frequencies] or
            [batch, n_frames, n_frequencies].
        window_size: Taps of the filter. 0, or more than 2 (n_frequencies - 1), means
            all of them.
        padding: 'same' for the length of audio, 'valid' for the whole convolution.

    Returns:
        Filtered sound, [batch, n_samples] for 'same'.

    Raises:
        ValueError: If there are fewer than two frequencies, or n_frames does not cut
            the audio into equal blocks.
    """
    response = frequency_impulse_response(magnitudes, window_size)
    n_taps = 2 * (int(magnitudes.shape[-1]) - 1)
    before, _ = _windowed_taps(n_taps, window_size)
    return fft_convolve(audio, response, padding, delay_compensation=before)

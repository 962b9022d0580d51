"""From harmonics of one pitch to free sinusoids and back."""

import tensorflow as tf

from ddsp.core.harmonics import get_harmonic_frequencies, normalize_harmonics
from ddsp.core.numerics import safe_divide
from ddsp.core.oscillators import remove_above_nyquist
from ddsp.core.tensors import tf_float32


def sinusoidal_to_harmonic(
    sin_amps: tf.Tensor,
    sin_freqs: tf.Tensor,
    f0_hz: tf.Tensor,
    harmonic_width: float = 0.1,
    n_harmonics: int = 100,
    sample_rate: int = 16000,
    normalize: bool = False,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Collects sinusoids into the harmonics of a given pitch.

    Each harmonic takes from each sinusoid the share exp(-(distance / width)^2), with
    the distance as a share of the pitch.

    Args:
        sin_amps: Amplitudes, [batch, n_frames, n_sinusoids].
        sin_freqs: Frequencies in Hz, [batch, n_frames, n_sinusoids].
        f0_hz: Pitch in Hz, [batch, n_frames, 1].
        harmonic_width: Distance from a harmonic, as a share of the pitch, at which it
            takes 1 / e of a sinusoid; the square root of 2 times a standard deviation.
        n_harmonics: Number of harmonics.
        sample_rate: Samples per second.
        normalize: Whether the shares that a harmonic takes are scaled down to 1 where
            they add up to more: several sinusoids beside it then count as their mean.

    Returns:
        Amplitude of all harmonics together, [batch, n_frames, 1], and the share of each
        harmonic, [batch, n_frames, n_harmonics]. Harmonics at or above half the sample
        rate have none.

    Example:
        >>> amplitude, shares = sinusoidal_to_harmonic(
        ...     tf.constant([[[0.6, 0.2]]]), tf.constant([[[100.0, 200.0]]]),
        ...     tf.constant([[[100.0]]]), n_harmonics=3)
        >>> amplitude.numpy().round(3).tolist(), shares.numpy().round(3).tolist()
        ([[[0.800000011920929]]], [[[0.75, 0.25, 0.0]]])
    """
    sin_amps, sin_freqs = tf_float32(sin_amps), tf_float32(sin_freqs)
    f0_hz = tf_float32(f0_hz)
    harmonics = get_harmonic_frequencies(f0_hz, n_harmonics)
    apart = sin_freqs[:, :, tf.newaxis, :] - harmonics[..., tf.newaxis]
    # Without a pitch, all that is not at 0 Hz is far away from every harmonic.
    pitch = tf.where(tf.abs(f0_hz) < 1e-7, 1e-7, f0_hz)[..., tf.newaxis]
    weights = tf.exp(-((apart / pitch / harmonic_width) ** 2))
    if normalize:
        weights /= tf.maximum(tf.reduce_sum(weights, axis=-1, keepdims=True), 1.0)
    amplitudes = tf.reduce_sum(weights * sin_amps[:, :, tf.newaxis, :], axis=-1)
    amplitudes = remove_above_nyquist(harmonics, amplitudes, sample_rate)
    total = tf.reduce_sum(amplitudes, axis=-1, keepdims=True)
    return total, safe_divide(amplitudes, total)


def harmonic_to_sinusoidal(
    harm_amp: tf.Tensor,
    harm_dist: tf.Tensor,
    f0_hz: tf.Tensor,
    sample_rate: int = 16000,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Lists harmonics as sinusoids.

    Args:
        harm_amp: Amplitude of all harmonics together, [batch, n_frames, 1].
        harm_dist: Weight of each harmonic, [batch, n_frames, n_harmonics].
        f0_hz: Pitch in Hz, [batch, n_frames, 1].
        sample_rate: Samples per second.

    Returns:
        Amplitudes, and frequencies in Hz, [batch, n_frames, n_harmonics] each. The
        amplitudes add up to harm_amp; harmonics at or above half the sample rate are
        silent.

    Example:
        >>> amplitudes, frequencies = harmonic_to_sinusoidal(
        ...     tf.constant([[[2.0]]]), tf.constant([[[0.5, 0.3, 0.2]]]),
        ...     tf.constant([[[3000.0]]]))
        >>> amplitudes.numpy().tolist(), frequencies.numpy().tolist()
        ([[[1.25, 0.75, 0.0]]], [[[3000.0, 6000.0, 9000.0]]])
    """
    shares = normalize_harmonics(tf_float32(harm_dist), f0_hz, sample_rate)
    frequencies = get_harmonic_frequencies(f0_hz, int(shares.shape[-1]))
    return tf_float32(harm_amp) * shares, frequencies

"""Mean distances of magnitudes and of their logarithms, with the gradient written out.

The terms of the paper's loss. Everything is computed from the powers of the bins:
|log a - log b| is half the distance of the logarithms of the powers, and the adjoint of
the transform takes the gradient from the bins straight back to the samples.
"""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from ddsp.core.convolution import get_fft_size, overlap_and_add
from ddsp.core.tensors import prevent_gradient

# What magnitudes of zero become under the logarithm (1e-5), squared; and the least
# power whose reciprocal is finite.
_SILENCE, _LEAST = 1e-10, 1e-36


def powers(audio: tf.Tensor, sizes: Sequence[int]) -> list[tf.Tensor]:
    """Power spectrograms of several resolutions.

    Windows overlap by 3/4 and are filled with silence at the end, as in
    `spectral_ops.compute_mag`.

    Args:
        audio: Sound, [batch, n_samples].
        sizes: Window sizes in samples, multiples of 4. Transforms have the next power
            of two.

    Returns:
        Power of each bin, [batch, n_frames, n_bins] for each size.
    """
    found: list[tf.Tensor] = []
    for size in sizes:
        # One after the other, so that only one spectrum at a time takes memory.
        with tf.control_dependencies(found):
            found.append(_power(_spectrum(tf.identity(audio), size)))
    return found


def magnitude_distance(
    target_power: tf.Tensor,
    audio: tf.Tensor,
    size: int,
    mag_weight: float,
    logmag_weight: float,
) -> tf.Tensor:
    """Weighted sum of the mean L1 distances of two magnitude spectrograms.

    Args:
        target_power: Of the sound to be matched, see `powers`.
        audio: Sound, [batch, n_samples].
        size: Window size in samples, a multiple of 4.
        mag_weight: Weight of the distance of magnitudes.
        logmag_weight: Weight of the distance of their natural logarithms, where
            magnitudes of zero count as 1e-5.

    Returns:
        Scalar.
    """

    @tf.custom_gradient
    def distance(
        audio: tf.Tensor, target_power: tf.Tensor
    ) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]]:
        spectrum = _spectrum(audio, size)
        power = _power(spectrum)
        difference = tf.sqrt(power) - tf.sqrt(target_power)
        total = mag_weight * tf.reduce_mean(tf.abs(difference))
        # What multiplies each bin in the gradient; pruned where there is none.
        share = 1.0 / tf.cast(tf.size(power), tf.float32)
        up = share * mag_weight * tf.sign(difference)
        up_log = tf.zeros_like(up)
        if logmag_weight > 0:
            ratio = tf.math.log(_above_silence(power) / _above_silence(target_power))
            total += 0.5 * logmag_weight * tf.reduce_mean(tf.abs(ratio))
            up_log = share * logmag_weight * tf.sign(ratio)
        slope = _slope(power, up, up_log)

        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            by_audio = _adjoint(spectrum, upstream * slope, size, tf.shape(audio)[-1])
            by_target = -0.5 * upstream * _slope(target_power, up, up_log)
            return prevent_gradient(by_audio), prevent_gradient(by_target)

        return total, gradient

    return distance(audio, target_power)


def _spectrum(audio: tf.Tensor, size: int) -> tf.Tensor:
    """Short-time Fourier transform, complex64, [batch, n_frames, n_bins]."""
    return tf.signal.stft(
        audio, size, size // 4, fft_length=get_fft_size(size, 1), pad_end=True
    )


def _power(spectrum: tf.Tensor) -> tf.Tensor:
    return tf.math.real(spectrum) ** 2 + tf.math.imag(spectrum) ** 2


def _above_silence(power: tf.Tensor) -> tf.Tensor:
    return tf.where(power <= 0.0, _SILENCE, tf.maximum(power, _LEAST))


def _slope(power: tf.Tensor, up: tf.Tensor, up_log: tf.Tensor) -> tf.Tensor:
    """Gradient of both terms with respect to half the power; finite for silence."""
    safe = tf.maximum(power, _LEAST)
    return tf.where(power <= 0.0, 0.0, (up * tf.sqrt(safe) + up_log) / safe)


def _adjoint(
    spectrum: tf.Tensor, factors: tf.Tensor, size: int, n_samples: tf.Tensor
) -> tf.Tensor:
    """From gradients `factors * spectrum` of the bins to those of the samples."""
    # The inverse transform divides by the size and counts all bins twice but the ends.
    fft_size = get_fft_size(size, 1)
    scale = np.full(fft_size // 2 + 1, fft_size / 2.0, np.float32)
    scale[[0, -1]] = fft_size
    factors *= scale
    real, imaginary = tf.math.real(spectrum), tf.math.imag(spectrum)
    bins = tf.complex(factors * real, factors * imaginary)
    # What lies behind the window was filled up with silence.
    frames = tf.signal.irfft(bins, [fft_size])[..., :size]
    frames *= tf.signal.hann_window(size)
    samples = overlap_and_add(frames, size // 4)
    return tf.slice(samples, [0, 0], [tf.shape(samples)[0], n_samples])

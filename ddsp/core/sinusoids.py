"""Sinusoids from controls at frame rate."""

import gin
import tensorflow as tf

from ddsp.core import sinusoid_frames
from ddsp.core.frame_fades import cross_fade
from ddsp.core.oscillators import oscillator_bank
from ddsp.core.resampling import resample
from ddsp.core.tensors import tf_float32


@gin.register(module="ddsp.core")
def sinusoidal_synthesis(
    frequencies: tf.Tensor,
    amplitudes: tf.Tensor,
    n_samples: int = 64000,
    sample_rate: int = 16000,
    amp_resample_method: str = "window",
) -> tf.Tensor:
    """Plays sinusoids, each with a frequency and an amplitude of its own.

    Frequencies move linearly between frames, amplitudes by amp_resample_method; the
    last frame is held. Sinusoids are silent while they are at or above half the sample
    rate. Where n_samples is a multiple of n_frames and amplitudes move by 'window' or
    'linear', memory grows with n_samples alone.

    Args:
        frequencies: Frequencies in Hz, [batch, n_frames, n_sinusoids].
        amplitudes: Amplitudes, [batch, n_frames, n_sinusoids]; one for all sinusoids,
            and one example for all, may be broadcast, here and above.
        n_samples: Length of the sound.
        sample_rate: Samples per second.
        amp_resample_method: 'window', 'linear', 'cubic' or 'nearest'.

    Returns:
        Audio, [batch, n_samples].

    Raises:
        ValueError: If amp_resample_method is unknown, or is 'window' and n_samples is
            not a multiple of n_frames.

    Example:
        >>> hz, loud = tf.fill([1, 2, 1], 4000.0), tf.ones([1, 2, 1])
        >>> audio = sinusoidal_synthesis(hz, loud, n_samples=8)
        >>> [round(float(x), 3) + 0.0 for x in audio[0]]
        [1.0, 0.0, -1.0, 0.0, 1.0, 0.0, -1.0, 0.0]
    """
    frequencies, amplitudes = tf_float32(frequencies), tf_float32(amplitudes)
    fade = cross_fade(frequencies, amplitudes, n_samples, amp_resample_method)
    if fade is None:
        return oscillator_bank(
            resample(frequencies, n_samples),
            resample(amplitudes, n_samples, method=amp_resample_method),
            sample_rate=sample_rate,
        )
    # Spread out here, where the gradient of what is shared is summed up again.
    frequencies += tf.zeros_like(amplitudes[:, :1])
    amplitudes += tf.zeros_like(frequencies[:, :1])
    return sinusoid_frames.synthesize(frequencies, amplitudes, fade, sample_rate)

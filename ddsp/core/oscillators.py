"""Banks of sinusoidal oscillators with envelopes given for every sample."""

import gin
import numpy as np
import tensorflow as tf

from ddsp.core import phase as exact_phase
from ddsp.core.tensors import tf_float32

_TAU = 2.0 * np.pi


@gin.configurable(module="ddsp.core")
def angular_cumsum(angular_frequency: tf.Tensor, chunk_size: int = 1000) -> tf.Tensor:
    """Sums angular frequencies to a phase in chunks, so that rounding stays small.

    Kept for callers of the original; the oscillators of this library accumulate in
    exact arithmetic and do not need it.

    Args:
        angular_frequency: Radians per sample, [batch, n_samples] or
            [batch, n_samples, ...].
        chunk_size: Samples per chunk. Each chunk starts from a wrapped offset.

    Returns:
        Phase in radians, in [0, 2 pi), same shape. Inclusive: the first phase is the
        first frequency.

    Raises:
        ValueError: If the input has no time axis.
    """
    rank = angular_frequency.shape.rank
    if rank is None or rank < 2:
        raise ValueError(
            "angular_frequency must be [batch, n_samples, ...]. "
            f"Got rank={rank}; add a batch axis."
        )
    if angular_frequency.dtype.size < 4:  # Half precision has no room for a phase.
        angular_frequency = tf_float32(angular_frequency)
    n_samples = tf.shape(angular_frequency)[1]
    padding = [[0, 0], [0, -n_samples % chunk_size]] + [[0, 0]] * (rank - 2)
    padded = tf.pad(angular_frequency, padding)
    shape = tf.shape(padded)
    chunks = tf.reshape(
        padded, tf.concat([shape[:1], [-1, chunk_size], shape[2:]], axis=0)
    )
    phase = tf.cumsum(chunks, axis=2)
    offsets = tf.cumsum(phase[:, :, -1:] % _TAU, axis=1, exclusive=True) % _TAU
    wrapped = tf.reshape((phase + offsets) % _TAU, shape)[:, :n_samples]
    return tf.ensure_shape(wrapped, angular_frequency.shape)


def remove_above_nyquist(
    frequency_envelopes: tf.Tensor,
    amplitude_envelopes: tf.Tensor,
    sample_rate: int = 16000,
) -> tf.Tensor:
    """Silences every sinusoid that cannot be represented at the sample rate.

    Args:
        frequency_envelopes: Frequencies in Hz, any shape. Negative ones are kept.
        amplitude_envelopes: Amplitudes, broadcast against the frequencies.
        sample_rate: Samples per second.

    Returns:
        Amplitudes, zero where the frequency is at or above sample_rate / 2.
    """
    frequencies = tf_float32(frequency_envelopes)
    amplitudes = tf_float32(amplitude_envelopes)
    return tf.where(
        frequencies >= sample_rate / 2.0, tf.zeros_like(amplitudes), amplitudes
    )


@gin.configurable(module="ddsp.core")
def oscillator_bank(
    frequency_envelopes: tf.Tensor,
    amplitude_envelopes: tf.Tensor,
    sample_rate: int = 16000,
    sum_sinusoids: bool = True,
    use_angular_cumsum: bool = False,
) -> tf.Tensor:
    """Plays sines from frequency and amplitude envelopes at sample rate.

    Args:
        frequency_envelopes: Frequencies in Hz, [batch, n_samples, n_sinusoids].
            Sinusoids at or above half the sample rate are silent.
        amplitude_envelopes: Amplitudes, [batch, n_samples, n_sinusoids].
        sample_rate: Samples per second.
        sum_sinusoids: Whether to add the sinusoids up.
        use_angular_cumsum: Accepted for the original's callers; without effect, since
            phase is always accumulated exactly.

    Returns:
        Audio, [batch, n_samples], or [batch, n_samples, n_sinusoids] if not summed. The
        first sample has the phase of one step, not zero.
    """
    del use_angular_cumsum
    frequencies = tf_float32(frequency_envelopes)
    amplitudes = remove_above_nyquist(frequencies, amplitude_envelopes, sample_rate)
    cycles = exact_phase.sample_phases(frequencies, np.array([1]), sample_rate)
    sinusoids = amplitudes * tf.sin(_TAU * cycles)
    return tf.reduce_sum(sinusoids, axis=-1) if sum_sinusoids else sinusoids


@gin.configurable(module="ddsp.core")
def harmonic_oscillator_bank(
    frequency: tf.Tensor,
    amplitude_envelopes: tf.Tensor,
    initial_phase: tf.Tensor | None = None,
    sample_rate: int = 16000,
    use_angular_cumsum: bool = True,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Plays the harmonics of one fundamental and says at which phase it stopped.

    Harmonics above half the sample rate are not removed.

    Args:
        frequency: Fundamental in Hz, [batch, n_samples, 1].
        amplitude_envelopes: Amplitude of each harmonic, [batch, n_samples,
            n_harmonics].
        initial_phase: Phase before the first sample in radians, [batch, 1, 1]. Zero if
            None.
        sample_rate: Samples per second.
        use_angular_cumsum: Accepted for the original's callers; without effect, since
            phase is always accumulated exactly.

    Returns:
        Audio, [batch, n_samples], and the phase of the last sample in radians, in
        [0, 2 pi], [batch, 1, 1]: the initial phase of the block that follows.
    """
    del use_angular_cumsum
    frequency = tf_float32(frequency)
    amplitudes = tf_float32(amplitude_envelopes)
    initial = 0.0 if initial_phase is None else tf_float32(initial_phase)
    numbers = np.arange(1, amplitudes.shape[-1] + 1)
    cycles = exact_phase.sample_phases(frequency, numbers, sample_rate, initial)
    audio = tf.reduce_sum(amplitudes * tf.sin(_TAU * cycles), axis=-1)
    return audio, (_TAU * cycles[:, -1:, :1]) % _TAU

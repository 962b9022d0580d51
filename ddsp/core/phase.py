"""Phase of oscillators in exact integer arithmetic.

A float32 running sum of frequencies loses the pitch of a long note (13 dB signal to
error after four seconds of 100 harmonics). Here frequencies become fixed-point integers
of 2^-47 cycles, sums are exact, integer overflow is the modulo, and harmonic k is the
integer product k * phase: nothing drifts, whatever the length. Only the last step, the
fraction of a cycle handed to sine and cosine, is float32.

int64 is used because it exists on CPU, GPU and (through XLA) TPU, where float64 does
not. The gradients are those of the exact sums, written out because integers carry none.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

_TAU = 2.0 * np.pi
# One cycle is 2^47 units: frequencies up to 65 kHz fit the intermediate products.
_CYCLE_BITS = 47
_UINT32_MAX = np.int64(0xFFFFFFFF)
# Frequencies are held to 2^-20 Hz, which is exact for float32 values from 8 Hz on.
_HZ_BITS = 20
_MAX_HZ = 65535.0


def half_increments(frequency_hz: tf.Tensor, sample_rate: int) -> tf.Tensor:
    """Half the phase advance per sample, as an integer.

    The half keeps the sum over a linear glide an integer (see `frame_phase`).

    Args:
        frequency_hz: Frequencies in Hz, any shape. Clipped to +-65535; NaN becomes 0.
        sample_rate: Samples per second.

    Returns:
        int64 tensor of the same shape, in units of 2^-47 cycles.
    """
    finite = tf.where(tf.math.is_nan(frequency_hz), 0.0, frequency_hz)
    clipped = tf.clip_by_value(finite, -_MAX_HZ, _MAX_HZ)
    # A power of two only moves the exponent: nothing is lost before the cast.
    fixed = tf.cast(tf.round(clipped * float(1 << _HZ_BITS)), tf.int64)
    return fixed * (1 << (_CYCLE_BITS - 1 - _HZ_BITS)) // int(sample_rate)


def _multiples(units: tf.Tensor, numbers: np.ndarray) -> tf.Tensor:
    """Multiples of an integer phase, wrapped to [-0.5, 0.5) cycles in float32.

    The upper 32 bits of the fraction are enough for one more product, whose overflow is
    the modulo; half the width is half the time. Unsigned, because only that overflow is
    defined everywhere, and because TensorFlow keeps int32 products off the GPU.
    """
    top = tf.bitwise.right_shift(units, tf.cast(_CYCLE_BITS - 32, tf.int64))
    fraction = tf.cast(tf.bitwise.bitwise_and(top, _UINT32_MAX), tf.uint32)
    product = fraction * tf.constant(numbers, tf.uint32)
    return tf.cast(tf.bitcast(product, tf.int32), tf.float32) * 2.0**-32


def from_radians(phase: tf.Tensor) -> tf.Tensor:
    """Integer phase of an angle in radians."""
    cycles = phase / _TAU
    cycles -= tf.floor(cycles)
    return tf.cast(tf.round(cycles * float(1 << 24)), tf.int64) * (
        1 << (_CYCLE_BITS - 24)
    )


def _glide(half: tf.Tensor, hop_size: int) -> tf.Tensor:
    """Inclusive phase of every sample, for frequencies gliding from frame to frame."""
    following = tf.concat([half[:, 1:], half[:, -1:]], axis=1)
    # Sum of 2 * (half + (following - half) * j / hop) over j = 0 .. hop - 1.
    totals = (hop_size + 1) * half + (hop_size - 1) * following
    start = tf.cumsum(totals, axis=1, exclusive=True)[..., None]
    sample = tf.range(hop_size, dtype=tf.int64)
    triangle = sample * (sample + 1)
    # (following - half) * triangle / hop, in two parts so that it never overflows.
    slope = (following - half)[..., None]
    quotient, rest = slope // hop_size, slope % hop_size
    bend = quotient * triangle + rest * triangle // hop_size
    return start + 2 * (sample + 1) * half[..., None] + bend


def _glide_gradient(upstream: tf.Tensor, hop_size: int, sample_rate: int) -> tf.Tensor:
    """Adjoint of `_glide`: gradient of phase in cycles with respect to f0 in Hz."""
    sample = tf.range(hop_size, dtype=tf.float32)
    bend = sample * (sample + 1.0) / (2.0 * hop_size)
    weights = tf.stack([tf.ones_like(bend), sample + 1.0 - bend, bend], axis=1)
    sums = tf.tensordot(upstream, weights, axes=1)
    total, own, following = tf.unstack(sums, axis=-1)
    # A frame's advance shifts the phase of every later frame.
    later = tf.cumsum(total, axis=1, exclusive=True, reverse=True)
    own += later * (hop_size + 1) / 2.0
    following += later * (hop_size - 1) / 2.0
    held = tf.pad(following[:, -1:], [[0, 0], [tf.shape(own)[1] - 1, 0]])
    shifted = tf.pad(following[:, :-1], [[0, 0], [1, 0]])
    return (own + shifted + held) / float(sample_rate)


def frame_sines(
    f0_hz: tf.Tensor, numbers: np.ndarray, hop_size: int, sample_rate: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """Sines and cosines of multiples of a pitch curve that is linear between frames.

    Args:
        f0_hz: Pitch at the start of each frame in Hz, [batch, n_frames]. The last frame
            is held.
        numbers: Integer multiples of the fundamental, [n_numbers].
        hop_size: Samples per frame.
        sample_rate: Samples per second.

    Returns:
        Sine and cosine, each [batch, n_frames, n_numbers, hop_size]. The sum of phase
        is inclusive: the first sample has the phase of one step.
    """

    @tf.custom_gradient
    def sines(
        frequency: tf.Tensor,
    ) -> tuple[tuple[tf.Tensor, tf.Tensor], Callable[..., tf.Tensor]]:
        units = _glide(half_increments(frequency, sample_rate), hop_size)
        cycles = _multiples(units[:, :, tf.newaxis], numbers[:, np.newaxis])
        sine, cosine = tf.sin(_TAU * cycles), tf.cos(_TAU * cycles)

        def gradient(by_sine: tf.Tensor, by_cosine: tf.Tensor) -> tf.Tensor:
            # Each is the other's derivative: nothing is computed twice.
            by_phase = by_sine * cosine - by_cosine * sine
            weights = tf.constant(_TAU * numbers[:, np.newaxis], tf.float32)
            along = tf.reduce_sum(by_phase * weights, axis=2)
            return _glide_gradient(along, hop_size, sample_rate)

        return (sine, cosine), gradient

    return sines(f0_hz)


def sample_phases(
    frequency_hz: tf.Tensor,
    numbers: np.ndarray,
    sample_rate: int,
    initial_phase: tf.Tensor | float = 0.0,
) -> tf.Tensor:
    """Phases of multiples of frequencies that are given for every sample.

    Args:
        frequency_hz: Frequencies in Hz, [batch, n_samples, n_sinusoids].
        numbers: Integer multiples, [n_numbers], broadcast against the last axis.
        sample_rate: Samples per second.
        initial_phase: Phase before the first sample in radians, a number or
            [batch, 1, n_sinusoids].

    Returns:
        Phase in cycles, in [-0.5, 0.5), [batch, n_samples, n_sinusoids] where one of
        n_sinusoids and n_numbers is 1 or both agree. The sum is inclusive.
    """

    @tf.custom_gradient
    def phases(
        frequency: tf.Tensor, initial: tf.Tensor
    ) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]]:
        units = tf.cumsum(2 * half_increments(frequency, sample_rate), axis=1)
        units += from_radians(initial)
        cycles = _multiples(units, numbers)

        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            along = upstream * tf.constant(numbers, tf.float32)
            if frequency.shape[-1] == 1:
                along = tf.reduce_sum(along, axis=-1, keepdims=True)
            later = tf.cumsum(along, axis=1, reverse=True)
            start = tf.reduce_sum(along, axis=1, keepdims=True) / _TAU
            if initial.shape.rank == 0:
                start = tf.reduce_sum(start)
            return later / float(sample_rate), start

        return cycles, gradient

    return phases(frequency_hz, tf.convert_to_tensor(initial_phase, tf.float32))

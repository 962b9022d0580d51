"""Phase of oscillators in exact integer arithmetic.

A float32 running sum of frequencies loses the pitch of a long note (13 dB signal to
error after four seconds of 100 harmonics). Here frequencies become fixed-point integers
of 2^-55 cycles, sums are exact, integer overflow is the modulo, and harmonic k is the
integer product k * phase: nothing drifts, whatever the length. Only the last step, the
fraction of a cycle handed to sine and cosine, is float32.

int64 is used because it exists on CPU, GPU and (through XLA) TPU, where float64 does
not. The gradients are those of the exact sums, written out because integers carry none.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from ddsp.core.products import precise_matmul

_TAU = 2.0 * np.pi
# One cycle is 2^55 units. Rounding a frequency to them moves harmonic 100 of a note of
# ten minutes by less than 1e-7 cycles.
_CYCLE_BITS = 55
_UINT32_MAX = np.int64(0xFFFFFFFF)
# Frequencies are held to 2^-34 of the sample rate: at 16 kHz to 2^-20 Hz, which is
# exact for float32 values from 8 Hz on.
_RESOLUTION_BITS = 34
_MAX_HZ = 2.0**22
_DIVISION_BITS = 14
_REST_BITS = 20


def half_increments(frequency_hz: tf.Tensor, sample_rate: int) -> tf.Tensor:
    """Half the phase advance per sample, as an integer.

    The half keeps the sum over a linear glide an integer (see `glides`).

    Args:
        frequency_hz: Frequencies in Hz, any shape. Clipped to +-2^22; NaN becomes 0.
        sample_rate: Samples per second, a whole number.

    Returns:
        int64 tensor of the same shape, in units of 2^-55 cycles.

    Raises:
        ValueError: If sample_rate is not a positive whole number.
    """
    if sample_rate != int(sample_rate) or sample_rate < 1:
        raise ValueError(
            "sample_rate must be a positive whole number. Got "
            f"sample_rate={sample_rate}; scale frequencies and rate alike."
        )
    sample_rate, step = int(sample_rate), 1 << _DIVISION_BITS
    hz_bits = _RESOLUTION_BITS - (sample_rate.bit_length() - 1)
    finite = tf.where(tf.math.is_nan(frequency_hz), 0.0, frequency_hz)
    clipped = tf.clip_by_value(finite, -_MAX_HZ, _MAX_HZ)
    # A power of two only moves the exponent: nothing is lost before the cast.
    fixed = tf.cast(tf.round(clipped * 2.0**hz_bits), tf.int64)
    # Long division in two steps, since the whole numerator does not fit 64 bits.
    numerator = fixed * (1 << (_CYCLE_BITS - 1 - hz_bits - _DIVISION_BITS))
    quotient, rest = numerator // sample_rate, numerator % sample_rate
    return quotient * step + (rest * step + sample_rate // 2) // sample_rate


def multiples(fraction: tf.Tensor, numbers: Any) -> tf.Tensor:
    """Integer multiples of a phase, wrapped.

    32 bits of the fraction are enough for one more product, whose overflow is the
    modulo. Unsigned, because only that overflow is defined everywhere, and because
    TensorFlow keeps int32 products off the GPU.

    Args:
        fraction: Phases from `glide_fractions`, uint32, any shape.
        numbers: Integers that broadcast against them.

    Returns:
        Phase in cycles, in [-0.5, 0.5), float32.
    """
    product = fraction * tf.cast(numbers, tf.uint32)
    return tf.cast(tf.bitcast(product, tf.int32), tf.float32) * 2.0**-32


def _fraction(units: tf.Tensor) -> tf.Tensor:
    """The upper 32 bits of the fraction of a cycle, uint32."""
    top = tf.bitwise.right_shift(units, tf.cast(_CYCLE_BITS - 32, tf.int64))
    return tf.cast(tf.bitwise.bitwise_and(top, _UINT32_MAX), tf.uint32)


def from_radians(phase: tf.Tensor) -> tf.Tensor:
    """Integer phase of an angle in radians."""
    cycles = phase / _TAU
    cycles -= tf.floor(cycles)
    return tf.cast(tf.round(cycles * float(1 << 24)), tf.int64) * (
        1 << (_CYCLE_BITS - 24)
    )


class Glides(NamedTuple):
    """Frames in which the frequency moves linearly to that of the next frame.

    Attributes:
        start: Phase before the first sample.
        half: Half the phase advance of the first sample.
        bend: Change of `half` over the frame, divided by its samples.
        bend_rest: What that division leaves, in 2^-20 units.
    """

    start: tf.Tensor
    half: tf.Tensor
    bend: tf.Tensor
    bend_rest: tf.Tensor


def glides(f0_hz: tf.Tensor, hop_size: int, sample_rate: int) -> Glides:
    """Exact phase of a pitch curve that is linear between frames.

    Args:
        f0_hz: Pitch at the start of each frame in Hz, [batch, n_frames, ...]. The last
            frame is held.
        hop_size: Samples per frame.
        sample_rate: Samples per second.

    Returns:
        int64 tensors [batch, n_frames, ...] for `glide_fractions`.
    """
    half = half_increments(f0_hz, sample_rate)
    following = tf.concat([half[:, 1:], half[:, -1:]], axis=1)
    # Sum of 2 * (half + (following - half) * j / hop) over j = 0 .. hop - 1.
    totals = (hop_size + 1) * half + (hop_size - 1) * following
    slope = following - half
    rest = (slope % hop_size) * (1 << _REST_BITS) // hop_size
    return Glides(
        tf.cumsum(totals, axis=1, exclusive=True), half, slope // hop_size, rest
    )


def glide_fractions(
    frames: Glides, hop_size: int, exclusive: bool = False
) -> tf.Tensor:
    """Phase of every sample of frames.

    Args:
        frames: From `glides`, [...].
        hop_size: Samples per frame.
        exclusive: Whether the first sample has the phase before it; otherwise it is one
            step further.

    Returns:
        Fraction of a cycle in 2^-32 cycles, uint32, [..., hop_size].
    """
    start, half, bend, bend_rest = (x[..., tf.newaxis] for x in frames)
    sample = tf.range(hop_size, dtype=tf.int64) - int(exclusive)
    triangle = sample * (sample + 1)
    rest = tf.bitwise.right_shift(bend_rest * triangle, tf.cast(_REST_BITS, tf.int64))
    return _fraction(start + 2 * (sample + 1) * half + (bend * triangle + rest))


def glide_moments(upstream: tf.Tensor, exclusive: bool = False) -> tf.Tensor:
    """What the adjoint of the sum of phase needs of each frame.

    Args:
        upstream: Gradient with respect to the phase in cycles, [n_rows, hop_size].
        exclusive: As for `glide_fractions`.

    Returns:
        Its sum, and its sums with the phases that one Hz at the start of the frame and
        at the end of it make, [n_rows, 3].
    """
    hop_size = int(upstream.shape[-1])
    sample = np.arange(hop_size) - int(exclusive)
    bend = sample * (sample + 1.0) / (2.0 * hop_size)
    weights = np.stack([np.ones(hop_size), sample + 1.0 - bend, bend], axis=1)
    return precise_matmul(upstream, tf.constant(weights, tf.float32))


def glide_gradient(moments: tf.Tensor, hop_size: int, sample_rate: int) -> tf.Tensor:
    """Adjoint of the sum of phase over gliding frames.

    Args:
        moments: From `glide_moments`, [batch, n_frames, ..., 3].
        hop_size: Samples per frame.
        sample_rate: Samples per second.

    Returns:
        Gradient with respect to the pitch of the frames in Hz, [batch, n_frames, ...].
    """
    total, own, following = tf.unstack(moments, axis=-1)
    # A frame's advance shifts the phase of every later frame.
    later = tf.cumsum(total, axis=1, exclusive=True, reverse=True)
    own += later * (hop_size + 1) / 2.0
    following += later * (hop_size - 1) / 2.0
    return (own + to_next_frame(following)) / float(sample_rate)


def to_next_frame(x: tf.Tensor) -> tf.Tensor:
    """Adjoint of looking one frame ahead, where the last frame is held.

    Args:
        x: Gradient with respect to the following frame, [batch, n_frames, ...].

    Returns:
        Gradient with respect to the frame itself, same shape.
    """
    moved = tf.concat([tf.zeros_like(x[:, :1]), x[:, :-1]], axis=1)
    return tf.concat([moved[:, :-1], moved[:, -1:] + x[:, -1:]], axis=1)


def frame_phases(
    f0_hz: tf.Tensor, hop_size: int, sample_rate: int, exclusive: bool = False
) -> tf.Tensor:
    """Phase of a pitch curve that is linear between frames, the last of which is held.

    Args:
        f0_hz: Pitch at the start of each frame in Hz, [batch, n_frames].
        hop_size: Samples per frame.
        sample_rate: Samples per second.
        exclusive: As for `glide_fractions`.

    Returns:
        Phase in cycles, in [-0.5, 0.5), [batch, n_frames * hop_size].
    """
    n_frames = int(f0_hz.shape[1])

    @tf.custom_gradient
    def phases(
        f0_hz: tf.Tensor,
    ) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        frames = glides(f0_hz, hop_size, sample_rate)
        cycles = multiples(glide_fractions(frames, hop_size, exclusive), 1)

        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            rows = tf.reshape(upstream, [-1, hop_size])
            moments = tf.reshape(glide_moments(rows, exclusive), [-1, n_frames, 3])
            return glide_gradient(moments, hop_size, sample_rate)

        return tf.reshape(cycles, [-1, n_frames * hop_size]), gradient

    return phases(f0_hz)


def sample_phases(
    frequency_hz: tf.Tensor,
    numbers: np.ndarray,
    sample_rate: int,
    initial_phase: tf.Tensor | float = 0.0,
    exclusive: bool = False,
) -> tf.Tensor:
    """Phases of multiples of frequencies that are given for every sample.

    Args:
        frequency_hz: Frequencies in Hz, [batch, n_samples, n_sinusoids].
        numbers: Integer multiples, [n_numbers], broadcast against the last axis.
        sample_rate: Samples per second.
        initial_phase: Phase before the first sample in radians, a number or
            [batch, 1, n_sinusoids] or what broadcasts to it.
        exclusive: Whether the first sample has the initial phase; otherwise it is one
            step further.

    Returns:
        Phase in cycles, in [-0.5, 0.5), [batch, n_samples, n_sinusoids] where one of
        n_sinusoids and n_numbers is 1 or both agree.
    """

    @tf.custom_gradient
    def phases(
        frequency: tf.Tensor, initial: tf.Tensor
    ) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]]:
        steps = 2 * half_increments(frequency, sample_rate)
        units = tf.cumsum(steps, axis=1, exclusive=exclusive)
        units += from_radians(initial)
        cycles = multiples(_fraction(units), numbers)

        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            along = upstream * tf.constant(numbers, tf.float32)
            if frequency.shape[-1] == 1:
                along = tf.reduce_sum(along, axis=-1, keepdims=True)
            later = tf.cumsum(along, axis=1, exclusive=exclusive, reverse=True)
            start = tf.reduce_sum(along, axis=1, keepdims=True) / _TAU
            return later / float(sample_rate), start

        return cycles, gradient

    # Shared starts are spread out here, where their gradient is summed up again.
    start = tf.zeros_like(frequency_hz[:, :1]) + initial_phase
    return phases(frequency_hz + tf.zeros_like(start), start)

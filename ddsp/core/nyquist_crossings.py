"""Harmonics that cross half the sample rate within a frame.

A harmonic is silent in exactly those samples in which it is at or above half the sample
rate. Most harmonics are on one side for a whole frame, which is a matter of their
amplitudes. The few that cross are taken back here, one (frame, harmonic) pair at a
time: pairs are numbered through, so that any number of them is worked off in chunks of
one size, and the work is as large as the number of crossings.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from ddsp.core import phase
from ddsp.core.chunks import rows_per_chunk
from ddsp.core.frame_fades import straight_line


class Gate(NamedTuple):
    """How many harmonics of each frame are audible, one row per frame.

    Attributes:
        f0_hz: Pitch of the first sample, [n_rows].
        glide_hz: Change of pitch to the next frame, [n_rows].
        n_always: Harmonics audible in all samples, [n_rows], int32.
        n_ever: Harmonics audible in at least one sample, [n_rows], int32.
        nyquist_hz: Half the sample rate.
    """

    f0_hz: tf.Tensor
    glide_hz: tf.Tensor
    n_always: tf.Tensor
    n_ever: tf.Tensor
    nyquist_hz: float


class _Pairs(NamedTuple):
    """Some crossings: harmonic `number` in frame `row`.

    Attributes:
        row: [n_pairs], int32.
        number: [n_pairs], int32, from 1.
        gain: Amplitude taken back in each sample, [n_pairs, hop].
        silent: 1 where the harmonic is silent, [n_pairs, hop].
        radians: Its phase, [n_pairs, hop].
    """

    row: tf.Tensor
    number: tf.Tensor
    gain: tf.Tensor
    silent: tf.Tensor
    radians: tf.Tensor


def gate(
    start_hz: tf.Tensor,
    end_hz: tf.Tensor,
    n_harmonics: int,
    hop_size: int,
    nyquist_hz: float,
) -> Gate:
    """Counts the audible harmonics of frames in which pitch moves linearly.

    Args:
        start_hz: Pitch of the first sample of each frame in Hz, [n_rows].
        end_hz: Pitch of the first sample behind it, [n_rows].
        n_harmonics: How many harmonics there are.
        hop_size: Samples per frame.
        nyquist_hz: Half the sample rate, or infinity to let all harmonics pass.

    Returns:
        The counts.
    """
    start, end = (tf.where(tf.math.is_nan(x), 0.0, x) for x in (start_hz, end_hz))
    glide, last = end - start, np.float32((hop_size - 1) / hop_size)
    # Pitch does not turn around within a frame: its ends are its extremes.
    first, final = (
        tf.clip_by_value(_count(f0, nyquist_hz), 0.0, float(n_harmonics))
        for f0 in (start, start + glide * last)
    )
    always, ever = tf.minimum(first, final), tf.maximum(first, final)
    return Gate(
        start, glide, tf.cast(always, tf.int32), tf.cast(ever, tf.int32), nyquist_hz
    )


def _count(f0_hz: tf.Tensor, nyquist_hz: float) -> tf.Tensor:
    """How many harmonics of a pitch lie below half the sample rate."""
    # Below a millihertz every harmonic is audible, and the quotient stays finite.
    return tf.math.ceil(nyquist_hz / tf.maximum(f0_hz, 1e-3)) - 1.0


def audible(counts: Gate, n_harmonics: int) -> tf.Tensor:
    """1 for harmonics that are audible somewhere in a frame, [n_rows, n_harmonics]."""
    numbers = tf.range(1, n_harmonics + 1)
    return tf.cast(numbers <= counts.n_ever[:, tf.newaxis], tf.float32)


def silence(audio: tf.Tensor, counts: Gate, frames: Any, fade: np.ndarray) -> tf.Tensor:
    """Takes out of the sound what is above half the sample rate.

    Args:
        audio: Sum of the harmonics that are audible somewhere, [n_rows, hop].
        counts: From `gate`.
        frames: `glides`, and amplitudes at the `start` and the `end`, [n_rows, ...].
        fade: Cross-fade from start to end, [hop].

    Returns:
        Audio, [n_rows, hop].
    """

    def subtract(pairs: _Pairs, audio: tf.Tensor) -> tuple[tf.Tensor]:
        return (_add(audio, pairs.row, -pairs.gain * tf.sin(pairs.radians)),)

    return _for_all_pairs(subtract, (audio,), counts, frames, fade)[0]


def silence_gradients(
    gradients: tuple[tf.Tensor, tf.Tensor, tf.Tensor],
    upstream: tf.Tensor,
    counts: Gate,
    frames: Any,
    fade: np.ndarray,
) -> tuple[tf.Tensor, ...]:
    """Takes the same out of the gradients.

    Args:
        gradients: With respect to the phase, [n_rows, hop], and to the amplitudes at
            start and end, [n_rows, n_harmonics].
        upstream: Gradient with respect to the audio, [n_rows, hop].
        counts: From `gate`.
        frames: As for `silence`.
        fade: Cross-fade from start to end, [hop].

    Returns:
        The gradients.
    """

    def subtract(
        pairs: _Pairs, by_phase: tf.Tensor, by_start: tf.Tensor, by_end: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        above = tf.gather(upstream, pairs.row) * pairs.silent
        slope = tf.cast(pairs.number, tf.float32)[:, tf.newaxis] * pairs.gain
        wave = above * tf.sin(pairs.radians)
        at = tf.stack([pairs.row, pairs.number - 1], axis=1)
        by_change = tf.reduce_sum(wave * fade, axis=1)
        by_both = tf.reduce_sum(wave, axis=1)
        return (
            _add(by_phase, pairs.row, -above * slope * tf.cos(pairs.radians)),
            tf.tensor_scatter_nd_sub(by_start, at, by_both - by_change),
            tf.tensor_scatter_nd_sub(by_end, at, by_change),
        )

    return _for_all_pairs(subtract, gradients, counts, frames, fade)


def _add(rows: tf.Tensor, row: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    return tf.tensor_scatter_nd_add(rows, row[:, tf.newaxis], values)


def _for_all_pairs(
    step: Callable[..., tuple[tf.Tensor, ...]],
    totals: tuple[tf.Tensor, ...],
    counts: Gate,
    frames: Any,
    fade: np.ndarray,
) -> tuple[tf.Tensor, ...]:
    """Applies a step to all crossings, chunk by chunk."""
    chunk_size = rows_per_chunk(len(fade))
    last_of_row = tf.cumsum(counts.n_ever - counts.n_always)
    n_pairs = tf.reduce_sum(counts.n_ever - counts.n_always)

    def body(first: tf.Tensor, *totals: tf.Tensor) -> tuple[tf.Tensor, ...]:
        index = first + tf.range(chunk_size)
        pairs = _pairs(index, n_pairs, last_of_row, counts, frames, fade)
        return first + chunk_size, *step(pairs, *totals)

    return tf.while_loop(
        lambda first, *_: first < n_pairs,
        body,
        (tf.constant(0), *totals),
        parallel_iterations=1,
    )[1:]


def _pairs(
    index: tf.Tensor,
    n_pairs: tf.Tensor,
    last_of_row: tf.Tensor,
    counts: Gate,
    frames: Any,
    fade: np.ndarray,
) -> _Pairs:
    """The crossings of given numbers; beyond the last one they have no gain."""
    exists = tf.cast(index < n_pairs, tf.float32)
    row = tf.searchsorted(last_of_row, index, side="right")
    row = tf.minimum(row, tf.size(last_of_row) - 1)
    # The last pair of a row is its highest harmonic that is ever audible.
    number = tf.gather(counts.n_ever, row) - (tf.gather(last_of_row, row) - 1 - index)
    number = tf.clip_by_value(number, 1, int(frames.start.shape[-1]))
    at = tf.stack([row, number - 1], axis=1)
    start, end = (
        (exists * tf.gather_nd(x, at))[:, tf.newaxis]
        for x in (frames.start, frames.end)
    )
    position = straight_line(len(fade))
    start_hz, glide_hz = (
        tf.gather(x, row)[:, tf.newaxis] for x in (counts.f0_hz, counts.glide_hz)
    )
    n_audible = _count(start_hz + glide_hz * position, counts.nyquist_hz)
    is_above = tf.cast(number, tf.float32)[:, tf.newaxis] > n_audible
    silent = tf.cast(is_above, tf.float32) * exists[:, tf.newaxis]
    glides = phase.Glides(*(tf.gather(x, row) for x in frames.glides))
    fraction = phase.glide_fractions(glides, len(fade))
    radians = (2.0 * np.pi) * phase.multiples(fraction, number[:, tf.newaxis])
    return _Pairs(row, number, silent * (start + (end - start) * fade), silent, radians)

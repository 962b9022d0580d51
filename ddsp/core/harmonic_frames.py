"""The lean form of harmonic synthesis: frame by frame, by angle addition.

Harmonic k = p + P q, with p = 1 .. P and q = 0 .. Q - 1, is split by
sin(k phi) = sin(p phi) cos(P q phi) + cos(p phi) sin(P q phi). Within a frame the
amplitudes of both its ends are constant, so the sum over p is a small matrix product
and 2 (P + Q) sines per sample serve P Q harmonics. The frames are worked through in
chunks, forward and backward, and the backward pass computes its sines anew: nothing of
the size [batch, n_samples, n_harmonics] exists, nor of [batch, n_samples, P].

The gradient is written out. With the phase it is again a sum of harmonics, of the
cosines and of the amplitudes k a_k.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ddsp.core import nyquist_crossings, phase
from ddsp.core.chunks import map_rows, merge_frames, rows_per_chunk
from ddsp.core.products import precise_matmul
from ddsp.core.tensors import prevent_gradient


class _Frames(NamedTuple):
    """What a frame needs, where a row is a frame of an example.

    Attributes:
        glides: Phase, [n_rows].
        start: Amplitudes at the start, [n_rows, n_harmonics].
        end: Amplitudes at the end, [n_rows, n_harmonics].
        audible: 1 for harmonics that are heard somewhere, [n_rows, n_harmonics].
    """

    glides: phase.Glides
    start: tf.Tensor
    end: tf.Tensor
    audible: tf.Tensor


class _Waves(NamedTuple):
    """Sines and cosines of p phi, [n_rows, P, hop], and P q phi, [n_rows, Q, hop].

    The former come twice, the second time multiplied by the cross-fade, as
    [n_rows, 2 P, hop].
    """

    inner_sine: tf.Tensor
    inner_cosine: tf.Tensor
    outer_sine: tf.Tensor
    outer_cosine: tf.Tensor


def synthesize(
    frequencies: tf.Tensor,
    amplitudes: tf.Tensor,
    fade: np.ndarray,
    sample_rate: int,
    initial_phase: tf.Tensor | None = None,
    includes_next_frame: bool = False,
    gated: bool = True,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Plays harmonics whose amplitudes cross-fade from frame to frame.

    Args:
        frequencies: Fundamental in Hz, [batch, n_frames, 1], linear between frames.
        amplitudes: Amplitude of each harmonic, [batch, n_frames, n_harmonics].
        fade: Weight of the following frame's amplitude, [hop_size].
        sample_rate: Samples per second.
        initial_phase: Phase before the first sample in radians, [batch, 1, 1]. Zero if
            None.
        includes_next_frame: Whether the last frame is only the end of the one before.
            Otherwise it is held.
        gated: Whether harmonics are silent while at or above half the sample rate.

    Returns:
        Audio, [batch, n_played_frames * hop_size], and the phase of its last sample in
        radians, in [0, 2 pi), [batch, 1, 1], without a gradient.
    """
    n_played, hop_size = int(frequencies.shape[1]) - includes_next_frame, len(fade)
    nyquist_hz = sample_rate / 2.0 if gated else np.inf
    if initial_phase is None:
        initial_phase = tf.zeros_like(frequencies[:, :1])
    start = initial_phase[..., 0] + tf.zeros_like(frequencies[:, 0])

    @tf.custom_gradient
    def play(
        f0_hz: tf.Tensor, amplitudes: tf.Tensor, start: tf.Tensor
    ) -> tuple[tuple[tf.Tensor, tf.Tensor], Callable[..., tuple[tf.Tensor, ...]]]:
        n_harmonics = int(amplitudes.shape[-1])
        gate = nyquist_crossings.gate(
            *_ends(f0_hz, n_played), n_harmonics, hop_size, nyquist_hz
        )
        glides = phase.glides(f0_hz, hop_size, sample_rate)
        glides = glides._replace(start=glides.start + phase.from_radians(start))
        audible = nyquist_crossings.audible(gate, n_harmonics)
        starts, ends = _ends(amplitudes, n_played)
        frames = _Frames(
            phase.Glides(*(merge_frames(x[:, :n_played]) for x in glides)),
            audible * starts,
            audible * ends,
            audible,
        )
        audio = nyquist_crossings.silence(_sums(frames, fade), gate, frames, fade)
        last_frames = phase.Glides(*(x[:, n_played - 1] for x in glides))
        last = phase.glide_fractions(last_frames, hop_size)[:, -1]

        def gradient(
            upstream: tf.Tensor, unused_by_last: tf.Tensor
        ) -> tuple[tf.Tensor, ...]:
            del unused_by_last
            rows = tf.reshape(upstream, [-1, hop_size])
            by_phase, by_start, by_end = _all_gradients(frames, rows, gate, fade)
            moments = phase.glide_moments(2.0 * np.pi * by_phase)
            # What is not played has no gradient.
            moments, by_own, by_next = (
                tf.pad(
                    tf.reshape(x, [-1, n_played, x.shape[-1]]),
                    [[0, 0], [0, int(includes_next_frame)], [0, 0]],
                )
                for x in (moments, by_start, by_end)
            )
            by_f0 = phase.glide_gradient(moments, hop_size, sample_rate)
            by_amplitudes = by_own + phase.to_next_frame(by_next)
            by_initial = tf.reduce_sum(moments[..., 0], axis=1, keepdims=True)
            found = by_f0, by_amplitudes, by_initial / (2.0 * np.pi)
            return tuple(map(prevent_gradient, found))

        return (tf.reshape(audio, [-1, n_played * hop_size]), last), gradient

    audio, last = play(frequencies[..., 0], amplitudes, start)
    radians = (2.0 * np.pi) * (phase.multiples(last, 1) % 1.0)
    return audio, tf.stop_gradient(radians)[:, tf.newaxis, tf.newaxis]


def _ends(x: tf.Tensor, n_played: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Values at the start and at the end of each frame, [batch * n_played, ...]."""
    following = tf.concat([x[:, 1:], x[:, -1:]], axis=1)
    return merge_frames(x[:, :n_played]), merge_frames(following[:, :n_played])


def _sums(frames: _Frames, fade: np.ndarray) -> tf.Tensor:
    """Sum of all harmonics, [n_rows, hop], chunk by chunk."""
    chunk_size = rows_per_chunk(len(fade))
    return map_rows(lambda x: _sum(x, fade), frames, 1, chunk_size)[0]


def _all_gradients(
    frames: _Frames,
    upstream: tf.Tensor,
    gate: nyquist_crossings.Gate,
    fade: np.ndarray,
) -> tuple[tf.Tensor, ...]:
    """Gradients with respect to the phase, [n_rows, hop], and to both ends."""
    by_phase, by_start, by_end = map_rows(
        lambda x: _gradients(x[0], x[1], fade),
        (frames, upstream),
        3,
        rows_per_chunk(len(fade)),
    )
    gradients = by_phase, frames.audible * by_start, frames.audible * by_end
    return nyquist_crossings.silence_gradients(gradients, upstream, gate, frames, fade)


def _grid(n_harmonics: int) -> tuple[int, int]:
    """P and Q for a number of harmonics."""
    n_inner = max(1, math.isqrt(n_harmonics - 1) + 1)
    return n_inner, -(-n_harmonics // n_inner)


def _waves(frames: _Frames, fade: np.ndarray) -> _Waves:
    """All sines and cosines of some frames."""
    n_inner, n_outer = _grid(int(frames.start.shape[-1]))
    numbers = np.concatenate([np.arange(1, n_inner + 1), n_inner * np.arange(n_outer)])
    fraction = phase.glide_fractions(frames.glides, len(fade))[:, tf.newaxis]
    radians = (2.0 * np.pi) * phase.multiples(fraction, numbers[:, np.newaxis])
    sine, cosine = tf.sin(radians), tf.cos(radians)
    inner_sine, inner_cosine = (
        tf.concat([x, x * fade], axis=1)
        for x in (sine[:, :n_inner], cosine[:, :n_inner])
    )
    return _Waves(inner_sine, inner_cosine, sine[:, n_inner:], cosine[:, n_inner:])


def _blocks(start: tf.Tensor, end: tf.Tensor) -> tf.Tensor:
    """Amplitudes at the start and their change, [n_rows, Q, 2 P]."""
    n_harmonics = int(start.shape[-1])
    n_inner, n_outer = _grid(n_harmonics)
    padding = [[0, 0], [0, n_inner * n_outer - n_harmonics]]
    start, change = (
        tf.reshape(tf.pad(x, padding), [-1, n_outer, n_inner])
        for x in (start, end - start)
    )
    return tf.concat([start, change], axis=2)


def _sum(frames: _Frames, fade: np.ndarray) -> tuple[tf.Tensor]:
    """Sum of all harmonics of some frames, [n_rows, hop]."""
    waves, blocks = _waves(frames, fade), _blocks(frames.start, frames.end)
    by_block = precise_matmul(blocks, waves.inner_sine) * waves.outer_cosine
    by_block += precise_matmul(blocks, waves.inner_cosine) * waves.outer_sine
    return (tf.reduce_sum(by_block, axis=1),)


def _gradients(
    frames: _Frames, upstream: tf.Tensor, fade: np.ndarray
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Gradient with respect to the phase, [n_rows, hop], and to both ends."""
    n_harmonics = int(frames.start.shape[-1])
    waves = _waves(frames, fade)
    numbers = tf.range(1, n_harmonics + 1, dtype=tf.float32)
    blocks = _blocks(numbers * frames.start, numbers * frames.end)
    slope = precise_matmul(blocks, waves.inner_cosine) * waves.outer_cosine
    slope -= precise_matmul(blocks, waves.inner_sine) * waves.outer_sine
    by_phase = upstream * tf.reduce_sum(slope, axis=1)
    upstream = upstream[:, tf.newaxis]
    sine, cosine = (tf.linalg.matrix_transpose(x) for x in waves[:2])
    by_blocks = precise_matmul(upstream * waves.outer_cosine, sine)
    by_blocks += precise_matmul(upstream * waves.outer_sine, cosine)
    by_start, by_change = tf.split(by_blocks, 2, axis=2)
    n_padded = int(by_start.shape[1]) * int(by_start.shape[2])
    by_start, by_change = (
        tf.reshape(x, [-1, n_padded])[:, :n_harmonics] for x in (by_start, by_change)
    )
    return by_phase, by_start - by_change, by_change

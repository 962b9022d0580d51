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
from ddsp.core.chunks import map_rows, rows_per_chunk
from ddsp.core.products import precise_matmul


class _Frames(NamedTuple):
    """What a frame needs, [n_rows, ...] each, where a row is a frame of an example."""

    glides: phase.Glides
    start: tf.Tensor
    end: tf.Tensor


class _Waves(NamedTuple):
    """Sines and cosines of p phi, [n_rows, P, hop], and P q phi, [n_rows, Q, hop].

    The former come twice, the second time multiplied by the cross-fade, as
    [n_rows, 2 P, hop].
    """

    inner_sine: tf.Tensor
    inner_cosine: tf.Tensor
    outer_sine: tf.Tensor
    outer_cosine: tf.Tensor


def applies(
    frequencies: tf.Tensor, amplitudes: tf.Tensor, n_samples: int, method: str
) -> bool:
    """Whether the controls fit this form: whole samples per frame, a cross-fade."""
    n_frames = frequencies.shape[1]
    return (
        method in ("window", "linear")
        and n_frames is not None
        and n_frames == amplitudes.shape[1]
        and n_samples % n_frames == 0
        and n_samples > n_frames + 1
    )


def synthesize(
    frequencies: tf.Tensor,
    amplitudes: tf.Tensor,
    n_samples: int,
    sample_rate: int,
    method: str,
) -> tf.Tensor:
    """Plays harmonics whose amplitudes cross-fade from frame to frame.

    Args:
        frequencies: Fundamental in Hz, [batch, n_frames, 1]; n_frames divides
            n_samples.
        amplitudes: Amplitude of each harmonic, [batch, n_frames, n_harmonics].
        n_samples: Length of the sound.
        sample_rate: Samples per second.
        method: 'window' (raised cosine) or 'linear' cross-fade.

    Returns:
        Audio, [batch, n_samples].
    """
    n_frames, n_harmonics = int(frequencies.shape[1]), int(amplitudes.shape[-1])
    hop_size = n_samples // n_frames
    fade = np.arange(hop_size, dtype=np.float32) / np.float32(hop_size)
    if method == "window":
        fade = np.float32(0.5 - 0.5 * np.cos(np.pi * fade))
    chunk_size = rows_per_chunk(hop_size)

    @tf.custom_gradient
    def play(
        f0_hz: tf.Tensor, amplitudes: tf.Tensor
    ) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]]:
        gate = nyquist_crossings.gate(f0_hz, n_harmonics, hop_size, sample_rate)
        audible = nyquist_crossings.audible(gate, n_harmonics)
        ends = amplitudes, tf.concat([amplitudes[:, 1:], amplitudes[:, -1:]], axis=1)
        frames = _Frames(
            phase.Glides(*map(_rows, phase.glides(f0_hz, hop_size, sample_rate))),
            *(audible * _rows(x) for x in ends),
        )
        (audio,) = map_rows(lambda x: _sum(x, fade), frames, 1, chunk_size)
        audio = nyquist_crossings.silence(audio, gate, frames, fade)

        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            upstream = tf.reshape(upstream, [-1, hop_size])
            by_phase, *by_ends = map_rows(
                lambda x: _gradients(x[0], x[1], fade),
                (frames, upstream),
                3,
                chunk_size,
            )
            by_phase, by_start, by_end = nyquist_crossings.silence_gradients(
                (by_phase, *by_ends), upstream, gate, frames, fade
            )
            shape = [-1, n_frames, n_harmonics]
            by_own = tf.reshape(audible * by_start, shape)
            by_next = tf.reshape(audible * by_end, shape)
            by_cycles = tf.reshape(2.0 * np.pi * by_phase, [-1, n_frames, hop_size])
            by_f0 = phase.glide_gradient(by_cycles, sample_rate)
            return by_f0, by_own + phase.to_next_frame(by_next)

        return tf.reshape(audio, [-1, n_samples]), gradient

    return play(frequencies[..., 0], amplitudes)


def _rows(x: tf.Tensor) -> tf.Tensor:
    """[batch, n_frames, ...] as [batch * n_frames, ...]."""
    return tf.reshape(x, [-1, *x.shape[2:]])


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

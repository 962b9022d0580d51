"""The lean form of sinusoids with a frequency of their own: frame by frame, in chunks.

Every sinusoid has its own exact phase. Sines are computed for a few frames at a time,
summed at once, and computed anew for the gradient, which is written out: nothing of the
size [batch, n_samples, n_sinusoids] exists.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ddsp.core import phase
from ddsp.core.chunks import map_rows, merge_frames, rows_per_chunk
from ddsp.core.frame_fades import straight_line
from ddsp.core.tensors import prevent_gradient

# Sinusoids whose samples fit the cache together.
_SINUSOIDS_PER_CHUNK = 16


class _Frames(NamedTuple):
    """What a frame needs, [n_rows, n_sinusoids] each.

    Attributes:
        glides: Phase.
        hz: Frequency at the start.
        hz_change: Change of frequency over the frame.
        gain: Amplitude at the start.
        gain_change: Change of amplitude over the frame.
    """

    glides: phase.Glides
    hz: tf.Tensor
    hz_change: tf.Tensor
    gain: tf.Tensor
    gain_change: tf.Tensor


def synthesize(
    frequencies: tf.Tensor,
    amplitudes: tf.Tensor,
    fade: np.ndarray,
    sample_rate: int,
) -> tf.Tensor:
    """Plays sinusoids whose amplitudes cross-fade from frame to frame.

    Args:
        frequencies: Frequencies in Hz, [batch, n_frames, n_sinusoids]; linear between
            frames, the last of which is held.
        amplitudes: Amplitudes, the same shape; silent while the frequency is at or
            above half the sample rate.
        fade: Weight of the following frame's amplitude, [hop_size].
        sample_rate: Samples per second.

    Returns:
        Audio, [batch, n_frames * hop_size].
    """
    n_frames, n_sinusoids = frequencies.shape[1:]
    hop_size, nyquist_hz = len(fade), sample_rate / 2.0
    chunk_size = rows_per_chunk(hop_size * -(-n_sinusoids // _SINUSOIDS_PER_CHUNK))

    @tf.custom_gradient
    def play(
        frequencies: tf.Tensor, amplitudes: tf.Tensor
    ) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]]:
        frames = _Frames(
            phase.Glides(
                *map(merge_frames, phase.glides(frequencies, hop_size, sample_rate))
            ),
            *map(merge_frames, _starts_and_changes(frequencies)),
            *map(merge_frames, _starts_and_changes(amplitudes)),
        )
        (audio,) = map_rows(lambda x: _sum(x, fade, nyquist_hz), frames, 1, chunk_size)

        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            rows = frames, tf.reshape(upstream, [-1, hop_size])
            found = map_rows(
                lambda x: _gradients(x[0], x[1], fade, nyquist_hz), rows, 3, chunk_size
            )
            shape = [-1, n_frames, n_sinusoids]
            by_start, by_end = (tf.reshape(x, shape) for x in found[1:])
            by_hz = phase.glide_gradient(
                tf.reshape(found[0], [*shape, 3]), hop_size, sample_rate
            )
            by_amplitudes = by_start + phase.to_next_frame(by_end)
            return prevent_gradient(by_hz), prevent_gradient(by_amplitudes)

        return tf.reshape(audio, [-1, n_frames * hop_size]), gradient

    return play(frequencies, amplitudes)


def _starts_and_changes(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Values of the frames, and their changes to the next frames."""
    return x, tf.concat([x[:, 1:], x[:, -1:]], axis=1) - x


def _radians_and_gate(
    frames: _Frames, hop_size: int, nyquist_hz: float
) -> tuple[tf.Tensor, tf.Tensor]:
    """Phase, and 1 where a sinusoid is audible, [n_rows, n_sinusoids, hop]."""
    fractions = phase.glide_fractions(frames.glides, hop_size)
    glide = straight_line(hop_size)
    hz = frames.hz[..., tf.newaxis] + frames.hz_change[..., tf.newaxis] * glide
    radians = (2.0 * np.pi) * phase.multiples(fractions, 1)
    return radians, tf.cast(hz < nyquist_hz, tf.float32)


def _sum(frames: _Frames, fade: np.ndarray, nyquist_hz: float) -> tuple[tf.Tensor]:
    """Sum of the sinusoids of some frames, [n_rows, hop]."""
    radians, audible = _radians_and_gate(frames, len(fade), nyquist_hz)
    gain = frames.gain[..., tf.newaxis] + frames.gain_change[..., tf.newaxis] * fade
    return (tf.reduce_sum(gain * audible * tf.sin(radians), axis=1),)


def _gradients(
    frames: _Frames, upstream: tf.Tensor, fade: np.ndarray, nyquist_hz: float
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Moments of the phase's gradient, [n_rows, n_sinusoids, 3], and both ends' own."""
    radians, audible = _radians_and_gate(frames, len(fade), nyquist_hz)
    gain = frames.gain[..., tf.newaxis] + frames.gain_change[..., tf.newaxis] * fade
    heard = upstream[:, tf.newaxis] * audible
    by_phase = (2.0 * np.pi) * heard * gain * tf.cos(radians)
    moments = phase.glide_moments(tf.reshape(by_phase, [-1, len(fade)]))
    wave = heard * tf.sin(radians)
    by_end = tf.reduce_sum(wave * fade, axis=-1)
    by_start = tf.reduce_sum(wave, axis=-1) - by_end
    return tf.reshape(moments, [-1, *frames.gain.shape[1:], 3]), by_start, by_end

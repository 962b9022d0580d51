"""From activations of 360 pitches to pitch in Hz, as CREPE decodes them."""

from collections.abc import Iterable, Iterator

import numpy as np
import tensorflow as tf

from ddsp import core
from ddsp.spectral_ops.crepe import N_PITCHES
from ddsp.spectral_ops.viterbi import ViterbiDecoder, banded_transitions

# Cents above 10 Hz of the network's pitches.
_STEP_CENTS = 20.0
PITCHES_CENTS = 1997.3794084376191 + _STEP_CENTS * np.arange(N_PITCHES)
# Pitches on either side of a peak that share in its weighted mean.
_PEAK_REACH = 4
# CREPE's model of melodies: a step per frame is the likelier the smaller, up to 12
# pitches, and the network's best pitch is the true one a tenth of the time, else any.
STEP_REACH = 12
LOG_ODDS_OF_BEST = np.log((0.1 + 0.9 / N_PITCHES) / (0.9 / N_PITCHES))
# So many frames without sound end a melody: any pitch can follow any other after them.
# Nothing decides which way it goes meanwhile, so that all ways would be remembered.
_PAUSE_FRAMES = -(-(N_PITCHES - 1) // (STEP_REACH - 1))


def best_centers(
    activations: Iterable[np.ndarray],
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs activations with each frame's best pitch.

    Args:
        activations: Pieces of how likely each pitch is, [n_piece_frames, 360] each.

    Yields:
        Pieces, and indices of their highest activations, [n_piece_frames].
    """
    for block in activations:
        yield block, block.argmax(axis=1)


def viterbi_centers(
    activations: Iterable[np.ndarray],
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs activations with the pitches of the most likely melody.

    As in CREPE, a frame speaks for its best pitch only, however sure it is. Frames
    without any activation say nothing; 33 of them in a row end the melody, and the
    next sound begins another one, so that memory does not grow with pauses.

    Args:
        activations: Pieces of how likely each pitch is, [n_piece_frames, 360] each.

    Yields:
        Activations of further frames whose pitch is decided, and indices of pitches,
        [n_frames].
    """
    transitions = banded_transitions(N_PITCHES, STEP_REACH)
    decoder = ViterbiDecoder(transitions)
    undecided = [np.zeros([0, N_PITCHES], np.float32)]
    for piece, is_pause in _cut_at_pauses(activations):
        undecided.append(piece)
        if is_pause:
            nowhere = np.zeros(len(piece), np.int64)
            centers = np.concatenate([decoder.finish(), nowhere])
            decoder = ViterbiDecoder(transitions)
        else:
            is_best = np.eye(N_PITCHES)[piece.argmax(axis=1)]
            says_something = piece.max(axis=1, keepdims=True) > 0.0
            centers = decoder.push(LOG_ODDS_OF_BEST * is_best * says_something)
        if len(centers) > 0:
            joined = np.concatenate(undecided)
            yield joined[: len(centers)], centers
            undecided = [joined[len(centers) :]]
    yield np.concatenate(undecided), decoder.finish()


def _cut_at_pauses(
    activations: Iterable[np.ndarray],
) -> Iterator[tuple[np.ndarray, bool]]:
    """Pieces of activations, and whether they are in a pause, by then a long one."""
    # There was no melody before the beginning.
    n_silent = _PAUSE_FRAMES
    for block in activations:
        in_pause = []
        for is_silent in block.max(axis=1) <= 0.0:
            n_silent = n_silent + 1 if is_silent else 0
            in_pause.append(n_silent >= _PAUSE_FRAMES)
        start = 0
        for end in [*np.flatnonzero(np.diff(in_pause)) + 1, len(block)]:
            if end > start:
                yield block[start:end], in_pause[start]
            start = end


def mean_pitch_hz(activations: tf.Tensor, centers: tf.Tensor) -> tf.Tensor:
    """Mean over the nine pitches around a peak, weighted by their activations.

    Args:
        activations: How likely each pitch is, at least 0, [n_frames, 360].
        centers: Indices of the peaks, [n_frames]. At both ends of the range the
            neighbourhood is cut off.

    Returns:
        Pitch in Hz, of the type of the activations, [n_frames]; 0 where they are all 0.
        It is differentiable in the activations.

    Example:
        >>> activations = tf.one_hot([228], 360)
        >>> round(float(mean_pitch_hz(activations, [228])[0]), 1)
        441.5
    """
    activations = tf.convert_to_tensor(activations)
    dtype = activations.dtype
    centers = tf.cast(centers, tf.int32)
    offsets = tf.range(N_PITCHES) - centers[:, tf.newaxis]
    is_near = tf.abs(offsets) <= _PEAK_REACH
    weights = tf.where(is_near, activations, tf.zeros_like(activations))
    total = tf.reduce_sum(weights, axis=-1)
    steps = core.safe_divide(
        tf.reduce_sum(weights * tf.cast(offsets, dtype), axis=-1), total
    )
    cents = tf.gather(tf.constant(PITCHES_CENTS, dtype), centers) + _STEP_CENTS * steps
    f0_hz = 10.0 * 2.0 ** (cents / 1200.0)
    return tf.where(total > 0.0, f0_hz, tf.zeros_like(f0_hz))

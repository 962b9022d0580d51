"""Pitch of audio, frame by frame."""

from collections.abc import Iterable, Iterator
from typing import Any

import gin
import numpy as np
import tensorflow as tf

from ddsp import core
from ddsp.spectral_ops.crepe import (
    CREPE_FRAME_SIZE,
    CREPE_SAMPLE_RATE,
    N_PITCHES,
    compute_activations,
)
from ddsp.spectral_ops.framing import frame_np
from ddsp.spectral_ops.viterbi import ViterbiDecoder, banded_transitions

# MIDI notes from 0 to 127, by which pitch is scaled for networks.
F0_RANGE = 127.0

# Cents above 10 Hz of the network's pitches.
_STEP_CENTS = 20.0
PITCHES_CENTS = 1997.3794084376191 + _STEP_CENTS * np.arange(N_PITCHES)
# Pitches on either side of a peak that share in its weighted mean.
_PEAK_REACH = 4
# CREPE's model of melodies: a step per frame is the likelier the smaller, up to 12
# pitches, and the network's best pitch is the true one a tenth of the time, else any.
STEP_REACH = 12
LOG_ODDS_OF_BEST = np.log((0.1 + 0.9 / N_PITCHES) / (0.9 / N_PITCHES))


@gin.register(module="ddsp.spectral_ops")
def compute_f0(
    audio: Any,
    frame_rate: float,
    viterbi: bool = True,
    padding: str = "center",
    capacity: str = "tiny",
) -> tuple[np.ndarray, np.ndarray]:
    """Fundamental frequency by CREPE (Kim et al., ICASSP 2018).

    Args:
        audio: Audio at 16000 samples per second, [n_samples]. Recordings of any length
            are worked through in bounded memory.
        frame_rate: Frames per second, such that a hop is a whole number of samples:
            250, 100, 31.25.
        viterbi: Whether to choose the most likely melody, in which pitch moves by less
            than 240 cents per frame, instead of each frame's best pitch. As in CREPE, a
            frame speaks for its best pitch only, however sure it is.
        padding: 'center', 'same' or 'valid', see `get_framed_lengths`.
        capacity: Size of the network; 'tiny' is the one that is bundled.

    Returns:
        Frequencies in Hz from 31 to 2006, and how sure the network is of each frame,
        from 0 to 1: two float32 arrays, [n_frames]. Frames with a sample that is not
        finite have 0 Hz. There is no gradient.

    Raises:
        ValueError: If audio is not mono, the hop is not whole, padding is unknown or
            the network's size is not bundled.
    """
    audio = np.asarray(audio, np.float32)
    if audio.ndim != 1:
        raise ValueError(
            "audio must be one mono clip, [n_samples]. "
            f"Got shape={audio.shape}; call once for each clip."
        )
    frames = frame_np(audio, CREPE_FRAME_SIZE, _hop_size(frame_rate), padding)
    activations = compute_activations(frames, capacity)
    decode = _viterbi_centers if viterbi else _best_centers
    f0_hz, confidence = [np.zeros(0)], [np.zeros(0)]
    for block, centers in decode(activations):
        f0_hz.append(mean_pitch_hz(block.astype(np.float64), centers))
        confidence.append(block.max(axis=1))
    return (
        np.concatenate(f0_hz).astype(np.float32),
        np.concatenate(confidence).astype(np.float32),
    )


def _hop_size(frame_rate: float) -> int:
    """Samples from frame to frame, if whole."""
    hop_size = round(CREPE_SAMPLE_RATE / frame_rate) if frame_rate > 0 else 0
    if hop_size < 1 or abs(hop_size * frame_rate - CREPE_SAMPLE_RATE) > 1e-3:
        near = CREPE_SAMPLE_RATE / max(hop_size, 1)
        raise ValueError(
            f"frame_rate must make a hop of whole samples at {CREPE_SAMPLE_RATE} Hz. "
            f"Got frame_rate={frame_rate}; use {near:.10g}, or 250 and interpolate."
        )
    return hop_size


def _best_centers(
    activations: Iterable[np.ndarray],
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs activations with each frame's best pitch."""
    for block in activations:
        yield block, block.argmax(axis=1)


def _viterbi_centers(
    activations: Iterable[np.ndarray],
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs activations with the pitches of the most likely melody."""
    decoder = ViterbiDecoder(banded_transitions(N_PITCHES, STEP_REACH))
    undecided = [np.zeros([0, N_PITCHES], np.float32)]
    for block in activations:
        undecided.append(block)
        best = np.eye(N_PITCHES)[block.argmax(axis=1)]
        centers = decoder.push(LOG_ODDS_OF_BEST * best)
        if len(centers) > 0:
            joined = np.concatenate(undecided)
            yield joined[: len(centers)], centers
            undecided = [joined[len(centers) :]]
    yield np.concatenate(undecided), decoder.finish()


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

"""The envelope of a keyboard instrument: attack, decay, sustain, release.

Level and time follow from two positions, the last start and the last end of a note, so
the envelope is a formula and not a recursion.
"""

from typing import Any

import gin
import tensorflow as tf

from ddsp.core.decay import one_per_example
from ddsp.core.resampling import resample
from ddsp.core.scaling import log_scale_sigmoid
from ddsp.core.tensors import tf_float32

# How many notes may be dying away at once.
_MAX_RELEASED = 4
# Beyond this number float32 does not count every sample.
_MAX_SAMPLES = 2**24


@gin.register(module="ddsp.core")
def duration_sigmoid(
    x: Any, min_secs: float = 1e-3, max_secs: float = 4.0
) -> tf.Tensor:
    """Maps any real number to a time in seconds.

    Args:
        x: Output of a network, any shape; 0 becomes the geometric mean of the range,
            and equal steps around it are equal ratios.
        min_secs: Shortest time, positive.
        max_secs: Longest time.

    Returns:
        float32 tensor of the same shape, from min_secs to max_secs.

    Example:
        >>> times = duration_sigmoid([-100.0, 0.0, 100.0])
        >>> [round(float(secs), 3) for secs in times]
        [0.001, 0.063, 4.0]
    """
    return log_scale_sigmoid(x, min_secs, max_secs)


@gin.register(module="ddsp.core")
def adsr_envelope(
    gate: tf.Tensor,
    attack_secs: Any,
    decay_secs: Any,
    sustain: Any,
    release_secs: Any,
    n_samples: int = 64000,
    sample_rate: int = 16000,
) -> tf.Tensor:
    """Straight lines from 0 to 1, to the sustain level, and after the note to 0.

    A note that ends early is released from the level it has reached. A note that starts
    within the release of others rises from 0 beneath them: the loudest is heard, among
    the note that is held and the last four that have ended. The envelope is
    differentiable in the four parameters, not in the gate.

    Args:
        gate: Above 0.5 while a note is held, [batch, n_frames, 1] or [batch, n_frames];
            n_frames may be n_samples. A note that starts or ends with frame k of
            n_frames does so at sample k * n_samples / n_frames, rounded up.
        attack_secs: Time from 0 to 1, [batch, 1] or a number. All times count as one
            sample at least.
        decay_secs: Time from 1 to the sustain level, [batch, 1] or a number.
        sustain: Level from 0 to 1 that is held up to the end of the note, [batch, 1] or
            a number.
        release_secs: Time from there to 0, [batch, 1] or a number.
        n_samples: Length of the envelope, up to 2^24.
        sample_rate: Samples per second.

    Returns:
        Envelope, [batch, n_samples]. The first sample of a note is 0, and so is the
        sample release_secs after its end.

    Raises:
        ValueError: If gate is neither of rank 2 nor of rank 3, a parameter neither a
            number nor [batch, 1], or n_samples not from 1 to 2^24.

    Example:
        >>> held = tf.constant([[1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]])
        >>> levels = adsr_envelope(held, attack_secs=0.2, decay_secs=0.1, sustain=0.5,
        ...                        release_secs=0.2, n_samples=8, sample_rate=10)
        >>> levels.numpy().round(3).tolist()
        [[0.0, 0.5, 1.0, 0.5, 0.5, 0.25, 0.0, 0.0]]
    """
    if not 1 <= n_samples <= _MAX_SAMPLES:
        raise ValueError(
            f"n_samples must be from 1 to 2^24 = {_MAX_SAMPLES}. Got "
            f"n_samples={n_samples}; make the envelope of longer sounds in parts."
        )
    times = {"attack": attack_secs, "decay": decay_secs, "release": release_secs}
    attack, decay, release = (
        tf.maximum(one_per_example(secs, f"{name}_secs"), 1.0 / sample_rate)
        * sample_rate
        for name, secs in times.items()
    )
    sustain = one_per_example(sustain, "sustain")
    held, start, ended = _notes(_gate(gate), n_samples)
    sample = tf.range(n_samples, dtype=tf.float32)

    def held_level(age: tf.Tensor) -> tf.Tensor:
        falling = 1.0 - (1.0 - sustain) * (age - attack) / decay
        return tf.minimum(age / attack, tf.maximum(falling, sustain))

    total = tf.where(held, held_level(sample - start), 0.0)
    for note_start, note_end in ended:
        rest = tf.maximum(1.0 - (sample - note_end) / release, 0.0)
        released = held_level(note_end - note_start) * rest
        total = tf.maximum(total, tf.where(note_end >= 0.0, released, 0.0))
    return total


def _gate(gate: tf.Tensor) -> tf.Tensor:
    """Gate as [batch, n_frames]."""
    gate = tf_float32(gate)
    if gate.shape.rank not in (2, 3):
        raise ValueError(
            "gate must be [batch, n_frames, 1] or [batch, n_frames]. Got "
            f"shape={gate.shape}; add or remove axes."
        )
    return gate[..., 0] if gate.shape.rank == 3 else gate


def _notes(
    gate: tf.Tensor, n_samples: int
) -> tuple[tf.Tensor, tf.Tensor, list[tuple[tf.Tensor, tf.Tensor]]]:
    """Where notes start and end, [batch, n_samples] each.

    Returns:
        Whether a note is held; at which sample the last note started; and for the last
        notes that have ended, the latest first, at which sample they started and ended.
        Without such a note its end is -1.
    """
    held = resample(gate, n_samples, method="nearest") > 0.5
    before = tf.pad(held, [[0, 0], [1, 0]])[:, :-1]
    sample = tf.range(n_samples, dtype=tf.float32)
    start = _running_maximum(tf.where(held & ~before, sample, -1.0))
    end = _running_maximum(tf.where(before & ~held, sample, -1.0))

    def at(positions: tf.Tensor, sample: tf.Tensor) -> tf.Tensor:
        index = tf.cast(tf.maximum(sample, 0.0), tf.int32)
        return tf.gather(positions, index, batch_dims=1)

    ended, note_end = [], end
    for _ in range(_MAX_RELEASED):
        ended.append((at(start, note_end), note_end))
        # At its first sample end is -1, so notes run out and do not repeat.
        note_end = at(end, note_end - 1.0)
    return held, start, ended


def _running_maximum(x: tf.Tensor) -> tf.Tensor:
    """Largest value up to each sample, by doubling: log2(n_samples) steps."""
    n_samples, reach = int(x.shape[1]), 1
    while reach < n_samples:
        x = tf.maximum(x, tf.concat([x[:, :reach], x[:, :-reach]], axis=1))
        reach *= 2
    return x

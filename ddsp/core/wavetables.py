"""Reading tables at moving positions: wavetable synthesis and variable delay.

Each sample reads the two points beside its position, in both frames beside its time;
tables are never brought to sample rate.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from ddsp.core import phase as exact_phase
from ddsp.core.resampling import interpolation_points, resample
from ddsp.core.tensors import tf_float32


def linear_lookup(phase: tf.Tensor, wavetables: tf.Tensor) -> tf.Tensor:
    """Reads one period of a waveform, with straight lines between its points.

    Args:
        phase: Position in the period, 0 to 1, [batch, n_samples, 1] or
            [batch, n_samples]. 1 reads the first point again. Beyond both ends the
            output falls to zero within one point: positions are not wrapped.
        wavetables: Points of the period, [batch, n_points] for all samples or
            [batch, n_samples, n_points].

    Returns:
        Values, [batch, n_samples].

    Raises:
        ValueError: If the shapes are not as stated.

    Example:
        >>> table = tf.constant([[0.0, 1.0, 0.0, -1.0]])
        >>> linear_lookup(tf.constant([[0.125, 0.25, 1.0]]), table).numpy().tolist()
        [[0.5, 1.0, 0.0]]
    """
    phase, tables = _positions(phase), _tables(wavetables)
    n_points, n_frames = int(tables.shape[-1]), tables.shape[1]
    if n_frames != 1 and not tables.shape[1:2].is_compatible_with(phase.shape[1:]):
        raise ValueError(
            "There must be one table, or one for each sample. Got wavetables of "
            f"shape={tables.shape} for {phase.shape[1]} samples; use "
            "wavetable_synthesis for tables at frame rate."
        )
    read = _frame_reader(tables, None if n_frames == 1 else _own_frame(phase))
    point, rest = _point_and_rest(phase * n_points)
    return _blend(
        _keep_between(read(point % n_points), point, n_points),
        _keep_between(read((point + 1) % n_points), point + 1, n_points),
        rest,
    )


def harmonic_distribution_to_wavetable(
    harmonic_distribution: tf.Tensor, n_wavetable: int = 2048
) -> tf.Tensor:
    """Draws one period of a sum of harmonics, in cosine phase.

    Args:
        harmonic_distribution: Amplitude of each harmonic, [batch, n_frames,
            n_harmonics].
        n_wavetable: Points of the period; more than twice the number of harmonics.

    Returns:
        Wavetables without offset, [batch, n_frames, n_wavetable].

    Raises:
        ValueError: If there are too few points for the harmonics.

    Example:
        >>> one = tf.constant([[[1.0]]])
        >>> harmonic_distribution_to_wavetable(one, 4).numpy().round(3).tolist()
        [[[1.0, 0.0, -1.0, 0.0]]]
    """
    distribution = tf_float32(harmonic_distribution)
    n_harmonics = int(distribution.shape[-1])
    if n_wavetable < 2 * n_harmonics:
        raise ValueError(
            "n_wavetable must be at least twice the number of harmonics. Got "
            f"n_wavetable={n_wavetable} for {n_harmonics} harmonics; use at least "
            f"{2 * n_harmonics} points."
        )
    n_bins = n_wavetable // 2 + 1
    padding = [[0, 0]] * (distribution.shape.rank - 1)
    spectrum = tf.pad(distribution, [*padding, [1, n_bins - 1 - n_harmonics]])
    # The inverse transform counts all bins twice but the first and, if even, the last.
    scale = np.full(n_bins, n_wavetable / 2.0, np.float32)
    if n_wavetable % 2 == 0:
        scale[-1] = n_wavetable
    spectrum *= scale
    return tf.signal.irfft(tf.complex(spectrum, tf.zeros_like(spectrum)), [n_wavetable])


def wavetable_synthesis(
    frequencies: tf.Tensor,
    amplitudes: tf.Tensor,
    wavetables: tf.Tensor,
    n_samples: int = 64000,
    sample_rate: int = 16000,
) -> tf.Tensor:
    """Plays a table at a pitch, the table itself moving from frame to frame.

    Pitch and tables move linearly between frames, amplitudes along a raised cosine; the
    last frame is held. The first sample reads the first point. Nothing limits the band:
    harmonics of the table above half the sample rate fold back.

    Args:
        frequencies: Pitch in Hz, [batch, n_frames, 1].
        amplitudes: Amplitude, [batch, n_frames, 1].
        wavetables: One period, [batch, n_points], or [batch, n_frames, n_points] with
            any number of frames.
        n_samples: Length of the sound; a multiple of the frames of amplitudes.
        sample_rate: Samples per second.

    Returns:
        Audio, [batch, n_samples].

    Raises:
        ValueError: If n_samples is not a multiple of the frames of amplitudes.

    Example:
        >>> f0_hz, loud = tf.fill([1, 2, 1], 1000.0), tf.ones([1, 2, 1])
        >>> table = tf.constant([[0.0, 1.0, 0.0, -1.0]])
        >>> wavetable_synthesis(f0_hz, loud, table, n_samples=8).numpy().tolist()
        [[0.0, 0.25, 0.5, 0.75, 1.0, 0.75, 0.5, 0.25]]
    """
    gains = resample(amplitudes, n_samples, method="window")[..., 0]
    cycles = _cycles(tf_float32(frequencies), n_samples, sample_rate)
    return gains * _read_moving(_tables(wavetables), cycles, n_samples)


def _cycles(frequencies: tf.Tensor, n_samples: int, sample_rate: int) -> tf.Tensor:
    """Phase before each sample in cycles, [batch, n_samples]."""
    n_frames = frequencies.shape[1]
    if n_frames is not None and n_samples % n_frames == 0:
        f0, hop_size = frequencies[..., 0], n_samples // n_frames
        return exact_phase.frame_phases(f0, hop_size, sample_rate, exclusive=True)
    f0 = resample(frequencies, n_samples)
    cycles = exact_phase.sample_phases(f0, np.array([1]), sample_rate, exclusive=True)
    return cycles[..., 0]


def variable_length_delay(
    phase: tf.Tensor, audio: tf.Tensor, max_length: int = 512
) -> tf.Tensor:
    """Delays audio by a time that may change with every sample.

    Args:
        phase: Delay as a share of max_length, 0 to 1, [batch, n_samples, 1]. Beyond
            both ends the output falls to zero within one sample of delay.
        audio: Sound, [batch, n_samples]; before its start there is silence. A batch of
            one serves all, here and above.
        max_length: Delay of phase 1 in samples.

    Returns:
        Delayed sound, [batch, n_samples]; between whole samples of delay it is a
        straight line.

    Example:
        >>> audio = tf.constant([[1.0, 2.0, 3.0, 4.0]])
        >>> phase = tf.constant([[0.0, 0.25, 0.5, 0.75]])
        >>> variable_length_delay(phase, audio, max_length=4).numpy().tolist()
        [[1.0, 1.0, 1.0, 1.0]]
    """
    phase, audio = _positions(phase), tf_float32(audio)
    past = tf.pad(audio, [[0, 0], [max_length, 0]])
    delay, rest = _point_and_rest(phase * max_length)
    now = tf.range(tf.shape(audio)[1]) + max_length
    # The past of an example, one after the other; one past may serve all examples.
    flat, offset = tf.reshape(past, [-1]), tf.range(tf.shape(past)[0])[:, tf.newaxis]
    now += offset * tf.shape(past)[1]

    def read(delay: tf.Tensor) -> tf.Tensor:
        tap = now - tf.clip_by_value(delay, 0, max_length)
        return _keep_between(tf.gather(flat, tap), delay, max_length)

    return _blend(read(delay), read(delay + 1), rest)


def _positions(phase: tf.Tensor) -> tf.Tensor:
    """Positions as [batch, n_samples]."""
    phase = tf_float32(phase)
    if phase.shape.rank == 3:
        phase = phase[..., 0]
    if phase.shape.rank != 2:
        raise ValueError(
            "phase must be [batch, n_samples, 1] or [batch, n_samples]. Got "
            f"shape={phase.shape}; add or remove axes."
        )
    return phase


def _tables(wavetables: tf.Tensor) -> tf.Tensor:
    """Tables as [batch, n_frames, n_points]."""
    tables = tf_float32(wavetables)
    if tables.shape.rank not in (2, 3):
        raise ValueError(
            "wavetables must be [batch, n_points] or [batch, n_frames, n_points]. Got "
            f"shape={tables.shape}; add or remove axes."
        )
    return tables[:, tf.newaxis] if tables.shape.rank == 2 else tables


def _point_and_rest(position: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The whole point before a position, and how far behind it the position lies."""
    # What is far outside reads nothing, and must fit an integer.
    position = tf.clip_by_value(position, -2.0, 2.0**24)
    point = tf.floor(position)
    return tf.cast(point, tf.int32), position - point


def _keep_between(values: tf.Tensor, point: tf.Tensor, last: int) -> tf.Tensor:
    """Zero for points before 0 or behind the last."""
    return tf.where((point >= 0) & (point <= last), values, tf.zeros_like(values))


def _blend(before: tf.Tensor, after: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
    return before + (after - before) * weight


def _own_frame(phase: tf.Tensor) -> tf.Tensor:
    """Every sample has a frame of its own."""
    return tf.range(tf.shape(phase)[1])


def _frame_reader(
    tables: tf.Tensor, frame: tf.Tensor | None
) -> Callable[[tf.Tensor], tf.Tensor]:
    """Reads points of the given frame at each sample; of the only frame if None."""
    n_points, flat = int(tables.shape[-1]), tf.reshape(tables, [-1])
    offset = 0 if frame is None else frame * n_points
    if tables.shape[0] != 1:
        n_values = tf.shape(tables)[1] * n_points
        offset += tf.range(tf.shape(tables)[0])[:, tf.newaxis] * n_values
    return lambda point: tf.gather(flat, point + offset)


def _wrap(point: tf.Tensor, n_points: int) -> tf.Tensor:
    """Points that lie at most one period too far, back on the table."""
    return tf.where(point >= n_points, point - n_points, point)


def _read_moving(tables: tf.Tensor, cycles: tf.Tensor, n_samples: int) -> tf.Tensor:
    """Reads tables that move from frame to frame, [batch, n_samples]."""
    n_points = int(tables.shape[-1])
    point, rest = _point_and_rest((cycles % 1.0) * n_points)
    # Rounded up, a position may be the end itself.
    first, second = _wrap(point, n_points), _wrap(_wrap(point, n_points) + 1, n_points)

    def read_frame(frame: tf.Tensor | None) -> tf.Tensor:
        read = _frame_reader(tables, frame)
        return _blend(read(first), read(second), rest)

    if tables.shape[1] == 1:
        return read_frame(None)
    before, after, weight = interpolation_points(tables, n_samples)
    return _blend(read_frame(before), read_frame(after), weight)

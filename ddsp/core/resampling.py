"""From frames to samples and back, along the time axis.

Frame k of n_frames stands at sample k * n_timesteps / n_frames. Wherever the ratio is a
whole number of samples, the work is done by broadcasting instead of by gathering single
frames: that is faster, and its gradient is a sum.
"""

import operator
from typing import Any

import numpy as np
import tensorflow as tf

from ddsp.core.frame_fades import raised_cosine
from ddsp.core.tensors import tf_float32


def resample(
    inputs: Any,
    n_timesteps: int | tf.Tensor,
    method: str = "linear",
    add_endpoint: bool = True,
) -> tf.Tensor:
    """Interpolates a sequence of frames to another number of timesteps.

    Fewer timesteps than frames are points of the same curve: nothing is averaged.

    Args:
        inputs: Frames, [n_frames], [batch, n_frames], [batch, n_frames, channels] or
            [batch, n_frames, rows, channels].
        n_timesteps: Timesteps of the result, positive. Within a graph `linear` also
            takes a tensor, for sizes that are known only when it runs.
        method: `nearest`, `linear`, `cubic`, or `window` for `upsample_with_windows`
            (ranks 1 to 3).
        add_endpoint: Whether the last frame is held up to the end, so that n_frames
            equal segments result. Otherwise the last frame is the last timestep.

    Returns:
        float32 tensor of the same rank, with n_timesteps in place of n_frames.

    Raises:
        ValueError: If the method, the rank or n_timesteps is not one of those.
        TypeError: If n_timesteps is not a whole number.
    """
    inputs = tf_float32(inputs)
    if method != "linear" or not tf.is_symbolic_tensor(n_timesteps):
        n_timesteps = _checked_timesteps(n_timesteps)
    _check_request(inputs.shape, method)
    rank = inputs.shape.rank
    if rank == 1:
        return resample(inputs[None], n_timesteps, method, add_endpoint)[0]
    if method == "window":
        frames = inputs if rank == 3 else inputs[..., None]
        outputs = upsample_with_windows(frames, n_timesteps, add_endpoint)
        return outputs if rank == 3 else outputs[..., 0]
    if isinstance(n_timesteps, int) and inputs.shape[1] == n_timesteps:
        return inputs
    interpolate = {"nearest": _nearest, "linear": _linear, "cubic": _cubic}[method]
    return interpolate(inputs, n_timesteps, add_endpoint)


def upsample_with_windows(
    inputs: Any, n_timesteps: int, add_endpoint: bool = True
) -> tf.Tensor:
    """Interpolates frames smoothly, as overlapping Hann windows do.

    Between two frames the curve is half a period of a cosine, so it has no corners.

    Args:
        inputs: Frames, [batch, n_frames, channels].
        n_timesteps: Timesteps of the result, a multiple of the number of segments.
        add_endpoint: Whether the last frame is held up to the end, so that there are
            n_frames segments. Otherwise there are n_frames - 1.

    Returns:
        float32 tensor [batch, n_timesteps, channels].

    Raises:
        ValueError: If inputs is not of rank 3, or n_timesteps is not larger than the
            number of frames (counting the one held) or not a multiple of the number of
            segments. As many timesteps as frames return the frames.
        TypeError: If n_timesteps is not a whole number.
    """
    inputs = tf_float32(inputs)
    n_timesteps = _checked_timesteps(n_timesteps)
    if inputs.shape.rank != 3 or inputs.shape[1] is None:
        raise ValueError(
            "inputs must be [batch, n_frames, channels] with a known number of frames. "
            f"Got shape={inputs.shape}; add the missing axes, or use method='linear'."
        )
    n_frames = int(inputs.shape[1])
    if n_timesteps == n_frames:
        return inputs
    n_segments = n_frames if add_endpoint else n_frames - 1
    _check_segments(
        n_segments, n_timesteps, "n_frames" if add_endpoint else "n_frames - 1"
    )
    weights = raised_cosine(n_timesteps // n_segments)
    return _blend_segments(inputs, weights[None], add_endpoint)


def center_crop(audio: Any, frame_size: int) -> Any:
    """Cuts off what centred frames have added: half a frame at both ends.

    Args:
        audio: Audio, [batch, n_samples] or [batch, n_samples, channels].
        frame_size: Size of the frames in samples.

    Returns:
        Audio that is 2 * (frame_size // 2) samples shorter.
    """
    half = frame_size // 2
    return audio[:, half:-half] if half > 0 else audio


def _checked_timesteps(n_timesteps: Any) -> int:
    """n_timesteps as a Python int."""
    n_timesteps = operator.index(n_timesteps)
    if n_timesteps < 1:
        raise ValueError(
            f"n_timesteps must be positive. Got n_timesteps={n_timesteps}; ask for at "
            "least one."
        )
    return n_timesteps


def _check_request(shape: tf.TensorShape, method: str) -> None:
    """Refuses what no method can do."""
    if method not in ("nearest", "linear", "cubic", "window"):
        raise ValueError(
            f"method must be known. Got method={method!r}; use 'nearest', 'linear', "
            "'cubic' or 'window'."
        )
    if shape.rank not in ((1, 2, 3) if method == "window" else (1, 2, 3, 4)):
        raise ValueError(
            "inputs must have a rank of 1 to 4, 1 to 3 with windows. Got "
            f"shape={shape} with method={method!r}; merge axes, or use method='linear'."
        )
    if shape[min(1, shape.rank - 1)] == 0:
        raise ValueError(
            f"inputs must have at least one frame. Got shape={shape}; check what comes "
            "before."
        )


def _check_segments(n_segments: int, n_timesteps: int, divisor: str) -> None:
    """Refuses what windows cannot do."""
    if n_segments < 1 or n_segments + 1 >= n_timesteps or n_timesteps % n_segments:
        # A single segment must have three timesteps, others two each.
        n_least = 3 if n_segments == 1 else 2
        n_whole = max(n_least, round(n_timesteps / max(n_segments, 1)))
        multiple = f"{n_whole * n_segments}" if n_segments else "two frames or more"
        raise ValueError(
            "With windows, n_samples (here n_timesteps) must be a multiple of "
            f"{divisor}, and more than one sample must fall on each. Got "
            f"n_timesteps={n_timesteps} with {divisor}={n_segments}; use {multiple}, "
            "or amp_resample_method='linear' (method='linear' of resample) for any "
            "length."
        )


def _positions(
    inputs: tf.Tensor, n_timesteps: int | tf.Tensor, add_endpoint: bool
) -> Any:
    """Where on the axis of frames each timestep reads, in float32, [n_timesteps].

    The rounding is that of TensorFlow's image operations, which the original library
    used: trained models have seen these positions.
    """
    align_ends = 0 if add_endpoint else 1
    n_frames = inputs.shape[1]
    if n_frames is None or not isinstance(n_timesteps, int):
        n_last = tf_float32(tf.shape(inputs)[1] - align_ends)
        n_intervals = tf_float32(tf.maximum(n_timesteps - align_ends, 1))
        return tf.range(tf_float32(n_timesteps)) * (n_last / n_intervals)
    n_intervals = max(n_timesteps - align_ends, 1)
    scale = np.float32(n_frames - align_ends) / np.float32(n_intervals)
    return np.arange(n_timesteps, dtype=np.float32) * scale


def interpolation_points(
    inputs: tf.Tensor, n_timesteps: int | tf.Tensor, add_endpoint: bool = True
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Between which frames each timestep lies.

    Args:
        inputs: Frames, [batch, n_frames, ...]; only their number counts.
        n_timesteps: Timesteps.
        add_endpoint: Whether the last frame is held up to the end.

    Returns:
        Number of the frame before, of the frame after, and the weight of the latter,
        each [n_timesteps].
    """
    positions = _positions(inputs, n_timesteps, add_endpoint)
    lower = tf.floor(positions)
    frame, last = tf.cast(lower, tf.int32), tf.shape(inputs)[1] - 1
    before, after = tf.minimum(frame, last), tf.minimum(frame + 1, last)
    return before, after, tf_float32(positions) - tf_float32(lower)


def _take(inputs: tf.Tensor, frame: tf.Tensor) -> tf.Tensor:
    """Frames by number, where the first and the last go on for ever."""
    last = tf.shape(inputs)[1] - 1
    return tf.gather(inputs, tf.clip_by_value(frame, 0, last), axis=1)


def _along_time(weights: Any, rank: int) -> tf.Tensor:
    """Weights [n_timesteps] as float32 that broadcast over all axes but time."""
    return tf.reshape(tf_float32(weights), [-1] + [1] * (rank - 2))


def _nearest(inputs: tf.Tensor, n_timesteps: int, add_endpoint: bool) -> tf.Tensor:
    positions = _positions(inputs, n_timesteps, add_endpoint)
    offset = 0.0 if add_endpoint else 0.5
    return _take(inputs, tf.cast(tf.floor(positions + offset), tf.int32))


def _linear(
    inputs: tf.Tensor, n_timesteps: int | tf.Tensor, add_endpoint: bool
) -> tf.Tensor:
    positions = _positions(inputs, n_timesteps, add_endpoint)
    n_segments = _n_whole_segments(inputs.shape[1], n_timesteps, add_endpoint)
    if n_segments > 0:
        # Without the segment that is held, the last timestep is the last frame.
        positions = positions if add_endpoint else positions[:-1]
        weights = _segment_weights(positions, n_segments)
        outputs = _blend_segments(inputs, weights, add_endpoint)
        return outputs if add_endpoint else tf.concat([outputs, inputs[:, -1:]], 1)
    lower, upper, weights = interpolation_points(inputs, n_timesteps, add_endpoint)
    before, after = tf.gather(inputs, lower, axis=1), tf.gather(inputs, upper, axis=1)
    return before + (after - before) * _along_time(weights, inputs.shape.rank)


def _cubic(inputs: tf.Tensor, n_timesteps: int, add_endpoint: bool) -> tf.Tensor:
    """Keys' cubic convolution (1981) with the constant -0.75."""
    positions = _positions(inputs, n_timesteps, add_endpoint)
    lower = tf.floor(positions)
    frame = tf.cast(lower, tf.int32)
    outputs = 0.0
    for tap in range(-1, 3):
        weights = _keys_kernel(tf.abs(positions - lower - float(tap)))
        frames = _take(inputs, frame + tap)
        outputs += frames * _along_time(weights, inputs.shape.rank)
    return outputs


def _keys_kernel(distance: tf.Tensor, a: float = -0.75) -> tf.Tensor:
    """Weight of a frame at a distance of 0 to 2 frames."""
    near = ((a + 2.0) * distance - (a + 3.0)) * distance**2 + 1.0
    far = ((a * distance - 5.0 * a) * distance + 8.0 * a) * distance - 4.0 * a
    return tf.where(distance <= 1.0, near, far)


def _n_whole_segments(
    n_frames: int | None, n_timesteps: int | tf.Tensor, add_endpoint: bool
) -> int:
    """Number of segments if each has the same whole number of timesteps, else 0."""
    if n_frames is None or not isinstance(n_timesteps, int):
        return 0
    n_segments, n_steps = n_frames, n_timesteps
    if not add_endpoint:
        n_segments, n_steps = n_frames - 1, n_timesteps - 1
    is_whole = n_segments > 0 and n_steps > 0 and n_steps % n_segments == 0
    return n_segments if is_whole else 0


def _segment_weights(positions: np.ndarray, n_segments: int) -> np.ndarray:
    """Weight of the following frame, [n_segments, hop_size] or [1, hop_size]."""
    start = np.arange(n_segments, dtype=np.float32)[:, None]
    # Rounded positions may lie a hair before the frame they belong to.
    weights = np.maximum(positions.reshape(n_segments, -1) - start, 0.0)
    return weights[:1] if np.all(weights == weights[:1]) else weights


def _blend_segments(
    inputs: tf.Tensor, weights: np.ndarray, add_endpoint: bool
) -> tf.Tensor:
    """Moves from each frame to the next one within equally long segments.

    Args:
        inputs: Frames, [batch, n_frames] or [batch, n_frames, ...].
        weights: Weight of the following frame, [n_segments or 1, hop_size].
        add_endpoint: Whether the last frame starts a segment of its own, and is held.

    Returns:
        Tensor [batch, n_segments * hop_size, ...].
    """
    before = inputs if add_endpoint else inputs[:, :-1]
    after = inputs[:, 1:]
    if add_endpoint:
        after = tf.concat([after, inputs[:, -1:]], axis=1)
    n_segments, hop_size = int(before.shape[1]), weights.shape[1]
    weights = weights.reshape([*weights.shape] + [1] * (inputs.shape.rank - 2))
    blended = before[:, :, None] + (after - before)[:, :, None] * weights
    # Sizes that are known stay known in the result.
    known, sizes = inputs.shape.as_list(), tf.unstack(tf.shape(inputs))
    shape = [sizes[i] if n is None else n for i, n in enumerate(known)]
    return tf.reshape(blended, [shape[0], n_segments * hop_size, *shape[2:]])

"""How audio is cut into overlapping frames, and how many there are."""

from typing import Any

import numpy as np
import tensorflow as tf

from ddsp import core


def get_hop_size(sample_rate: float, frame_rate: float) -> int:
    """Whole samples from one frame to the next.

    Args:
        sample_rate: Samples per second.
        frame_rate: Wanted frames per second. If it does not divide sample_rate, the
            hop is rounded down and frames come faster: 44100 and 250 give a hop of 176
            and 250.57 frames per second.

    Returns:
        Samples, at least 1.

    Raises:
        ValueError: If there are more frames than samples.
    """
    # The small number keeps 16000 / (16000 / 3) from becoming 2.
    hop_size = int(sample_rate / frame_rate + 1e-6)
    if hop_size < 1:
        raise ValueError(
            "frame_rate must not exceed sample_rate. Got "
            f"frame_rate={frame_rate} with sample_rate={sample_rate}; use a lower one."
        )
    return hop_size


def _pad_widths(length: Any, frame_size: int, hop_size: int, padding: str) -> Any:
    """Samples to add before and after a signal, numbers or tensors like its length."""
    if padding == "center":
        # Frame k is centred at sample k * hop_size, for odd frames too.
        return frame_size // 2, frame_size - frame_size // 2
    if padding == "same":
        n_frames = -(-length // hop_size)
        return 0, (n_frames - 1) * hop_size + frame_size - length
    if padding == "valid":
        return 0, 0
    raise ValueError(
        "padding must be 'center', 'same' or 'valid'. "
        f"Got padding={padding!r}; use 'center' for frames centred at their time."
    )


def _check_hop(frame_size: int, hop_size: int, padding: str) -> None:
    """Frames that leave gaps have no sensible padding."""
    if padding != "valid" and hop_size > frame_size:
        raise ValueError(
            "hop_size must not exceed frame_size when padding. Got "
            f"hop_size={hop_size} with frame_size={frame_size}; use a smaller hop or "
            "padding='valid'."
        )


def get_framed_lengths(
    input_length: int, frame_size: int, hop_size: int, padding: str = "center"
) -> tuple[int, int]:
    """Says how many frames a signal has and how long it is after `pad`.

    Args:
        input_length: Samples of the signal.
        frame_size: Samples of a frame.
        hop_size: Samples from one frame to the next.
        padding: 'center': frame k is centred at sample k * hop_size; one frame more
            than whole hops. 'same': frame k starts there; as many frames as hops, begun
            ones included. 'valid': no padding, only frames that lie within the signal.

    Returns:
        Number of frames, at least 0, and samples of the padded signal.

    Raises:
        ValueError: If padding is none of the three.
    """
    padded_length = input_length + sum(
        _pad_widths(input_length, frame_size, hop_size, padding)
    )
    return max(0, (padded_length - frame_size) // hop_size + 1), padded_length


def pad(
    x: Any,
    frame_size: int,
    hop_size: int,
    padding: str = "center",
    axis: int = 1,
    mode: str = "CONSTANT",
    constant_values: float = 0,
) -> tf.Tensor:
    """Pads a signal so that it can be cut into the frames of `get_framed_lengths`.

    Args:
        x: Signal, [batch, n_samples] or [n_samples], or any shape with samples along
            `axis`.
        frame_size: Samples of a frame.
        hop_size: Samples from one frame to the next.
        padding: 'center', 'same' or 'valid', see `get_framed_lengths`.
        axis: Axis of samples; a signal of rank 1 has only one.
        mode: 'CONSTANT', 'REFLECT' or 'SYMMETRIC', see `tf.pad`.
        constant_values: What is added in mode 'CONSTANT'.

    Returns:
        float32 tensor, longer along the axis.

    Raises:
        ValueError: If padding is none of the three, or frames leave gaps.
    """
    x = core.tf_float32(x)
    axis = 0 if x.shape.rank == 1 else axis
    length = tf.shape(x)[axis] if x.shape[axis] is None else x.shape[axis]
    widths = _pad_widths(length, frame_size, hop_size, padding)
    _check_hop(frame_size, hop_size, padding)
    return core.pad_axis(x, widths, axis, mode=mode, constant_values=constant_values)


def frame_np(
    audio: np.ndarray, frame_size: int, hop_size: int, padding: str
) -> np.ndarray:
    """Cuts a signal into frames without copying them.

    Args:
        audio: Signal, [..., n_samples].
        frame_size: Samples of a frame.
        hop_size: Samples from one frame to the next.
        padding: 'center', 'same' or 'valid', see `get_framed_lengths`.

    Returns:
        Read-only view of the padded signal, [..., n_frames, frame_size].
    """
    widths = _pad_widths(audio.shape[-1], frame_size, hop_size, padding)
    _check_hop(frame_size, hop_size, padding)
    audio = np.pad(audio, [(0, 0)] * (audio.ndim - 1) + [widths])
    if audio.shape[-1] < frame_size:
        return np.zeros([*audio.shape[:-1], 0, frame_size], audio.dtype)
    windows = np.lib.stride_tricks.sliding_window_view(audio, frame_size, axis=-1)
    return windows[..., ::hop_size, :]


def pad_or_trim_to_expected_length(
    vector: Any,
    expected_len: float,
    pad_value: float = 0,
    len_tolerance: int = 20,
    use_tf: bool = False,
) -> Any:
    """Makes features that should be equally long exactly so.

    Args:
        vector: Features, any shape with frames along the last axis, e.g. [n_frames].
        expected_len: Wanted length of the last axis; fractions are dropped.
        pad_value: What is appended to vectors that are too short.
        len_tolerance: Greatest difference that is mended.
        use_tf: Whether to return a tensor instead of an array.

    Returns:
        Tensor or array with the wanted length.

    Raises:
        ValueError: If the lengths differ by more than the tolerance.
    """
    vector = tf.convert_to_tensor(vector) if use_tf else np.asarray(vector)
    length, expected = vector.shape[-1], int(expected_len)
    if abs(length - expected) > len_tolerance:
        raise ValueError(
            f"vector must be within {len_tolerance} of the expected length. Got length="
            f"{length} with expected_len={expected}; check the frame rate, or raise "
            "len_tolerance."
        )
    widths = [(0, 0)] * (len(vector.shape) - 1) + [(0, max(0, expected - length))]
    pad_end = tf.pad if use_tf else np.pad
    return pad_end(vector, widths, constant_values=pad_value)[..., :expected]

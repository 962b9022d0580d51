"""Changes of the frame rate that lose nothing: time becomes channels and back."""

from typing import Any

import gin
import tensorflow as tf


def polyphase_resample(
    x: tf.Tensor,
    stride: int = 2,
    resample_type: str = "down",
    trim_or_pad: str = "pad",
) -> tf.Tensor:
    """Moves neighbouring frames into channels, or channels into frames.

    Going down, each frame of the output holds the channels of `stride` frames, one
    after the other; going up undoes that.

    Args:
        x: [batch, n_frames, n_channels] or [batch, n_frames, 1, n_channels].
        stride: Number of frames that become one, or that one becomes.
        resample_type: 'down' for fewer frames, 'up' for more.
        trim_or_pad: What happens at the end where the frames (going down) or channels
            (going up) are no multiple of stride: 'pad' adds zeros, 'trim' takes the
            rest away.

    Returns:
        [batch, n_frames / stride, n_channels * stride] or
        [batch, n_frames * stride, n_channels / stride], of the same rank as x.

    Raises:
        ValueError: If x, stride, resample_type or trim_or_pad is something else.

    Example:
        >>> x = tf.reshape(tf.range(4.0), [1, 4, 1])
        >>> polyphase_resample(x, stride=2).numpy().tolist()
        [[[0.0, 1.0], [2.0, 3.0]]]
    """
    _check_choices(stride, resample_type, trim_or_pad)
    x = tf.convert_to_tensor(x)
    if x.shape.rank == 4 and x.shape[2] == 1:
        arguments = stride, resample_type, trim_or_pad
        return polyphase_resample(x[:, :, 0], *arguments)[:, :, tf.newaxis]
    if x.shape.rank != 3:
        raise ValueError(
            "x must have shape [batch, n_frames, n_channels] or [batch, n_frames, 1, "
            f"n_channels]. Got x.shape={x.shape}; reshape it."
        )
    x = _to_multiple(x, 1 if resample_type == "down" else 2, stride, trim_or_pad)
    batch, n_frames, n_channels = x.shape
    sizes = [tf.shape(x)[i] if n is None else n for i, n in enumerate(x.shape)]
    if resample_type == "down":
        static = [batch, n_frames and n_frames // stride, n_channels * stride]
        shape = [sizes[0], sizes[1] // stride, static[2]]
    else:
        static = [batch, n_frames and n_frames * stride, n_channels // stride]
        shape = [sizes[0], sizes[1] * stride, static[2]]
    return tf.ensure_shape(tf.reshape(x, shape), static)


def _check_choices(stride: int, resample_type: str, trim_or_pad: str) -> None:
    """Refuses what is not one of the choices."""
    if stride < 1:
        raise ValueError(f"stride must be at least 1. Got stride={stride}.")
    if resample_type not in ("down", "up"):
        raise ValueError(
            "resample_type must be 'down' or 'up'. Got "
            f"resample_type={resample_type!r}."
        )
    if trim_or_pad not in ("trim", "pad"):
        raise ValueError(
            f"trim_or_pad must be 'trim' or 'pad'. Got trim_or_pad={trim_or_pad!r}."
        )


def _to_multiple(x: tf.Tensor, axis: int, stride: int, trim_or_pad: str) -> tf.Tensor:
    """Makes the size of an axis a multiple of stride, at its end."""
    static = x.shape[axis]
    size = tf.shape(x)[axis] if static is None else static
    if trim_or_pad == "trim":
        size = size // stride * stride
        return x[:, :size] if axis == 1 else x[:, :, :size]
    paddings = [[0, 0], [0, 0], [0, 0]]
    paddings[axis] = [0, -size % stride]
    return tf.pad(x, paddings)


@gin.register(module="ddsp.training.nn")
class PolyphaseResample(tf.keras.layers.Layer):
    """Changes the frame rate with `polyphase_resample`.

    Example:
        >>> PolyphaseResample(stride=5)(tf.zeros([1, 10, 2])).shape
        TensorShape([1, 2, 10])
    """

    def __init__(
        self,
        stride: int = 2,
        resample_type: str = "down",
        trim_or_pad: str = "pad",
        **kwargs: Any,
    ) -> None:
        """Chooses the direction.

        Args:
            stride: Number of frames that become one, or that one becomes.
            resample_type: 'down' for fewer frames, 'up' for more.
            trim_or_pad: What happens to a rest, see `polyphase_resample`.
            **kwargs: Arguments of a Keras layer.

        Raises:
            ValueError: If one of them is something else.
        """
        super().__init__(**kwargs)
        _check_choices(stride, resample_type, trim_or_pad)
        self.stride = stride
        self.resample_type = resample_type
        self.trim_or_pad = trim_or_pad

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Changes the frame rate.

        Args:
            x: [batch, n_frames, n_channels] or [batch, n_frames, 1, n_channels].

        Returns:
            The same rank, see `polyphase_resample`.
        """
        return polyphase_resample(x, self.stride, self.resample_type, self.trim_or_pad)

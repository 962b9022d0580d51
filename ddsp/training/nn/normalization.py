"""Normalisation over time and groups of channels."""

from typing import Any

import gin
import tensorflow as tf

from ddsp.training.nn.shapes import ensure_4d, inv_ensure_4d


def normalize_op(
    x: tf.Tensor, norm_type: str | None = "layer", eps: float = 1e-5
) -> tf.Tensor:
    """Takes away mean and scale of groups of channels.

    Both are taken over time as well, so every frame of the output depends on the whole
    sequence.

    Args:
        x: [batch, height, width, n_channels]; time is the height.
        norm_type: 'layer' for one group of all channels, 'instance' for a group per
            channel, 'group' for 32 groups, None to change nothing.
        eps: Added to the variance.

    Returns:
        The same shape.

    Raises:
        KeyError: If norm_type is unknown.
        ValueError: If norm_type is 'group' and n_channels is no multiple of 32.
    """
    if norm_type is None:
        return x
    n_channels = x.shape[-1]
    n_groups = {"instance": n_channels, "layer": 1, "group": 32}
    if norm_type not in n_groups:
        raise KeyError(
            "norm_type must be 'layer', 'instance', 'group' or None. Got "
            f"norm_type={norm_type!r}."
        )
    if n_channels % n_groups[norm_type]:
        raise ValueError(
            "norm_type='group' needs a multiple of 32 channels. Got "
            f"{n_channels} channels; use 'layer' or 'instance'."
        )
    shape = tf.shape(x)
    split = tf.concat([shape[:3], [n_groups[norm_type], -1]], axis=0)
    grouped = tf.reshape(x, split)
    mean, variance = tf.nn.moments(grouped, axes=[1, 2, 4], keepdims=True)
    normalized = (grouped - mean) * tf.math.rsqrt(variance + eps)
    return tf.ensure_shape(tf.reshape(normalized, shape), x.shape)


@gin.register(module="ddsp.training.nn")
class Normalize(tf.keras.layers.Layer):
    """Normalises with `normalize_op`, then scales and shifts each channel.

    Example:
        >>> x = tf.constant([[[1.0], [3.0]]])
        >>> Normalize('instance')(x).numpy().round(3).tolist()
        [[[-1.0], [1.0]]]
    """

    def __init__(self, norm_type: str | None = "layer", **kwargs: Any) -> None:
        """Chooses the groups of channels.

        Args:
            norm_type: 'layer', 'instance', 'group' or None, see `normalize_op`.
            **kwargs: Arguments of a Keras layer.
        """
        super().__init__(**kwargs)
        self.norm_type = norm_type

    def build(self, input_shape: Any) -> None:
        """Makes the weights.

        Args:
            input_shape: Shape of the input.
        """
        shape = [1, 1, 1, int(input_shape[-1])]
        self.scale = self.add_weight(name="scale", shape=shape, initializer="ones")
        self.shift = self.add_weight(name="shift", shape=shape, initializer="zeros")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Normalises.

        Args:
            x: [batch, n_channels], [batch, n_frames, n_channels] or
                [batch, height, width, n_channels].

        Returns:
            The same shape.
        """
        normalized = normalize_op(ensure_4d(x), self.norm_type)
        return inv_ensure_4d(normalized * self.scale + self.shift, len(x.shape))

"""Normalisation over time and groups of channels, plain and conditioned."""

from collections.abc import Sequence
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

    def build(self, x_shape: Any) -> None:
        """Makes the weights.

        Args:
            x_shape: Shape of the input.
        """
        shape = [1, 1, 1, int(x_shape[-1])]
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

    def compute_output_shape(self, x_shape: Any) -> Any:
        """Shape of the output.

        Args:
            x_shape: Shape of the input.

        Returns:
            The same.
        """
        return x_shape


def unpack_pair(inputs: Sequence[Any]) -> tuple[Any, Any]:
    """Takes the input of a conditioned layer, or its shapes, apart.

    Args:
        inputs: Signal and conditioning.

    Returns:
        Both.

    Raises:
        ValueError: If there are not two of them.
    """
    if not isinstance(inputs, (list, tuple)) or len(inputs) != 2:
        raise ValueError(
            "A conditioned layer needs the pair (x, z) as its input. Got "
            f"inputs={inputs!r}; pass both, or use the layer without conditioning."
        )
    return inputs[0], inputs[1]


class ConditionalScaleAndShift(tf.keras.layers.Layer):
    """Scales and shifts each channel of x by what a dense layer makes of z.

    Source: Perez et al., "FiLM: Visual reasoning with a general conditioning layer",
    AAAI 2018.

    Example:
        >>> x, z = tf.zeros([1, 10, 8]), tf.ones([1, 1, 3])
        >>> ConditionalScaleAndShift()([x, z]).shape
        TensorShape([1, 10, 8])
    """

    def __init__(self, shift_only: bool = False, **kwargs: Any) -> None:
        """Chooses what z does.

        Args:
            shift_only: Whether z shifts without scaling.
            **kwargs: Arguments of a Keras layer.
        """
        super().__init__(**kwargs)
        self.shift_only = shift_only

    def build(self, inputs_shapes: Any) -> None:
        """Makes the dense layer.

        Args:
            inputs_shapes: Shapes of x and z.
        """
        x_shape, z_shape = unpack_pair(inputs_shapes)
        self.x_ch = int(x_shape[-1])
        n_out = self.x_ch if self.shift_only else 2 * self.x_ch
        self.dense = tf.keras.layers.Dense(n_out)
        self.dense.build(z_shape)

    def compute_output_shape(self, inputs_shapes: Any) -> Any:
        """Shape of the output.

        Args:
            inputs_shapes: Shapes of x and z.

        Returns:
            Shape of x.
        """
        return unpack_pair(inputs_shapes)[0]

    def call(self, inputs: Sequence[tf.Tensor]) -> tf.Tensor:
        """Scales and shifts.

        Args:
            inputs: The pair (x, z). x is [batch, ..., n_channels]; z has the same rank,
                any number of channels, and 1 or the size of x on the other axes.

        Returns:
            Shape of x.

        Raises:
            ValueError: If z does not fit x.
        """
        x, z = unpack_pair(inputs)
        _check_condition(x, z)
        affine = self.dense(z)
        if self.shift_only:
            return x + affine
        scale, shift = tf.split(affine, 2, axis=-1)
        return x * scale + shift


def _check_condition(x: tf.Tensor, z: tf.Tensor) -> None:
    """Refuses conditioning that would stretch the signal or does not reach it."""
    fits = len(x.shape) == len(z.shape) and all(
        size in (1, None) or of_x in (size, None)
        for of_x, size in zip(x.shape[:-1], z.shape[:-1], strict=True)
    )
    if not fits:
        raise ValueError(
            "z must have the rank of x, and 1 or the size of x on all axes but the "
            f"last. Got x.shape={x.shape} and z.shape={z.shape}; average z over time "
            "or resample it."
        )


@gin.register(module="ddsp.training.nn")
class ConditionalNorm(tf.keras.layers.Layer):
    """Normalises with `normalize_op`, then scales and shifts each channel by z.

    Example:
        >>> x, z = tf.ones([1, 10, 8]), tf.zeros([1, 1, 3])
        >>> ConditionalNorm()([x, z]).numpy().max()
        np.float32(0.0)
    """

    def __init__(
        self,
        norm_type: str | None = "instance",
        shift_only: bool = False,
        **kwargs: Any,
    ) -> None:
        """Makes the layer.

        Args:
            norm_type: 'layer', 'instance', 'group' or None, see `normalize_op`.
            shift_only: Whether z shifts without scaling.
            **kwargs: Arguments of a Keras layer.
        """
        super().__init__(**kwargs)
        self.norm_type = norm_type
        self.conditional_scale_and_shift = ConditionalScaleAndShift(shift_only)

    def build(self, inputs_shapes: Any) -> None:
        """Builds the layer.

        Args:
            inputs_shapes: Shapes of x and z.
        """
        self.conditional_scale_and_shift.build(inputs_shapes)

    def compute_output_shape(self, inputs_shapes: Any) -> Any:
        """Shape of the output.

        Args:
            inputs_shapes: Shapes of x and z.

        Returns:
            Shape of x.
        """
        return unpack_pair(inputs_shapes)[0]

    def call(self, inputs: Sequence[tf.Tensor]) -> tf.Tensor:
        """Normalises.

        Args:
            inputs: The pair (x, z). x is [batch, n_channels], [batch, n_frames,
                n_channels] or [batch, height, width, n_channels]; z likewise with any
                number of channels, and 1 or the size of x on the axes between.

        Returns:
            Shape of x.
        """
        x, z = unpack_pair(inputs)
        normalized = normalize_op(ensure_4d(x), self.norm_type)
        y = self.conditional_scale_and_shift([normalized, ensure_4d(z)])
        return inv_ensure_4d(y, len(x.shape))


def get_norm(
    norm_type: str | None, conditional: bool, shift_only: bool
) -> Normalize | ConditionalNorm:
    """Makes a layer that normalises.

    Args:
        norm_type: 'layer', 'instance', 'group' or None, see `normalize_op`.
        conditional: Whether the input is a pair and its second part sets scale and
            shift.
        shift_only: Whether conditioning shifts without scaling.

    Returns:
        The layer.

    Example:
        >>> get_norm('layer', conditional=False, shift_only=False).norm_type
        'layer'
    """
    if conditional:
        return ConditionalNorm(norm_type, shift_only)
    return Normalize(norm_type)

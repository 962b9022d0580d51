"""Layer normalisation that keeps little for the backward pass.

Automatic differentiation keeps five tensors of the size of the activations for it and
the leaky rectifier behind it, which is most of the memory of a stack of dense layers.
With the gradients written out, see also `shapes.leaky_relu`, there are two: what comes
in, and what goes out.
"""

from collections.abc import Callable

import tensorflow as tf


@tf.keras.utils.register_keras_serializable(package="ddsp")
class LayerNormalization(tf.keras.layers.LayerNormalization):
    """`keras.layers.LayerNormalization` that trains in less memory.

    Weights, values and gradients are those of Keras, which does the work itself for
    other axes, types and options than its default ones.

    Example:
        >>> layer = LayerNormalization()
        >>> [round(float(x), 2) for x in layer(tf.constant([[1.0, 3.0]]))[0]]
        [-1.0, 1.0]
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Normalises each frame over its channels.

        Args:
            inputs: [batch, ..., n_channels].

        Returns:
            Tensor of the same shape, of mean 0 and deviation 1 before gain and offset.
        """
        inputs = tf.convert_to_tensor(inputs)
        if not self._is_plain(inputs):
            return super().call(inputs)
        return normalize(
            inputs,
            tf.convert_to_tensor(self.gamma),
            tf.convert_to_tensor(self.beta),
            self.epsilon,
        )

    def _is_plain(self, inputs: tf.Tensor) -> bool:
        """Whether the layer is in the form that is written out here."""
        axes = [self.axis] if isinstance(self.axis, int) else list(self.axis)
        return (
            inputs.dtype == tf.float32
            and self.compute_dtype == "float32"
            and axes in ([-1], [inputs.shape.rank - 1])
            and self.center
            and self.scale
            and not getattr(self, "rms_scaling", False)
        )


def normalize(
    x: tf.Tensor, gain: tf.Tensor, offset: tf.Tensor, epsilon: float
) -> tf.Tensor:
    """Brings the last axis to mean 0 and deviation 1, then to a gain and an offset.

    Args:
        x: [..., n_channels], of two axes at least.
        gain: What each channel is multiplied with, [n_channels].
        offset: What is added, [n_channels].
        epsilon: Added to the variance.

    Returns:
        Tensor of the shape of x.
    """

    def parts(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        centered = x - tf.reduce_mean(x, axis=-1, keepdims=True)
        variance = tf.reduce_mean(tf.square(centered), axis=-1, keepdims=True)
        scale = tf.math.rsqrt(variance + epsilon)
        return centered * scale, scale

    @tf.custom_gradient
    def forward(
        x: tf.Tensor, gain: tf.Tensor, offset: tf.Tensor
    ) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, ...]]]:
        def backward(upstream: tf.Tensor) -> tuple[tf.Tensor, ...]:
            # Once more, which costs less than to keep it.
            with tf.control_dependencies([upstream]):
                normal, scale = parts(tf.identity(x))
            slope = upstream * gain
            along = tf.reduce_mean(slope * normal, axis=-1, keepdims=True)
            slope -= tf.reduce_mean(slope, axis=-1, keepdims=True) + normal * along
            frames = list(range(upstream.shape.rank - 1))
            return (
                scale * slope,
                tf.reduce_sum(upstream * normal, frames),
                tf.reduce_sum(upstream, frames),
            )

        return parts(x)[0] * gain + offset, backward

    return forward(x, gain, offset)

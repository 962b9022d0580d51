"""The base class of losses, and the difference they are built on."""

from typing import Any

import tensorflow as tf

from ddsp import core

TensorDict = dict[str, tf.Tensor]
tfkl = tf.keras.layers


class Loss(tf.keras.layers.Layer):
    """Base class: a layer that returns a scalar.

    Example:
        >>> class Distance(Loss):
        ...     def call(self, target, value):
        ...         return mean_difference(target, value)
        >>> loss = Distance(name='distance')
        >>> float(loss.get_losses_dict(tf.zeros([2]), tf.ones([2]))['distance'])
        1.0
    """

    def get_losses_dict(self, *args: tf.Tensor, **kwargs: Any) -> TensorDict:
        """Calls the loss and names the result.

        Args:
            *args: Arguments of `call`.
            **kwargs: Keyword arguments of `call`.

        Returns:
            The loss under the name of this object.
        """
        return {self.name: self(*args, **kwargs)}


def mean_difference(
    target: tf.Tensor,
    value: tf.Tensor,
    loss_type: str = "L1",
    weights: tf.Tensor | None = None,
) -> tf.Tensor:
    """Mean difference of two tensors.

    Args:
        target: Any shape.
        value: The same shape.
        loss_type: 'L1' (absolute), 'L2' (squared) or 'COSINE' (1 minus the cosine of
            the angle between the vectors of the last axis).
        weights: Factors on the differences, broadcast against them; the mean is not
            divided by their sum. For 'COSINE' they broadcast against all axes but the
            last, which has size 1.

    Returns:
        Scalar.

    Raises:
        ValueError: If loss_type is unknown.
    """
    difference = target - value
    factors = 1.0 if weights is None else weights
    match loss_type.upper():
        case "L1":
            return tf.reduce_mean(tf.abs(difference * factors))
        case "L2":
            return tf.reduce_mean(difference**2.0 * factors)
        case "COSINE":
            return tf.reduce_mean(_cosine_distance(target, value) * factors)
    raise ValueError(
        f"loss_type must be 'L1', 'L2' or 'COSINE'. Got loss_type={loss_type!r}."
    )


def _cosine_distance(target: tf.Tensor, value: tf.Tensor) -> tf.Tensor:
    """1 minus the cosine, [..., 1]; 1 where either vector is zero."""
    dot = tf.reduce_sum(target * value, axis=-1, keepdims=True)
    power = tf.reduce_sum(target**2.0, axis=-1, keepdims=True) * tf.reduce_sum(
        value**2.0, axis=-1, keepdims=True
    )
    # The root's slope is infinite at zero: keep silence out of it.
    safe = tf.where(power > 0.0, power, tf.ones_like(power))
    return 1.0 - core.nan_to_num(dot * tf.math.rsqrt(safe))

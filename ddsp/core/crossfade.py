"""Fading between two signals."""

import tensorflow as tf

from ddsp.core.numerics import safe_root
from ddsp.core.tensors import tf_float32


def constant_power_gains(mix_level: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Gains of two signals whose powers add up to the same at every level.

    Args:
        mix_level: Share of the first signal in the power, 0 to 1, any shape; values
            beyond are taken as 0 or 1.

    Returns:
        Gains of the first and the second signal, the square roots of the level and of
        what it lacks of 1, of the same shape. The slope of a root at 0 is infinite; its
        gradient there is taken as 0.

    Example:
        >>> first, second = constant_power_gains(tf.constant([0.0, 0.36, 1.0]))
        >>> first.numpy().round(4).tolist(), second.numpy().round(4).tolist()
        ([0.0, 0.6000000238418579, 1.0], [1.0, 0.800000011920929, 0.0])
    """
    level = tf.clip_by_value(tf_float32(mix_level), 0.0, 1.0)
    return safe_root(level), safe_root(1.0 - level)

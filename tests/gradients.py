"""Gradients against finite differences."""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf


def assert_gradients_match_differences(
    function: Callable[..., tf.Tensor],
    inputs: Sequence[np.ndarray],
    steps: Sequence[float],
    rtol: float = 1e-3,
) -> None:
    """Compares the gradient of each input with a difference along a random direction.

    Args:
        function: Differentiable function of all inputs.
        inputs: Where to compare.
        steps: How far to go from each input for the differences.
        rtol: Allowed deviation, relative to the length of the gradient along the
            direction.
    """
    rng = np.random.default_rng(11)
    values = [tf.constant(x, tf.float32) for x in inputs]
    with tf.GradientTape() as tape:
        tape.watch(values)
        output = function(*values)
        weights = rng.normal(size=output.shape)
        total = tf.reduce_sum(output * tf.constant(weights, tf.float32))
    gradients = tape.gradient(total, values)
    for index, step in enumerate(steps):
        direction = rng.choice([-1.0, 1.0], size=values[index].shape)

        def along(distance: float, index=index, direction=direction) -> float:
            moved = [*values]
            moved[index] = values[index] + tf.constant(distance * direction, tf.float32)
            return float(np.sum(np.float64(function(*moved)) * weights))

        wide, near = along(2 * step) - along(-2 * step), along(step) - along(-step)
        difference = (8.0 * near - wide) / (12.0 * step)  # Of fourth order.
        gradient = np.float64(gradients[index])
        scale = np.sqrt(np.sum(gradient**2))
        assert scale > 0
        assert abs(np.sum(gradient * direction) - difference) <= rtol * scale

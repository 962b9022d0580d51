"""A step of the optimizer that is left out where its numbers are of no use."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf


def global_norm(gradients: Sequence[tf.Tensor]) -> tf.Tensor:
    """Root of the sum of all squares; `tf.linalg.global_norm` sums on one core.

    Args:
        gradients: Tensors of any shapes, or slices of some.

    Returns:
        Norm of all together, a scalar.

    Example:
        >>> float(global_norm([tf.constant([3.0]), tf.constant([[4.0]])]))
        5.0
    """
    values = [g.values if isinstance(g, tf.IndexedSlices) else g for g in gradients]
    return tf.sqrt(tf.add_n([tf.reduce_sum(tf.square(x)) for x in values]))


def apply_if(
    wanted: tf.Tensor,
    optimizer: Any,
    gradients: Sequence[tf.Tensor],
    variables: Sequence[Any],
    otherwise: Sequence[tuple[Any, tf.Tensor]] = (),
) -> None:
    """Lets an optimizer update variables only where a condition holds.

    The optimizer counts the step in both cases, so that names and schedules go on. The
    choice is made on the device: nothing waits for the condition.

    Args:
        wanted: Whether to update, a scalar of bool, the same on all replicas.
        optimizer: A built optimizer of Keras.
        gradients: Gradients, one for each variable.
        variables: Variables that the optimizer knows.
        otherwise: Pairs of a variable and the value that it gets instead, where the
            condition does not hold; for variables that a model changes by itself.
    """
    replica = tf.distribute.get_replica_context()
    values = [value for _, value in otherwise]

    def apply(*replica_gradients: tf.Tensor) -> None:
        optimizer.apply(list(replica_gradients), list(variables))

    def choose(
        strategy: tf.distribute.Strategy,
        wanted: Any,
        gradients: Sequence[Any],
        values: Sequence[Any],
    ) -> None:
        def update() -> None:
            strategy.extended.call_for_each_replica(apply, args=tuple(gradients))

        def skip() -> None:
            for (variable, _), value in zip(otherwise, values, strict=True):
                strategy.extended.update(variable.value, _assign, args=(value,))
            optimizer.iterations.assign_add(1)

        # They are the same on all replicas.
        tf.cond(strategy.experimental_local_results(wanted)[0], update, skip)

    def skip_here() -> None:
        for variable, value in otherwise:
            variable.assign(value)
        optimizer.iterations.assign_add(1)

    if tf.__internal__.distribute.strategy_supports_no_merge_call():
        tf.cond(wanted, lambda: apply(*gradients), skip_here)
    else:
        # The optimizer joins the replicas, which must not happen in a branch of theirs.
        replica.merge_call(choose, args=(wanted, list(gradients), values))


def _assign(variable: tf.Variable, value: tf.Tensor) -> None:
    """Sets a variable of one device."""
    variable.assign(value)

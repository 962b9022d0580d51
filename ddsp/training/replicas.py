"""What a trainer does with all replicas of its strategy at once."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf


class RunsOnReplicas:
    """Runs, sums and splits over the replicas of a strategy.

    Example:
        >>> class Sums(RunsOnReplicas):
        ...     strategy = tf.distribute.get_strategy()
        >>> sums = Sums()
        >>> int(sums.psum(sums.run(lambda x: 2 * x, tf.constant(3))))
        6
    """

    strategy: tf.distribute.Strategy

    def psum(self, x: Any, axis: int | None = None) -> tf.Tensor:
        """Sums a value over the replicas.

        Args:
            x: Value of each replica.
            axis: Axis to sum over as well; None for none.

        Returns:
            The sum.
        """
        return self.strategy.reduce(tf.distribute.ReduceOp.SUM, x, axis=axis)

    def run(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Runs a function on every replica.

        Args:
            fn: Function of one replica.
            *args: Its arguments.
            **kwargs: Its keyword arguments.

        Returns:
            What the function returned, by replica where there are several.
        """
        return self.strategy.run(fn, args=args, kwargs=kwargs)

    def distribute_dataset(self, dataset: Any) -> Any:
        """Splits the batches of a dataset over the replicas.

        Args:
            dataset: A tf.data.Dataset; anything else is returned as it is.

        Returns:
            The distributed dataset.
        """
        if isinstance(dataset, tf.data.Dataset):
            return self.strategy.experimental_distribute_dataset(dataset)
        return dataset

    def _mean(self, values: list[tf.Tensor]) -> list[tf.Tensor]:
        """The mean of each value over the replicas, within one of them."""
        if self.strategy.num_replicas_in_sync == 1:
            return values
        context = tf.distribute.get_replica_context()
        return context.all_reduce(tf.distribute.ReduceOp.MEAN, values)

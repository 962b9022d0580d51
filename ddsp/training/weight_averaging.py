"""An average of the weights over the steps, which is smoother than the last weights.

Keras's own `use_ema` is not used: its averages start at zero where training goes on
from a checkpoint without them, and count the weights of the first step in full.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

PREFIX = "average/"


class WeightAverage:
    """An exponential moving average of variables.

    Source: Polyak and Juditsky, "Acceleration of stochastic approximation by
    averaging", SIAM J. Control Optim. 1992; with the warm-up of
    `tf.train.ExponentialMovingAverage`, so that the random weights of the beginning are
    soon forgotten.

    Example:
        >>> weight = tf.Variable(1.0)
        >>> average = WeightAverage({'weight': weight}, decay=0.9)
        >>> weight.assign(2.0).numpy()
        np.float32(2.0)
        >>> average.update(10_000)
        >>> with average.in_place():
        ...     print(round(float(weight), 3))
        1.1
        >>> float(weight)
        2.0
    """

    def __init__(self, variables: Mapping[str, Any], decay: float) -> None:
        """Starts at the weights as they are; call it in the scope of the strategy.

        Args:
            variables: Variables by path.
            decay: Share of the average that a step keeps, in (0, 1): 0.999 averages
                over the last thousand steps or so.

        Raises:
            ValueError: If decay is not between 0 and 1.
        """
        if not 0.0 < decay < 1.0:
            raise ValueError(
                "weight_average_decay must be between 0 and 1. Got "
                f"weight_average_decay={decay}; use 0.999, or None for no average."
            )
        self.decay = decay
        self._variables = dict(variables)
        self._averages = {
            name: tf.Variable(tf.convert_to_tensor(variable), trainable=False)
            for name, variable in self._variables.items()
        }
        # The weights that averages stand in for at the moment.
        self._live: dict[str, np.ndarray] = {}

    def start(self, values: Mapping[str, Any] | None = None) -> None:
        """Starts afresh.

        Args:
            values: Averages by path, as `values` returned them; None, a missing path
                or one of another shape starts at the weight as it is.
        """
        for name, average in self._averages.items():
            value = (values or {}).get(name)
            fits = value is not None and average.shape.is_compatible_with(value.shape)
            average.assign(value if fits else self._variables[name])

    def update(self, step: Any) -> None:
        """Moves every average towards its variable, outside of a replica.

        The share that stays is the smaller one of `decay` and (1 + step) / (10 + step).

        Args:
            step: Steps that are done, with the one that has just changed the variables.
        """
        step = tf.cast(step, tf.float32)
        moved = tf.maximum(1.0 - self.decay, 9.0 / (10.0 + step))
        for name, average in self._averages.items():
            way = tf.convert_to_tensor(self._variables[name]) - average
            average.assign_add(tf.cast(moved, average.dtype) * way)

    def values(self) -> dict[str, np.ndarray]:
        """Reads the averages.

        Returns:
            Arrays by path.
        """
        return {
            name: tf.convert_to_tensor(average).numpy()
            for name, average in self._averages.items()
        }

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Gives the variables their averages for a while.

        Training steps do not belong in it: what they change is lost. Nor does another
        one: it would end both.

        Yields:
            Nothing. Afterwards the variables have the very bits that they had before.
        """
        self.put_back()
        self._live = {
            name: tf.convert_to_tensor(variable).numpy()
            for name, variable in self._variables.items()
        }
        try:
            for name, variable in self._variables.items():
                variable.assign(tf.convert_to_tensor(self._averages[name]))
            yield
        finally:
            self.put_back()

    def put_back(self) -> None:
        """Ends `in_place`, also where an interrupt has kept it from ending itself."""
        while self._live:
            name = next(iter(self._live))
            self._variables[name].assign(self._live[name])
            del self._live[name]  # Last: an interrupt only makes it come twice.


class AveragesWeights:
    """What a trainer offers that may average weights.

    Example:
        >>> AveragesWeights().average_weights()
        {}
    """

    _average: WeightAverage | None = None

    def average_weights(self) -> dict[str, np.ndarray]:
        """Reads the averages of the trained variables.

        Returns:
            Arrays by path, such as 'decoder/dense_out/kernel'; empty without averaging.
        """
        return {} if self._average is None else self._average.values()

    def start_averages(self, averages: Mapping[str, Any] | None = None) -> None:
        """Starts the averages afresh, as after weights were set from outside.

        Args:
            averages: Arrays by path; what is missing, or None, starts at the weights as
                they are.
        """
        if self._average is not None:
            self._average.start(averages)

    def averaged(self) -> contextlib.AbstractContextManager[None]:
        """Gives the model its averaged weights for a while, such as for validation.

        Returns:
            A context, after which the model has the bits that it had before. Without
            averaging it does nothing.
        """
        if self._average is None:
            return contextlib.nullcontext()
        return self._average.in_place()

    def leave_averaged(self) -> None:
        """Gives the model its own weights again, where an interrupt has kept them."""
        if self._average is not None:
            self._average.put_back()


def to_sidecar(averages: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Names averages as they are kept beside a checkpoint.

    Args:
        averages: Arrays by path of the variable.

    Returns:
        Arrays by 'average/<path>'.
    """
    return {f"{PREFIX}{name}": value for name, value in averages.items()}


def from_sidecar(
    arrays: Mapping[str, np.ndarray], parts: Sequence[str] | None = None
) -> dict[str, np.ndarray]:
    """Finds averages among what was kept beside a checkpoint.

    Args:
        arrays: What `checkpoints.load_sidecar` returned.
        parts: Names of the only parts of the model whose averages are wanted, such as
            'decoder'; a single one may come by itself. None for all.

    Returns:
        Averages by path of the variable; empty if there are none.
    """
    averages = {
        name.removeprefix(PREFIX): value
        for name, value in arrays.items()
        if name.startswith(PREFIX)
    }
    if parts is None:
        return averages
    wanted = [parts] if isinstance(parts, str) else parts
    return {n: value for n, value in averages.items() if n.split("/")[0] in wanted}

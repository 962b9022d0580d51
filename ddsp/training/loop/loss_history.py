"""The losses of a run: kept on the device until somebody asks for them."""

import math
from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf

from ddsp.training.loop.watchdog import TOTAL


class LossHistory:
    """Collects the losses of each step and reads them in groups.

    Reading a number from an accelerator waits for everything before it. So the numbers
    are left there, and all that came since the last time are read at once.

    Example:
        >>> history = LossHistory(lambda step, losses: None)
        >>> history.add(1, {"total_loss": tf.constant(4.0)})
        >>> history.add(2, {"total_loss": tf.constant(2.0)})
        >>> history.fetch()
        3.0
    """

    def __init__(self, observe: Callable[[int, Mapping[str, float]], object]) -> None:
        """Starts empty.

        Args:
            observe: Called with number and losses of every step that is read, in order,
                such as `Watchdog.observe`. What it raises ends the reading.
        """
        self._observe = observe
        self._waiting: list[tuple[int, Mapping[str, tf.Tensor]]] = []
        self._recent = math.nan
        self._sums: dict[str, float] = {}
        self._counts: dict[str, int] = {}

    def add(self, step: int, losses: Mapping[str, tf.Tensor]) -> None:
        """Takes the losses of one step.

        Args:
            step: Steps that are done, this one included.
            losses: Scalar tensors by name; "total_loss" must be among them.
        """
        self._waiting.append((step, losses))

    def fetch(self) -> float:
        """Reads what was added since the last call.

        Returns:
            Mean of those total losses that are finite; where there are none, what the
            last call returned.
        """
        if not self._waiting:
            return self._recent
        waiting, self._waiting = self._waiting, []
        names = list(waiting[0][1])
        read = {
            name: tf.stack([losses[name] for _, losses in waiting]).numpy()
            for name in names
        }
        for i, (step, _) in enumerate(waiting):
            self._observe(step, {name: float(read[name][i]) for name in names})
        for name, values in read.items():
            finite = values[np.isfinite(values)]
            self._sums[name] = self._sums.get(name, 0.0) + float(np.sum(finite))
            self._counts[name] = self._counts.get(name, 0) + finite.size
            if name == TOTAL and finite.size:
                self._recent = float(np.mean(finite))
        return self._recent

    def take_means(self) -> dict[str, float]:
        """Reads everything and forgets it.

        Returns:
            Mean of each loss over the steps since the last call at which it was finite,
            NaN where it never was; empty without steps.
        """
        self.fetch()
        means = {
            name: total / self._counts[name] if self._counts[name] else math.nan
            for name, total in self._sums.items()
        }
        self._sums, self._counts = {}, {}
        return means

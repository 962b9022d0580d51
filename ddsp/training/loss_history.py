"""The losses of a run: kept on the device until somebody asks for them."""

import math
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

TOTAL = "total_loss"


class LossHistory:
    """Collects the losses of each step and reads them in groups.

    Reading a number from an accelerator waits for everything before it. So the numbers
    are left there, and all that came since the last time are read at once.

    Example:
        >>> history = LossHistory()
        >>> history.add(1, {"total_loss": tf.constant(4.0)})
        >>> history.add(2, {"total_loss": tf.constant(2.0)})
        >>> history.fetch()
        3.0
    """

    def __init__(self) -> None:
        """Starts empty."""
        self._waiting: list[tuple[int, Mapping[str, tf.Tensor]]] = []
        self._recent = math.nan
        self._sums: dict[str, float] = {}
        self._n_summed = 0

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
            Mean total loss of those steps; where there are none, that of the last call.

        Raises:
            FloatingPointError: If a total loss is not finite.
        """
        if not self._waiting:
            return self._recent
        waiting, self._waiting = self._waiting, []
        steps = [step for step, _ in waiting]
        for name in waiting[0][1]:
            values = tf.stack([losses[name] for _, losses in waiting]).numpy()
            if name == TOTAL:
                _require_finite(steps, values)
                self._recent = float(np.mean(values))
            self._sums[name] = self._sums.get(name, 0.0) + float(np.sum(values))
        self._n_summed += len(steps)
        return self._recent

    def take_means(self) -> dict[str, float]:
        """Reads everything and forgets it.

        Returns:
            Mean of each loss over the steps since the last call; empty without steps.
        """
        self.fetch()
        means = {name: total / self._n_summed for name, total in self._sums.items()}
        self._sums, self._n_summed = {}, 0
        return means


def _require_finite(steps: list[int], values: np.ndarray) -> None:
    """Raises for the first step whose loss is not a number."""
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        first = bad[0]
        raise FloatingPointError(
            f"The loss must stay finite. Got {TOTAL}={values[first]} at step "
            f"{steps[first]}. Lower the learning rate, or look for damaged recordings."
        )

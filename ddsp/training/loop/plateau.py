"""The best value so far, and when it is time to stop hoping for a better one."""

import math
from collections.abc import Mapping
from typing import Any

from ddsp.training.errors import InputError

_PREFIX = "validation/"


class Plateau:
    """Watches a loss that should fall: which is the best, and for how long it was.

    Any lower value is a new best one, worth a checkpoint. Only one that is lower by
    min_improvement, as a share of the value that it is compared with, is a reason to go
    on: so a loss that creeps ends a run, and the sum of small steps does not.

    Example:
        >>> plateau = Plateau(patience=2, min_improvement=0.01)
        >>> for step, loss in ((100, 5.0), (200, 4.0), (300, 3.99), (400, 4.1)):
        ...     plateau.add(step, loss)
        >>> plateau.best_value, plateau.best_step, plateau.should_stop
        (3.99, 300, True)

    Attributes:
        best_value: Lowest value so far; infinite before there is a finite one.
        best_step: Steps that were done then; 0 before there is one.
    """

    def __init__(
        self, patience: int | None = None, min_improvement: float = 0.0
    ) -> None:
        """Starts without a value.

        Args:
            patience: Values in a row without improvement after which to stop; None for
                never.
            min_improvement: Least improvement, as a share of the value before, from 0
                to below 1.

        Raises:
            ValueError: If patience is below 1 or min_improvement outside its range.
        """
        if patience is not None and patience < 1:
            raise ValueError(
                f"patience must be at least 1. Got patience={patience}; use None to "
                "stop never."
            )
        if not 0.0 <= min_improvement < 1.0:
            raise ValueError(
                "min_improvement must be from 0 to below 1. Got "
                f"min_improvement={min_improvement}; 0.01 stands for one percent."
            )
        self.patience = patience
        self.min_improvement = min_improvement
        self.best_value = math.inf
        self.best_step = 0
        self._reference = math.inf
        self._n_without = 0
        self._newest_step = 0

    @property
    def is_new_best(self) -> bool:
        """Whether the newest value is lower than all before it."""
        return math.isfinite(self.best_value) and self._newest_step == self.best_step

    @property
    def should_stop(self) -> bool:
        """Whether the last values, as many as patience says, were no improvement."""
        return self.patience is not None and self._n_without >= self.patience

    def add(self, step: int, value: float) -> None:
        """Takes a value.

        Args:
            step: Steps that are done; each has one value.
            value: The loss. One that is not finite is no improvement.
        """
        self._newest_step = step
        if math.isfinite(value) and value < self.best_value:
            self.best_value, self.best_step = value, step
        least = self.min_improvement * abs(self._reference)
        # Anything is an improvement on nothing.
        threshold = self._reference - least if math.isfinite(least) else math.inf
        if math.isfinite(value) and value < threshold:
            self._reference, self._n_without = value, 0
        else:
            self._n_without += 1

    def to_sidecar(self) -> dict[str, float]:
        """Says all that a resumed run needs to go on as if nothing had happened.

        Returns:
            Numbers by name; names begin with 'validation/'.
        """
        state = {
            "best_value": self.best_value,
            "best_step": self.best_step,
            "reference_value": self._reference,
            "n_without_improvement": self._n_without,
            "newest_step": self._newest_step,
        }
        return {_PREFIX + name: value for name, value in state.items()}

    def restore(self, sidecar: Mapping[str, Any]) -> None:
        """Goes on from what `checkpoints.load_sidecar` returns.

        Args:
            sidecar: What `to_sidecar` returned, as numbers or arrays. Other names are
                left alone; where there are no others, nothing changes.

        Raises:
            InputError: If a number is missing, or is none.
        """
        if not any(name.startswith(_PREFIX) for name in sidecar):
            return
        try:
            best_value = float(sidecar[f"{_PREFIX}best_value"])
            best_step = int(sidecar[f"{_PREFIX}best_step"])
            reference = float(sidecar[f"{_PREFIX}reference_value"])
            n_without = int(sidecar[f"{_PREFIX}n_without_improvement"])
            newest_step = int(sidecar[f"{_PREFIX}newest_step"])
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                "What a run remembers of its validations must be numbers. Got "
                f"{type(error).__name__} ({error}); remove the checkpoint's file with "
                "the ending .extra.npz to go on without."
            ) from error
        self.best_value, self.best_step = best_value, best_step
        self._reference, self._n_without = reference, n_without
        self._newest_step = newest_step

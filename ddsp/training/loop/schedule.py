"""What a training run does, and when."""

import dataclasses
import math

from ddsp.training.errors import InputError

# Least and largest value.
_RANGES = {
    "batch_size": (1, math.inf),
    "num_steps": (1, math.inf),
    "steps_per_summary": (1, math.inf),
    "steps_per_save": (1, math.inf),
    "steps_per_validation": (1, math.inf),
    "patience": (1, math.inf),
    "max_skipped": (0, math.inf),
    "held_out_share": (0, 0.5),
}


@dataclasses.dataclass(frozen=True)
class Schedule:
    """What a run does, and when.

    Attributes:
        batch_size: Examples per step, over all replicas.
        num_steps: Step at which the run ends.
        steps_per_summary: Steps between two summaries; more than num_steps for none
            before the end.
        steps_per_save: Steps between two checkpoints; as above.
        steps_per_validation: Steps between two validations; as above.
        early_stop_loss_value: Total loss at which the run may end; None for none.
        patience: Validations without improvement after which the run ends; None for
            any number.
        min_improvement: Least improvement, as a share of the validation loss, from 0
            to below 1.
        held_out_share: Share of the examples that are held out for validation, from 0
            to 0.5.
        max_skipped: Steps in a row whose update may be left out.
        reports_loss: Whether a tuning service hears of the loss.

    Raises:
        InputError: If a number of examples, steps or validations is below 1, or another
            number outside its range.

    Example:
        >>> Schedule(num_steps=5000).steps_per_save
        300
    """

    batch_size: int = 32
    num_steps: int = 1_000_000
    steps_per_summary: int = 300
    steps_per_save: int = 300
    steps_per_validation: int = 300
    early_stop_loss_value: float | None = None
    patience: int | None = None
    min_improvement: float = 0.0
    held_out_share: float = 0.05
    max_skipped: int = 10
    reports_loss: bool = False

    def __post_init__(self) -> None:
        """Checks the numbers."""
        for name, (least, largest) in _RANGES.items():
            value = getattr(self, name)
            if value is not None and not least <= value <= largest:
                upper = "" if largest == math.inf else f" and at most {largest}"
                raise _wrong(name, value, f"at least {least}{upper}")
        if not 0.0 <= self.min_improvement < 1.0:
            raise _wrong(
                "min_improvement", self.min_improvement, "at least 0 and below 1"
            )


def _wrong(name: str, value: float, rule: str) -> InputError:
    """The error for a number outside its range."""
    return InputError(
        f"{name} must be {rule}. Got {name}={value}; give another number, or leave it "
        "out."
    )

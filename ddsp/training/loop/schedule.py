"""What a training run does, and when."""

import dataclasses

from ddsp.training.errors import InputError

_COUNTS = (
    "batch_size",
    "steps_per_summary",
    "steps_per_save",
    "steps_per_validation",
    "patience",
)


@dataclasses.dataclass(frozen=True)
class Schedule:
    """What a run does, and when.

    Attributes:
        batch_size: Examples per step, over all replicas.
        num_steps: Step at which the run ends.
        steps_per_summary: Steps between two summaries.
        steps_per_save: Steps between two checkpoints.
        steps_per_validation: Steps between two validations.
        early_stop_loss_value: Total loss at which the run may end; None for none.
        patience: Validations without improvement after which the run ends; None for
            any number.
        min_improvement: Least improvement, as a share of the validation loss.
        held_out_share: Share of the examples that are held out for validation.
        max_skipped: Steps in a row whose update may be left out.
        reports_loss: Whether a tuning service hears of the loss.

    Raises:
        InputError: If a number of examples, steps or validations is below 1.

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
        """Checks the counts."""
        for name in _COUNTS:
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(
                    f"{name} must be at least 1. Got {name}={value}; give a number "
                    "beyond num_steps for never."
                )

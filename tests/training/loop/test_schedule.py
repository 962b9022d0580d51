"""A schedule that cannot be kept is refused before anything begins."""

import dataclasses
import math

import pytest

from ddsp.training.errors import InputError
from ddsp.training.loop.schedule import Schedule


def test_defaults_are_those_of_a_long_run() -> None:
    assert dataclasses.asdict(Schedule()) == {
        "batch_size": 32,
        "num_steps": 1_000_000,
        "steps_per_summary": 300,
        "steps_per_save": 300,
        "steps_per_validation": 300,
        "early_stop_loss_value": None,
        "patience": None,
        "min_improvement": 0.0,
        "held_out_share": 0.05,
        "max_skipped": 10,
        "reports_loss": False,
    }


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("batch_size", 0, "at least 1"),
        ("num_steps", 0, "at least 1"),
        ("steps_per_summary", 0, "at least 1"),
        ("steps_per_save", -1, "at least 1"),
        ("steps_per_validation", 0, "at least 1"),
        ("patience", 0, "at least 1"),
        ("max_skipped", -1, "at least 0"),
        ("held_out_share", -0.01, "at least 0 and at most 0.5"),
        ("held_out_share", 0.6, "at least 0 and at most 0.5"),
        ("held_out_share", math.nan, "at least 0 and at most 0.5"),
        ("min_improvement", -0.01, "at least 0 and below 1"),
        ("min_improvement", 1, "at least 0 and below 1"),
        ("min_improvement", math.nan, "at least 0 and below 1"),
    ],
)
def test_a_number_outside_its_range_is_named(
    name: str, value: float, rule: str
) -> None:
    with pytest.raises(InputError) as caught:
        Schedule(**{name: value})  # type: ignore[arg-type]
    told = str(caught.value)
    assert told.startswith(f"{name} must be {rule}. Got {name}={value}; ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("batch_size", 1),
        ("num_steps", 1),
        ("steps_per_summary", 1),
        ("steps_per_save", 1),
        ("steps_per_validation", 1),
        ("patience", 1),
        ("max_skipped", 0),
        ("held_out_share", 0),
        ("held_out_share", 0.5),
        ("min_improvement", 0),
        ("min_improvement", 0.999),
    ],
)
def test_the_ends_of_a_range_are_in_it(name: str, value: float) -> None:
    assert getattr(Schedule(**{name: value}), name) == value  # type: ignore[arg-type]

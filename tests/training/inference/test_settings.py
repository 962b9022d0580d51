"""Sliders that mean nothing are refused in one line."""

import pytest

from ddsp.training.errors import InputError
from ddsp.training.inference.settings import Settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("autotune", 1.1),
        ("autotune", -0.1),
        ("reverb", 2.0),
        ("reverb", -1.0),
        ("pitch_shift", float("nan")),
        ("loudness_shift", float("inf")),
        ("threshold", float("nan")),
        ("quiet", float("nan")),
        ("seed", -1),
        ("seed", 1 << 31),
        ("key", "H flat"),
    ],
)
def test_what_is_out_of_range_is_named(name: str, value: object) -> None:
    with pytest.raises(InputError) as caught:
        Settings(**{name: value}).check()
    assert name in str(caught.value) and str(value) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "settings", [{}, {"autotune": 1.0, "key": "Bb minor"}, {"reverb": 0.0, "seed": 7}]
)
def test_what_means_something_is_taken(settings: dict[str, object]) -> None:
    Settings(**settings).check()

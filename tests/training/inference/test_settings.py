"""Sliders that mean nothing are refused in one line."""

import numpy as np
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
        ("pitch_shift", 2000.0),
        ("pitch_shift", -10.5),
        ("loudness_shift", 800.0),
        ("loudness_shift", 7000.0),
        ("loudness_shift", -101.0),
        ("threshold", 50.0),
        ("threshold", -0.1),
        ("quiet", -200.0),
        ("quiet", 101.0),
        ("seed", 1.5),
        ("seed", 1.0),
        ("seed", True),
        ("seed", "1"),
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
    "settings",
    [
        {},
        {"autotune": 1.0, "key": "Bb minor"},
        {"reverb": 0.0, "seed": 7},
        {"pitch_shift": -10, "loudness_shift": 100.0, "threshold": 2, "quiet": 0.0},
        {"seed": np.int64(7), "pitch_shift": np.float32(0.5)},
    ],
)
def test_what_means_something_is_taken(settings: dict[str, object]) -> None:
    Settings(**settings).check()

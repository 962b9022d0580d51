import numpy as np
import pytest
from golden_layers import FOLDER

from ddsp.training import preprocessing

RECORDED = np.load(FOLDER / "functions.npz")


@pytest.mark.parametrize(
    ("name", "function", "argument"),
    [
        ("scale_f0", preprocessing.scale_f0_hz, RECORDED["in/f0_hz"]),
        ("inv_scale_f0", preprocessing.inv_scale_f0_hz, -RECORDED["in/ld"] / 80.0),
        ("scale_db", preprocessing.scale_db, RECORDED["in/ld"]),
        ("inv_scale_db", preprocessing.inv_scale_db, -RECORDED["in/ld"] / 80.0),
    ],
)
def test_scaling_is_that_of_the_original(name, function, argument):
    value = function(argument)
    np.testing.assert_allclose(value, RECORDED[name], rtol=1e-5, atol=1e-5)


def test_ends_of_the_scales():
    np.testing.assert_allclose(preprocessing.scale_db(np.array([-80.0, 0.0])), [0, 1])
    concert_pitch = preprocessing.scale_f0_hz([440.0, 0.0])
    np.testing.assert_allclose(concert_pitch, [69 / 127, 0.0], atol=1e-7)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (2.0, [[[2.0]]]),
        ([1.0, 2.0], [[[1.0], [2.0]]]),
        ([[1.0, 2.0]], [[[1.0], [2.0]]]),
        ([[[1.0, 2.0]]], [[[1.0, 2.0]]]),
    ],
)
def test_missing_axes_are_added(x, expected):
    assert preprocessing.at_least_3d(x).numpy().tolist() == expected


def test_ranges_are_those_of_the_original():
    assert preprocessing.DB_RANGE == 80.0
    assert preprocessing.F0_RANGE == 127.0


def test_tensors_and_arrays_scale_alike(rng):
    f0_hz = rng.uniform(20.0, 4000.0, size=[2, 5]).astype(np.float32)
    expected = (69.0 + 12.0 * np.log2(f0_hz / 440.0)) / 127.0
    np.testing.assert_allclose(preprocessing.scale_f0_hz(f0_hz), expected, atol=1e-6)
    again = preprocessing.inv_scale_f0_hz(expected)
    np.testing.assert_allclose(again, f0_hz, rtol=1e-4)
    assert preprocessing.inv_scale_db(0.25) == -60.0
    assert preprocessing.scale_db(-60.0) == 0.25

"""Gains of a crossfade."""

import numpy as np
import tensorflow as tf
from gradients import assert_gradients_match_differences

from ddsp import core


def test_powers_add_up_to_one_and_ends_are_one_signal() -> None:
    level = np.linspace(0.0, 1.0, 101, dtype=np.float32)
    one, two = core.constant_power_gains(level)
    np.testing.assert_allclose(one**2 + two**2, np.ones(101), atol=1e-6)
    np.testing.assert_allclose(one, np.sqrt(level), atol=1e-7)
    assert (float(one[0]), float(two[0])) == (0.0, 1.0)
    assert (float(one[-1]), float(two[-1])) == (1.0, 0.0)


def test_gradient_is_finite_at_both_ends_and_beyond() -> None:
    level = tf.constant([-1.0, 0.0, 0.25, 1.0, 2.0])
    for index in (0, 1):
        with tf.GradientTape() as tape:
            tape.watch(level)
            gain = core.constant_power_gains(level)[index]
        gradient = tape.gradient(gain, level)
        assert np.isfinite(gradient).all()
        expected = [1.0, -1 / np.sqrt(3)][index]
        np.testing.assert_allclose(gradient[2], expected, rtol=1e-5)


def test_gradients_equal_finite_differences(rng: np.random.Generator) -> None:
    for index in (0, 1):
        assert_gradients_match_differences(
            lambda level, index=index: core.constant_power_gains(level)[index],
            [rng.uniform(0.2, 0.8, size=[20])],
            [0.01],
        )

"""The exponential envelope."""

import numpy as np
import pytest
import tensorflow as tf
from gradients import assert_gradients_match_differences

from ddsp import core


def test_envelope_is_the_formula() -> None:
    gain, decay = np.float32([[0.5], [2.0]]), np.float32([[-3.0], [4.0]])
    time = np.linspace(0.0, 1.0, 1000)
    expected = gain * np.exp(-(2.0 + np.exp(np.float64(decay))) * time)
    envelope = core.exponential_decay(gain, decay, 1000)
    np.testing.assert_allclose(envelope, expected, rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("decay", [-1e4, 0.0, 1e4])
def test_extreme_decay_is_finite_in_value_and_gradient(decay: float) -> None:
    inputs = tf.ones([1, 1]), tf.fill([1, 1], decay)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        envelope = core.exponential_decay(*inputs, 48000)
    assert np.isfinite(envelope).all()
    assert float(envelope[0, 0]) == 1.0
    for gradient in tape.gradient(envelope, inputs):
        assert np.isfinite(gradient).all()


def test_gradients_equal_finite_differences() -> None:
    assert_gradients_match_differences(
        lambda gain, decay: core.exponential_decay(gain, decay, 50),
        [np.ones([2, 1]), np.float32([[0.3], [1.5]])],
        [0.05, 0.05],
    )

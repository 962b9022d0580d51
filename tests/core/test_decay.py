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


def test_numbers_serve_all_examples() -> None:
    expected = core.exponential_decay(tf.fill([2, 1], 0.5), tf.ones([2, 1]), 20)
    mixed = core.exponential_decay(tf.fill([2, 1], 0.5), 1.0, 20)
    np.testing.assert_array_equal(mixed, expected)
    np.testing.assert_array_equal(core.exponential_decay(0.5, 1.0, 20), expected[0])


@pytest.mark.parametrize("shape", [[3], [2, 3], [2, 1, 1]])
@pytest.mark.parametrize("name", ["gain", "decay"])
def test_parameters_that_would_vary_over_time_are_refused(
    name: str, shape: list[int]
) -> None:
    parameters = {"gain": tf.ones([2, 1]), "decay": tf.ones([2, 1])}
    parameters[name] = tf.ones(shape)
    message = rf"{name} must be a number or \[batch, 1\]. Got {name} of shape="
    with pytest.raises(ValueError, match=message):
        core.exponential_decay(**parameters, n_samples=3)

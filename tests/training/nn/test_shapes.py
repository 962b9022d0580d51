import numpy as np
import pytest
import tensorflow as tf

from ddsp.training import nn


def test_leaky_relu_has_a_slope_of_a_fifth():
    function = nn.get_nonlinearity("leaky_relu")
    np.testing.assert_allclose(function(tf.constant([-2.0, 3.0])), [-0.4, 3.0])


def test_nonlinearities_of_tensorflow_are_found_too():
    function = nn.get_nonlinearity("l2_loss")
    assert float(function(tf.constant([3.0, 4.0]))) == 12.5


def test_unknown_nonlinearity_is_an_error():
    with pytest.raises(AttributeError, match="no_such_thing"):
        nn.get_nonlinearity("no_such_thing")


@pytest.mark.parametrize("shape", [[3, 4], [3, 5, 4], [3, 5, 6, 4]])
def test_added_axes_are_taken_away_again(shape, rng):
    x = tf.constant(rng.normal(size=shape))
    four = nn.ensure_4d(x)
    assert (len(four.shape), four.shape[0], four.shape[-1]) == (4, 3, 4)
    np.testing.assert_array_equal(nn.inv_ensure_4d(four, len(shape)), x)


def test_rounding_goes_to_even_and_passes_the_gradient():
    x = tf.constant([0.5, 1.5, -0.5, 2.4])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = nn.straight_through_int_quantization(x)
    np.testing.assert_array_equal(y, [0.0, 2.0, 0.0, 2.0])
    np.testing.assert_array_equal(tape.gradient(y, x), np.ones(4))

import numpy as np
import pytest
import tensorflow as tf

from ddsp.training import nn


def test_leaky_relu_has_a_slope_of_a_fifth():
    function = nn.get_nonlinearity("leaky_relu")
    np.testing.assert_allclose(function(tf.constant([-2.0, 3.0])), [-0.4, 3.0])


def test_a_layer_with_the_leaky_relu_can_be_written_down():
    layer = tf.keras.layers.Activation(nn.get_nonlinearity("leaky_relu"))
    again = tf.keras.layers.Activation.from_config(layer.get_config())
    np.testing.assert_allclose(again(tf.constant([-2.0, 3.0])), [-0.4, 3.0])


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


def test_draws_are_as_frequent_as_they_are_probable():
    shares = np.array([0.1, 0.6, 0.3])
    logits = np.tile(np.log(shares) + 5.0, [20000, 1])
    draws, probabilities = nn.straight_through_softmax(logits)
    np.testing.assert_array_equal(np.sum(draws, axis=-1), 1.0)
    np.testing.assert_array_equal(np.unique(draws), [0.0, 1.0])
    # Four standard deviations.
    np.testing.assert_allclose(np.mean(draws, axis=0), shares, atol=0.014)
    np.testing.assert_allclose(probabilities[0], shares, rtol=1e-5)


def test_a_draw_has_the_gradient_of_its_probability(rng):
    logits = tf.constant(rng.normal(size=[5, 4]), tf.float32)
    weights = rng.normal(size=[5, 4]).astype(np.float32)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        draws, probabilities = nn.straight_through_softmax(logits)
        y = tf.reduce_sum(draws * weights)
    p, taken = probabilities.numpy(), draws.numpy() * weights
    expected = p * (taken - np.sum(p * taken, axis=-1, keepdims=True))
    np.testing.assert_allclose(tape.gradient(y, logits), expected, atol=1e-6)


def test_impossible_choices_are_never_made():
    logits = np.tile([[-1e9, 0.0, -np.inf]], [200, 1])
    values = nn.straight_through_choice(logits, tf.constant([1.0, 2.0, 3.0]))
    np.testing.assert_array_equal(values, np.full([200, 1], 2.0))


def test_embedding_looks_vectors_up():
    embedding = nn.get_embedding(vocab_size=5, n_dims=3)
    vectors = embedding(tf.constant([[4], [0]]))
    np.testing.assert_array_equal(vectors[:, 0], embedding.embeddings.numpy()[[4, 0]])
    assert embedding.embeddings.shape == (5, 3)

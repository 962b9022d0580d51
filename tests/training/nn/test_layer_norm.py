"""Lean layer normalisation against that of Keras and against differences."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ddsp.training import nn
from ddsp.training.nn.layer_norm import LayerNormalization, normalize


def random(*shape, seed=0, scale=1.0):
    return tf.constant(np.random.default_rng(seed).normal(0.3, scale, shape), "float32")


def gradients(function, x, variables):
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(tf.cos(function(x)) * random(*x.shape, seed=9))
    return tape.gradient(total, [x, *variables])


@pytest.mark.parametrize("shape", [(7, 12), (2, 5, 12), (2, 3, 4, 12)])
@pytest.mark.parametrize("traced", [False, True])
def test_values_and_gradients_are_those_of_keras(shape, traced):
    x = 3.0 * random(*shape)
    layers = [LayerNormalization(), keras.layers.LayerNormalization()]
    found = []
    for layer in layers:
        layer.build(x.shape)
        layer.gamma.assign(random(12, seed=1))
        layer.beta.assign(random(12, seed=2))
        call = tf.function(layer) if traced else layer
        weights = [w.value for w in layer.trainable_variables]
        found.append([call(x), *gradients(call, x, weights)])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=2e-6)


def test_silent_channels_have_a_finite_gradient():
    layer = LayerNormalization()
    layer.build([None, None, 8])
    x = tf.zeros([1, 3, 8])
    by_x, *_ = gradients(layer, x, [])
    assert np.all(np.isfinite(by_x))
    np.testing.assert_allclose(layer(x), 0.0)


@pytest.mark.parametrize("options", [{"center": False}, {"scale": False}, {"axis": 1}])
def test_other_options_are_left_to_keras(options):
    x = random(2, 5, 6)
    layers = [LayerNormalization(**options), keras.layers.LayerNormalization(**options)]
    np.testing.assert_allclose(*(layer(x) for layer in layers), atol=1e-6)


def test_other_types_are_left_to_keras():
    x = tf.cast(random(2, 5, 6), tf.float64)
    layers = [
        kind(dtype="float64")
        for kind in (LayerNormalization, keras.layers.LayerNormalization)
    ]
    ours, theirs = (layer(x) for layer in layers)
    assert ours.dtype == tf.float64
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_the_gradient_has_a_gradient():
    x, gain, offset = random(2, 6), random(6, seed=1), random(6, seed=2)
    direction = random(2, 6, seed=3)

    def slope(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(normalize(x, gain, offset, 1e-3) ** 3)
        return tf.reduce_sum(tape.gradient(total, x) * direction)

    with tf.GradientTape() as tape:
        tape.watch(x)
        value = slope(x)
    step = 1e-2 * random(2, 6, seed=4)
    expected = (slope(x + step) - slope(x - step)) / 2.0
    found = tf.reduce_sum(tape.gradient(value, x) * step)
    np.testing.assert_allclose(found, expected, rtol=2e-2)


def test_negative_values_and_their_gradients_are_a_fifth():
    x = tf.constant([-3.0, -1e-30, 0.0, 1e-30, 2.0])
    rectify = nn.get_nonlinearity("leaky_relu")
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(rectify(x) * [1.0, 2.0, 3.0, 4.0, 5.0])
    np.testing.assert_allclose(rectify(x), [-0.6, -2e-31, 0, 1e-30, 2.0])
    np.testing.assert_allclose(tape.gradient(total, x), [0.2, 0.4, 0.6, 4.0, 5.0])


@pytest.mark.parametrize("nonlinearity", ["leaky_relu", "relu", "tanh", "elu"])
def test_a_dense_block_is_that_of_keras(nonlinearity):
    x = random(2, 5, 3)
    block = nn.Fc(4, nonlinearity)
    value = block(x)
    dense, norm, _ = block.layers
    expected = keras.layers.LayerNormalization()
    expected.build(value.shape)
    expected.set_weights(norm.get_weights())
    expected = keras.activations.get(nonlinearity)(expected(dense(x)))
    np.testing.assert_allclose(value, expected, atol=1e-6)

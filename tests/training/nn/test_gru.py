import keras
import numpy as np
import pytest
import tensorflow as tf

from ddsp.training import nn


def twins(**settings):
    """The layer of this library and that of Keras, with the same random weights."""
    ours, theirs = nn.Gru(4, **settings), keras.layers.GRU(4, **settings)
    for layer in (ours, theirs):
        layer.build([None, None, 3])
    rng = np.random.default_rng(1)
    weights = [rng.normal(size=w.shape) for w in theirs.get_weights()]
    ours.set_weights(weights)
    theirs.set_weights(weights)
    return ours, theirs


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"return_sequences": True},
        {"return_sequences": True, "return_state": True},
        {"go_backwards": True, "return_sequences": True},
        {"reset_after": False, "return_sequences": True},
        {"activation": "relu"},
        {"use_bias": False, "return_sequences": True},
    ],
    ids=str,
)
def test_every_setting_gives_what_keras_gives(settings, rng):
    ours, theirs = twins(**settings)
    x = rng.normal(size=[2, 45, 3]).astype(np.float32)
    for value, expected in zip(
        tf.nest.flatten(ours(x)), tf.nest.flatten(theirs(x)), strict=True
    ):
        np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("wrap", [lambda state: state, lambda state: [state]])
def test_initial_state_is_where_the_recursion_starts(wrap, rng):
    ours, theirs = twins(return_sequences=True)
    x = rng.normal(size=[2, 5, 3]).astype(np.float32)
    state = rng.normal(size=[2, 4]).astype(np.float32)
    expected = theirs(x, initial_state=state)
    np.testing.assert_allclose(ours(x, initial_state=wrap(state)), expected, atol=1e-6)


def test_masked_frames_are_stepped_over_as_in_keras(rng):
    ours, theirs = twins()
    x = rng.normal(size=[2, 5, 3]).astype(np.float32)
    mask = np.array([[True, True, False, True, False]] * 2)
    np.testing.assert_allclose(ours(x, mask=mask), theirs(x, mask=mask), atol=1e-6)

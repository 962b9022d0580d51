import keras
import numpy as np
import pytest
import tensorflow as tf

from ddsp.training import recurrent

N_UNITS, N_CHANNELS = 5, 3
NAMES = ("inputs", "initial_state", "kernel", "recurrent_kernel", "bias")


def random_arguments(n_frames, batch=2, dtype=np.float32, n_units=N_UNITS):
    rng = np.random.default_rng(n_frames)
    shapes = (
        [batch, n_frames, N_CHANNELS],
        [batch, n_units],
        [N_CHANNELS, 3 * n_units],
        [n_units, 3 * n_units],
        [2, 3 * n_units],
    )
    return [tf.constant(rng.normal(size=s, scale=0.7).astype(dtype)) for s in shapes]


def in_float64(inputs, state, kernel, recurrent_kernel, bias):
    """The recursion as it is written in a textbook, [batch, n_frames, n_units]."""

    def sigmoid(x):
        return 1.0 / (1.0 + np.exp(-x))

    states = []
    for x in np.moveaxis(inputs, 1, 0):
        driven = np.split(x @ kernel + bias[0], 3, axis=-1)
        fed_back = np.split(state @ recurrent_kernel + bias[1], 3, axis=-1)
        update, reset = (sigmoid(driven[i] + fed_back[i]) for i in (0, 1))
        candidate = np.tanh(driven[2] + reset * fed_back[2])
        state = update * state + (1.0 - update) * candidate
        states.append(state)
    return np.stack(states, axis=1)


def value_and_gradients(arguments, function):
    """The sequence, and gradients of a sum with random weights."""
    with tf.GradientTape() as tape:
        tape.watch(arguments)
        sequence, last = function(*arguments)
        weights = tf.cos(tf.range(tf.cast(tf.size(sequence), sequence.dtype)))
        weights = tf.reshape(weights, tf.shape(sequence))
        total = tf.reduce_sum(weights * sequence) + tf.reduce_sum(2.0 * last**2)
    return sequence, tape.gradient(total, arguments)


def keras_gru(inputs, initial_state, kernel, recurrent_kernel, bias):
    """The same with the layer of Keras, differentiable in its weights."""
    layer = keras.layers.GRU(N_UNITS, return_sequences=True, return_state=True)
    layer.build(inputs.shape)
    state, states = initial_state, []
    for frame in tf.unstack(inputs, axis=1):
        with keras.StatelessScope(
            [
                (layer.cell.kernel, kernel),
                (layer.cell.recurrent_kernel, recurrent_kernel),
                (layer.cell.bias, bias),
            ]
        ):
            state, _ = layer.cell(frame, [state])
        states.append(state)
    return tf.stack(states, axis=1), state


@pytest.mark.parametrize("n_frames", [1, 19, 20, 41])
def test_states_are_those_of_the_textbook(n_frames):
    arguments = random_arguments(n_frames)
    sequence, last = recurrent.gru(*arguments)
    expected = in_float64(*(x.numpy().astype(np.float64) for x in arguments))
    np.testing.assert_allclose(sequence, expected, atol=1e-6)
    np.testing.assert_allclose(last, expected[:, -1], atol=1e-6)


@pytest.mark.parametrize("n_frames", [1, 27])
def test_gradients_are_those_of_keras(n_frames):
    arguments = random_arguments(n_frames)
    sequence, gradients = value_and_gradients(arguments, recurrent.gru)
    expected_sequence, expected = value_and_gradients(arguments, keras_gru)
    np.testing.assert_allclose(sequence, expected_sequence, atol=1e-6)
    for name, value, target in zip(NAMES, gradients, expected, strict=True):
        limit = 1e-5 * np.abs(target).max()
        np.testing.assert_allclose(value, target, atol=limit, err_msg=name)


def test_gradients_are_those_of_finite_differences(rng):
    arguments = random_arguments(27, dtype=np.float64)

    def total(*x):
        sequence, last = recurrent.gru(*x)
        return tf.reduce_sum(sequence**2) + tf.reduce_sum(last)

    with tf.GradientTape() as tape:
        tape.watch(arguments)
        gradients = tape.gradient(total(*arguments), arguments)
    for i, name in enumerate(NAMES):
        direction = rng.normal(size=arguments[i].shape)
        slope = np.sum(gradients[i] * direction)
        up, down = (
            total(*arguments[:i], arguments[i] + step * direction, *arguments[i + 1 :])
            for step in (1e-6, -1e-6)
        )
        np.testing.assert_allclose(slope, (up - down) / 2e-6, rtol=1e-5, err_msg=name)


def assert_same(values, targets):
    for value, target in zip(
        tf.nest.flatten(values), tf.nest.flatten(targets), strict=True
    ):
        limit = 1e-5 * np.abs(target).max()
        np.testing.assert_allclose(value, target, rtol=0.0, atol=limit)


def test_batch_and_length_may_be_unknown():
    traced = tf.function(
        lambda *x: value_and_gradients(list(x), recurrent.gru),
        input_signature=[
            tf.TensorSpec([None, None, N_CHANNELS]),
            *(tf.TensorSpec([None] * 2) for _ in range(2)),
            tf.TensorSpec([N_UNITS, 3 * N_UNITS]),
            tf.TensorSpec([2, None]),
        ],
        autograph=False,
    )
    for n_frames, batch in ((27, 2), (7, 3)):
        arguments = random_arguments(n_frames, batch)
        expected = value_and_gradients(arguments, recurrent.gru)
        assert_same(traced(*arguments), expected)


def test_compiled_values_and_gradients_are_the_same():
    arguments = random_arguments(27)
    compiled = tf.function(
        lambda *x: value_and_gradients(list(x), recurrent.gru),
        jit_compile=True,
        autograph=False,
    )
    expected = value_and_gradients(arguments, recurrent.gru)
    assert_same(compiled(*arguments), expected)


def test_units_of_several_sizes_live_side_by_side():
    for n_units in (2, 7):
        arguments = random_arguments(27, n_units=n_units)
        sequence, _ = recurrent.gru(*arguments)
        expected = in_float64(*(x.numpy().astype(np.float64) for x in arguments))
        np.testing.assert_allclose(sequence, expected, atol=1e-6)


def test_no_frames_leave_the_initial_state():
    arguments = random_arguments(0)
    with tf.GradientTape() as tape:
        tape.watch(arguments[1])
        sequence, last = recurrent.gru(*arguments)
    assert sequence.shape == [2, 0, N_UNITS]
    np.testing.assert_array_equal(last, arguments[1])
    slope = tape.gradient(last, arguments[1])
    np.testing.assert_array_equal(slope, np.ones([2, N_UNITS]))


def test_extreme_inputs_have_finite_gradients():
    arguments = random_arguments(27)
    arguments[0] *= 1e4
    sequence, gradients = value_and_gradients(arguments, recurrent.gru)
    assert np.isfinite(sequence).all()
    assert all(np.isfinite(gradient).all() for gradient in gradients)


def test_a_missing_axis_is_an_error():
    arguments = random_arguments(4)
    with pytest.raises(ValueError, match=r"\[batch, n_frames, n_channels\]"):
        recurrent.gru(arguments[0][0], *arguments[1:])

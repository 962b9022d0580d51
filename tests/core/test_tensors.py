import numpy as np
import pytest
import tensorflow as tf

from ddsp.core.tensors import (
    copy_if_tf_function,
    diff,
    float_tensors,
    gradient_reversal,
    make_iterable,
    nan_to_num,
    pad_axis,
    tf_float32,
)


@pytest.mark.parametrize(
    "x",
    [
        [1, 2],
        (1.0, 2.0),
        np.array([1, 2]),
        np.array([1.0, 2.0]),
        tf.constant([1, 2]),
        tf.constant([1.0, 2.0], tf.float64),
        tf.Variable([1.0, 2.0]),
        tf.Variable([1.0, 2.0], dtype=tf.float64),
        tf.Variable([1, 2]),
    ],
)
def test_everything_becomes_float32(x):
    y = tf_float32(x)
    assert y.dtype == tf.float32 and not isinstance(y, tf.Variable)
    np.testing.assert_array_equal(y, [1.0, 2.0])


def test_booleans_become_zeros_and_ones():
    np.testing.assert_array_equal(tf_float32(np.array([True, False])), [1.0, 0.0])


def test_a_list_of_tensors_is_stacked():
    np.testing.assert_array_equal(tf_float32([tf.constant(1.0), 2.0]), [1.0, 2.0])


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ((1, 2.0), tf.float32),
        ((tf.constant(1), 2), tf.float32),
        ((tf.constant(1.0, tf.float64), 2), tf.float64),
        ((tf.constant(1.0, tf.float16), 2.0), tf.float16),
        ((tf.constant(1.0), tf.constant(1.0, tf.float64)), tf.float64),
        ((tf.constant(1.0), np.float64(2.0)), tf.float32),
        ((np.ones(2), 1.0), tf.float64),
        ((tf.Variable(1.0, dtype=tf.float64), 2), tf.float64),
    ],
)
def test_tensors_decide_on_the_type_before_arrays_and_numbers(values, dtype):
    tensors = float_tensors(*values)
    assert [t.dtype for t in tensors] == [dtype] * len(values)


def test_python_numbers_keep_their_precision_in_float64():
    _, third = float_tensors(tf.constant(1.0, tf.float64), 1.0 / 3.0)
    assert float(third) == 1.0 / 3.0


@pytest.mark.parametrize(
    "single",
    ["abc", 3, 2.5, np.ones(3), tf.ones(3), tf.Variable([1.0, 2.0]), np.float32(1.0)],
    ids=lambda x: type(x).__name__,
)
def test_single_things_are_wrapped_whole(single):
    wrapped = list(make_iterable(single))
    assert len(wrapped) == 1 and wrapped[0] is single


def test_collections_are_left_alone_and_none_is_nothing():
    for collection in ([1, 2], (1, 2), {"a": 1}):
        assert make_iterable(collection) is collection
    assert list(make_iterable(None)) == []


def test_copy_is_made_only_while_tracing():
    inputs = {"a": 1}
    seen = []

    @tf.function
    def traced():
        seen.append(copy_if_tf_function(inputs))
        return tf.constant(0)

    traced()
    assert copy_if_tf_function(inputs) is inputs
    assert seen[0] == inputs and seen[0] is not inputs


@pytest.mark.parametrize("axis", [-3, -2, -1, 0, 1, 2])
def test_padding_equals_numpy_on_every_axis(axis, rng):
    x = rng.normal(size=[2, 3, 4]).astype(np.float32)
    paddings = [(0, 0)] * 3
    paddings[axis] = (1, 2)
    expected = np.pad(x, paddings, constant_values=5.0)
    np.testing.assert_array_equal(
        pad_axis(x, (1, 2), axis=axis, constant_values=5.0), expected
    )


def test_padding_passes_the_mode_on():
    padded = pad_axis(tf.constant([1.0, 2.0, 3.0]), (2, 0), mode="REFLECT")
    np.testing.assert_array_equal(padded, [3.0, 2.0, 1.0, 2.0, 3.0])


@pytest.mark.parametrize("axis", [-4, 3])
@pytest.mark.parametrize("function", [diff, lambda x, axis: pad_axis(x, (1, 1), axis)])
def test_an_axis_that_does_not_exist_is_refused(function, axis):
    with pytest.raises(ValueError, match=f"axis={axis} with rank=3"):
        function(tf.ones([2, 3, 4]), axis=axis)


@pytest.mark.parametrize("axis", [-3, -2, -1, 0, 1, 2])
@pytest.mark.parametrize("convert", [np.asarray, tf.constant, tf.Variable])
def test_differences_equal_numpy_on_every_axis(axis, convert, rng):
    x = rng.normal(size=[2, 3, 4]).astype(np.float32)
    np.testing.assert_array_equal(diff(convert(x), axis=axis), np.diff(x, axis=axis))


def test_differences_of_unknown_sizes():
    signature = [tf.TensorSpec([None, None, 2])]
    traced = tf.function(lambda x: diff(x, axis=1), input_signature=signature)
    x = np.arange(12.0, dtype=np.float32).reshape(2, 3, 2) ** 2
    np.testing.assert_array_equal(traced(x), np.diff(x, axis=1))


def test_only_nan_is_replaced_and_passes_no_gradient():
    x = tf.constant([1.0, np.nan, np.inf])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = nan_to_num(x, 7.0)
    np.testing.assert_array_equal(y, [1.0, 7.0, np.inf])
    np.testing.assert_array_equal(tape.gradient(y, x), [1.0, 0.0, 1.0])


@pytest.mark.parametrize("jit_compile", [False, True])
def test_gradient_is_reversed_and_values_are_not(jit_compile):
    x = tf.constant([0.0, -2.0, 3e38])

    @tf.function(jit_compile=jit_compile)
    def values_and_gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = gradient_reversal(x)
        return y, tape.gradient(y, x, output_gradients=tf.constant([1.0, 2.0, -3.0]))

    values, gradient = values_and_gradient(x)
    np.testing.assert_array_equal(values, x)
    np.testing.assert_array_equal(gradient, [-1.0, -2.0, 3.0])

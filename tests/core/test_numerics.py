import numpy as np
import pytest
import tensorflow as tf

from ddsp.core.numerics import (
    log10,
    log_scale,
    logb,
    safe_divide,
    safe_log,
    safe_root,
    soft_limit,
)

EXTREMES = [0.0, -0.0, 1e-30, 1e-7, 1e-3, 1.0, -1.0, 1e3, -1e3, 1e10, -1e10, 1e30]


def gradient(function, x):
    x = tf.constant(x, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return y, tape.gradient(y, x)


def test_division_is_exact_unless_the_denominator_is_zero():
    quotient = safe_divide([1.0, 1.0, 0.0, 6.0], [2.0, 0.0, 0.0, -3.0], eps=1e-3)
    np.testing.assert_allclose(quotient, [0.5, 1000.0, 0.0, -2.0], rtol=1e-6)


def test_small_denominators_are_used_as_they_are():
    assert float(safe_divide(1.0, 1e-20)) == pytest.approx(1e20)


def test_integers_are_divided_as_fractions():
    np.testing.assert_allclose(safe_divide(tf.constant([1, 3]), 2), [0.5, 1.5])


def test_floor_of_the_logarithm_is_only_for_what_is_not_positive():
    np.testing.assert_allclose(
        safe_log([0.0, -3.0, 1e-7, 1.0]),
        [np.log(1e-5), np.log(1e-5), np.log(1e-7), 0.0],
        rtol=1e-6,
    )


def test_gradient_of_the_logarithm():
    _, slope = gradient(safe_log, [0.0, -1.0, 0.25, 4.0])
    np.testing.assert_allclose(slope, [0.0, 0.0, 4.0, 0.25])


@pytest.mark.parametrize("base", [2, 2.0, 3.0, 10, np.float64(7.0), tf.constant(5.0)])
def test_logarithm_to_any_base(base):
    x = np.array([0.5, 1.0, 8.0, 1000.0], np.float32)
    expected = np.log(x.astype(np.float64)) / np.log(float(base))
    np.testing.assert_allclose(logb(x, base), expected, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(log10(x), np.log10(x), rtol=1e-6, atol=1e-7)


def test_float64_keeps_its_precision():
    x = tf.constant([2.0, 3.0, 0.1], tf.float64)
    for result, expected in [
        (logb(x, 3), np.log(x) / np.log(3.0)),
        (log10(x), np.log10(x)),
        (safe_log(x), np.log(x)),
        (safe_divide(1, x), 1.0 / x.numpy()),
        (soft_limit(x, 0, 9), 9 - np.log1p(np.exp(9 - x)) + np.log1p(np.exp(-x))),
    ]:
        assert result.dtype == tf.float64
        np.testing.assert_allclose(result, expected, rtol=1e-14, atol=1e-15)


def test_integers_have_logarithms():
    np.testing.assert_allclose(log10(tf.constant([10, 1000])), [1.0, 3.0], rtol=1e-6)


@pytest.mark.parametrize("ends", [(20.0, 2000.0), (20, 2000)])
def test_log_scale_maps_equal_steps_to_equal_ratios(ends):
    scaled = log_scale([-1.0, -0.5, 0.0, 0.5, 1.0], *ends).numpy()
    np.testing.assert_allclose(scaled[[0, 2, 4]], [20.0, 200.0, 2000.0], rtol=1e-5)
    np.testing.assert_allclose(scaled[1:] / scaled[:-1], 10.0**0.5, rtol=1e-5)


def test_soft_limit_leaves_the_middle_alone():
    x = np.array([40.0, 500.0, 4010.0, 7980.0], np.float32)
    np.testing.assert_allclose(soft_limit(x, 20.0, 8000.0), x, rtol=1e-6)


def test_soft_limit_equals_its_definition():
    def softplus(z):
        return np.logaddexp(0.0, z)

    x = np.linspace(-30.0, 30.0, 121)
    expected = -2.0 + softplus(x + 2.0) - softplus(x - 3.0)
    np.testing.assert_allclose(
        soft_limit(x.astype(np.float32), -2.0, 3.0), expected, atol=1e-6
    )


def test_soft_limit_holds_however_far_outside():
    far = [-np.inf, -1e30, -1e10, 1e10, 1e30, np.inf]
    limited = soft_limit(tf.constant(far), 20.0, 8000.0)
    np.testing.assert_allclose(limited, [20.0] * 3 + [8000.0] * 3, rtol=1e-6)


def test_soft_limit_slope_is_one_inside_and_zero_outside():
    _, slope = gradient(
        lambda x: soft_limit(x, 20.0, 8000.0), [-900.0, 300.0, 7000.0, 9e3]
    )
    np.testing.assert_allclose(slope, [0.0, 1.0, 1.0, 0.0], atol=1e-6)


@pytest.mark.parametrize(
    "function",
    [
        safe_log,
        log10,
        lambda x: safe_divide(x, 0.0),
        lambda x: safe_divide(1.0, x * 1e-3 + 1.0),
        lambda x: soft_limit(x, 20.0, 8000.0),
        lambda x: log_scale(x / 1e30, 20.0, 8000.0),
    ],
)
def test_values_and_gradients_of_extremes_are_finite(function):
    y, slope = gradient(function, EXTREMES)
    assert np.all(np.isfinite(y)) and np.all(np.isfinite(slope))


@pytest.mark.parametrize(
    "function",
    [
        safe_log,
        lambda x: logb(x, 3.0),
        lambda x: safe_divide(1.0, x),
        lambda x: soft_limit(x, 2.0, 5.0),
        lambda x: log_scale(x, 1.0, 9.0),
    ],
)
def test_compiled_for_any_batch_equals_eager(function, rng):
    x = rng.normal(size=[3, 5]).astype(np.float32)
    signature = [tf.TensorSpec([None, 5])]
    compiled = tf.function(function, input_signature=signature, jit_compile=True)
    np.testing.assert_allclose(compiled(x), function(x), rtol=2e-5, atol=1e-6)


def test_root_is_exact_and_its_slope_finite():
    values = [-4.0, 0.0, 1e-30, 0.25, 9.0, 1e30]
    root, slope = gradient(safe_root, values)
    positive = np.maximum(values, 0.0)
    np.testing.assert_allclose(root, np.sqrt(positive), rtol=1e-6)
    expected = [0.0, 0.0, *(0.5 / np.sqrt(positive[2:]))]
    np.testing.assert_allclose(slope, expected, rtol=1e-6)


def test_other_roots_undo_their_powers():
    x = np.float32([0.0, 0.5, 3.0])
    for degree in (1.0, 1.5, 3.0):
        root, slope = gradient(lambda x, n=degree: safe_root(x, n), x**degree)
        np.testing.assert_allclose(root, x, rtol=1e-5)
        assert float(slope[0]) == 0.0
        np.testing.assert_allclose(slope[1:], x[1:] ** (1 - degree) / degree, rtol=1e-5)
    double = safe_root(tf.constant(2.0, tf.float64))
    np.testing.assert_allclose(double, np.sqrt(2.0), rtol=1e-15)

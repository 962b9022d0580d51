import gin
import numpy as np
import pytest
import tensorflow as tf

from ddsp import core
from ddsp.core.scaling import (
    exp_sigmoid,
    frequencies_critical_bands,
    frequencies_sigmoid,
    frequencies_softmax,
    log_scale_sigmoid,
    sym_exp_sigmoid,
)

FREQUENCY_MAPS = [frequencies_softmax, frequencies_sigmoid, frequencies_critical_bands]
# The small case of the original's recorded numbers: two sinusoids of depth two.
SMALL = np.array([[[-1.0, 0.0, 1.0, 2.0]]], np.float32)


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def midi_of_hz(hz):
    return 12.0 * np.log2(hz / 440.0) + 69.0 if hz > 0.0 else 0.0


def hz_of_unit(unit, hz_min, hz_max):
    low, high = midi_of_hz(hz_min), midi_of_hz(hz_max)
    return 440.0 * 2.0 ** ((low + (high - low) * unit - 69.0) / 12.0)


def test_exp_sigmoid_equals_the_recorded_numbers():
    np.testing.assert_allclose(
        exp_sigmoid([-2.0, -1.0, 0.0, 1.0, 2.0]),
        [0.01493155, 0.09722295, 0.4053992, 0.9722286, 1.4931451],
        rtol=1e-6,
    )


@pytest.mark.parametrize("exponent", [10.0, 10, 2.0, np.float64(6.0)])
def test_exp_sigmoid_equals_its_definition(exponent):
    x = np.linspace(-20.0, 20.0, 41)
    expected = 3.0 * sigmoid(x) ** np.log(float(exponent)) + 1e-5
    scaled = exp_sigmoid(x, exponent=exponent, max_value=3, threshold=1e-5)
    np.testing.assert_allclose(scaled, expected, rtol=1e-5)


def test_sym_exp_sigmoid_equals_the_recorded_numbers():
    np.testing.assert_allclose(
        sym_exp_sigmoid([-2.0, 0.0, 1.0]),
        [0.4053992, 1.1998456e-7, 1.9191387e-4],
        rtol=1e-5,
    )


def test_sym_exp_sigmoid_is_even_and_smallest_at_zero():
    x = np.linspace(0.0, 4.0, 21)
    scaled = sym_exp_sigmoid(x).numpy()
    np.testing.assert_array_equal(sym_exp_sigmoid(-x), scaled)
    assert np.all(np.diff(scaled) > 0.0)


@pytest.mark.parametrize("exponent", [2.0, 10.0])
@pytest.mark.parametrize("function", [exp_sigmoid, sym_exp_sigmoid])
def test_extremes_are_finite_and_positive(function, exponent):
    x = tf.constant([-1e30, -500.0, -100.0, 0.0, 100.0, 500.0, 1e30])
    with tf.GradientTape() as tape:
        tape.watch(x)
        if function is exp_sigmoid:
            scaled = exp_sigmoid(x, exponent=exponent)
        else:
            scaled = sym_exp_sigmoid(x)
    assert np.all(scaled > 0.0) and np.all(scaled < 2.001)
    assert np.all(np.isfinite(tape.gradient(scaled, x)))


def test_frequency_maps_equal_the_recorded_numbers():
    np.testing.assert_allclose(
        frequencies_softmax(SMALL, depth=2)[0, 0], [1596.9387, 1596.9387], rtol=1e-5
    )
    np.testing.assert_allclose(
        frequencies_sigmoid(SMALL, depth=2)[0, 0], [78.98198, 1312.4376], rtol=1e-5
    )


def test_softmax_averages_over_a_logarithmic_grid(rng):
    logits = rng.normal(size=[2, 3, 4, 5])
    weights = np.exp(logits) / np.sum(np.exp(logits), axis=-1, keepdims=True)
    unit = np.sum(weights * np.linspace(0.0, 1.0, 5), axis=-1)
    expected = hz_of_unit(unit, 30.0, 6000.0)
    np.testing.assert_allclose(
        frequencies_softmax(logits, hz_min=30.0, hz_max=6000.0), expected, rtol=1e-5
    )


def test_one_point_of_a_softmax_is_the_lowest_frequency():
    np.testing.assert_allclose(frequencies_softmax(SMALL), 20.0, rtol=1e-5)


@pytest.mark.parametrize("hz_min", [0.0, 30])
def test_sigmoids_add_up_shares_of_the_range(hz_min, rng):
    logits = rng.normal(size=[2, 3, 2, 4])
    remaining = 8000.0 - hz_min
    step = remaining ** (1.0 / 4.0)
    expected = np.zeros([2, 3, 2])
    for i in range(4):
        top = remaining if i == 3 else remaining * (1.0 - 1.0 / step)
        bottom = hz_min if i == 3 else 0.0
        expected += hz_of_unit(sigmoid(logits[..., i]), bottom, top)
        remaining -= top
    np.testing.assert_allclose(
        frequencies_sigmoid(logits, hz_min=hz_min), expected, rtol=1e-5
    )


def test_sigmoids_stay_in_the_range():
    logits = np.linspace(-100.0, 100.0, 200).reshape(1, 2, 100)
    hz = frequencies_sigmoid(logits, depth=10, hz_min=0.0, hz_max=8000.0).numpy()
    assert hz.min() >= 0.0 and hz.max() <= 8000.0
    np.testing.assert_allclose(hz.max(), 8000.0, rtol=1e-4)


def soft_limited(x, low, high):
    return low + np.logaddexp(0.0, x - low) - np.logaddexp(0.0, x - high)


@pytest.mark.parametrize("scale", ["bark", "mel"])
def test_critical_bands_move_around_centres_of_hearing(scale, rng):
    logits = rng.normal(size=[2, 3, 6, 2])
    if scale == "bark":
        ends = [26.81 / (1.0 + 1960.0 / hz) - 0.53 for hz in (50.0, 6000.0)]
        centers = 1960.0 / (26.81 / (np.linspace(*ends, 6) + 0.53) - 1.0)
    else:
        ends = [2595.0 * np.log10(1.0 + hz / 700.0) for hz in (50.0, 6000.0)]
        centers = 700.0 * (10.0 ** (np.linspace(*ends, 6) / 2595.0) - 1.0)
    offset = np.tanh(logits[..., 0]) + np.tanh(logits[..., 1]) / 7.0
    hz = centers + 0.5 * (0.108 * centers + 24.7) * offset
    actual = frequencies_critical_bands(
        logits,
        depth_scale=7,
        bandwidth_scale=0.5,
        hz_min=50.0,
        hz_max=6000.0,
        scale=scale,
    )
    np.testing.assert_allclose(actual, soft_limited(hz, 50.0, 6000.0), rtol=2e-5)


def test_sinusoids_at_rest_are_at_their_centres():
    hz = frequencies_critical_bands(np.zeros([1, 1, 9]), hz_min=40.0)[0, 0]
    bark = 26.81 / (1.0 + 1960.0 / hz.numpy()) - 0.53
    # The outermost two are bent by the limits.
    np.testing.assert_allclose(np.diff(bark[1:-1], n=2), 0.0, atol=1e-4)
    low, high = (26.81 / (1.0 + 1960.0 / f) - 0.53 for f in (40.0, 8000.0))
    np.testing.assert_allclose(bark[4], (low + high) / 2.0, rtol=1e-5)


def test_bands_may_begin_at_zero():
    hz = frequencies_critical_bands(np.zeros([1, 1, 5]), hz_min=0).numpy()
    assert np.all(np.isfinite(hz)) and np.all(np.diff(hz[0, 0]) > 0.0)


def test_an_unknown_scale_is_refused():
    with pytest.raises(ValueError, match="scale='erb'"):
        frequencies_critical_bands(SMALL, scale="erb")


@pytest.mark.parametrize("function", FREQUENCY_MAPS)
def test_merged_channels_equal_separate_channels(function, rng):
    separate = rng.normal(size=[2, 3, 4, 5]).astype(np.float32)
    merged = separate.reshape(2, 3, 20)
    result = function(merged, depth=5)
    assert result.shape == [2, 3, 4]
    np.testing.assert_array_equal(result, function(separate))


@pytest.mark.parametrize("function", FREQUENCY_MAPS)
@pytest.mark.parametrize("shape", [[4], [2, 4], [1, 2, 3, 4, 5], [1, 2, 7]])
def test_shapes_that_do_not_fit_are_refused(function, shape):
    with pytest.raises(ValueError, match=r"Got"):
        function(np.zeros(shape), depth=3)


def test_an_empty_range_of_sigmoids_is_refused():
    with pytest.raises(ValueError, match="hz_min=100"):
        frequencies_sigmoid(SMALL, hz_min=100, hz_max=100)


@pytest.mark.parametrize("function", FREQUENCY_MAPS)
def test_gradients_of_extremes_are_finite(function):
    x = tf.constant([[[[-1e4, -30.0], [0.0, 0.0], [30.0, 1e4]]]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        hz = function(x)
    slope = tape.gradient(hz, x).numpy()
    assert np.all(np.isfinite(hz)) and np.all(np.isfinite(slope))
    assert np.any(slope[0, 0, 1] != 0.0)


@pytest.mark.parametrize("function", FREQUENCY_MAPS)
def test_compiled_for_any_batch_and_length_equals_eager(function, rng):
    def mapped(x):
        return function(x, depth=2)

    x = rng.normal(size=[3, 5, 8]).astype(np.float32)
    signature = [tf.TensorSpec([None, None, 8])]
    traced = tf.function(mapped, input_signature=signature)
    np.testing.assert_allclose(traced(x), mapped(x), rtol=1e-5)
    signature = [tf.TensorSpec([None, 5, 8])]
    compiled = tf.function(mapped, input_signature=signature, jit_compile=True)
    np.testing.assert_allclose(compiled(x), mapped(x), rtol=1e-4)


@pytest.mark.parametrize(
    "name", ["exp_sigmoid", "sym_exp_sigmoid", *(f.__name__ for f in FREQUENCY_MAPS)]
)
def test_gin_knows_the_original_name(name):
    assert gin.get_configurable(f"ddsp.core.{name}") is not None
    assert gin.get_configurable(f"core.{name}") is not None


def test_logarithmic_sigmoid_has_equal_ratios_and_its_ends():
    x = np.array([-1e4, -1.5, -0.5, 0.0, 0.5, 1.5, 1e4])
    share = 1 / (1 + np.exp(-np.clip(x, -700, 700)))
    found = log_scale_sigmoid(x, 0.2, 50.0)
    np.testing.assert_allclose(found, 0.2 * 250.0**share, rtol=1e-5)


@pytest.mark.parametrize(
    ("function", "low", "high"),
    [
        (core.duration_sigmoid, 1e-3, 4.0),
        (core.inharmonicity_sigmoid, 1e-5, 1e-2),
        (core.drive_sigmoid, 0.1, 100.0),
    ],
)
def test_controls_on_a_logarithmic_scale_share_one_curve(function, low, high):
    x = tf.constant([-3.0, 0.0, 1.0])
    np.testing.assert_array_equal(function(x), log_scale_sigmoid(x, low, high))
    np.testing.assert_array_equal(function(x, 1.0, 9.0), log_scale_sigmoid(x, 1.0, 9.0))

import numpy as np
import pytest
import tensorflow as tf
from golden_layers import FOLDER

from ddsp.training import nn


@pytest.mark.parametrize("norm_type", ["layer", "instance"])
def test_values_are_those_of_the_original(norm_type):
    recorded = np.load(FOLDER / "functions.npz")
    value = nn.normalize_op(recorded["in/img"], norm_type)
    expected = recorded[f"normalize_op_{norm_type}"]
    np.testing.assert_allclose(value, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("norm_type", "axes"), [("layer", (1, 2, 3)), ("instance", (1, 2))]
)
def test_each_group_has_mean_0_and_deviation_1(norm_type, axes, rng):
    x = rng.normal(3.0, 5.0, size=[2, 30, 4, 8]).astype(np.float32)
    value = nn.normalize_op(x, norm_type).numpy()
    np.testing.assert_allclose(value.mean(axes), 0.0, atol=1e-5)
    np.testing.assert_allclose(value.std(axes), 1.0, atol=1e-4)


def test_none_changes_nothing(rng):
    x = rng.normal(size=[1, 2, 3, 4])
    assert nn.normalize_op(x, None) is x


def test_silence_has_a_finite_gradient():
    x = tf.zeros([1, 10, 1, 4])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(nn.normalize_op(x, "instance") * tf.range(4.0))
    assert np.isfinite(tape.gradient(y, x)).all()


def test_sequences_of_unknown_length_work(rng):
    x = rng.normal(size=[2, 9, 4]).astype(np.float32)
    layer = nn.Normalize("layer")
    traced = tf.function(
        layer, input_signature=[tf.TensorSpec([None, None, 4])], autograph=False
    )
    np.testing.assert_allclose(traced(x), layer(x), atol=1e-6)


def test_unknown_type_is_an_error():
    with pytest.raises(KeyError, match="norm_type"):
        nn.normalize_op(tf.zeros([1, 2, 1, 4]), "batch")


def test_channels_that_cannot_be_grouped_are_an_error():
    with pytest.raises(ValueError, match="multiple of 32"):
        nn.normalize_op(tf.zeros([1, 2, 1, 33]), "group")


def test_build_takes_the_shape_of_x():
    layer = nn.Normalize()
    layer.build(x_shape=[None, None, 3])
    assert [w.shape for w in layer.weights] == [(1, 1, 1, 3)] * 2


def _conditioned(layer, x, z, kernel, bias):
    """A layer whose dense layer has these weights."""
    layer([x, z])
    layer.set_weights([np.array(kernel), np.array(bias)])
    return layer([x, z]).numpy()


@pytest.mark.parametrize("rank", [2, 3, 4])
def test_conditioning_multiplies_with_one_half_and_adds_the_other(rank, rng):
    x = rng.normal(size=[*[2, 5, 6][: rank - 1], 4]).astype(np.float32)
    z = rng.normal(size=[*[2, 1, 1][: rank - 1], 3]).astype(np.float32)
    kernel, bias = rng.normal(size=[3, 8]), rng.normal(size=[8])
    found = _conditioned(nn.ConditionalScaleAndShift(), x, z, kernel, bias)
    made = z @ kernel + bias
    np.testing.assert_allclose(found, x * made[..., :4] + made[..., 4:], atol=1e-5)
    found = _conditioned(nn.ConditionalNorm(None), x, z, kernel, bias)
    np.testing.assert_allclose(found, x * made[..., :4] + made[..., 4:], atol=1e-5)


def test_conditioning_sets_level_and_deviation_of_each_channel(rng):
    x = rng.normal(5.0, 3.0, size=[2, 200, 2]).astype(np.float32)
    z = np.array([[[1.0]], [[2.0]]], np.float32)
    kernel, bias = np.array([[3.0, 4.0, 0.5, -1.0]]), np.zeros([4])
    found = _conditioned(nn.ConditionalNorm("instance"), x, z, kernel, bias)
    np.testing.assert_allclose(found.std(1), [[3, 4], [6, 8]], rtol=1e-4)
    np.testing.assert_allclose(found.mean(1), [[0.5, -1], [1, -2]], atol=1e-4)


def test_shift_alone_leaves_the_deviation(rng):
    x = rng.normal(size=[1, 50, 2]).astype(np.float32)
    layer = nn.ConditionalScaleAndShift(shift_only=True)
    found = _conditioned(layer, x, np.ones([1, 1, 1]), [[2.0, -3.0]], [0.0, 0.0])
    np.testing.assert_allclose(found - x, np.full(x.shape, [2.0, -3.0]), atol=1e-6)


@pytest.mark.parametrize("z_shape", [[1, 4, 3], [3, 1, 3], [1, 3]])
def test_conditioning_that_does_not_fit_is_an_error(z_shape):
    with pytest.raises(ValueError, match="z must have the rank of x"):
        nn.ConditionalScaleAndShift()([tf.zeros([1, 8, 2]), tf.zeros(z_shape)])


def test_conditioning_that_is_missing_is_an_error():
    with pytest.raises(ValueError, match="needs the pair"):
        nn.ConditionalNorm()(tf.zeros([1, 8, 2]))


@pytest.mark.parametrize("conditional", [False, True])
def test_norms_are_chosen_by_whether_there_is_conditioning(conditional):
    norm = nn.get_norm("instance", conditional, shift_only=True)
    assert type(norm) is (nn.ConditionalNorm if conditional else nn.Normalize)
    assert norm.norm_type == "instance"
    if conditional:
        assert norm.conditional_scale_and_shift.shift_only

import numpy as np
import pytest
import tensorflow as tf
from golden_layers import FOLDER, assert_as_recorded

from ddsp.training import nn


@pytest.mark.parametrize("norm_type", ["layer", "instance", "group"])
def test_layer_has_the_weights_and_outputs_of_the_original(norm_type):
    assert_as_recorded(f"Normalize_{norm_type}", nn.Normalize(norm_type))


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

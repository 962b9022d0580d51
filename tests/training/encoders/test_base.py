import numpy as np
import pytest
import tensorflow as tf

from ddsp.training import encoders


class Pair(encoders.ZEncoder):
    def compute_z(self, one, two):
        return tf.concat([one, two], axis=-1)


def inputs(*shape):
    one = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    return {"one": one, "two": -one, "f0_scaled": np.zeros([1, 6, 1], np.float32)}


def test_a_z_without_time_is_held():
    z = Pair()(inputs(1, 1))["z"]
    np.testing.assert_array_equal(z, np.zeros([1, 6, 2]))


def test_a_slower_z_is_interpolated():
    z = Pair()(inputs(1, 3, 1))["z"][0].numpy()
    np.testing.assert_allclose(z[:, 0], [0.0, 0.5, 1.0, 1.5, 2.0, 2.0], atol=1e-6)
    np.testing.assert_allclose(z[:, 1], -z[:, 0])


def test_a_z_at_the_frame_rate_stays_as_it_is():
    features = inputs(1, 6, 1)
    np.testing.assert_array_equal(Pair()(features)["z"][..., :1], features["one"])


def test_compute_z_must_be_defined():
    with pytest.raises(NotImplementedError, match="ZEncoder must define compute_z"):
        encoders.ZEncoder(input_keys=[])(tf.zeros([1, 6, 1]))


def test_f0_scaled_is_asked_for_last_and_says_how_long_z_is():
    assert Pair().input_keys == ["one", "two", "f0_scaled"]
    assert Pair(input_keys=["a", "b"]).input_keys == ["a", "b", "f0_scaled"]
    features = inputs(1, 1)
    features["one"] += 7.0
    z = Pair()(*features.values())["z"]  # By position: one, two, f0_scaled.
    np.testing.assert_array_equal(z, np.tile([7.0, 0.0], [1, 6, 1]))


def test_keywords_that_mean_nothing_to_z_are_ignored():
    features = inputs(1, 6, 1)
    z = Pair().call(*features.values(), training=True, mode="any")
    np.testing.assert_array_equal(z, Pair()(features, training=False)["z"])


def test_the_length_may_be_known_only_when_the_graph_runs():
    pair = Pair()
    spec = tf.TensorSpec([None, None, 1])
    features = inputs(1, 3, 1)

    @tf.function(input_signature=[spec, spec, spec])
    def graph(one, two, f0_scaled):
        return pair(one, two, f0_scaled)["z"]

    np.testing.assert_allclose(
        graph(**features), Pair()(features)["z"], rtol=0.0, atol=1e-6
    )

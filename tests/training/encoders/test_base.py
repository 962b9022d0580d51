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
    with pytest.raises(NotImplementedError, match="compute_z"):
        encoders.ZEncoder(input_keys=[])(tf.zeros([1, 6, 1]))

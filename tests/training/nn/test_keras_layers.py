import gin
import numpy as np
import pytest
import tensorflow as tf

from ddsp.training import nn


def test_gin_builds_layers_of_keras():
    gin.parse_config("tf.keras.layers.Rescaling.scale = 3.0")
    layer = gin.get_configurable("tf.keras.layers.Rescaling")()
    np.testing.assert_allclose(layer(tf.constant([2.0])), [6.0])


@pytest.mark.parametrize("name", ["Conv2D", "LSTM", "keras.Sequential", "nn.Dense"])
def test_names_of_old_configs_resolve(name):
    cls = gin.get_configurable(name)
    assert issubclass(cls, tf.keras.layers.Layer)


def test_registering_again_changes_nothing():
    nn.gin_register_keras_layers()
    assert issubclass(gin.get_configurable("layers.Dense"), tf.keras.layers.Dense)

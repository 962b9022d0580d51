"""An update happens where it is wanted; elsewhere the step only counts."""

from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf

from ddsp.training.guarded_update import apply_if


class Setting:
    """An optimizer with one variable, and a variable beside it."""

    def __init__(self) -> None:
        self.weight = keras.Variable([1.0, -2.0], name="weight")
        self.moving = keras.Variable(7.0, name="moving", trainable=False)
        self.optimizer = keras.optimizers.Adam(0.5)
        self.optimizer.build([self.weight])

    def update(self, wanted: tf.Tensor, gradient: tf.Tensor) -> None:
        otherwise = [(self.moving, tf.constant(3.0))]
        apply_if(wanted, self.optimizer, [gradient], [self.weight], otherwise)


@pytest.mark.parametrize("wrap", [lambda f: f, tf.function])
def test_only_wanted_updates_change_anything(wrap: Callable) -> None:
    setting, plain = Setting(), Setting()
    update = wrap(setting.update)
    update(tf.constant(False), tf.constant([np.nan, 1.0]))
    np.testing.assert_array_equal(setting.weight, [1.0, -2.0])
    assert float(setting.moving) == 3.0
    for moment in setting.optimizer._momentums + setting.optimizer._velocities:
        np.testing.assert_array_equal(moment, [0.0, 0.0])
    assert int(setting.optimizer.iterations) == 1
    setting.moving.assign(7.0)
    update(tf.constant(True), tf.constant([2.0, -1.0]))
    assert float(setting.moving) == 7.0
    assert int(setting.optimizer.iterations) == 2
    # Keras alone, at the same step.
    plain.optimizer.iterations.assign(1)
    plain.optimizer.apply([tf.constant([2.0, -1.0])], [plain.weight])
    np.testing.assert_allclose(setting.weight, plain.weight, rtol=1e-6)
    assert abs(float(setting.weight[0]) - 1.0) > 0.1


def test_nothing_need_be_put_back() -> None:
    setting = Setting()
    gradient = tf.constant([1.0, 1.0])
    apply_if(tf.constant(False), setting.optimizer, [gradient], [setting.weight])
    np.testing.assert_array_equal(setting.weight, [1.0, -2.0])
    assert float(setting.moving) == 7.0

"""Mean differences by hand."""

import numpy as np
import pytest
import tensorflow as tf

from ddsp import losses

TARGET, VALUE = tf.constant([[1.0, 0.0]]), tf.constant([[0.0, 3.0]])


@pytest.mark.parametrize(
    ("loss_type", "expected"), [("L1", 2.0), ("l2", 5.0), ("COSINE", 1.0)]
)
def test_difference_by_type(loss_type: str, expected: float) -> None:
    np.testing.assert_allclose(
        losses.mean_difference(TARGET, VALUE, loss_type), expected, rtol=1e-6
    )


def test_cosine_ignores_length_and_sees_direction() -> None:
    vector = tf.constant([[3.0, 4.0]])
    for other, expected in ((2 * vector, 0.0), (-vector, 2.0)):
        distance = losses.mean_difference(vector, other, "COSINE")
        np.testing.assert_allclose(distance, expected, atol=1e-6)


def test_cosine_of_silence_has_a_finite_gradient() -> None:
    silence = tf.zeros([1, 4])
    with tf.GradientTape() as tape:
        tape.watch(silence)
        distance = losses.mean_difference(silence, tf.ones([1, 4]), "COSINE")
    assert np.isfinite(tape.gradient(distance, silence)).all()


def test_weights_scale_each_difference() -> None:
    weighted = losses.mean_difference(TARGET, VALUE, weights=tf.constant([[0.0, 2.0]]))
    np.testing.assert_allclose(weighted, 3.0)


def test_unknown_type_is_named() -> None:
    with pytest.raises(ValueError, match="L3"):
        losses.mean_difference(TARGET, VALUE, "L3")

"""Control losses by hand."""

import numpy as np
import pytest
import tensorflow as tf

from ddsp import losses


def test_twenty_decibels_are_one_in_logarithms() -> None:
    amp, target = tf.constant([1.0, 0.1, 0.0]), tf.constant([0.1, 1.0, 1e-6])
    # Below amin there is no difference.
    np.testing.assert_allclose(losses.amp_loss(amp, target, log=True), 2 / 3, rtol=1e-6)
    np.testing.assert_allclose(
        losses.amp_loss(amp, target, "L2", log=True, amin=0.1), 2 / 3, rtol=1e-6
    )
    np.testing.assert_allclose(losses.amp_loss(amp, target), 0.6, rtol=1e-5)


def test_octave_is_twelve() -> None:
    f_hz, target = tf.constant([220.0, 440.0]), tf.constant([440.0, 440.0])
    np.testing.assert_allclose(losses.freq_loss(f_hz, target), 6.0, rtol=1e-5)
    np.testing.assert_allclose(losses.freq_loss(f_hz, target, "L2"), 72.0, rtol=1e-5)
    weights = tf.constant([0.5, 1.0])
    found = losses.freq_loss(f_hz, target, weights=weights)
    np.testing.assert_allclose(found, 3.0, rtol=1e-5)


def test_noise_is_compared_by_magnitude() -> None:
    loss = losses.FilteredNoiseConsistencyLoss(weight=3.0)
    magnitudes = tf.constant([[[1.0, 2.0], [0.0, 4.0]]])
    np.testing.assert_allclose(loss(magnitudes, tf.ones([1, 2, 2])), 3 * 5 / 4)


def test_pitch_and_distribution_count_where_the_target_is_heard() -> None:
    loss = losses.HarmonicConsistencyLoss(2.0, 3.0, 4.0, amp_threshold=0.5)
    found = loss(
        tf.constant([[[1.0], [1.0]]]),
        tf.constant([[[0.5], [0.4]]]),  # The threshold itself is heard.
        tf.constant([[[1.0, 0.0], [1.0, 0.0]]]),
        tf.constant([[[0.5, 0.5], [0.5, 0.5]]]),
        tf.constant([[[440.0], [880.0]]]),
        tf.constant([[[220.0], [220.0]]]),
    )
    assert list(found) == ["harm_amp_loss", "harm_dist_loss", "f0_hz_loss"]
    expected = [2 * 1.1 / 2, 3 * 0.5 / 2, 4 * 12 / 2]
    np.testing.assert_allclose(list(found.values()), expected, rtol=1e-5)


@pytest.mark.parametrize(("loss_type", "expected"), [("L1", 4.0), ("L2", 10.0)])
def test_parameters_are_compared(loss_type: str, expected: float) -> None:
    loss = losses.ParamLoss(2.0, loss_type)
    found = loss(tf.constant([[1.0, 3.0]]), tf.zeros([1, 2]))
    np.testing.assert_allclose(found, expected)


def test_parameters_take_weights_like_those_of_notes() -> None:
    loss = losses.ParamLoss(2.0)
    weights = tf.constant([[0.0, 1.0]])
    found = loss(tf.constant([[1.0, 3.0]]), tf.zeros([1, 2]), weights)
    np.testing.assert_allclose(found, 3.0)

"""Distances of distributions: physics, and SciPy's in float64."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from ddsp import losses

RNG = np.random.default_rng(3)
VALUES, OTHER_VALUES = RNG.normal(size=[2, 5, 6]), RNG.normal(size=[2, 5, 4])
WEIGHTS, OTHER_WEIGHTS = RNG.uniform(size=[2, 5, 6]), RNG.uniform(size=[2, 5, 4])


def test_unit_weights_are_shares() -> None:
    u, v, ones = tf.constant([0.0, 1, 3]), tf.constant([5.0, 6, 8]), tf.ones([3])
    np.testing.assert_allclose(losses.wasserstein_distance(u, v, ones, ones), 5.0)


@pytest.mark.parametrize("distance", [-20.0, 0.25, 3.0])
def test_translation_by_a_distance_has_that_distance(distance: float) -> None:
    found = losses.wasserstein_distance(VALUES, VALUES + distance, WEIGHTS, WEIGHTS)
    np.testing.assert_allclose(found, np.full([2, 5], abs(distance)), rtol=1e-5)


@pytest.mark.parametrize("p", [1.0, 2.0])
def test_distance_is_that_of_scipy(p: float) -> None:
    found = losses.wasserstein_distance(VALUES, OTHER_VALUES, WEIGHTS, OTHER_WEIGHTS, p)
    for index in np.ndindex(2, 5):
        arguments = [x[index] for x in (VALUES, OTHER_VALUES, WEIGHTS, OTHER_WEIGHTS)]
        if p == 1.0:
            expected = scipy.stats.wasserstein_distance(*arguments)
        else:
            expected = scipy.stats.energy_distance(*arguments) / np.sqrt(2)
        np.testing.assert_allclose(found[index], expected, rtol=1e-4)


def test_scale_of_weights_does_not_matter() -> None:
    expected = losses.wasserstein_distance(VALUES, OTHER_VALUES, WEIGHTS, OTHER_WEIGHTS)
    found = losses.wasserstein_distance(
        VALUES, OTHER_VALUES, 10 * WEIGHTS, 0.01 * OTHER_WEIGHTS
    )
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("weights", [None, np.zeros([2, 5, 6]), np.ones([2, 5, 6])])
def test_no_weights_are_equal_weights(weights: np.ndarray | None) -> None:
    found = losses.wasserstein_distance(VALUES, OTHER_VALUES, weights, None)
    for index in np.ndindex(2, 5):
        expected = scipy.stats.wasserstein_distance(VALUES[index], OTHER_VALUES[index])
        np.testing.assert_allclose(found[index], expected, rtol=1e-5)


@pytest.mark.parametrize("p", [1.0, 2.0])
def test_equal_distributions_have_finite_gradients(p: float) -> None:
    values, weights = tf.constant(VALUES, tf.float32), tf.constant(WEIGHTS, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch([values, weights])
        distance = losses.wasserstein_distance(values, VALUES, weights, WEIGHTS, p)
    np.testing.assert_allclose(distance, np.zeros([2, 5]), atol=1e-6)
    for gradient in tape.gradient(distance, [values, weights]):
        assert np.isfinite(gradient).all()


def test_carrying_a_share_further_costs_that_share() -> None:
    values = tf.constant([1.0, 2.0, 4.0])
    with tf.GradientTape() as tape:
        tape.watch(values)
        distance = losses.wasserstein_distance(
            values, [0.0], tf.constant([1.0, 2.0, 5.0]), None
        )
    gradient = tf.convert_to_tensor(tape.gradient(distance, values))
    np.testing.assert_allclose(gradient, [0.125, 0.25, 0.625], rtol=1e-6)


def test_louder_copy_is_no_other_sound() -> None:
    amps, freqs = tf.constant([[[1.0, 0.5]]]), tf.constant([[[200.0, 410.0]]])
    loss = losses.WassersteinConsistencyLoss()
    np.testing.assert_allclose(loss(amps, freqs, 2 * amps, freqs), 0.0, atol=1e-6)


@pytest.mark.parametrize(("midi", "expected"), [(True, 12.0), (False, 440.0)])
def test_unit_is_semitones_or_hertz(midi: bool, expected: float) -> None:
    amps, freqs = tf.ones([2, 3, 1]), tf.fill([2, 3, 1], 440.0)
    loss = losses.WassersteinConsistencyLoss(weight=3.0, midi=midi)
    found = loss(amps, freqs, tf.ones([2, 3, 2]), tf.fill([2, 3, 2], 880.0))
    np.testing.assert_allclose(found, 3 * expected, rtol=1e-5)


def test_weight_zero_is_zero() -> None:
    amps, freqs = tf.ones([1, 2, 1]), tf.fill([1, 2, 1], 440.0)
    loss = losses.WassersteinConsistencyLoss(weight=0.0)
    assert float(loss(amps, freqs, amps, 2 * freqs)) == 0.0

"""Two-way mismatch in float64, and the pitch it prefers."""

import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf

from ddsp import losses

RNG = np.random.default_rng(6)
FREQS, AMPS = RNG.uniform(100, 2000, [2, 3, 4]), RNG.uniform(0.1, 1, [2, 3, 4])
CANDIDATES = np.tile([110.0, 223.0, 900.0, 3000.0], [2, 3, 1])


def midi(hz: np.ndarray) -> np.ndarray:
    return 69 + 12 * np.log2(np.asarray(hz, np.float64) / 440)


def log_mixture(x: float, centers: np.ndarray, weights: np.ndarray, scale: float):
    logs = scipy.stats.norm.logpdf(x, centers, scale)
    return scipy.special.logsumexp(logs, b=weights / weights.sum())


def sinusoids_truth(f0_hz: float, freqs: np.ndarray, amps: np.ndarray) -> float:
    numbers = np.arange(1, 31)
    logs = [log_mixture(f / f0_hz, numbers, np.ones(30), 0.2) for f in freqs]
    return -np.sum(np.array(logs) * amps) / amps.sum()


def harmonics_truth(f0_hz: float, freqs: np.ndarray, amps: np.ndarray) -> float:
    heard = [h for h in range(1, 11) if h * f0_hz < 8000]
    losses_of = [
        -log_mixture(midi(h * f0_hz), midi(freqs), amps, 0.5) * (1.0 - 0.1 * (h - 1))
        for h in heard
    ]
    return np.mean(losses_of)


def test_both_directions_are_their_definitions() -> None:
    sinusoids, harmonics = losses.TWMLoss().get_loss_tensors(CANDIDATES, FREQS, AMPS)
    assert sinusoids.shape == harmonics.shape == (2, 3, 4)
    for i in np.ndindex(2, 3, 4):
        arguments = CANDIDATES[i], FREQS[i[:2]], AMPS[i[:2]]
        np.testing.assert_allclose(sinusoids[i], sinusoids_truth(*arguments), rtol=1e-4)
        np.testing.assert_allclose(harmonics[i], harmonics_truth(*arguments), rtol=1e-4)


def test_loss_is_a_softmin_averaged_over_candidates() -> None:
    expected = []
    for i in np.ndindex(2, 3):
        mismatch = np.array(
            [
                2 * sinusoids_truth(f0, FREQS[i], AMPS[i])
                + 3 * harmonics_truth(f0, FREQS[i], AMPS[i])
                for f0 in CANDIDATES[i]
            ]
        )
        shares = scipy.special.softmax(-mismatch / 50.0)
        expected.append(np.mean(mismatch * shares))
    loss = losses.TWMLoss(2.0, 3.0, softmin_temperature=50.0)
    found = loss(CANDIDATES, FREQS, AMPS)
    np.testing.assert_allclose(found, np.mean(expected), rtol=1e-4)


@pytest.mark.parametrize("f0_hz", [110.0, 220.0, 440.0])
def test_pitch_of_harmonics_is_found_among_its_relatives(f0_hz: float) -> None:
    numbers = np.arange(1.0, 9.0)
    freqs, amps = (x[np.newaxis, np.newaxis] for x in (f0_hz * numbers, 1 / numbers))
    candidates = f0_hz * np.array([[[0.25, 0.5, 1.0, 1.5, 2.0, 4.0]]])
    found = losses.TWMLoss().predict_f0(candidates, freqs, amps)
    assert isinstance(found, np.ndarray)
    np.testing.assert_array_equal(found, [[[f0_hz]]])


def test_candidates_that_are_not_numbers_are_not_chosen() -> None:
    numbers = np.arange(1.0, 9.0)[np.newaxis, np.newaxis]
    candidates = np.array([[[np.nan, 220.0, 500.0]]])
    found = losses.TWMLoss().predict_f0(candidates, 220 * numbers, 1 / numbers)
    np.testing.assert_array_equal(found, [[[220.0]]])


def test_harmonics_of_candidates_are_multiples() -> None:
    loss = losses.TWMLoss(n_harmonic_points=3)
    candidates = tf.constant([[[110.0, 200.0]]])
    in_hz = loss.get_candidate_harmonics(candidates, as_midi=False)
    np.testing.assert_allclose(in_hz, [[[[110, 220, 330], [200, 400, 600]]]])
    np.testing.assert_allclose(
        loss.get_candidate_harmonics(candidates), midi(in_hz), rtol=1e-5
    )


def test_candidates_above_half_the_sample_rate_are_not_chosen() -> None:
    numbers = np.arange(1.0, 9.0)[np.newaxis, np.newaxis]
    freqs, amps = 220 * numbers, 1 / numbers
    for settings in ({}, {"sinusoids_weight": 0.0}, {"harmonics_weight": 0.0}):
        loss = losses.TWMLoss(**settings)
        for candidates in ([311.0, 9000.0], [9000.0, 220.0], [8000.0, 300.0]):
            found = loss.predict_f0(np.float32([[candidates]]), freqs, amps)
            assert found.item() == min(candidates)
    # A sinusoid close to half the sample rate is no reason to leave the range.
    high = np.full([1, 1, 1], 7990.0), np.ones([1, 1, 1])
    assert losses.TWMLoss().predict_f0([[[8010.0, 4100.0]]], *high).item() == 4100.0


def test_candidates_above_half_the_sample_rate_have_no_share() -> None:
    numbers = np.arange(1.0, 9.0)[np.newaxis, np.newaxis]
    loss = losses.TWMLoss()
    alone = loss(tf.constant([[[311.0]]]), 220 * numbers, 1 / numbers)
    candidates = tf.constant([[[311.0, 9000.0]]])
    with tf.GradientTape() as tape:
        tape.watch(candidates)
        both = loss(candidates, 220 * numbers, 1 / numbers)
    # The same mismatch, averaged over two candidates.
    np.testing.assert_allclose(both, alone / 2, rtol=1e-5)
    gradient = tape.gradient(both, candidates)[0, 0]
    assert float(gradient[0]) != 0.0 and float(gradient[1]) == 0.0


def test_a_lonely_candidate_out_of_range_is_bad_and_has_a_finite_gradient() -> None:
    numbers = np.arange(1.0, 9.0)[np.newaxis, np.newaxis]
    loss = losses.TWMLoss(sinusoids_weight=0.0)
    candidate = tf.constant([[[9000.0]]])
    with tf.GradientTape() as tape:
        tape.watch(candidate)
        value = loss(candidate, 220 * numbers, 1 / numbers)
    assert value > loss(tf.constant([[[311.0]]]), 220 * numbers, 1 / numbers)
    # Down is better.
    gradient = float(tape.gradient(value, candidate)[0, 0, 0])
    assert np.isfinite(gradient) and gradient > 0.0

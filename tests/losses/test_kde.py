"""Kernel densities in float64, and what the loss prefers."""

import numpy as np
import scipy.special
import scipy.stats
import tensorflow as tf

from ddsp import losses
from ddsp.losses.kde import GaussianMixture

RNG = np.random.default_rng(5)
AMPS_A, FREQS_A = RNG.uniform(0.1, 1, [2, 3, 5]), RNG.uniform(100, 900, [2, 3, 5])
AMPS_B, FREQS_B = RNG.uniform(0.1, 1, [2, 3, 4]), RNG.uniform(100, 900, [2, 3, 4])


def midi(hz: np.ndarray) -> np.ndarray:
    return 69 + 12 * np.log2(np.asarray(hz, np.float64) / 440)


def nll_truth(amps, freqs, amps_target, freqs_target, scale) -> float:
    """One frame."""
    shares = amps_target / amps_target.sum()
    logs = [
        scipy.special.logsumexp(
            scipy.stats.norm.logpdf(note, midi(freqs_target), scale), b=shares
        )
        for note in midi(freqs)
    ]
    return -np.mean(np.array(logs) * amps / amps.sum())


def test_loss_is_its_definition() -> None:
    expected = []
    for i in np.ndindex(2, 3):
        a, b = (AMPS_A[i], FREQS_A[i]), (AMPS_B[i], FREQS_B[i])
        means = abs(AMPS_A[i].mean() - AMPS_B[i].mean())
        terms = 2 * nll_truth(*a, *b, 0.4), 3 * nll_truth(*b, *a, 0.3), 5 * means
        expected.append(sum(terms))
    loss = losses.KDEConsistencyLoss(2.0, 3.0, 5.0, 0.3, 0.4)
    found = loss(AMPS_A, FREQS_A, AMPS_B, FREQS_B)
    np.testing.assert_allclose(found, np.mean(expected), rtol=1e-4)


def test_each_term_can_be_switched_off() -> None:
    inputs = AMPS_A, FREQS_A, AMPS_B, FREQS_B
    parts = [
        losses.KDEConsistencyLoss(*np.eye(3)[index].tolist())(*inputs)
        for index in range(3)
    ]
    whole = losses.KDEConsistencyLoss()(*inputs)
    np.testing.assert_allclose(sum(parts), whole, rtol=1e-5)
    assert float(losses.KDEConsistencyLoss(0.0, 0.0, 0.0)(*inputs)) == 0.0


def test_order_does_not_matter_and_the_match_is_best() -> None:
    loss = losses.KDEConsistencyLoss()
    amps, freqs = tf.constant([[[1.0, 0.5]]]), tf.constant([[[200.0, 410.0]]])
    match = loss(amps, freqs, amps, freqs)
    swapped = loss(amps, freqs, amps[..., ::-1], freqs[..., ::-1])
    np.testing.assert_allclose(swapped, match, rtol=1e-5)
    for cents in (-20, -5, 5, 20):
        assert loss(amps, freqs, amps, freqs * 2 ** (cents / 1200)) > match


def test_density_integrates_to_one() -> None:
    density = GaussianMixture(tf.constant([3.0, 1.0]), tf.constant([-1.0, 2.0]), 0.5)
    x = np.linspace(-6, 7, 2001, dtype=np.float32)
    total = np.trapezoid(np.exp(density.log_prob(x).numpy().astype(np.float64)), x)
    np.testing.assert_allclose(total, 1.0, rtol=1e-4)

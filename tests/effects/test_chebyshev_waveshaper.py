"""Chosen harmonics as an effect: exact ones, limits, silence."""

import numpy as np
import pytest
import tensorflow as tf
from signals import harmonic_magnitudes

from ddsp import effects


def test_chosen_harmonics_come_out_of_a_cosine() -> None:
    cosine = np.cos(2 * np.pi * 500 * np.arange(16000) / 16000).astype(np.float32)
    effect = effects.ChebyshevWaveshaper(scale_fn=None, keep_silence=True)
    chosen = np.float32([0.5, 0.0, 0.25, -0.125])
    found = harmonic_magnitudes(effect(cosine[None], chosen[None]), 500, 5)
    np.testing.assert_allclose(found, [0.5, 0, 0.25, 0.125, 0], atol=2e-3)


def test_coefficients_stay_within_one_whatever_the_network_says() -> None:
    raw = np.float32([[[-1e4, 0.0, 1e4]]])
    controls = effects.ChebyshevWaveshaper().get_controls(tf.ones([1, 8]), raw)
    np.testing.assert_allclose(controls["coefficients"], [[[-1, 0, 1]]])
    np.testing.assert_array_equal(
        effects.ChebyshevWaveshaper(keep_silence=True)(tf.zeros([1, 8]), raw), 0.0
    )


@pytest.mark.parametrize("oversampling", [0, 2.0, 2.5])
def test_impossible_oversampling_is_refused(oversampling: float) -> None:
    with pytest.raises(ValueError, match=f"Got oversampling={oversampling}"):
        effects.ChebyshevWaveshaper(oversampling)

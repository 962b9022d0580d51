"""The ratio of noise to harmonics where it is known."""

import numpy as np
import pytest
from signals import sine

from ddsp import spectral_ops

HARMONIC = np.sum([sine(220.0 * k) / k for k in range(1, 11)], axis=0)


@pytest.mark.parametrize("snr_db", [40.0, 20.0, 6.0, 0.0, -10.0])
@pytest.mark.parametrize("level", [1.0, 0.1])
def test_ratio_is_that_of_the_powers(
    snr_db: float, level: float, rng: np.random.Generator
) -> None:
    noise = rng.normal(size=16000)
    noise *= np.sqrt(np.mean(HARMONIC**2) / np.mean(noise**2)) * 10 ** (-snr_db / 20)
    ratio_db = spectral_ops.compute_noise_to_harmonics(level * noise, level * HARMONIC)
    assert ratio_db.shape == (251,)
    inner = ratio_db[10:-10].numpy()
    np.testing.assert_allclose(inner.mean(), -snr_db, atol=0.5)
    # A frame of noise is itself a little random.
    assert np.abs(inner + snr_db).max() < 2.0


def test_ratio_follows_in_time() -> None:
    swell = np.where(np.arange(16000) < 8000, 0.1, 1.0)
    ratio_db = spectral_ops.compute_noise_to_harmonics(swell * HARMONIC, HARMONIC)
    np.testing.assert_allclose(ratio_db[10:110], -20.0, atol=0.01)
    np.testing.assert_allclose(ratio_db[140:240], 0.0, atol=0.01)


def test_silence_has_a_floor() -> None:
    silence = np.zeros([2, 4000])
    ratio_db = spectral_ops.compute_noise_to_harmonics(silence, silence)
    np.testing.assert_array_equal(ratio_db, np.zeros([2, 63]))
    tone = np.sqrt(2.0) * np.tile(sine(440.0, 4000), [2, 1])
    of_tone = spectral_ops.compute_noise_to_harmonics(silence, tone)[:, 10:-10]
    np.testing.assert_allclose(of_tone, -80.0, atol=0.1)
    raised = spectral_ops.compute_noise_to_harmonics(silence, tone, floor_db=-40.0)
    np.testing.assert_allclose(raised[:, 10:-10], -40.0, atol=0.1)

"""The noise synthesizer: spectrum, level, seeds."""

import numpy as np
import tensorflow as tf

from ddsp import synths


def test_spectrum_follows_the_magnitudes() -> None:
    magnitudes = np.zeros([1, 1, 65], np.float32)
    magnitudes[..., 16:32] = 1.0  # 2 to 4 kHz.
    noise = synths.FilteredNoise(n_samples=32000, scale_fn=None, seed=0)(magnitudes)
    power = np.abs(np.fft.rfft(noise[0])) ** 2
    inside = power[4400:7600].mean()
    assert power[:3200].mean() < 1e-3 * inside
    assert power[8800:].mean() < 1e-3 * inside


def test_flat_magnitude_is_a_gain_on_uniform_noise() -> None:
    synth = synths.FilteredNoise(n_samples=64000, scale_fn=None, seed=0)
    noise = synth(np.full([1, 1000, 65], 0.5, np.float32))
    # Uniform noise in [-1, 1) has the variance 1 / 3.
    np.testing.assert_allclose(np.std(noise), 0.5 / np.sqrt(3), rtol=0.02)


def test_bias_starts_the_noise_quietly() -> None:
    quiet = synths.FilteredNoise().get_controls(tf.zeros([1, 1, 3]))["magnitudes"]
    loud = synths.FilteredNoise(initial_bias=0.0).get_controls(tf.zeros([1, 1, 3]))
    assert (quiet.numpy() < 1e-3 * loud["magnitudes"].numpy()).all()


def test_seed_repeats_the_noise_and_no_seed_does_not() -> None:
    magnitudes = tf.zeros([2, 10, 5])
    seeded = synths.FilteredNoise(n_samples=100, seed=5)
    np.testing.assert_array_equal(seeded(magnitudes), seeded(magnitudes))
    fresh = synths.FilteredNoise(n_samples=100)
    assert np.abs(fresh(magnitudes) - fresh(magnitudes)).max() > 0


def test_seeded_example_does_not_depend_on_the_batch() -> None:
    seeded = synths.FilteredNoise(n_samples=100, seed=5)
    alone, among = seeded(tf.zeros([1, 10, 5])), seeded(tf.zeros([3, 10, 5]))
    np.testing.assert_allclose(alone[0], among[0], atol=1e-6)
    assert np.abs(among[1] - among[0]).max() > 0

"""Banks of wavetables: spectra of the untrained ones, offsets, mixing, sound."""

import numpy as np
import pytest
import tensorflow as tf
from gradients import assert_gradients_match_differences

from ddsp import core


def test_untrained_tables_hold_their_low_harmonics_only() -> None:
    tables = core.random_wavetables(20, 256, n_harmonics=5, seed=1).numpy()
    spectra = np.abs(np.fft.rfft(tables)) / 128
    assert spectra[:, 0].max() < 1e-6
    assert spectra[:, 6:].max() < 1e-6
    assert spectra[:, 1:6].max(axis=1).min() > 0.1
    np.testing.assert_allclose(np.abs(tables).max(axis=1), 1.0, rtol=1e-6)


def test_untrained_tables_differ_from_each_other() -> None:
    tables = core.random_wavetables(20, 256, seed=1).numpy()
    similarity = np.abs(np.corrcoef(tables)) - np.eye(20)
    assert similarity.max() < 0.95


def test_seed_repeats_the_tables_and_no_seed_does_not() -> None:
    first, second = (core.random_wavetables(3, 32, seed=4) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    first, second = (core.random_wavetables(3, 32) for _ in range(2))
    assert np.abs(first - second).max() > 0.1


def test_mixture_is_the_weighted_sum_without_offset(rng: np.random.Generator) -> None:
    bank, weights = rng.normal(size=[3, 16]), rng.normal(size=[2, 5, 3])
    mixed = core.mix_wavetables(bank, weights)
    expected = weights @ (bank - bank.mean(axis=1, keepdims=True))
    np.testing.assert_allclose(mixed, expected, atol=1e-5)
    np.testing.assert_allclose(np.mean(mixed, axis=-1), 0.0, atol=1e-6)


def test_gradient_is_the_derivative(rng: np.random.Generator) -> None:
    inputs = [rng.normal(size=[3, 16]), rng.normal(size=[2, 5, 3])]
    assert_gradients_match_differences(core.mix_wavetables, inputs, [0.1, 0.1])


def test_compiled_and_unknown_batch_equal_eager(rng: np.random.Generator) -> None:
    bank = np.float32(rng.normal(size=[3, 16]))
    weights = np.float32(rng.normal(size=[2, 5, 3]))
    eager = core.mix_wavetables(bank, weights)
    signature = [tf.TensorSpec([3, 16]), tf.TensorSpec([None, None, 3])]
    traced = tf.function(core.mix_wavetables, input_signature=signature)(bank, weights)
    compiled = tf.function(core.mix_wavetables, jit_compile=True)(bank, weights)
    np.testing.assert_allclose(traced, eager, atol=1e-5)
    np.testing.assert_allclose(compiled, eager, atol=1e-5)


def test_too_few_points_are_refused() -> None:
    with pytest.raises(ValueError, match="more than twice n_harmonics"):
        core.random_wavetables(2, 16, n_harmonics=8)

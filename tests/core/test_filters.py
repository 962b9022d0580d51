"""Filters keep impulses in place and have the gains they were given."""

import numpy as np
import pytest
import tensorflow as tf
from signals import impulse

from ddsp import core

WINDOWS = [0, 1, 2, 3, 4, 5, 6, 7, 16, 21, 64, 127, 128, 129, 257, 300]


@pytest.mark.parametrize("window_size", WINDOWS)
@pytest.mark.parametrize("n_frequencies", [2, 5, 65])
def test_flat_magnitudes_leave_an_impulse_in_place(
    window_size: int, n_frequencies: int
) -> None:
    audio = core.frequency_filter(
        impulse(400, at=150), np.ones([1, n_frequencies], np.float32), window_size
    )
    np.testing.assert_allclose(audio, impulse(400, at=150), atol=1e-5)


@pytest.mark.parametrize("window_size", [0, 65, 128, 300])
def test_gain_at_a_frequency_is_the_magnitude_there(window_size: int) -> None:
    magnitudes = np.linspace(1.0, 0.0, 129, dtype=np.float32)[None]
    time = np.arange(8000)
    for bin_number in (32, 64, 96):
        tone = np.sin(np.pi * bin_number / 128 * time)[None].astype(np.float32)
        filtered = core.frequency_filter(tone, magnitudes, window_size).numpy()
        gain = np.std(filtered[0, 500:-500]) / np.std(tone[0, 500:-500])
        np.testing.assert_allclose(gain, 1.0 - bin_number / 128, atol=0.02)


@pytest.mark.parametrize(
    ("window_size", "n_taps"), [(0, 4094), (257, 257), (22, 21), (4096, 4094)]
)
def test_window_decides_the_number_of_taps(window_size: int, n_taps: int) -> None:
    response = core.frequency_impulse_response(tf.ones([1, 2048]), window_size)
    assert response.shape[-1] == n_taps
    np.testing.assert_allclose(tf.reduce_sum(response), 1.0, atol=1e-5)


def test_designed_taps_are_the_recorded_ones() -> None:
    magnitudes = tf.constant([[1.0, 0.5, 0.25, 0.125, 0.0]])
    whole = [0, 0.0085977, 0.03125, 0.1632773, 0.34375]
    whole += whole[-2:0:-1]
    np.testing.assert_allclose(
        core.frequency_impulse_response(magnitudes)[0], whole, atol=1e-6
    )
    np.testing.assert_allclose(
        core.frequency_impulse_response(magnitudes, 4)[0],
        [0.34375, 0.09564563, 0.0],
        atol=1e-6,
    )


@pytest.mark.parametrize("n_taps", [4, 5])
def test_causal_and_zero_phase_forms_agree(
    rng: np.random.Generator, n_taps: int
) -> None:
    zero_phase = rng.normal(size=[n_taps])
    centered = np.roll(zero_phase, n_taps // 2)
    np.testing.assert_allclose(
        core.apply_window_to_impulse_response(centered, causal=True),
        core.apply_window_to_impulse_response(zero_phase),
    )


def test_each_frame_has_its_own_filter() -> None:
    noise = np.random.normal(size=[1, 4000]).astype(np.float32)
    gains = np.repeat(np.float32([[[1.0], [0.0]]]), 33, axis=-1)
    filtered = core.frequency_filter(noise, gains).numpy()[0]
    np.testing.assert_allclose(filtered[:1900], noise[0, :1900], atol=1e-4)
    assert np.abs(filtered[2100:]).max() < 1e-4


def test_single_frequency_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 2 frequencies"):
        core.frequency_impulse_response(tf.ones([1, 1]))

"""Filters from a cutoff frequency: taps, gains, delay."""

import numpy as np
import pytest
import tensorflow as tf
from gradients import assert_gradients_match_differences
from signals import impulse, sine

from ddsp import core


def test_sinc_equals_numpy_and_is_exact_at_whole_numbers() -> None:
    x = np.concatenate([np.linspace(-9.7, 9.7, 999), [1e-19, 1e-9, 1e-3, 0.03, 1e4]])
    x = np.float32(x)
    np.testing.assert_allclose(core.sinc(x), np.sinc(np.float64(x)), atol=2e-7)
    whole = core.sinc(np.arange(-1000, 1001)).numpy()
    np.testing.assert_array_equal(
        np.abs(whole), np.float32(np.arange(-1000, 1001) == 0)
    )


def test_slope_of_sinc_is_right_near_zero_and_far_away() -> None:
    x = tf.constant([0.0, 1e-19, 1e-6, 1e-3, 0.02, 0.04, 0.4, 1.0, 33.5])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = core.sinc(x)
    angle = np.pi * np.float64(x[4:])
    exact = np.pi * (np.cos(angle) - np.sin(angle) / angle) / angle
    small = -(np.pi**2) * np.float64(x[:4]) / 3
    expected = np.concatenate([small, exact])
    np.testing.assert_allclose(tape.gradient(y, x), expected, rtol=1e-3, atol=1e-12)


def true_taps(cutoff: float, window_size: int, high_pass: bool) -> np.ndarray:
    lags = np.arange(-(window_size // 2), window_size // 2 + 1)
    taps = np.sinc(cutoff * lags) * np.hamming(len(lags))
    taps /= taps.sum()
    return (lags == 0) - taps if high_pass else taps


@pytest.mark.parametrize("high_pass", [False, True])
@pytest.mark.parametrize("window_size", [0, 1, 2, 3, 64, 65, 512])
def test_taps_are_a_sinc_under_a_hamming_window(
    window_size: int, high_pass: bool
) -> None:
    taps = core.sinc_impulse_response(0.3, window_size, high_pass=high_pass)
    expected = true_taps(0.3, window_size, high_pass)
    assert taps.shape == [1, 1, 2 * (window_size // 2) + 1]
    np.testing.assert_allclose(taps[0, 0], expected, atol=1e-6)


def test_cutoff_in_hz_is_left_unchanged_and_may_be_whole() -> None:
    # The original changed its argument in place, and failed for integers (C33).
    cutoff = np.full([1, 1, 1], 4000.0, np.float32)
    in_hz = core.sinc_impulse_response(cutoff, 64, sample_rate=16000)
    assert cutoff.item() == 4000.0
    whole = core.sinc_impulse_response(cutoff.astype(int), 64, sample_rate=16000)
    as_share = core.sinc_impulse_response(0.5, 64)
    np.testing.assert_allclose(in_hz, as_share, atol=1e-7)
    np.testing.assert_allclose(whole, as_share, atol=1e-7)


def peak(audio: tf.Tensor) -> int:
    return int(np.argmax(np.abs(audio[0])))


@pytest.mark.parametrize("window_size", [1, 2, 3, 64, 65, 128, 257, 300, 512])
@pytest.mark.parametrize("high_pass", [False, True])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_impulse_comes_out_where_it_went_in(
    window_size: int, high_pass: bool, padding: str
) -> None:
    # C32: the original was one sample late.
    click = impulse(900, at=400)
    filtered = core.sinc_filter(
        click, 0.4, window_size, padding=padding, high_pass=high_pass
    )
    half = window_size // 2
    assert filtered.shape[1] == 900 + (2 * half if padding == "valid" else 0)
    around = filtered[0, 400 - half : 401 + half]
    expected = true_taps(0.4, window_size, high_pass)
    np.testing.assert_allclose(around, expected, atol=1e-5)
    if not (high_pass and half == 0):  # A high-pass of one tap lets nothing through.
        assert peak(filtered) == 400


@pytest.mark.parametrize("high_pass", [False, True])
def test_tones_on_both_sides_of_the_cutoff_are_kept_and_removed(
    high_pass: bool,
) -> None:
    low, high = sine(1000.0), sine(3000.0)
    cutoff = np.full([1, 10, 1], 2000.0)
    filtered = core.sinc_filter(
        (low + high)[None], cutoff, sample_rate=16000, high_pass=high_pass
    )
    kept = high if high_pass else low
    np.testing.assert_allclose(filtered[0, 600:-600], kept[600:-600], atol=5e-3)


def test_cutoff_of_each_example_and_frame_counts() -> None:
    cutoff = np.float32([[[0.0], [1.0]], [[1.0], [0.0]]])
    noise = np.random.normal(size=[2, 4000]).astype(np.float32)
    filtered = core.sinc_filter(noise, cutoff, window_size=64).numpy()
    np.testing.assert_allclose(filtered[0, 2100:], noise[0, 2100:], atol=1e-4)
    np.testing.assert_allclose(filtered[1, :1900], noise[1, :1900], atol=1e-4)
    assert filtered[0, :1900].std() < 0.3
    assert filtered[1, 2100:].std() < 0.3


@pytest.mark.parametrize("high_pass", [False, True])
def test_gradients_equal_finite_differences(
    rng: np.random.Generator, high_pass: bool
) -> None:
    assert_gradients_match_differences(
        lambda audio, cutoff: core.sinc_filter(
            audio, cutoff, window_size=32, high_pass=high_pass
        ),
        [rng.normal(size=[2, 60]), rng.uniform(0.2, 0.8, size=[2, 3, 1])],
        [0.1, 0.01],
    )


def test_cutoff_of_another_rank_is_refused() -> None:
    with pytest.raises(ValueError, match="n_frames, 1"):
        core.sinc_impulse_response(np.ones([2, 3]))

"""Filters keep impulses in place and have the gains they were given."""

import numpy as np
import pytest
import tensorflow as tf
from gradients import assert_gradients_match_differences
from hypothesis import example, given, settings
from hypothesis import strategies as st
from signals import impulse

from ddsp import core


@pytest.mark.parametrize("n_frequencies", [2, 5, 65, 129])
def test_flat_magnitudes_are_flat_within_a_tenth_of_a_db(n_frequencies: int) -> None:
    magnitudes = np.full([1, n_frequencies], 0.5, np.float32)
    for window_size in range(301):
        taps = core.frequency_impulse_response(magnitudes, window_size)
        gains_db = 20 * np.log10(np.abs(np.fft.rfft(taps[0], 1024)) / 0.5)
        assert np.abs(gains_db).max() < 0.1, window_size


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    n_samples=st.integers(2, 400),
    n_frequencies=st.integers(2, 200),
    window_size=st.integers(0, 300),
    n_frames=st.integers(1, 5),
    padding=st.sampled_from(["same", "valid"]),
)
@example(400, 65, 0, 1, "same")  # The original was 2 samples late (C29).
@example(400, 65, 257, 5, "same")
@example(400, 65, 3, 1, "same")  # Silent in the original (C30).
@example(400, 65, 1, 1, "valid")
def test_impulse_comes_out_where_it_went_in(
    n_samples: int, n_frequencies: int, window_size: int, n_frames: int, padding: str
) -> None:
    n_samples = n_frames * n_samples
    click = impulse(n_samples, at=n_samples // 3)
    magnitudes = np.ones([1, n_frames, n_frequencies], np.float32)
    audio = core.frequency_filter(click, magnitudes, window_size, padding)
    n_taps = core.frequency_impulse_response(magnitudes, window_size).shape[-1]
    longer = n_taps - 1 if padding == "valid" else 0
    np.testing.assert_allclose(audio, np.pad(click, [[0, 0], [0, longer]]), atol=1e-5)


@pytest.mark.parametrize("window_size", [0, 21, 65, 257])
def test_response_of_odd_windows_is_symmetric(window_size: int) -> None:
    magnitudes = np.random.uniform(size=[1, 65]).astype(np.float32)
    filtered = core.frequency_filter(impulse(400, at=200), magnitudes, window_size)
    after, before = filtered[0, 201:], filtered[0, 199::-1]
    np.testing.assert_allclose(after[:128], before[:128], atol=1e-6)


@pytest.mark.parametrize("window_size", [0, 33, 300])
def test_gradients_equal_finite_differences(
    rng: np.random.Generator, window_size: int
) -> None:
    inputs = rng.normal(size=[2, 30]), rng.uniform(size=[1, 3, 17])
    assert_gradients_match_differences(
        lambda *x: core.frequency_filter(*x, window_size), inputs, [0.1, 0.1]
    )


@pytest.mark.parametrize("compiled", [False, True])
def test_unknown_batch_and_length_change_nothing(compiled: bool) -> None:
    noise = np.random.normal(size=[2, 60]).astype(np.float32)
    magnitudes = np.random.uniform(size=[2, 3, 9]).astype(np.float32)
    unknown = tf.function(
        lambda x, y: core.frequency_filter(x, y, 5),
        input_signature=[tf.TensorSpec([None, None]), tf.TensorSpec([None, None, 9])],
        jit_compile=compiled,
    )
    np.testing.assert_allclose(
        unknown(noise, magnitudes),
        core.frequency_filter(noise, magnitudes, 5),
        atol=1e-5,
    )


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


@pytest.mark.parametrize("causal", [False, True])
def test_whole_window_keeps_every_tap_of_an_odd_response(causal: bool) -> None:
    windowed = core.apply_window_to_impulse_response(tf.ones([1, 7]), 0, causal)
    expected = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(7) / 6)  # Symmetric Hann.
    np.testing.assert_allclose(windowed[0], expected, atol=1e-6)

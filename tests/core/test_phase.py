"""Phase of long sounds against float64."""

import numpy as np
import pytest
import tensorflow as tf

from ddsp import core
from ddsp.core import phase


def frame_cycles(
    f0_hz: np.ndarray, number: int, hop_size: int, sample_rate: int
) -> np.ndarray:
    """Phase of one multiple in cycles, [n_samples]."""
    f0 = tf.constant(f0_hz[np.newaxis], tf.float32)
    fraction = phase.glide_fractions(phase.glides(f0, hop_size, sample_rate), hop_size)
    return np.float64(phase.multiples(fraction, number)).ravel()


def true_cycles(f0_hz: np.ndarray, hop_size: int, sample_rate: int) -> np.ndarray:
    """Inclusive phase of a piecewise linear pitch curve, [n_samples], in float64."""
    frames = np.append(f0_hz.astype(np.float64), f0_hz[-1])
    positions = np.arange(len(f0_hz) * hop_size) / hop_size
    return np.cumsum(np.interp(positions, np.arange(len(frames)), frames) / sample_rate)


def distance(a: np.ndarray, b: np.ndarray) -> float:
    """Largest distance of two phases in cycles, around the circle."""
    return np.abs((a - b + 0.5) % 1.0 - 0.5).max()


@pytest.mark.parametrize("sample_rate", [16000, 44100])
def test_glide_of_a_minute_stays_exact(
    rng: np.random.Generator, sample_rate: int
) -> None:
    f0 = (300.0 + np.cumsum(rng.normal(size=15000))).astype(np.float32).clip(30, 3000)
    cycles = frame_cycles(f0, 1, 64, sample_rate)
    # The rounding of 2 pi phase and of the sine itself remains.
    assert distance(cycles, true_cycles(f0, 64, sample_rate)) < 1e-7


def test_held_note_is_exact_after_ten_minutes() -> None:
    f0 = np.full(150_000, 440.3, np.float32)
    cycles = frame_cycles(f0, 100, 64, 16000)
    samples = np.arange(1, 150_000 * 64 + 1, dtype=np.float64)
    expected = 100 * (samples * float(f0[0]) / 16000 % 1.0)
    assert distance(cycles[-16000:], expected[-16000:]) < 1e-6


def test_multiple_of_the_phase_is_the_phase_of_the_multiple() -> None:
    f0 = np.array([100.0, 140.0, 90.0])
    once, seven = frame_cycles(f0, 7, 50, 16000), frame_cycles(7 * f0, 1, 50, 16000)
    assert distance(once, seven) < 1e-7


def test_frames_and_samples_agree() -> None:
    f0 = np.float32([200.0, 210.0, 190.0, 190.0])
    frames = frame_cycles(f0, 1, 40, 16000)
    per_sample = np.interp(np.arange(160) / 40, np.arange(5), np.append(f0, f0[-1]))
    samples = phase.sample_phases(
        tf.constant(per_sample[None, :, None], tf.float32), np.array([1]), 16000
    )
    assert distance(frames, samples.numpy().ravel()) < 1e-6


@pytest.mark.parametrize("exclusive", [False, True])
def test_frames_and_samples_agree_in_phase_and_gradient(
    rng: np.random.Generator, exclusive: bool
) -> None:
    f0 = rng.uniform(50, 900, [2, 5]).astype(np.float32)
    cotangent = rng.normal(size=[2, 100]).astype(np.float32)
    found = []
    for by_frame in (True, False):
        curve = tf.constant(f0)
        with tf.GradientTape() as tape:
            tape.watch(curve)
            if by_frame:
                cycles = phase.frame_phases(curve, 20, 16000, exclusive)
            else:
                samples = core.resample(curve[..., None], 100)
                args = samples, np.array([1]), 16000, 0.0, exclusive
                cycles = phase.sample_phases(*args)[..., 0]
            total = tf.reduce_sum(cycles * cotangent)
        found.append((cycles.numpy(), tape.gradient(total, curve).numpy()))
    assert distance(found[0][0], found[1][0]) < 1e-6
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("hop_size", [3, 64, 1000])
def test_gradient_of_frames_is_the_adjoint_of_the_sum(hop_size: int) -> None:
    # Phase is linear in pitch: its matrix, column by column, in float64.
    columns = [true_cycles(row, hop_size, 16000) for row in np.eye(4)]
    upstream = np.cos(np.arange(4 * hop_size))
    moments = phase.glide_moments(
        tf.constant(upstream.reshape(4, hop_size), tf.float32)
    )
    gradient = phase.glide_gradient(moments[tf.newaxis], hop_size, 16000)
    expected = np.stack(columns) @ upstream
    scale = np.abs(expected).max() + 1e-3
    np.testing.assert_allclose(gradient[0], expected, atol=1e-4 * scale)


def test_gradient_reaches_the_initial_phase() -> None:
    frequency = tf.fill([1, 10, 1], 50.0)
    start = tf.constant([[[0.3]]])
    with tf.GradientTape() as tape:
        tape.watch(start)
        cycles = phase.sample_phases(frequency, np.array([1, 2]), 16000, start)
        value = tf.reduce_sum(tf.sin(2 * np.pi * cycles))
    steps = 2 * np.pi * 50 / 16000 * np.arange(1, 11) + 0.3
    expected = np.sum(np.cos(steps)) + 2 * np.sum(np.cos(2 * steps))
    np.testing.assert_allclose(tape.gradient(value, start), [[[expected]]], rtol=1e-5)


def test_gradient_of_a_shared_initial_phase_is_summed_over_the_batch() -> None:
    start = tf.constant([[[0.3]]])
    with tf.GradientTape() as tape:
        tape.watch(start)
        frequency = tf.fill([3, 10, 2], 50.0)
        cycles = phase.sample_phases(frequency, np.array([1]), 16000, start)
        value = tf.reduce_sum(cycles)
    expected = 3 * 10 * 2 / (2 * np.pi)
    np.testing.assert_allclose(tape.gradient(value, start), [[[expected]]], rtol=1e-5)


def test_exclusive_phase_starts_at_the_initial_one() -> None:
    frequency = tf.constant([[[1000.0], [2000.0], [1000.0]]])
    cycles = phase.sample_phases(frequency, np.array([1]), 16000, 0.0, exclusive=True)
    np.testing.assert_allclose(cycles[0, :, 0], [0, 1 / 16, 3 / 16], atol=1e-7)


def test_not_a_number_is_no_pitch() -> None:
    cycles = frame_cycles(np.float32([np.nan, np.nan]), 1, 8, 16000)
    np.testing.assert_array_equal(cycles, np.zeros(16))


def test_infinite_pitch_leaves_the_phase_finite() -> None:
    cycles = frame_cycles(np.float32([np.inf, -np.inf, 1e30]), 7, 8, 16000)
    assert np.abs(cycles).max() <= 0.5


@pytest.mark.parametrize("sample_rate", [1, 8, 1000, 192000, 1_000_000])
def test_phase_is_exact_at_every_rate(sample_rate: int) -> None:
    frequency = np.float32(0.37123 * sample_rate)
    cycles = phase.sample_phases(
        tf.fill([1, 64000, 1], frequency), np.array([1]), sample_rate
    )
    expected = np.arange(1, 64001) * (float(frequency) / sample_rate) % 1.0
    assert distance(cycles.numpy().ravel(), expected) < 2e-7


@pytest.mark.parametrize("sample_rate", [0, -16000, 22050.5])
def test_rates_that_are_no_positive_whole_numbers_are_refused(
    sample_rate: float,
) -> None:
    with pytest.raises(ValueError, match="sample_rate"):
        phase.half_increments(tf.ones([1]), sample_rate)


def test_each_harmonic_may_have_a_start_of_its_own() -> None:
    start = tf.constant([[[0.1, 0.2, 0.3]]])
    frequency = tf.fill([1, 10, 1], 50.0)
    with tf.GradientTape() as tape:
        tape.watch([start, frequency])
        cycles = phase.sample_phases(frequency, np.array([1, 2, 3]), 16000, start)
        total = tf.reduce_sum(cycles)
    steps = np.arange(1, 11)[:, None] * 50 / 16000 + start.numpy()[0] / (2 * np.pi)
    np.testing.assert_allclose(cycles[0], steps * [1, 2, 3], atol=1e-6)
    by_start, by_frequency = tape.gradient(total, [start, frequency])
    np.testing.assert_allclose(by_start[0, 0], np.arange(1, 4) * 10 / (2 * np.pi))
    np.testing.assert_allclose(by_frequency[0, 0, 0], 6 * 10 / 16000)

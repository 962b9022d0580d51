"""Phase of long sounds against float64."""

import numpy as np
import pytest
import tensorflow as tf

from ddsp.core import phase


def frame_cycles(
    f0_hz: np.ndarray, number: int, hop_size: int, sample_rate: int
) -> np.ndarray:
    """Phase of one multiple in cycles, [n_samples], from its sine and cosine."""
    f0 = tf.constant(f0_hz[np.newaxis], tf.float32)
    sine, cosine = phase.frame_sines(f0, np.array([number]), hop_size, sample_rate)
    angle = np.arctan2(np.float64(sine), np.float64(cosine))
    return angle.ravel() / (2 * np.pi)


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


@pytest.mark.parametrize("hop_size", [3, 64, 1000])
def test_gradient_of_frames_is_the_derivative(hop_size: int) -> None:
    f0 = tf.constant([[100.0, 120.0, 80.0, 95.0]])
    weights = tf.cos(tf.range(4.0 * hop_size * 2))
    numbers = np.array([1, 3])

    def total(f0_hz: tf.Tensor) -> tf.Tensor:
        sine, cosine = phase.frame_sines(f0_hz, numbers, hop_size, 16000)
        return tf.reduce_sum(tf.reshape(sine + cosine**2, [-1]) * weights)

    with tf.GradientTape() as tape:
        tape.watch(f0)
        value = total(f0)
    gradient = tape.gradient(value, f0).numpy()[0]
    for frame in range(4):
        step = np.zeros([1, 4], np.float32)
        step[0, frame] = 2.0**-7
        numeric = (total(f0 + step) - total(f0 - step)) / (2 * step[0, frame])
        np.testing.assert_allclose(gradient[frame], numeric, rtol=5e-3, atol=1e-2)


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


def test_not_a_number_and_infinity_leave_the_phase_finite() -> None:
    f0 = tf.constant([[np.nan, np.inf, -np.inf, 1e30]])
    sine, cosine = phase.frame_sines(f0, np.array([1]), 8, 16000)
    np.testing.assert_allclose(sine**2 + cosine**2, 1.0, rtol=1e-6)

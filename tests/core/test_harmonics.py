"""Harmonic synthesis against its definition in float64."""

import numpy as np
import pytest
import tensorflow as tf
from signals import harmonic_truth, snr_db

from ddsp import core


def controls(
    rng: np.random.Generator, n_frames: int, n_harmonics: int, top_hz: float
) -> tuple[np.ndarray, np.ndarray]:
    f0 = rng.uniform(80.0, top_hz, n_frames).astype(np.float32)
    amplitudes = rng.uniform(0.0, 1.0 / n_harmonics, [n_frames, n_harmonics])
    return f0, amplitudes.astype(np.float32)


@pytest.mark.parametrize("method", ["window", "linear"])
@pytest.mark.parametrize("n_harmonics", [1, 2, 7, 60, 100])
def test_sound_equals_definition(
    rng: np.random.Generator, method: str, n_harmonics: int
) -> None:
    f0, amplitudes = controls(rng, 50, n_harmonics, top_hz=400.0)
    audio = core.harmonic_synthesis(
        f0[None, :, None],
        np.ones([1, 50, 1], np.float32),
        harmonic_distribution=amplitudes[None],
        n_samples=3200,
        amp_resample_method=method,
    )
    truth = harmonic_truth(f0, amplitudes, 3200, 16000, method)
    assert snr_db(truth, audio.numpy()[0]) > 110.0


def test_four_seconds_of_hundred_harmonics_keep_100_db(
    rng: np.random.Generator,
) -> None:
    vibrato = np.sin(2 * np.pi * 5.5 * np.arange(1000) / 250)
    f0 = (225.0 * 2 ** (vibrato * 0.5 / 12)).astype(np.float32)
    amplitudes = rng.uniform(0, 0.01, [1000, 100]).astype(np.float32)
    audio = core.harmonic_synthesis(
        f0[None, :, None],
        np.ones([1, 1000, 1], np.float32),
        harmonic_distribution=amplitudes[None],
    )
    truth = harmonic_truth(f0, amplitudes, 64000, 16000)
    assert snr_db(truth, audio.numpy()[0]) > 100.0


@pytest.mark.parametrize("method", ["linear", "nearest", "cubic"])
def test_length_need_not_be_a_multiple_of_the_frames(method: str) -> None:
    f0 = np.full([1, 7, 1], 500.0, np.float32)
    audio = core.harmonic_synthesis(
        f0, np.full([1, 7, 1], 0.5), n_samples=1000, amp_resample_method=method
    )
    truth = 0.5 * np.sin(2 * np.pi * 500.0 / 16000 * np.arange(1, 1001))
    assert snr_db(truth, audio.numpy()[0]) > 100.0


def test_harmonics_fall_silent_where_they_cross_nyquist() -> None:
    f0 = np.float32([3000.0, 5000.0, 3000.0])[None, :, None]
    shares = np.tile(np.float32([0.0, 1.0]), [1, 3, 1])
    audio = core.harmonic_synthesis(
        f0, np.ones([1, 3, 1]), harmonic_distribution=shares, n_samples=300
    ).numpy()[0]
    # The second harmonic is above 8 kHz between f0 = 4 kHz up and 4 kHz down.
    assert np.abs(audio[50:151]).max() == 0.0
    assert np.abs(audio[:50]).max() > 0.9
    assert np.abs(audio[151:]).max() > 0.9


def test_relative_shift_moves_one_harmonic() -> None:
    frames = np.ones([1, 100, 1], np.float32)
    shifts = np.tile(np.float32([0.0, 0.05]), [1, 100, 1])
    shares = np.tile(np.float32([0.0, 1.0]), [1, 100, 1])
    audio = core.harmonic_synthesis(
        200.0 * frames, frames, shifts, shares, n_samples=16000
    )
    assert np.argmax(np.abs(np.fft.rfft(audio[0]))) == 420


@pytest.mark.parametrize("argument", ["f0", "amplitudes", "shares"])
def test_gradient_is_the_derivative(rng: np.random.Generator, argument: str) -> None:
    f0, shares = controls(rng, 5, 6, top_hz=2000.0)
    values = {
        "f0": tf.constant(f0[None, :, None]),
        "amplitudes": tf.constant(rng.uniform(0.5, 1, [1, 5, 1]), tf.float32),
        "shares": tf.constant(shares[None]),
    }
    cotangent = tf.constant(rng.normal(size=[1, 320]), tf.float32)

    def total() -> tf.Tensor:
        audio = core.harmonic_synthesis(
            values["f0"],
            values["amplitudes"],
            harmonic_distribution=values["shares"],
            n_samples=320,
        )
        return tf.reduce_sum(audio * cotangent)

    original = values[argument]
    with tf.GradientTape() as tape:
        tape.watch(original)
        value = total()
    gradient = tape.gradient(value, original)
    direction = tf.constant(rng.normal(size=original.shape), tf.float32)
    step = 2.0**-5 if argument == "f0" else 2.0**-6
    values[argument] = original + step * direction
    above = total()
    values[argument] = original - step * direction
    numeric = (above - total()) / (2 * step)
    along = tf.reduce_sum(gradient * direction)
    np.testing.assert_allclose(along, numeric, rtol=2e-3, atol=1e-4)


def test_compiled_and_unknown_batch_equal_eager(rng: np.random.Generator) -> None:
    f0, shares = controls(rng, 10, 12, top_hz=900.0)
    f0, shares = np.tile(f0[None, :, None], [3, 1, 1]), np.tile(shares, [3, 1, 1])

    def play(f0_hz: tf.Tensor, distribution: tf.Tensor) -> tf.Tensor:
        return core.harmonic_synthesis(
            f0_hz,
            tf.ones_like(f0_hz),
            harmonic_distribution=distribution,
            n_samples=320,
        )

    eager = play(tf.constant(f0), tf.constant(shares)).numpy()
    signature = [tf.TensorSpec([None, 10, 1]), tf.TensorSpec([None, 10, 12])]
    traced = tf.function(play, input_signature=signature)(f0, shares)
    compiled = tf.function(play, jit_compile=True)(f0, shares)
    np.testing.assert_allclose(traced, eager, atol=1e-5)
    np.testing.assert_allclose(compiled, eager, atol=1e-5)


@pytest.mark.parametrize("f0_hz", [0.0, -50.0, 8000.0, 1e9])
def test_extreme_pitch_is_finite_in_value_and_gradient(f0_hz: float) -> None:
    f0 = tf.fill([1, 4, 1], f0_hz)
    shares = tf.fill([1, 4, 5], 0.2)
    with tf.GradientTape() as tape:
        tape.watch([f0, shares])
        audio = core.harmonic_synthesis(
            f0, tf.ones([1, 4, 1]), harmonic_distribution=shares, n_samples=64
        )
    assert np.isfinite(audio).all()
    for gradient in tape.gradient(audio, [f0, shares]):
        assert np.isfinite(gradient).all()


def test_normalized_shares_add_up_to_one_without_those_above_nyquist() -> None:
    shares = core.normalize_harmonics(
        tf.ones([1, 1, 4]), tf.fill([1, 1, 1], 3000.0), sample_rate=16000
    )
    np.testing.assert_allclose(shares[0, 0], [0.5, 0.5, 0.0, 0.0], rtol=1e-6)


def test_silent_frame_stays_silent_when_normalized() -> None:
    np.testing.assert_array_equal(core.normalize_harmonics(tf.zeros([1, 2, 3])), 0.0)


def test_one_frame_of_pitch_serves_many_of_amplitude(rng: np.random.Generator) -> None:
    gains = rng.uniform(0.2, 1.0, [1, 10, 1]).astype(np.float32)
    one = np.full([1, 1, 1], 300.0, np.float32)
    held = core.harmonic_synthesis(one, gains, n_samples=1000)
    repeated = core.harmonic_synthesis(np.tile(one, [1, 10, 1]), gains, n_samples=1000)
    np.testing.assert_allclose(held, repeated, atol=1e-5)

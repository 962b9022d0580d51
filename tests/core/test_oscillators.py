"""Oscillator banks against sines in float64."""

import numpy as np
import pytest
import tensorflow as tf
from signals import snr_db

from ddsp import core


def test_bank_plays_the_frequencies_it_is_given() -> None:
    frequencies = np.tile(np.float32([440.0, 1234.5]), [1, 16000, 1])
    audio = core.oscillator_bank(frequencies, np.full([1, 16000, 2], 0.5))
    sample = np.arange(1, 16001)[:, None]
    cycles = frequencies[0].astype(np.float64) / 16000 * sample
    truth = 0.5 * np.sin(2 * np.pi * cycles).sum(axis=-1)
    assert snr_db(truth, audio.numpy()[0]) > 110.0


def test_unsummed_bank_keeps_each_sinusoid() -> None:
    frequencies = np.tile(np.float32([100.0, 200.0]), [1, 800, 1])
    each = core.oscillator_bank(
        frequencies, np.ones([1, 800, 2]), sum_sinusoids=False
    ).numpy()
    assert np.argmax(np.abs(np.fft.rfft(each[0, :, 0]))) == 5
    assert np.argmax(np.abs(np.fft.rfft(each[0, :, 1]))) == 10


@pytest.mark.parametrize("ratio", [1.0, 1.1, 2.0])
def test_sinusoids_from_nyquist_up_are_silent(ratio: float) -> None:
    frequencies = np.full([1, 100, 1], 8000.0 * ratio)
    audio = core.oscillator_bank(frequencies, np.ones([1, 100, 1]))
    np.testing.assert_array_equal(audio, 0.0)


def test_blocks_with_carried_phase_equal_one_sound() -> None:
    frequency = np.linspace(200, 300, 400, dtype=np.float32)[None, :, None]
    amplitudes = np.ones([1, 400, 3], np.float32)
    whole, _ = core.harmonic_oscillator_bank(frequency, amplitudes)
    first, phase = core.harmonic_oscillator_bank(
        frequency[:, :150], amplitudes[:, :150]
    )
    second, _ = core.harmonic_oscillator_bank(
        frequency[:, 150:], amplitudes[:, 150:], initial_phase=phase
    )
    np.testing.assert_allclose(
        np.concatenate([first, second], axis=1), whole, atol=5e-6
    )


def test_final_phase_stays_within_one_turn() -> None:
    phase = None
    frequency, amplitude = np.full([1, 640, 1], 440.0), np.ones([1, 640, 1])
    for _ in range(20):
        _, phase = core.harmonic_oscillator_bank(frequency, amplitude, phase)
        assert 0.0 <= float(phase[0, 0, 0]) <= np.float32(2 * np.pi)
    turns = 440.0 * 640 * 20 / 16000
    expected = np.exp(2j * np.pi * turns)
    np.testing.assert_allclose(np.exp(1j * phase.numpy()[0, 0, 0]), expected, atol=1e-4)


@pytest.mark.parametrize("shape", [[2, 2500], [2, 2500, 3], [1, 700, 2, 2]])
def test_angular_cumsum_wraps_the_running_sum(shape: list[int]) -> None:
    steps = np.random.uniform(0, 3, shape).astype(np.float32)
    phase = core.angular_cumsum(tf.constant(steps)).numpy()
    expected = np.cumsum(steps.astype(np.float64), axis=1)
    np.testing.assert_allclose(np.cos(phase), np.cos(expected), atol=5e-3)
    assert phase.min() >= 0.0
    assert phase.max() < 2 * np.pi


def test_angular_cumsum_needs_a_time_axis() -> None:
    with pytest.raises(ValueError, match="add a batch axis"):
        core.angular_cumsum(tf.ones([10]))


def test_oscillator_gradient_reaches_every_frequency() -> None:
    frequency = tf.Variable(np.full([1, 50, 1], 300.0, np.float32))
    with tf.GradientTape() as tape:
        audio = core.oscillator_bank(frequency, tf.ones([1, 50, 1]))
        value = audio[0, -1]
    # Every earlier sample turns the last one by the same angle.
    expected = 2 * np.pi / 16000 * np.cos(2 * np.pi * 300 / 16000 * 50)
    np.testing.assert_allclose(tape.gradient(value, frequency)[0], expected, rtol=1e-3)

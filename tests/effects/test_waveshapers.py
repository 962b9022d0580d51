"""The waveshapers as effects: scaling, settings, harmonics."""

import numpy as np
import tensorflow as tf
from signals import sine

from ddsp import core, effects


def harmonics(audio: tf.Tensor, f0_hz: int, n_harmonics: int) -> np.ndarray:
    magnitudes = np.abs(np.fft.rfft(audio[0])) / (audio.shape[1] / 2)
    return magnitudes[f0_hz::f0_hz][:n_harmonics]


def test_overdrive_adds_odd_harmonics_only() -> None:
    found = harmonics(
        effects.TanhWaveshaper()(sine(400)[None], tf.zeros([1, 10, 1])), 400, 6
    )
    assert found[[1, 3, 5]].max() < 1e-4
    # Drive is the square root of 10 for an output of 0 of the network.
    time = 2 * np.pi * np.arange(4000) / 4000
    ideal = np.abs(np.fft.rfft(np.tanh(np.sqrt(10) * np.sin(time)))) / 2000
    np.testing.assert_allclose(found[::2], ideal[1:7:2], atol=1e-3)


def test_quiet_sound_at_low_drive_is_only_softer() -> None:
    audio = 0.01 * sine(400)[None]
    shaped = effects.TanhWaveshaper()(audio, tf.fill([1, 10, 1], -100.0))
    np.testing.assert_allclose(shaped[0, 200:-200], 0.1 * audio[0, 200:-200], atol=1e-7)


def test_oversampling_is_passed_on() -> None:
    audio, gain = sine(3000)[None], tf.fill([1, 1, 1], 10.0)
    for oversampling in (1, 2):
        effect = effects.TanhWaveshaper(oversampling, scale_fn=None)
        expected = core.tanh_waveshaper(audio, gain, oversampling)
        np.testing.assert_array_equal(effect(audio, gain), expected)


def test_chosen_harmonics_come_out_of_a_cosine() -> None:
    cosine = np.cos(2 * np.pi * 500 * np.arange(16000) / 16000).astype(np.float32)
    effect = effects.ChebyshevWaveshaper(scale_fn=None, keep_silence=True)
    chosen = np.float32([0.5, 0.0, 0.25, -0.125])
    found = harmonics(effect(cosine[None], chosen[None]), 500, 5)
    np.testing.assert_allclose(found, [0.5, 0, 0.25, 0.125, 0], atol=2e-3)


def test_coefficients_stay_within_one_whatever_the_network_says() -> None:
    raw = np.float32([[[-1e4, 0.0, 1e4]]])
    controls = effects.ChebyshevWaveshaper().get_controls(tf.ones([1, 8]), raw)
    np.testing.assert_allclose(controls["coefficients"], [[[-1, 0, 1]]])
    np.testing.assert_array_equal(
        effects.ChebyshevWaveshaper(keep_silence=True)(tf.zeros([1, 8]), raw), 0.0
    )

"""Saturation as an effect: odd harmonics, low drive, settings."""

import numpy as np
import pytest
import tensorflow as tf
from signals import harmonic_magnitudes, sine

from ddsp import core, effects


def test_overdrive_adds_odd_harmonics_only() -> None:
    found = harmonic_magnitudes(
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


@pytest.mark.parametrize("oversampling", [0, 2.0, 2.5])
def test_impossible_oversampling_is_refused(oversampling: float) -> None:
    with pytest.raises(ValueError, match=f"Got oversampling={oversampling}"):
        effects.TanhWaveshaper(oversampling)


def test_shapes_that_do_not_fit_are_named() -> None:
    audio, frames = tf.ones([1, 1000]), tf.ones([1, 10, 1])
    with pytest.raises(ValueError, match=r"Got audio of shape=\(1, 1000, 1\)"):
        core.tanh_waveshaper(audio[..., None], frames)
    with pytest.raises(ValueError, match=r"Got gain of shape=\(1, 10\)"):
        core.tanh_waveshaper(audio, frames[..., 0])
    with pytest.raises(ValueError, match="Got oversampling=0"):
        core.tanh_waveshaper(audio, frames, oversampling=0)

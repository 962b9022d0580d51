"""The oscillator of classical waveforms: level, pitch, settings."""

import numpy as np
import pytest
import tensorflow as tf

from ddsp import core, synths

FRAMES = np.ones([1, 100, 1], np.float32)


@pytest.mark.parametrize(
    ("waveform", "rms"), [("saw", 3**-0.5), ("square", 1.0), ("triangle", 3**-0.5)]
)
def test_loudness_is_that_of_the_ideal_waveform(waveform: str, rms: float) -> None:
    synth = synths.BandlimitedOscillator(16000, waveform=waveform, scale_fn=None)
    audio = synth(0.5 * FRAMES, 100 * FRAMES)
    np.testing.assert_allclose(np.std(audio), 0.5 * rms, rtol=0.01)


def test_settings_reach_the_sound() -> None:
    synth = synths.BandlimitedOscillator(
        1600, 48000, "square", n_harmonics=3, scale_fn=None
    )
    time = 2 * np.pi * np.arange(1, 1601) * 600 / 48000
    ideal = 4 / np.pi * (np.sin(time) + np.sin(3 * time) / 3)
    np.testing.assert_allclose(synth(FRAMES, 600 * FRAMES)[0], ideal, atol=1e-4)


def test_amplitudes_are_scaled_and_pitch_is_not() -> None:
    controls = synths.BandlimitedOscillator().get_controls(-FRAMES, 100 * FRAMES)
    expected = core.exp_sigmoid(tf.constant(-1.0))
    np.testing.assert_allclose(controls["amplitudes"], expected * FRAMES, rtol=1e-6)
    np.testing.assert_array_equal(controls["f0_hz"], 100 * FRAMES)


def test_unknown_waveform_is_refused_early() -> None:
    with pytest.raises(ValueError, match="Got waveform='sine'"):
        synths.BandlimitedOscillator(waveform="sine")


def test_oscillator_without_harmonics_is_refused() -> None:
    frames = tf.ones([1, 10, 1])
    with pytest.raises(ValueError, match="Got n_harmonics=0"):
        synths.BandlimitedOscillator(n_harmonics=0)
    with pytest.raises(ValueError, match="Got n_harmonics=0"):
        core.bandlimited_synthesis(frames, frames, n_samples=100, n_harmonics=0)


@pytest.mark.parametrize("f0_shape", [[1, 10], [1, 5, 1], []])
def test_pitch_that_does_not_fit_is_named(f0_shape: list[int]) -> None:
    synth = synths.BandlimitedOscillator(n_samples=100)
    with pytest.raises(ValueError, match="f0_hz of shape"):
        synth(tf.ones([1, 10, 1]), tf.fill(f0_shape, 440.0))

"""The sinusoidal synthesizer: partials where they belong."""

import gin
import numpy as np
import pytest
import tensorflow as tf

from ddsp import core, synths


def frames(*values: float, n_frames: int = 100) -> np.ndarray:
    """The same values in every frame, [1, n_frames, n]."""
    return np.tile(np.float32(values), [1, n_frames, 1])


def test_partials_have_their_frequencies_and_amplitudes() -> None:
    synth = synths.Sinusoidal(n_samples=16000, amp_scale_fn=None, freq_scale_fn=None)
    audio = synth(frames(0.5, 0.25, 1.0), frames(440.0, 1001.0, 7990.0))
    spectrum = np.abs(np.fft.rfft(audio[0])) / 8000  # One second: bin number = Hz.
    expected = np.zeros(8001)
    expected[[440, 1001, 7990]] = [0.5, 0.25, 1.0]
    np.testing.assert_allclose(spectrum, expected, atol=1e-3)


@pytest.mark.parametrize("method", ["window", "linear"])
def test_glide_and_fade_equal_the_definition(method: str) -> None:
    frequencies, amplitudes = np.float32([300, 900, 500]), np.float32([0.1, 1.0, 0.4])
    synth = synths.Sinusoidal(
        n_samples=600,
        amp_scale_fn=None,
        freq_scale_fn=None,
        amp_resample_method=method,
    )
    audio = synth(amplitudes[None, :, None], frequencies[None, :, None])
    position = np.arange(600) / 200
    ends = np.append(frequencies, frequencies[-1])
    phase = np.cumsum(np.interp(position, np.arange(4), ends) / 16000)
    fade, frame = position % 1.0, position.astype(int)
    fade = 0.5 - 0.5 * np.cos(np.pi * fade) if method == "window" else fade
    ends = np.append(amplitudes, amplitudes[-1])
    gain = ends[frame] * (1 - fade) + ends[frame + 1] * fade
    np.testing.assert_allclose(audio[0], gain * np.sin(2 * np.pi * phase), atol=1e-4)


def test_default_frequencies_stay_in_their_range_for_any_input() -> None:
    synth = synths.Sinusoidal(
        freq_scale_fn=lambda x: core.frequencies_sigmoid(x, depth=10)
    )
    inputs = np.linspace(-100, 100, 3 * 50 * 100, dtype=np.float32)
    controls = synth.get_controls(
        tf.zeros([3, 50, 10]), inputs.reshape([3, 50, 10 * 10])
    )
    frequencies = controls["frequencies"].numpy()
    assert frequencies.shape == (3, 50, 10)
    assert frequencies.min() >= 0.0
    assert frequencies.max() <= 8000.0


def test_sinusoids_above_nyquist_are_silenced_in_the_controls() -> None:
    synth = synths.Sinusoidal(amp_scale_fn=None, freq_scale_fn=tf.identity)
    controls = synth.get_controls(frames(1.0, 1.0), frames(7999.0, 8000.0))
    np.testing.assert_array_equal(controls["amplitudes"], frames(1.0, 0.0))


def test_gin_binding_on_the_oscillator_bank_acts() -> None:
    synth = synths.Sinusoidal(n_samples=20, amp_scale_fn=None, freq_scale_fn=None)
    inputs = frames(1.0, 1.0, n_frames=2), frames(440.0, 880.0, n_frames=2)
    together = synth(*inputs)
    gin.bind_parameter("oscillator_bank.sum_sinusoids", False)
    apart = synth(*inputs)
    np.testing.assert_allclose(tf.reduce_sum(apart, axis=-1), together, atol=1e-6)

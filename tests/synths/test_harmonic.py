"""The harmonic synthesizer: pitch, level, shares."""

import numpy as np
import pytest
import tensorflow as tf

from ddsp import synths


def play(f0_hz: float, **settings: object) -> np.ndarray:
    frames = np.ones([1, 100, 1], np.float32)
    synth = synths.Harmonic(n_samples=16000, scale_fn=None, **settings)
    return synth(0.5 * frames, np.ones([1, 100, 4]), f0_hz * frames).numpy()[0]


def test_octave_up_doubles_every_partial() -> None:
    low, high = (np.abs(np.fft.rfft(play(f0))) for f0 in (300.0, 600.0))
    np.testing.assert_allclose(np.flatnonzero(low > 500), [300, 600, 900, 1200])
    np.testing.assert_allclose(np.flatnonzero(high > 500), [600, 1200, 1800, 2400])


def test_amplitude_is_the_sum_of_the_partials() -> None:
    magnitudes = np.abs(np.fft.rfft(play(300.0))) / 8000
    np.testing.assert_allclose(magnitudes[[300, 600, 900, 1200]], 0.125, atol=1e-3)


def test_shares_below_nyquist_take_the_level_of_those_above() -> None:
    magnitudes = np.abs(np.fft.rfft(play(3000.0))) / 8000
    np.testing.assert_allclose(magnitudes[[3000, 6000]], 0.25, atol=1e-3)


def test_pitch_above_nyquist_is_silent() -> None:
    np.testing.assert_array_equal(play(16000.0), 0.0)


def test_controls_are_positive_whatever_the_network_says(
    rng: np.random.Generator,
) -> None:
    raw = rng.normal(scale=10, size=[2, 5, 7]).astype(np.float32)
    controls = synths.Harmonic().get_controls(
        raw[..., :1], raw, np.full([2, 5, 1], 100.0)
    )
    assert (controls["amplitudes"].numpy() > 0).all()
    shares = controls["harmonic_distribution"].numpy()
    assert (shares >= 0).all()
    np.testing.assert_allclose(shares.sum(axis=-1), 1.0, rtol=1e-5)


@pytest.mark.parametrize("method", ["window", "linear", "cubic", "nearest"])
def test_constant_controls_sound_the_same_with_every_method(method: str) -> None:
    np.testing.assert_allclose(
        play(441.0, amp_resample_method=method), play(441.0), atol=1e-5
    )


def test_unknown_batch_size_is_played(rng: np.random.Generator) -> None:
    synth = synths.Harmonic(n_samples=320)
    signature = [tf.TensorSpec([None, 10, n]) for n in (1, 6, 1)]
    raw = rng.normal(size=[3, 10, 8]).astype(np.float32)
    inputs = raw[..., :1], raw[..., 1:7], 200.0 + raw[..., 7:]
    traced = tf.function(synth, input_signature=signature)(*inputs)
    np.testing.assert_allclose(traced, synth(*inputs), atol=1e-5)

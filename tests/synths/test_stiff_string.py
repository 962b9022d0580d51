"""The stiff string: stretched partials, shares below Nyquist."""

import numpy as np
import pytest
import tensorflow as tf

from ddsp import core, synths

FRAMES = np.ones([1, 100, 1], np.float32)


def controls(f0_hz: float, n_harmonics: int, raw: float = 0.0, **settings) -> dict:
    synth = synths.StiffString(n_samples=16000, **settings)
    shares = np.zeros([1, 100, n_harmonics], np.float32)
    return synth.get_controls(FRAMES, shares, f0_hz * FRAMES, raw * FRAMES)


def test_tenth_partial_of_a_stiff_string_is_sharp() -> None:
    synth = synths.StiffString(
        n_samples=16000, scale_fn=None, inharmonicity_scale_fn=None
    )
    tenth = np.tile(np.eye(10, dtype=np.float32)[9], [1, 100, 1])
    audio = synth(FRAMES, tenth, 100 * FRAMES, 1e-3 * FRAMES)[0]
    magnitudes = np.abs(np.fft.rfft(audio)) / 8000
    # 1000 Hz * sqrt(1.1) = 1048.81 Hz, a third of a semitone above the harmonic.
    assert magnitudes.argmax() == 1049
    whole = np.abs(np.fft.rfft(audio * np.hanning(16000), 2**20)).argmax() / 2**20
    np.testing.assert_allclose(whole * 16000, 1000 * np.sqrt(1.1), atol=0.02)


def test_stiffness_is_that_of_real_strings_whatever_the_network_says() -> None:
    for raw, expected in [(-1e4, 1e-5), (0.0, 10**-3.5), (1e4, 1e-2)]:
        found = controls(100.0, 3, raw)["inharmonicity"]
        np.testing.assert_allclose(found, expected * FRAMES, rtol=1e-4)


def test_shares_below_nyquist_take_the_level_of_those_above() -> None:
    # Partials 15 (7.76 kHz) and 16 (8.28 kHz) lie on both sides of half the rate.
    shares = controls(500.0, 16)["harmonic_distribution"][0, 0].numpy()
    stretched = np.arange(1, 17) * 500 * np.sqrt(1 + 10**-3.5 * np.arange(1, 17) ** 2)
    assert stretched[14] < 8000 < stretched[15]
    np.testing.assert_allclose(shares, [1 / 15] * 15 + [0.0], rtol=1e-5)
    kept = controls(500.0, 16, normalize_below_nyquist=False)["harmonic_distribution"]
    np.testing.assert_allclose(kept[0, 0], 1 / 16, rtol=1e-5)


def test_without_stiffness_it_is_the_harmonic_synthesizer() -> None:
    raw = np.random.default_rng(3).normal(size=[1, 100, 8]).astype(np.float32)
    stiff = synths.StiffString(3200, inharmonicity_scale_fn=None)
    plain = synths.Harmonic(3200)
    np.testing.assert_allclose(
        stiff(FRAMES, raw, 300 * FRAMES, 0 * FRAMES),
        plain(FRAMES, raw, 300 * FRAMES),
        atol=1e-4,
    )


def test_pitch_in_float64_is_taken() -> None:
    found = controls(np.float64(100.0), 3)
    assert found["f0_hz"].dtype == core.tf_float32(0.0).dtype


def test_pitch_that_does_not_fit_is_named() -> None:
    frames, synth = tf.ones([1, 10, 1]), synths.StiffString(n_samples=100)
    with pytest.raises(ValueError, match="f0_hz of shape"):
        synth(frames, frames, tf.ones([1, 10]), frames)

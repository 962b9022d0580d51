"""The harmonic synthesizer: pitch, level, shares."""

import numpy as np
import pytest
import tensorflow as tf

from ddsp import core, synths


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


@pytest.mark.parametrize(
    "synth",
    [
        synths.Harmonic,
        synths.Sinusoidal,
        synths.StiffString,
        synths.BandlimitedOscillator,
    ],
)
def test_unknown_way_between_frames_is_refused_at_once(synth: type) -> None:
    with pytest.raises(ValueError, match="Got amp_resample_method='foo'"):
        synth(amp_resample_method="foo")


def test_length_that_frames_do_not_divide_names_the_nearest_that_they_do() -> None:
    synth, frames = synths.Harmonic(n_samples=32001), tf.ones([1, 500, 1])
    with pytest.raises(
        ValueError,
        match=r"multiple of n_frames.*=32001 with n_frames=500; use 32000, or "
        r"amp_resample_method='linear'",
    ):
        synth(frames, frames, 440.0 * frames)
    linear = synths.Harmonic(n_samples=32001, amp_resample_method="linear")
    assert np.abs(linear(frames, frames, 440.0 * frames)[0, -100:]).max() > 0.1


@pytest.mark.parametrize(
    ("f0_shape", "found"),
    [
        ([1, 50], r"f0_hz of shape=\(1, 50\)"),
        ([], r"f0_hz of shape=\(\)"),
        ([1, 25, 1], r"same n_frames.*f0_hz of shape=\(1, 25, 1\)"),
        ([3, 50, 1], r"same batch.*f0_hz of shape=\(3, 50, 1\)"),
    ],
)
def test_pitch_of_another_shape_is_refused(f0_shape: list[int], found: str) -> None:
    frames = tf.ones([2, 50, 1])
    with pytest.raises(ValueError, match=found):
        synths.Harmonic(n_samples=1000)(frames, frames, tf.fill(f0_shape, 440.0))


@pytest.mark.parametrize("f0_shape", [[1, 50, 1], [2, 1, 1], [1, 1, 1]])
def test_one_example_and_one_frame_serve_all(f0_shape: list[int]) -> None:
    frames, synth = tf.ones([2, 50, 1]), synths.Harmonic(n_samples=1000)
    np.testing.assert_allclose(
        synth(frames, frames, tf.fill(f0_shape, 440.0)),
        synth(frames, frames, 440.0 * frames),
        atol=1e-4,
    )


@pytest.mark.parametrize(
    ("controls", "found"),
    [
        ({"amplitudes": tf.ones([1, 50])}, r"amplitudes of shape=\(1, 50\)"),
        ({"amplitudes": 1.0}, r"amplitudes of shape=\(\)"),
        ({"frequencies": 440.0}, r"frequencies of shape=\(\)"),
        ({"frequencies": tf.ones([1, 50, 3])}, r"frequencies of shape=\(1, 50, 3\)"),
        (
            {"harmonic_distribution": tf.ones([1, 25, 4])},
            r"amplitudes of shape=\(1, 50, 1\) and harmonic_distribution of shape",
        ),
        (
            {"harmonic_shifts": tf.zeros([1, 25, 4])},
            r"frequencies of shape=\(1, 50, 1\) and harmonic_shifts of shape",
        ),
    ],
)
def test_controls_that_do_not_fit_are_named(controls: dict, found: str) -> None:
    fitting = {"frequencies": tf.ones([1, 50, 1]), "amplitudes": tf.ones([1, 50, 1])}
    with pytest.raises(ValueError, match=found):
        core.harmonic_synthesis(**{**fitting, **controls}, n_samples=1000)


def test_pitch_and_level_may_have_frames_of_their_own() -> None:
    half, full = tf.ones([1, 25, 1]), tf.ones([1, 50, 1])
    np.testing.assert_allclose(
        core.harmonic_synthesis(440.0 * half, full, n_samples=1000),
        core.harmonic_synthesis(440.0 * full, full, n_samples=1000),
        atol=1e-4,
    )

"""Band-limited waveforms: spectrum, no aliasing, no clicks, exact phase."""

import numpy as np
import pytest
import tensorflow as tf
from gradients import assert_gradients_match_differences
from signals import harmonic_truth, snr_db

from ddsp import core

WAVEFORMS = ["saw", "square", "triangle"]


def play(
    f0_hz: object, waveform: str, n_samples: int = 16000, **settings
) -> np.ndarray:
    f0 = np.broadcast_to(np.float32(f0_hz), [250])[None, :, None]
    return core.bandlimited_synthesis(
        f0, np.ones([1, 250, 1], np.float32), waveform, n_samples, **settings
    ).numpy()[0]


def spectrum(audio: np.ndarray) -> np.ndarray:
    """Amplitude of every frequency in Hz of one second of audio."""
    return np.abs(np.fft.rfft(audio.astype(np.float64))) / (len(audio) / 2)


@pytest.mark.parametrize("waveform", WAVEFORMS)
@pytest.mark.parametrize("f0_hz", [30, 441, 1237, 2999, 3999])
def test_all_that_is_not_a_harmonic_is_100_db_below(f0_hz: int, waveform: str) -> None:
    amplitudes = spectrum(play(f0_hz, waveform))
    others = np.delete(amplitudes, np.arange(f0_hz, 8001, f0_hz))
    total = np.sqrt(np.sum(others**2))
    assert total < 1e-5 * amplitudes[f0_hz]


@pytest.mark.parametrize(
    ("waveform", "first", "exponent", "step"),
    [("saw", 2 / np.pi, 1, 1), ("square", 4 / np.pi, 1, 2), ("triangle", 8, 2, 2)],
)
def test_harmonics_follow_the_fourier_series(
    waveform: str, first: float, exponent: int, step: int
) -> None:
    amplitudes = spectrum(play(100, waveform))
    first = first / np.pi**2 if waveform == "triangle" else first
    number = np.arange(1, 76, step)
    np.testing.assert_allclose(
        amplitudes[100 * number], first / number**exponent, rtol=1e-3
    )
    if step == 2:
        assert amplitudes[200:7600:200].max() < 1e-6


@pytest.mark.parametrize("waveform", WAVEFORMS)
def test_shape_of_a_period_is_the_ideal_one(waveform: str) -> None:
    period = play(10, waveform, n_harmonics=760)[:1600]
    time = np.arange(1, 1601) / 1600
    ideal = {
        "saw": 1 - 2 * time,
        "square": np.where(time < 0.5, 1.0, -1.0),
        "triangle": 1 - 4 * np.abs((time + 0.25) % 1 - 0.5),
    }[waveform]
    away_from_jumps = np.abs(time[:, None] - [0, 0.5, 1]).min(axis=1) > 0.02
    np.testing.assert_allclose(
        period[away_from_jumps], ideal[away_from_jumps], atol=0.01
    )


@pytest.mark.parametrize("depth_hz", [100.0, 1000.0])
def test_glide_that_takes_harmonics_beyond_nyquist_has_no_clicks(
    depth_hz: float,
) -> None:
    # Every partial of this glide is at 3 kHz or more: what is lower is a click.
    glide = 4000 + depth_hz * np.sin(2 * np.pi * 3 * np.arange(250) / 250)
    assert loudest_below_2500_hz(play(glide, "saw")) < 1e-4
    # The hard edge of the oscillators alone is 30 dB louder.
    shares = np.tile(core.waveform_amplitudes("saw", 3), [250, 1])
    hard = harmonic_truth(glide, shares, 16000, 16000)
    assert loudest_below_2500_hz(hard) > 1e-3


def loudest_below_2500_hz(audio: np.ndarray) -> float:
    """Largest magnitude there in short-time spectra, relative to that anywhere."""
    frames = np.lib.stride_tricks.sliding_window_view(audio, 512)[::64]
    magnitudes = np.abs(np.fft.rfft(frames * np.kaiser(512, 14)))
    return magnitudes[:, : 2500 * 512 // 16000].max() / magnitudes.max()


def test_jump_of_pitch_across_nyquist_leaves_no_sample_above_it() -> None:
    pitch = np.float32([[[3000.0], [3000.0], [9000.0], [9000.0], [3000.0], [3000.0]]])
    gains = core.fade_below_nyquist(pitch, 1, 16000)[0, :, 0]
    # Silent from the last frame below to the first frame below again.
    np.testing.assert_array_equal(gains, [1, 0, 0, 0, 0, 1])


def test_fade_is_a_ramp_below_nyquist() -> None:
    pitch = np.float32([7000.0, 7600.0, 7800.0, 8000.0, -7800.0])[:, None, None]
    gains = core.fade_below_nyquist(pitch, 1, 16000)[:, 0, 0]
    np.testing.assert_allclose(gains, [1, 1, 0.5, 0, 0.5], atol=1e-5)


@pytest.mark.parametrize("waveform", WAVEFORMS)
def test_phase_is_exact_at_the_end_of_a_long_note(waveform: str) -> None:
    n_samples, f0_hz = 480000, np.float32(440.3)
    f0 = np.full([1, 100, 1], f0_hz)
    audio = core.bandlimited_synthesis(
        f0, np.ones_like(f0), waveform, n_samples, n_harmonics=15
    ).numpy()[0, -4000:]
    cycles = (np.arange(n_samples - 3999, n_samples + 1) * float(f0_hz) / 16000) % 1.0
    number = np.arange(1, 16)
    truth = np.sin(2 * np.pi * cycles[:, None] * number) @ core.waveform_amplitudes(
        waveform, 15
    )
    assert snr_db(truth, audio) > 100.0


def test_low_note_has_all_harmonics_unless_limited() -> None:
    whole, limited = spectrum(play(32, "saw")), spectrum(play(32, "saw", n_harmonics=9))
    assert np.flatnonzero(whole > 1e-4).max() >= 7600
    assert np.flatnonzero(limited > 1e-4).max() == 9 * 32


@pytest.mark.parametrize("waveform", WAVEFORMS)
def test_gradient_is_the_derivative(rng: np.random.Generator, waveform: str) -> None:
    def sound(f0_hz: tf.Tensor, amplitudes: tf.Tensor) -> tf.Tensor:
        return core.bandlimited_synthesis(
            f0_hz, amplitudes, waveform, n_samples=160, n_harmonics=9
        )

    f0_hz = rng.uniform(300, 700, [2, 5, 1])
    amplitudes = rng.uniform(0.5, 1, [2, 5, 1])
    assert_gradients_match_differences(sound, [f0_hz, amplitudes], [0.5, 0.1])


def test_gradient_of_the_fade_is_the_derivative(rng: np.random.Generator) -> None:
    def gains(f0_hz: tf.Tensor) -> tf.Tensor:
        return core.fade_below_nyquist(f0_hz, 3, 16000, fade_width=0.3)

    assert_gradients_match_differences(gains, [rng.uniform(2000, 2600, [2, 6, 1])], [1])


@pytest.mark.parametrize("f0_hz", [0.0, -100.0, 8000.0, 1e4, 1e9])
def test_extreme_pitch_is_finite_in_value_and_gradient(f0_hz: float) -> None:
    f0, amplitudes = tf.fill([1, 4, 1], f0_hz), tf.fill([1, 4, 1], 1e4)
    with tf.GradientTape() as tape:
        tape.watch([f0, amplitudes])
        audio = core.bandlimited_synthesis(f0, amplitudes, n_samples=64)
    assert np.isfinite(audio).all()
    if abs(f0_hz) >= 8000.0:
        np.testing.assert_array_equal(audio, 0.0)
    for gradient in tape.gradient(audio, [f0, amplitudes]):
        assert np.isfinite(gradient).all()


def test_compiled_and_unknown_batch_equal_eager(rng: np.random.Generator) -> None:
    f0 = rng.uniform(100, 2000, [3, 10, 1]).astype(np.float32)

    def sound(f0_hz: tf.Tensor) -> tf.Tensor:
        return core.bandlimited_synthesis(f0_hz, tf.ones_like(f0_hz), n_samples=320)

    eager = sound(tf.constant(f0)).numpy()
    traced = tf.function(sound, input_signature=[tf.TensorSpec([None, 10, 1])])(f0)
    compiled = tf.function(sound, jit_compile=True)(f0)
    np.testing.assert_allclose(traced, eager, atol=1e-5)
    np.testing.assert_allclose(compiled, eager, atol=1e-4)


def test_wrong_settings_are_named() -> None:
    with pytest.raises(ValueError, match="waveform must be one of saw"):
        core.waveform_amplitudes("sine", 3)
    with pytest.raises(ValueError, match="fade_width must be above 0"):
        core.fade_below_nyquist(tf.ones([1, 1, 1]), 2, 16000, fade_width=0.0)

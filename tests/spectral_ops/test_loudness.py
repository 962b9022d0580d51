"""Levels against closed forms and the published A-weighting."""

from collections.abc import Callable

import gin
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings, strategies
from signals import impulse, sine

from ddsp import spectral_ops
from ddsp.spectral_ops import loudness

LEVELS = [
    spectral_ops.compute_rms_energy,
    spectral_ops.compute_power,
    spectral_ops.compute_loudness,
]


@pytest.fixture
def noise(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=[2, 4000]).astype(np.float32)


def test_weighting_is_that_of_the_standard() -> None:
    # IEC 61672-1, table 3: third-octave bands 10, 31.5, 63, 125, ... 20000 Hz.
    bands = [10, 15, 18, 21, 24, 27, 30, 33, 36, 39, 42, 43]
    table_db = [-70.4, -39.4, -26.2, -16.1, -8.6, -3.2, 0.0, 1.2, 1.0, -1.1, -6.6, -9.3]
    gains_db = loudness.a_weighting_db(10.0 ** (np.array(bands) / 10))
    np.testing.assert_allclose(gains_db, table_db, atol=0.051)


def test_weighting_has_a_floor() -> None:
    np.testing.assert_allclose(loudness.a_weighting_db([0.0, 1.0]), -80.0)


def test_amplitude_of_a_sine_is_a_root_of_a_half() -> None:
    # 512 samples are 16 periods of 500 Hz.
    rms = spectral_ops.compute_rms_energy(0.3 * sine(500.0), padding="valid")
    np.testing.assert_allclose(rms, 0.3 / np.sqrt(2), rtol=1e-5)
    power = spectral_ops.compute_power(0.3 * sine(500.0), padding="valid")
    np.testing.assert_allclose(power, 20 * np.log10(0.3 / np.sqrt(2)), atol=1e-4)


def test_loudness_of_a_sine_is_its_weighted_main_lobe() -> None:
    # A Hann window spreads a sine over three bins with amplitudes 1/2, 1, 1/2.
    audio, n_fft = 0.5 * sine(1000.0), 1024
    levels = spectral_ops.compute_loudness(audio, n_fft=n_fft, padding="valid")
    bins = np.array([63, 64, 65])
    gains = 10 ** (loudness.a_weighting_db(bins * 16000 / n_fft) / 10)
    powers = (0.5 * n_fft / 4 * np.array([0.5, 1.0, 0.5])) ** 2
    expected = 10 * np.log10(np.sum(gains * powers) / (n_fft // 2 + 1))
    np.testing.assert_allclose(levels, expected, atol=1e-3)


def test_low_tones_are_softer() -> None:
    high, low = (
        spectral_ops.compute_loudness(sine(f), n_fft=2048, padding="valid")
        for f in (1000.0, 250.0)
    )
    np.testing.assert_allclose(high - low, 8.7, atol=0.1)


@pytest.mark.parametrize(
    "compute", [spectral_ops.compute_power, spectral_ops.compute_loudness]
)
def test_twice_the_amplitude_is_6_db_more(compute: Callable, noise: np.ndarray) -> None:
    difference = compute(0.2 * noise) - compute(0.1 * noise)
    np.testing.assert_allclose(difference, 20 * np.log10(2), atol=1e-3)


@pytest.mark.parametrize("use_tf", [False, True])
@pytest.mark.parametrize("sample_rate", [16000, 48000])
def test_sweep_follows_the_weighting(sample_rate: int, use_tf: bool) -> None:
    n_samples = 4 * sample_rate
    sweep_hz = 100.0 * 40.0 ** (np.arange(n_samples) / n_samples)
    audio = np.sin(2 * np.pi * np.cumsum(sweep_hz) / sample_rate)
    n_fft = sample_rate // 16
    levels = spectral_ops.compute_loudness(
        audio, sample_rate, 100, n_fft, use_tf=use_tf, range_db=200.0
    )
    inner = slice(4, -5)  # Windows that lie within the sweep.
    weights_db = loudness.a_weighting_db(sweep_hz[:: sample_rate // 100])
    # A sine's power, n_fft / 4 of it in three bins, is spread over all of them.
    steady_db = 10 * np.log10(1.5 * (n_fft / 4) ** 2 / (n_fft // 2 + 1))
    error = np.asarray(levels)[:-1][inner] - (steady_db + weights_db)[inner]
    assert len(error) > 380 and np.ptp(weights_db[inner]) > 18
    assert np.abs(error).max() < 1.0


@pytest.mark.parametrize("use_tf", [False, True])
def test_twice_the_amplitude_is_6_db_more_in_both_forms(
    use_tf: bool, noise: np.ndarray
) -> None:
    soft, loud = (
        np.asarray(spectral_ops.compute_loudness(gain * noise, use_tf=use_tf))
        for gain in (0.01, 0.02)
    )
    np.testing.assert_allclose(loud - soft, 6.02, atol=0.005)


@settings(max_examples=25, deadline=None)
@given(
    n_fft=strategies.integers(2, 3000),
    hop_size=strategies.integers(1, 3000),
    padding=strategies.sampled_from(["center", "same", "valid"]),
)
def test_any_size_and_hop_give_the_same_in_numpy_and_tensorflow(
    n_fft: int, hop_size: int, padding: str
) -> None:
    hop_size = min(hop_size, n_fft)
    audio = np.random.default_rng(n_fft).normal(size=3000).astype(np.float32)
    settings_of_both = (48000, 48000 / hop_size, n_fft)
    expected, levels = (
        spectral_ops.compute_loudness(
            audio, *settings_of_both, use_tf=use_tf, padding=padding
        )
        for use_tf in (True, False)
    )
    n_frames, _ = spectral_ops.get_framed_lengths(3000, n_fft, hop_size, padding)
    assert levels.shape == expected.shape == (n_frames,)
    np.testing.assert_allclose(levels, expected, atol=1e-3)


@pytest.mark.parametrize("at", [0, 640, 1000, 3217, 7999])
@pytest.mark.parametrize("use_tf", [False, True])
def test_click_is_loudest_in_the_frame_at_its_time(at: int, use_tf: bool) -> None:
    levels = spectral_ops.compute_loudness(impulse(8000, at), use_tf=use_tf)
    assert np.argmax(levels) == round(at / 16000 * 250)


@pytest.mark.parametrize("padding", ["center", "same", "valid"])
@pytest.mark.parametrize(
    ("sample_rate", "frame_rate", "n_fft"),
    [(16000, 250, 512), (16000, 250, 2048), (44100, 100, 1000), (24000, 31.25, 6144)],
)
def test_numpy_gives_what_tensorflow_gives(
    sample_rate: int,
    frame_rate: float,
    n_fft: int,
    padding: str,
    rng: np.random.Generator,
) -> None:
    fade = np.geomspace(1.0, 1e-5, 9000)
    audio = (fade * rng.normal(size=[2, 9000])).astype(np.float32)
    expected, levels = (
        spectral_ops.compute_loudness(
            audio, sample_rate, frame_rate, n_fft, 120.0, use_tf=use_tf, padding=padding
        )
        for use_tf in (True, False)
    )
    n_frames, _ = spectral_ops.get_framed_lengths(
        9000, n_fft, int(sample_rate / frame_rate), padding
    )
    assert levels.shape == (2, n_frames)
    np.testing.assert_allclose(levels, expected, atol=1e-3)


def test_long_recordings_are_measured_in_pieces(
    noise: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = spectral_ops.compute_loudness(noise, use_tf=False)
    monkeypatch.setattr(loudness, "_FRAMES_PER_BLOCK", 10)
    levels = spectral_ops.compute_loudness(noise, use_tf=False)
    np.testing.assert_allclose(levels, expected, rtol=1e-6)


def test_too_short_for_a_frame_is_no_frame() -> None:
    for use_tf in (True, False):
        levels = spectral_ops.compute_loudness(
            np.ones(100), use_tf=use_tf, padding="valid"
        )
        assert levels.shape == (0,)


def test_reference_and_range() -> None:
    audio = np.concatenate([sine(1000.0, 4000), np.zeros(4000, np.float32)])
    for compute in (spectral_ops.compute_power, spectral_ops.compute_loudness):
        plain = compute(audio, padding="valid").numpy()
        shifted = compute(audio, ref_db=20.0, padding="valid").numpy()
        assert shifted[0] == pytest.approx(plain[0] - 20.0)
        assert plain[-1] == shifted[-1] == -80.0
        assert compute(audio, range_db=60.0, padding="valid")[-1] == -60.0


@pytest.mark.parametrize("compute", LEVELS)
def test_shape_of_audio_does_not_matter(compute: Callable, noise: np.ndarray) -> None:
    expected = compute(noise)
    np.testing.assert_allclose(compute(noise[..., np.newaxis]), expected)
    np.testing.assert_allclose(compute(noise[0]), expected[0], atol=1e-5)


@pytest.mark.parametrize("compute", LEVELS)
@pytest.mark.parametrize("level", [0.0, 1e-30, 1e-22, 1e-18, 1e-10, 1.0])
def test_gradient_is_finite_however_soft(
    compute: Callable, level: float, noise: np.ndarray
) -> None:
    audio = tf.constant(level * noise)
    with tf.GradientTape() as tape:
        tape.watch(audio)
        levels = compute(audio)
    assert np.all(np.isfinite(levels))
    gradient = tape.gradient(levels, audio).numpy()
    assert np.all(np.isfinite(gradient))
    if level in (0.0, 1.0):
        assert np.any(gradient != 0) == (level == 1.0)


def test_gradient_of_the_amplitude_is_exact(noise: np.ndarray) -> None:
    audio = tf.constant(noise[:, :512])
    with tf.GradientTape() as tape:
        tape.watch(audio)
        rms = spectral_ops.compute_rms_energy(audio, padding="valid")
    expected = audio / (512 * rms)
    np.testing.assert_allclose(tape.gradient(rms, audio), expected, rtol=1e-4)


@pytest.mark.parametrize("compute", LEVELS)
@pytest.mark.parametrize("jit_compile", [False, True])
def test_graph_gives_what_eager_gives(
    compute: Callable, jit_compile: bool, noise: np.ndarray
) -> None:
    specification = tf.TensorSpec([2 if jit_compile else None, 4000])
    traced = tf.function(
        compute, input_signature=[specification], jit_compile=jit_compile
    )
    np.testing.assert_allclose(traced(noise), compute(noise), atol=1e-3)


def test_gin_knows_the_name_of_the_original() -> None:
    gin.parse_config("ddsp.spectral_ops.compute_loudness.n_fft = 2048")
    bound = gin.get_configurable("spectral_ops.compute_loudness")
    audio = sine(1000.0, 4096)
    np.testing.assert_array_equal(
        bound(audio), spectral_ops.compute_loudness(audio, n_fft=2048)
    )

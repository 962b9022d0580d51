"""Spectra against the discrete Fourier transform in float64 and known tones."""

from collections.abc import Callable
from pathlib import Path

import gin
import numpy as np
import pytest
import scipy.fft
import tensorflow as tf
from signals import impulse, sine

from ddsp import spectral_ops
from ddsp.spectral_ops import spectrograms


@pytest.fixture
def noise(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=[2, 4000]).astype(np.float32)


def spectra_by_definition(
    audio: np.ndarray, size: int, hop: int, fft_size: int
) -> np.ndarray:
    """Fourier transform of Hann-windowed frames in float64, without padding."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    starts = range(0, audio.shape[-1] - size + 1, hop)
    frames = np.stack([audio[..., s : s + size] for s in starts], axis=-2)
    time, bins = np.arange(size), np.arange(fft_size // 2 + 1)
    waves = np.exp(-2j * np.pi * np.outer(time, bins) / fft_size)
    return (frames * window) @ waves


@pytest.mark.parametrize(
    ("size", "hop", "fft_size"), [(512, 128, 512), (500, 63, 512), (100, 100, 128)]
)
def test_spectra_are_the_fourier_transform(
    size: int, hop: int, fft_size: int, noise: np.ndarray
) -> None:
    spectra = spectral_ops.stft(noise, size, 1 - hop / size, pad_end=False)
    expected = spectra_by_definition(noise, size, hop, fft_size)
    np.testing.assert_allclose(spectra, expected, atol=1e-4)


def test_number_of_points_can_be_chosen(noise: np.ndarray) -> None:
    spectra = spectral_ops.stft(noise, 500, pad_end=False, hop_size=77, fft_size=500)
    expected = spectra_by_definition(noise, 500, 77, 500)
    np.testing.assert_allclose(spectra, expected, atol=1e-4)


def test_sine_peaks_at_its_frequency() -> None:
    magnitudes = spectral_ops.compute_mag(0.5 * sine(1000.0), size=512).numpy()
    assert np.all(magnitudes[:-4].argmax(axis=1) == 32)  # Bins are 31.25 Hz apart.
    np.testing.assert_allclose(magnitudes[:-4, 32], 0.5 * 512 / 4, rtol=1e-4)


def test_hop_survives_the_way_through_a_share() -> None:
    for size in (6144, 1000, 441, 512):
        for hop in range(1, size + 1, 7):
            found = spectrograms.get_hop_from_overlap(size, 1.0 - hop / size)
            assert found == hop
    assert spectrograms.get_hop_from_overlap(201, 0.75) == 50


def test_frames_start_at_the_exact_hop() -> None:
    audio = impulse(1000, at=63 * 5)
    magnitudes = spectral_ops.compute_mag(audio, 64, pad_end=False, hop_size=63)[0]
    energy = tf.reduce_sum(magnitudes, axis=1).numpy()
    # The window is 0 at its start and small at its end, so nobody hears the impulse
    # but the frame before, and that one at sample 63 of 64.
    expected = 0.5 - 0.5 * np.cos(2 * np.pi * 63 / 64)
    np.testing.assert_allclose(energy[4], 33 * expected, rtol=1e-3)
    assert np.delete(energy, 4).max() < 1e-6


@pytest.mark.parametrize("pad_end", [True, False])
@pytest.mark.parametrize(
    ("size", "hop"), [(2048, 512), (128, 32), (512, 441), (256, 1)]
)
def test_numpy_gives_what_tensorflow_gives(
    size: int, hop: int, pad_end: bool, noise: np.ndarray
) -> None:
    expected = spectral_ops.stft(noise, size, 1 - hop / size, pad_end)
    spectra = spectral_ops.stft_np(noise, size, 1 - hop / size, pad_end)
    assert spectra.dtype == np.complex64
    np.testing.assert_allclose(spectra, expected, atol=2e-4)


@pytest.mark.parametrize("n_samples", [1, 2, 255, 256, 1025])
def test_window_is_that_of_tensorflow(n_samples: int) -> None:
    np.testing.assert_allclose(
        spectrograms.hann_window(n_samples),
        tf.signal.hann_window(n_samples),
        atol=3e-7,
    )


@pytest.mark.parametrize("compute", [spectral_ops.stft, spectral_ops.stft_np])
def test_rank_of_audio_does_not_matter(compute: Callable, noise: np.ndarray) -> None:
    expected = np.asarray(compute(noise, 256))
    np.testing.assert_allclose(compute(noise[..., np.newaxis], 256), expected)
    np.testing.assert_allclose(compute(noise[0], 256), expected[0], atol=1e-5)


def test_stereo_is_refused() -> None:
    with pytest.raises(ValueError, match="mono"):
        spectral_ops.compute_mag(np.zeros([1, 4000, 2]))


def test_frames_that_do_not_advance_are_refused() -> None:
    with pytest.raises(ValueError, match=r"overlap=1.0"):
        spectral_ops.compute_mag(np.zeros(4000), overlap=1.0)


def mel_weights_by_definition(
    bins: int, n_spectrum: int, sample_rate: int, lo_hz: float, hi_hz: float
) -> np.ndarray:
    """Triangles between equally spaced mel frequencies, without 0 Hz."""

    def mel(hz: np.ndarray | float) -> np.ndarray:
        return 1127.0 * np.log1p(np.asarray(hz) / 700.0)

    edges = np.linspace(mel(lo_hz), mel(hi_hz), bins + 2)
    at = mel(np.arange(n_spectrum) * sample_rate / 2 / (n_spectrum - 1))[:, np.newaxis]
    rising = (at - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - at) / (edges[2:] - edges[1:-1])
    weights = np.maximum(0, np.minimum(rising, falling))
    weights[0] = 0
    return weights


def test_mel_bands_are_triangles(noise: np.ndarray) -> None:
    mel = spectral_ops.compute_mel(
        noise, 50.0, 10000.0, 40, 1024, 0.5, sample_rate=22050, hop_size=300
    )
    magnitudes = spectral_ops.compute_mag(noise, 1024, hop_size=300).numpy()
    expected = magnitudes @ mel_weights_by_definition(40, 513, 22050, 50.0, 10000.0)
    np.testing.assert_allclose(mel, expected, rtol=2e-3, atol=1e-2)


def test_tone_is_in_the_mel_band_around_it() -> None:
    mel = spectral_ops.compute_mel(sine(1000.0), bins=64).numpy()[3]
    edges_mel = np.linspace(0, 1127 * np.log1p(8000 / 700), 66)
    centers_hz = 700 * np.expm1(edges_mel[1:-1] / 1127)
    assert np.argmax(mel) == np.argmin(np.abs(centers_hz - 1000.0))


def test_bands_beyond_half_the_sample_rate_are_refused() -> None:
    with pytest.raises(ValueError, match=r"hi_hz=8001.0 with sample_rate=16000"):
        spectral_ops.compute_mel(np.zeros(4000), hi_hz=8001.0)


def test_logarithms_are_natural(noise: np.ndarray) -> None:
    np.testing.assert_allclose(
        np.exp(spectral_ops.compute_logmag(noise, 256, 0.5, hop_size=100)),
        spectral_ops.compute_mag(noise, 256, 0.5, hop_size=100),
        rtol=1e-5,
    )
    np.testing.assert_allclose(
        np.exp(spectral_ops.compute_logmel(noise, 100.0, 7000.0, 20, hop_size=100)),
        spectral_ops.compute_mel(noise, 100.0, 7000.0, 20, hop_size=100),
        rtol=1e-5,
    )


def test_coefficients_are_the_cosine_transform_of_log_bands(noise: np.ndarray) -> None:
    mfcc = spectral_ops.compute_mfcc(noise, mfcc_bins=30, hop_size=333)
    bands = spectral_ops.compute_logmel(
        noise, 20.0, 8000.0, 128, 1024, hop_size=333
    ).numpy()
    expected = scipy.fft.dct(bands.astype(np.float64), type=2) / np.sqrt(2 * 128)
    np.testing.assert_allclose(mfcc, expected[..., :30], atol=1e-3)


def test_coefficient_0_alone_follows_the_level(noise: np.ndarray) -> None:
    change = spectral_ops.compute_mfcc(10 * noise) - spectral_ops.compute_mfcc(noise)
    expected = np.zeros(13)
    expected[0] = 128 * 2 * np.log(10) / np.sqrt(2 * 128)
    np.testing.assert_allclose(
        change, np.broadcast_to(expected, change.shape), atol=1e-3
    )


COMPUTED = [
    spectral_ops.compute_mag,
    spectral_ops.compute_logmag,
    spectral_ops.compute_mel,
    spectral_ops.compute_logmel,
    spectral_ops.compute_mfcc,
]


@pytest.mark.parametrize("compute", COMPUTED)
@pytest.mark.parametrize("level", [0.0, 1e-20, 1e-3])
def test_gradient_is_finite_however_soft(
    compute: Callable, level: float, noise: np.ndarray
) -> None:
    audio = tf.constant(level * noise)
    with tf.GradientTape() as tape:
        tape.watch(audio)
        features = compute(audio)
    assert np.all(np.isfinite(features))
    gradient = tape.gradient(features, audio)
    assert np.all(np.isfinite(gradient))
    assert np.any(gradient != 0) == (level > 0)


@pytest.mark.parametrize("compute", COMPUTED)
@pytest.mark.parametrize("jit_compile", [False, True])
def test_graph_gives_what_eager_gives(
    compute: Callable, jit_compile: bool, noise: np.ndarray
) -> None:
    specification = tf.TensorSpec([2 if jit_compile else None, 4000])
    traced = tf.function(
        compute, input_signature=[specification], jit_compile=jit_compile
    )
    np.testing.assert_allclose(traced(noise), compute(noise), rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("name", ["mag", "mel", "logmag", "logmel", "mfcc"])
def test_gin_knows_the_name_of_the_original(name: str) -> None:
    gin.parse_config(f"ddsp.spectral_ops.compute_{name}.overlap = 0.0")
    bound = gin.get_configurable(f"spectral_ops.compute_{name}")
    compute = getattr(spectral_ops, f"compute_{name}")
    audio = sine(1000.0, 4096)
    np.testing.assert_array_equal(bound(audio), compute(audio, overlap=0.0))


def test_recorded_logarithms_are_as_far_off_as_their_rounding(golden: Path) -> None:
    arrays = np.load(golden / "golden.npz")
    audio = arrays["compute_logmag_97/in/audio"]
    recorded = arrays["compute_logmag_97/out/0"]
    padded = spectral_ops.pad(audio, 512, 128, "same").numpy().astype(np.float64)
    truth = np.log(np.abs(spectra_by_definition(padded, 512, 128, 512)))
    ours = spectral_ops.compute_logmag(audio, size=512).numpy()
    heard = truth > np.log(1e-3)  # Rounding rules below.
    tolerance = 0.002 + 0.001 * np.abs(truth)
    assert np.mean(heard) > 0.9
    assert np.all((np.abs(ours - truth) < tolerance)[heard])
    assert not np.all((np.abs(recorded - truth) < tolerance)[heard])

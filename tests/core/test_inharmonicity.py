"""Stiff strings: partials at n f0 sqrt(1 + B n^2)."""

import numpy as np
import pytest
import tensorflow as tf
from gradients import assert_gradients_match_differences

from ddsp import core

FRAMES = np.ones([1, 100, 1], np.float32)


def peaks_hz(audio: np.ndarray, n_peaks: int) -> np.ndarray:
    """Frequencies of the loudest partials of one second, from the phase advance."""
    window = np.kaiser(8000, 16)
    spectra = [
        np.fft.rfft(audio[start : start + 8000].astype(np.float64) * window, 2**16)
        for start in (4000, 4001)
    ]
    magnitudes = np.abs(spectra[0])
    is_peak = (magnitudes[1:-1] > magnitudes[:-2]) & (magnitudes[1:-1] > magnitudes[2:])
    bins = np.flatnonzero(is_peak) + 1
    bins = np.sort(bins[np.argsort(magnitudes[bins])[-n_peaks:]])
    return np.angle(spectra[1][bins] / spectra[0][bins]) / (2 * np.pi) * 16000


@pytest.mark.parametrize("inharmonicity", [0.0, 1e-5, 3e-4, 1e-2])
@pytest.mark.parametrize("f0_hz", [55.0, 261.6])
def test_partials_lie_where_fletcher_puts_them(
    f0_hz: float, inharmonicity: float
) -> None:
    n_harmonics = 12
    audio = core.inharmonic_synthesis(
        f0_hz * FRAMES,
        FRAMES,
        inharmonicity * FRAMES,
        np.ones([1, 100, n_harmonics], np.float32),
        n_samples=16000,
    ).numpy()[0]
    number = np.arange(1, n_harmonics + 1)
    expected = number * f0_hz * np.sqrt(1 + inharmonicity * number**2)
    found = peaks_hz(audio, n_harmonics)
    np.testing.assert_allclose(found, expected, atol=0.02, rtol=0)


def test_frequencies_are_those_of_float64() -> None:
    partials = core.get_inharmonic_frequencies(27.5 * FRAMES, 1e-5 * FRAMES, 100)
    number = np.arange(1, 101)
    expected = number * 27.5 * np.sqrt(1 + 1e-5 * number**2)
    np.testing.assert_allclose(partials[0, 0], expected, rtol=3e-7)


def test_partials_that_reach_nyquist_are_silent() -> None:
    # 19 * 400 Hz = 7600 Hz is stretched to 8048 Hz; partial 18 lies at 7583 Hz.
    def play(number: int) -> np.ndarray:
        shares = np.tile(np.eye(20, dtype=np.float32)[number - 1], [1, 100, 1])
        return core.inharmonic_synthesis(
            400 * FRAMES, FRAMES, 3.36e-4 * FRAMES, shares, n_samples=1600
        ).numpy()

    np.testing.assert_array_equal(play(19), 0.0)
    assert np.abs(play(18)).max() > 0.9


def test_no_stiffness_is_a_harmonic_sound(rng: np.random.Generator) -> None:
    shares = rng.uniform(size=[1, 100, 9]).astype(np.float32)
    controls = {"n_samples": 3200, "harmonic_distribution": shares}
    stiff = core.inharmonic_synthesis(300 * FRAMES, FRAMES, 0 * FRAMES, **controls)
    plain = core.harmonic_synthesis(300 * FRAMES, FRAMES, **controls)
    np.testing.assert_allclose(stiff, plain, atol=1e-4)


def test_scale_stays_within_real_strings_for_any_number() -> None:
    scaled = core.inharmonicity_sigmoid(tf.constant([-1e4, -1.0, 0.0, 1.0, 1e4]))
    np.testing.assert_allclose(scaled[0], 1e-5, rtol=1e-4)
    np.testing.assert_allclose(scaled[2], 10**-3.5, rtol=1e-4)
    np.testing.assert_allclose(scaled[4], 1e-2, rtol=1e-4)
    np.testing.assert_allclose(scaled[1] / scaled[2], scaled[2] / scaled[3], rtol=1e-4)


def test_gradient_is_the_derivative(rng: np.random.Generator) -> None:
    def sound(f0_hz, amplitudes, inharmonicity, shares):
        return core.inharmonic_synthesis(
            f0_hz, amplitudes, inharmonicity, shares, n_samples=160
        )

    inputs = [
        rng.uniform(200, 500, [2, 5, 1]),
        rng.uniform(0.5, 1, [2, 5, 1]),
        rng.uniform(1e-3, 1e-2, [2, 5, 1]),
        rng.uniform(0, 1, [2, 5, 6]),
    ]
    assert_gradients_match_differences(sound, inputs, [0.5, 0.1, 2e-4, 0.1])


@pytest.mark.parametrize("inharmonicity", [-1e4, 0.0, 1e4])
def test_extremes_are_finite_in_value_and_gradient(inharmonicity: float) -> None:
    values = [tf.fill([1, 4, 1], x) for x in (1e4, 1e4, inharmonicity)]
    with tf.GradientTape() as tape:
        tape.watch(values)
        audio = core.inharmonic_synthesis(*values, tf.ones([1, 4, 5]), n_samples=64)
    assert np.isfinite(audio).all()
    for gradient in tape.gradient(audio, values):
        assert np.isfinite(gradient).all()


def test_compiled_and_unknown_batch_equal_eager(rng: np.random.Generator) -> None:
    f0 = rng.uniform(100, 900, [3, 10, 1]).astype(np.float32)
    stiffness = rng.uniform(1e-4, 1e-2, [3, 10, 1]).astype(np.float32)

    def sound(f0_hz: tf.Tensor, inharmonicity: tf.Tensor) -> tf.Tensor:
        shares = tf.ones([1, 10, 7]) / 7
        return core.inharmonic_synthesis(
            f0_hz, tf.ones_like(f0_hz), inharmonicity, shares, n_samples=320
        )

    eager = sound(tf.constant(f0), tf.constant(stiffness)).numpy()
    signature = [tf.TensorSpec([None, 10, 1])] * 2
    traced = tf.function(sound, input_signature=signature)(f0, stiffness)
    compiled = tf.function(sound, jit_compile=True)(f0, stiffness)
    np.testing.assert_allclose(traced, eager, atol=1e-5)
    np.testing.assert_allclose(compiled, eager, atol=1e-4)

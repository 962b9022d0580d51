"""Harmonics to sinusoids and back."""

import numpy as np
import pytest
import tensorflow as tf
from gradients import assert_gradients_match_differences

from ddsp import core


def frames(*values: float) -> np.ndarray:
    """One frame of one example, [1, 1, n]."""
    return np.float32([[values]])


def collected(
    amplitudes: np.ndarray,
    frequencies: np.ndarray,
    f0: float,
    width: float,
    n_harmonics: int,
    normalize: bool = False,
) -> np.ndarray:
    """Amplitudes of the harmonics of one frame, in float64, at 16 kHz."""
    result = np.zeros(n_harmonics)
    for k in range(1, n_harmonics + 1):
        share = np.exp(-((np.abs(frequencies - k * f0) / f0 / width) ** 2))
        if normalize and share.sum() > 1:
            share = share / share.sum()
        result[k - 1] = (share * amplitudes).sum() if k * f0 < 8000 else 0.0
    return result


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("width", [0.05, 0.1, 0.5])
def test_harmonics_take_their_share_by_distance(
    rng: np.random.Generator, normalize: bool, width: float
) -> None:
    amplitudes = rng.uniform(size=[2, 3, 9])
    frequencies = rng.uniform(100, 7900, size=[2, 3, 9])
    f0 = rng.uniform(300, 900, size=[2, 3, 1])
    total, shares = core.sinusoidal_to_harmonic(
        amplitudes, frequencies, f0, width, 20, normalize=normalize
    )
    assert total.shape == [2, 3, 1]
    for index in np.ndindex(2, 3):
        expected = collected(
            amplitudes[index], frequencies[index], f0[index][0], width, 20, normalize
        )
        np.testing.assert_allclose((total * shares)[index], expected, atol=1e-5)
        np.testing.assert_allclose(total[index], [expected.sum()], rtol=1e-4)


def test_harmonics_survive_the_way_to_sinusoids_and_back(
    rng: np.random.Generator,
) -> None:
    amplitude = rng.uniform(0.1, 2.0, size=[2, 4, 1]).astype(np.float32)
    weights = rng.uniform(0.1, 1.0, size=[2, 4, 6])
    shares = (weights / weights.sum(-1, keepdims=True)).astype(np.float32)
    f0 = rng.uniform(50, 1300, size=[2, 4, 1]).astype(np.float32)
    back = core.sinusoidal_to_harmonic(
        *core.harmonic_to_sinusoidal(amplitude, shares, f0), f0, n_harmonics=6
    )
    np.testing.assert_allclose(back[0], amplitude, rtol=1e-5)
    np.testing.assert_allclose(back[1], shares, atol=1e-5)


def test_both_kinds_of_synthesis_sound_the_same() -> None:
    shares, f0 = frames(0.5, 0.3, 0.2).repeat(4, 1), frames(440.0).repeat(4, 1)
    loud = frames(0.7).repeat(4, 1)
    amplitudes, frequencies = core.harmonic_to_sinusoidal(loud, shares, f0)
    free = core.oscillator_bank(
        core.resample(frequencies, 1600), core.resample(amplitudes, 1600)
    )
    bound = core.harmonic_synthesis(
        f0, loud, harmonic_distribution=shares, n_samples=1600
    )
    np.testing.assert_allclose(free, bound, atol=1e-5)


@pytest.mark.parametrize(
    ("f0_hz", "expected"),
    [
        (440.0, [10 / 3, 10 / 3, 10 / 3]),
        (3001.0, [5.0, 5.0, 0.0]),
        (4001.0, [10.0, 0.0, 0.0]),
        (8001.0, [0.0, 0.0, 0.0]),
    ],
)
def test_harmonics_from_nyquist_on_are_silent_and_the_rest_is_scaled(
    f0_hz: float, expected: list[float]
) -> None:
    amplitudes, frequencies = core.harmonic_to_sinusoidal(
        frames(10.0), frames(1.0, 1.0, 1.0), frames(f0_hz)
    )
    np.testing.assert_allclose(amplitudes[0, 0], expected, rtol=1e-6)
    np.testing.assert_allclose(frequencies[0, 0], f0_hz * np.arange(1, 4), rtol=1e-6)


def test_collected_values_are_the_recorded_ones() -> None:
    total, shares = core.sinusoidal_to_harmonic(
        frames(1.0, 0.5), frames(200.0, 410.0), frames(203.0), n_harmonics=3
    )
    np.testing.assert_allclose(total[0, 0], [1.4593557], rtol=1e-5)
    np.testing.assert_allclose(shares[0, 0], [0.6704307, 0.3295693, 0.0], rtol=1e-5)


@pytest.mark.parametrize("f0_hz", [0.0, 1e-30, 8000.0, 1e4])
@pytest.mark.parametrize("amplitude", [0.0, 1e4])
@pytest.mark.parametrize("normalize", [False, True])
def test_extremes_are_finite_in_value_and_gradient(
    f0_hz: float, amplitude: float, normalize: bool
) -> None:
    inputs = [
        tf.fill([1, 2, 3], amplitude),
        tf.constant(np.float32([0.0, 8000.0, 1e4])[None, None].repeat(2, 1)),
        tf.fill([1, 2, 1], f0_hz),
    ]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = core.sinusoidal_to_harmonic(*inputs, normalize=normalize)
    for output in outputs:
        assert np.isfinite(output).all()
    for gradient in tape.gradient(outputs, inputs):
        assert np.isfinite(gradient).all()


@pytest.mark.parametrize("index", [0, 1])
def test_gradients_equal_finite_differences(
    rng: np.random.Generator, index: int
) -> None:
    inputs = [
        rng.uniform(0.5, 1.0, size=[1, 3, 4]),
        200.0 * np.arange(1, 5) + rng.uniform(-15, 15, size=[1, 3, 4]),
        rng.uniform(195, 205, size=[1, 3, 1]),
    ]
    assert_gradients_match_differences(
        lambda *x: core.sinusoidal_to_harmonic(*x, n_harmonics=5)[index],
        inputs,
        [0.02, 0.5, 0.1],
    )
    controls = rng.uniform(1, 2, [1, 3, 1]), rng.uniform(0.2, 1, [1, 3, 4]), inputs[2]
    assert_gradients_match_differences(
        lambda amplitude, shares: core.harmonic_to_sinusoidal(
            amplitude, shares, controls[2]
        )[0],
        controls[:2],
        [0.05, 0.02],
    )


def test_compiled_with_unknown_sizes_equals_eager(rng: np.random.Generator) -> None:
    inputs = [
        rng.uniform(0.1, 1, size=[2, 3, 4]).astype(np.float32),
        rng.uniform(100, 900, size=[2, 3, 4]).astype(np.float32),
        rng.uniform(100, 300, size=[2, 3, 1]).astype(np.float32),
    ]

    def there_and_back(amplitudes, frequencies, f0_hz):
        harmonics = core.sinusoidal_to_harmonic(amplitudes, frequencies, f0_hz)
        return core.harmonic_to_sinusoidal(*harmonics, f0_hz)[0]

    signature = [tf.TensorSpec([None, None, n]) for n in (4, 4, 1)]
    compiled = tf.function(there_and_back, signature, jit_compile=True)(*inputs)
    np.testing.assert_allclose(compiled, there_and_back(*inputs), rtol=1e-4, atol=1e-6)

"""Waveshapers: exact harmonics, aliasing, no delay, extremes."""

import numpy as np
import pytest
import tensorflow as tf
from gradients import assert_gradients_match_differences
from signals import impulse, snr_db

from ddsp import core

INNER = slice(200, -200)


def cosine(frequency_hz: float, amplitude: float = 1.0) -> np.ndarray:
    time = np.arange(16000) / 16000
    return np.float32(amplitude * np.cos(2 * np.pi * frequency_hz * time))[None]


def alias_db(audio: np.ndarray, f0_hz: int) -> float:
    """Loudest partial that is no harmonic, relative to the loudest of all."""
    magnitudes = np.abs(np.fft.rfft(audio[4000:12000] * np.kaiser(8000, 16)))
    hz = np.arange(4001) * 2
    from_harmonic = np.abs((hz + f0_hz / 2) % f0_hz - f0_hz / 2)
    return 20 * np.log10(magnitudes[from_harmonic > 30].max() / magnitudes.max())


def test_oversampling_takes_55_db_off_the_aliases_of_an_overdriven_tone() -> None:
    tone = cosine(1237)
    plain, default, eightfold = (
        alias_db(core.tanh_waveshaper(tone, 10.0, n).numpy()[0], 1237)
        for n in (1, 4, 8)
    )
    assert plain > -20
    assert default < plain - 55
    assert eightfold < plain - 90


@pytest.mark.parametrize("gain", [3.0, 30.0, 100.0])
@pytest.mark.parametrize("f0_hz", [311, 2999])
def test_default_oversampling_helps_at_any_drive(f0_hz: int, gain: float) -> None:
    plain, default = (
        alias_db(core.tanh_waveshaper(cosine(f0_hz), gain, n).numpy()[0], f0_hz)
        for n in (1, 4)
    )
    assert default < plain - 16


def test_saturated_tone_is_the_tanh_of_the_tone() -> None:
    # All harmonics that matter are in the band that the filters keep.
    tone = cosine(100, amplitude=0.8)
    shaped = core.tanh_waveshaper(tone, 2.0).numpy()[0, INNER]
    truth = np.tanh(2.0 * tone.astype(np.float64))[0, INNER]
    assert snr_db(truth, shaped) > 80


def test_drive_moves_linearly_from_frame_to_frame() -> None:
    gain = np.float32([0.5, 2.0, 1.0, 0.1])[None, :, None]
    shaped = core.tanh_waveshaper(tf.ones([1, 4000]), gain, oversampling=1)[0]
    expected = np.interp(np.arange(4000) / 1000, np.arange(4), gain[0, :, 0])
    np.testing.assert_allclose(np.arctanh(shaped), expected, atol=1e-4)


@pytest.mark.parametrize("number", range(1, 8))
@pytest.mark.parametrize("f0_hz", [200.0, 1000.0])
def test_polynomial_makes_its_harmonic_of_a_cosine(number: int, f0_hz: float) -> None:
    coefficients = np.eye(7, dtype=np.float32)[number - 1]
    shaped = core.chebyshev_waveshaper(cosine(f0_hz), coefficients).numpy()[0, INNER]
    np.testing.assert_allclose(shaped, cosine(number * f0_hz)[0, INNER], atol=1e-4)


def test_polynomial_is_exact_without_oversampling() -> None:
    for number in range(1, 13):
        coefficients = np.eye(12, dtype=np.float32)[number - 1]
        shaped = core.chebyshev_waveshaper(cosine(100), coefficients, oversampling=1)
        np.testing.assert_allclose(shaped, cosine(100 * number), atol=1e-4)


def test_harmonics_beyond_nyquist_vanish_instead_of_folding_back() -> None:
    # The seventh harmonic of 2 kHz is 14 kHz, which would fold back to 2 kHz.
    seventh = np.eye(7, dtype=np.float32)[6]
    folded = core.chebyshev_waveshaper(cosine(2000), seventh, oversampling=1)
    silent = core.chebyshev_waveshaper(cosine(2000), seventh)
    assert np.abs(folded).max() > 0.99
    assert np.abs(silent[0, INNER]).max() < 1e-4


def test_silence_is_kept_on_demand() -> None:
    silence, coefficients = tf.zeros([1, 400]), tf.constant([1.0, 0.5, 0.3, 0.2])
    offset = core.chebyshev_waveshaper(silence, coefficients)[0, 200]
    np.testing.assert_allclose(offset, -0.5 + 0.2, atol=1e-3)
    kept = core.chebyshev_waveshaper(silence, coefficients, keep_silence=True)
    np.testing.assert_array_equal(kept, 0.0)


def test_coefficients_move_linearly_from_frame_to_frame() -> None:
    coefficients = np.float32([[[1.0, 0.0], [0.0, 1.0]]])
    audio = np.full([1, 200], 0.6, np.float32)
    shaped = core.chebyshev_waveshaper(audio, coefficients, oversampling=1)[0]
    weight = np.minimum(np.arange(200) / 100, 1.0)
    expected = 0.6 * (1 - weight) + (2 * 0.6**2 - 1) * weight
    np.testing.assert_allclose(shaped, expected, atol=1e-5)


@pytest.mark.parametrize("shape", [[3], [1, 3], [1, 1, 3], [1, 4, 3]])
def test_constant_coefficients_may_leave_out_axes(shape: list[int]) -> None:
    values = np.float32([0.5, 0.3, 0.2])
    shaped = core.chebyshev_waveshaper(cosine(300), np.broadcast_to(values, shape))
    alone = core.chebyshev_waveshaper(cosine(300), values)
    np.testing.assert_allclose(shaped, alone, atol=1e-5)


@pytest.mark.parametrize("oversampling", [1, 3, 4])
def test_impulse_is_not_delayed(oversampling: int) -> None:
    click = 0.5 * impulse(400, at=170)
    for shaped in (
        core.tanh_waveshaper(click, 1.0, oversampling),
        core.chebyshev_waveshaper(click, tf.constant([1.0]), oversampling),
    ):
        around = shaped[0, 120:221].numpy()
        assert around.argmax() == 50
        np.testing.assert_allclose(around, around[::-1], atol=1e-5)


def test_gradient_is_the_derivative(rng: np.random.Generator) -> None:
    audio = rng.uniform(-0.7, 0.7, [2, 40])
    gain = rng.uniform(0.5, 2, [2, 4, 1])
    coefficients = rng.normal(size=[2, 4, 5])
    assert_gradients_match_differences(core.tanh_waveshaper, [audio, gain], [0.02] * 2)
    # Below the level at which anything is clipped.
    assert_gradients_match_differences(
        core.chebyshev_waveshaper, [0.5 * audio, coefficients], [0.01, 0.1]
    )


def test_what_lies_beyond_one_is_clipped() -> None:
    audio, third = tf.constant([[-1e4, -1.5, 0.5, 3.0]]), tf.constant([0.0, 0.0, 1.0])
    shaped = core.chebyshev_waveshaper(audio, third, oversampling=1)
    np.testing.assert_allclose(shaped, [[-1, -1, -1, 1]], atol=1e-6)


def test_extremes_are_finite_in_value_and_gradient(rng: np.random.Generator) -> None:
    audio = tf.constant(1e4 * rng.normal(size=[2, 40]), tf.float32)
    control = tf.constant(1e4 * rng.normal(size=[2, 4, 1]), tf.float32)

    def twelve(audio: tf.Tensor, control: tf.Tensor) -> tf.Tensor:
        return core.chebyshev_waveshaper(audio, tf.tile(control, [1, 1, 12]))

    for shaper in (core.tanh_waveshaper, twelve):
        with tf.GradientTape() as tape:
            tape.watch([audio, control])
            shaped = shaper(audio, control)
        assert np.isfinite(shaped).all()
        for gradient in tape.gradient(shaped, [audio, control]):
            assert np.isfinite(gradient).all()


@pytest.mark.parametrize("shaper", [core.tanh_waveshaper, core.chebyshev_waveshaper])
def test_compiled_and_unknown_shape_equal_eager(
    rng: np.random.Generator, shaper
) -> None:
    audio = np.float32(rng.normal(size=[3, 120]))
    control = np.float32(rng.normal(size=[3, 10, 1]))
    eager = shaper(audio, control)
    signature = [tf.TensorSpec([None, None]), tf.TensorSpec([None, 10, 1])]
    traced = tf.function(shaper, input_signature=signature)(audio, control)
    compiled = tf.function(shaper, jit_compile=True)(audio, control)
    np.testing.assert_allclose(traced, eager, atol=1e-5)
    np.testing.assert_allclose(compiled, eager, atol=1e-5)


def test_coefficients_of_rank_4_are_refused() -> None:
    with pytest.raises(ValueError, match="coefficients must be"):
        core.chebyshev_waveshaper(tf.ones([1, 10]), tf.ones([1, 1, 1, 1]))


def test_drive_scale_stays_in_its_range_for_any_number() -> None:
    gains = core.drive_sigmoid(tf.constant([-1e4, 0.0, 1e4]))
    np.testing.assert_allclose(gains, [0.1, np.sqrt(10), 100.0], rtol=1e-4)


@pytest.mark.parametrize("shape", [[1, 4, 2], [1, 1, 4, 1], [1, 7]])
def test_gain_of_another_shape_is_refused(shape: list[int]) -> None:
    with pytest.raises(ValueError, match="gain must be"):
        core.tanh_waveshaper(tf.ones([1, 40]), tf.ones(shape))

"""Resampling by whole factors: gain, images, delay, gradients."""

import numpy as np
import pytest
import tensorflow as tf
from gradients import assert_gradients_match_differences
from signals import impulse

from ddsp import core


@pytest.mark.parametrize("factor", [2, 3, 4, 8])
@pytest.mark.parametrize("frequency_hz", [0.0, 100.0, 3000.0, 7000.0])
def test_sine_up_to_0_9_of_nyquist_is_that_of_the_higher_rate(
    frequency_hz: float, factor: int
) -> None:
    def cosine(sample_rate: int) -> np.ndarray:
        time = np.arange(sample_rate // 10) / sample_rate
        return np.float32(np.cos(2 * np.pi * frequency_hz * time + 0.3))[None]

    low, high = cosine(16000), cosine(16000 * factor)
    inner, inner_high = slice(100, -100), slice(100 * factor, -100 * factor)
    raised = core.oversample(low, factor).numpy()[:, inner_high]
    np.testing.assert_allclose(raised, high[:, inner_high], atol=2e-5)
    lowered = core.decimate(high, factor).numpy()[:, inner]
    np.testing.assert_allclose(lowered, low[:, inner], atol=2e-5)


@pytest.mark.parametrize("factor", [2, 3, 4])
@pytest.mark.parametrize("frequency_hz", [8000.0, 9000.0, 15000.0])
def test_what_would_fold_back_is_90_db_down(frequency_hz: float, factor: int) -> None:
    time = np.arange(4000 * factor) / (16000 * factor)
    tone = np.float32(np.cos(2 * np.pi * frequency_hz * time))[None]
    lowered = core.decimate(tone, factor).numpy()[0, 100:-100]
    assert np.abs(lowered).max() < 3e-5


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_no_images_appear_in_the_new_band(
    rng: np.random.Generator, factor: int
) -> None:
    noise = np.float32(rng.normal(size=[1, 4000]))
    raised = core.oversample(noise, factor).numpy()[0] * np.kaiser(4000 * factor, 14)
    power = np.abs(np.fft.rfft(raised)) ** 2
    # The lower rate ends at bin 2000.
    assert power[2010:].mean() < 1e-8 * power[:1800].mean()


@pytest.mark.parametrize("factor", [1, 2, 3, 8])
def test_impulse_stays_where_it_is(factor: int) -> None:
    raised = core.oversample(impulse(300, at=120), factor).numpy()[0]
    assert raised.argmax() == 120 * factor
    around = raised[110 * factor : 130 * factor + 1]
    np.testing.assert_allclose(around, around[::-1], atol=1e-6)
    back = core.decimate(raised[None], factor).numpy()[0]
    assert back.argmax() == 120
    np.testing.assert_allclose(back[100:141], back[100:141][::-1], atol=1e-6)


def test_gradient_is_the_derivative(rng: np.random.Generator) -> None:
    audio = rng.normal(size=[2, 60])
    for resample in (core.oversample, core.decimate):
        assert_gradients_match_differences(lambda x, f=resample: f(x, 3), [audio], [1])


@pytest.mark.parametrize("resample", [core.oversample, core.decimate])
def test_compiled_and_unknown_shape_equal_eager(
    rng: np.random.Generator, resample
) -> None:
    audio = np.float32(rng.normal(size=[3, 120]))
    signature = [tf.TensorSpec([None, None])]
    traced = tf.function(lambda x: resample(x, 4), input_signature=signature)(audio)
    compiled = tf.function(lambda x: resample(x, 4), jit_compile=True)(audio)
    np.testing.assert_allclose(traced, resample(audio, 4), atol=1e-5)
    np.testing.assert_allclose(compiled, resample(audio, 4), atol=1e-5)


def test_wrong_requests_are_named() -> None:
    with pytest.raises(ValueError, match="factor must divide n_samples"):
        core.decimate(tf.ones([1, 10]), 3)
    with pytest.raises(ValueError, match="a whole number of at least 1"):
        core.oversample(tf.ones([1, 10]), 0)
    with pytest.raises(ValueError, match=r"audio must be \[batch, n_samples\]"):
        core.decimate(tf.ones([10]), 2)

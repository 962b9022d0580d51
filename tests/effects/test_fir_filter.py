"""The filter effect: its response is what it was given."""

import numpy as np
import pytest
import tensorflow as tf
from signals import impulse

from ddsp import core, effects


@pytest.mark.parametrize("window_size", [0, 129, 257, 300])
def test_measured_response_equals_the_magnitudes(window_size: int) -> None:
    bins = np.arange(65)
    # Smooth on the scale of the window, which blurs.
    magnitudes = (1.0 + 0.5 * np.cos(np.pi * bins / 32)).astype(np.float32)
    effect = effects.FIRFilter(window_size, scale_fn=None)
    response = effect(impulse(512, at=256), magnitudes[None, None])
    measured = np.fft.rfft(np.roll(response[0], -256))[::4]
    np.testing.assert_allclose(np.abs(measured), magnitudes, atol=2e-3)
    np.testing.assert_allclose(np.angle(measured), 0.0, atol=1e-3)  # No delay.


def test_inputs_become_gains_by_the_scale_function() -> None:
    noise = np.random.normal(size=[2, 1000]).astype(np.float32)
    audio = effects.FIRFilter()(noise, tf.zeros([2, 10, 65]))
    np.testing.assert_allclose(
        audio, float(core.exp_sigmoid(0.0)) * noise, rtol=1e-4, atol=1e-5
    )


def test_each_frame_has_its_own_gains() -> None:
    noise = np.random.normal(size=[1, 2000]).astype(np.float32)
    gains = np.repeat(np.float32([[[0.25], [2.0]]]), 65, axis=-1)
    audio = effects.FIRFilter(scale_fn=None)(noise, gains)
    np.testing.assert_allclose(audio[:, :1000], 0.25 * noise[:, :1000], atol=1e-4)
    np.testing.assert_allclose(audio[:, 1000:], 2.0 * noise[:, 1000:], atol=1e-4)

"""The modulated delay: where an impulse comes out."""

import gin
import numpy as np
import pytest
import tensorflow as tf
from gradients import assert_gradients_match_differences
from signals import impulse

from ddsp import effects


def delayed(phase: float, n_samples: int = 2000, **settings: object) -> np.ndarray:
    """An impulse at sample 100, delayed."""
    effect = effects.ModDelay(
        gain_scale_fn=None, phase_scale_fn=None, add_dry=False, **settings
    )
    frames = tf.ones([1, n_samples, 1])
    return effect(impulse(n_samples, at=100), frames, phase * frames).numpy()[0]


@pytest.mark.parametrize(
    ("phase", "delay_ms"), [(0.0, 15.0), (0.25, 17.5), (0.5, 20.0), (1.0, 25.0)]
)
def test_impulse_comes_out_at_the_stated_delay(phase: float, delay_ms: float) -> None:
    # At phase 1 the original was not delayed at all (C23).
    expected = impulse(2000, at=100 + int(16 * delay_ms))[0]
    np.testing.assert_allclose(delayed(phase), expected, atol=1e-3)


@pytest.mark.parametrize(("phase", "delay_ms"), [(0.0, 5.0), (0.5, 15.0), (1.0, 25.0)])
def test_delay_around_the_center_is_an_option(phase: float, delay_ms: float) -> None:
    expected = impulse(2000, at=100 + int(16 * delay_ms))[0]
    np.testing.assert_allclose(delayed(phase, around_center=True), expected, atol=1e-3)


def test_delay_of_a_fraction_of_a_sample_is_exact() -> None:
    # 15 ms are 661.5 samples, 25 ms 1102.5.
    for phase, delay in ((0.0, 661.5), (1.0, 1102.5)):
        audio = delayed(phase, sample_rate=44100)
        center = np.sum(audio * np.arange(2000)) / np.sum(audio)
        np.testing.assert_allclose(center, 100 + delay, atol=1e-2)
        np.testing.assert_allclose(np.sum(audio), 1.0, atol=1e-4)


def test_moving_delay_bends_the_pitch() -> None:
    n_samples = 16000
    rise = np.linspace(0.0, 1.0, n_samples, dtype=np.float32)[None, :, None]
    tone = np.sin(2 * np.pi * 1000 * np.arange(n_samples) / 16000)[None]
    effect = effects.ModDelay(
        center_ms=0.0,
        depth_ms=10.0,
        gain_scale_fn=None,
        phase_scale_fn=None,
        add_dry=False,
    )
    audio = effect(np.float32(tone), np.ones_like(rise), rise)
    # The delay grows by 10 ms a second: 1 % lower.
    assert np.argmax(np.abs(np.fft.rfft(audio[0]))) == 990


def test_inputs_are_scaled_and_the_dry_sound_added() -> None:
    audio, zeros = impulse(1000, at=0), tf.zeros([1, 1000, 1])
    wet = effects.ModDelay()(audio, zeros, zeros)
    expected = impulse(1000, at=0) + 0.4053992 * impulse(1000, at=320)
    np.testing.assert_allclose(wet, expected, atol=1e-4)


def test_gin_knows_the_effect() -> None:
    gin.parse_config("ModDelay.center_ms = 7.0")
    assert gin.get_configurable("effects.ModDelay")().center_ms == 7.0


def test_gradients_equal_finite_differences(rng: np.random.Generator) -> None:
    effect = effects.ModDelay(center_ms=1.0, depth_ms=1.0, phase_scale_fn=None)
    # Away from whole samples, where a straight line has its corners.
    phase = (rng.integers(0, 16, size=[2, 60, 1]) + rng.uniform(0.3, 0.7)) / 16
    inputs = rng.normal(size=[2, 60]), rng.normal(size=[2, 60, 1]), phase
    assert_gradients_match_differences(effect, inputs, [0.1, 0.05, 0.005])


@pytest.mark.parametrize(
    "settings",
    [
        {"center_ms": -1.0},
        {"depth_ms": -1.0},
        {"center_ms": 0.0, "depth_ms": 0.0},
        {"center_ms": 5.0, "depth_ms": 6.0, "around_center": True},
    ],
)
def test_impossible_delay_is_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        effects.ModDelay(**settings)


@pytest.mark.parametrize("name", ["gain", "phase"])
def test_control_at_frame_rate_is_sent_to_resample(name: str) -> None:
    controls = {"gain": tf.ones([1, 1000, 1]), "phase": tf.ones([1, 1000, 1])}
    controls[name] = tf.ones([1, 10, 1])
    with pytest.raises(ValueError, match=rf"core.resample\({name}, 1000\)"):
        effects.ModDelay()(tf.ones([1, 1000]), **controls)


def test_one_gain_and_phase_serve_the_whole_sound() -> None:
    audio, delay = tf.random.stateless_normal([1, 1000], [1, 2]), effects.ModDelay()
    full = tf.ones([1, 1000, 1])
    np.testing.assert_allclose(
        delay(audio, full[:, :1], full[:, :1]), delay(audio, full, full), atol=1e-6
    )

"""The envelope as an effect."""

import numpy as np
import pytest
import tensorflow as tf

from ddsp import core, effects


def number(x: float) -> tf.Tensor:
    return tf.fill([1, 1], x)


def test_audio_gets_the_shape_of_the_envelope() -> None:
    gate = np.float32([[1, 1, 1, 0, 0]])[..., None]
    effect = effects.AdsrEnvelope(1000, time_scale_fn=None, level_scale_fn=None)
    times = {"attack": 0.1, "decay": 0.1, "sustain": 0.5, "release": 0.2}
    shaped = effect(-2.0 * tf.ones([1, 500]), gate, *map(number, times.values()))[0]
    at = [0, 50, 100, 150, 200, 299, 300, 400, 499]
    levels = [0, 0.5, 1, 0.75, 0.5, 0.5, 0.5, 0.25, 0.0025]
    np.testing.assert_allclose(shaped.numpy()[at], -2 * np.array(levels), atol=1e-4)


def test_controls_are_times_and_a_level_whatever_the_network_says() -> None:
    audio, gate = tf.ones([1, 10]), tf.ones([1, 10])
    raw = [number(x) for x in (-1e4, 0.0, 1e4, 1e4)]
    controls = effects.AdsrEnvelope().get_controls(audio, gate, *raw)
    np.testing.assert_allclose(controls["attack_secs"], 1e-3, rtol=1e-4)
    np.testing.assert_allclose(controls["decay_secs"], 0.004**0.5, rtol=1e-4)
    np.testing.assert_allclose(controls["release_secs"], 4.0, rtol=1e-4)
    np.testing.assert_allclose(controls["sustain"], 1.0)


def test_times_are_learned_from_a_sound() -> None:
    gate, audio = tf.ones([1, 200]), tf.ones([1, 200])
    settings = {"n_samples": 200, "sample_rate": 1000}
    target = core.adsr_envelope(gate, 0.05, 0.06, 0.3, 0.1, **settings)
    effect = effects.AdsrEnvelope(1000)
    raw = [tf.Variable(number(x)) for x in (-0.3, 0.3, 0.0, 0.0)]

    @tf.function
    def step() -> None:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((effect(audio, gate, *raw) - target) ** 2)
        for variable, gradient in zip(raw, tape.gradient(loss, raw), strict=True):
            variable.assign_sub(gradient)

    for _ in range(300):
        step()
    controls = effect.get_controls(audio, gate, *raw)
    np.testing.assert_allclose(controls["attack_secs"], 0.05, rtol=0.05)
    np.testing.assert_allclose(controls["decay_secs"], 0.06, rtol=0.05)
    np.testing.assert_allclose(controls["sustain"], 0.3, rtol=0.05)


def test_unknown_length_is_named() -> None:
    effect = effects.AdsrEnvelope()
    shapes = [[1, None], [1, 5, 1], *[[1, 1]] * 4]
    with pytest.raises(ValueError, match="must be known while tracing"):
        tf.function(effect.get_signal).get_concrete_function(
            *[tf.TensorSpec(shape) for shape in shapes]
        )

"""Reverb: convolution, ownership of the response, freezing."""

import numpy as np
import pytest
import tensorflow as tf

from ddsp import effects

AUDIO = tf.constant([[1.0, 0, 0, 0, 2, 0, 0, 0]])
RESPONSE = tf.constant([[9.0, 0.5, 0.25]])


@pytest.mark.parametrize("shape", [[3], [1, 3], [1, 3, 1]])
def test_echoes_follow_the_dry_sound(shape: list[int]) -> None:
    wet = effects.Reverb()(AUDIO, tf.reshape(RESPONSE, shape))
    np.testing.assert_allclose(wet, [[1, 0.5, 0.25, 0, 2, 1, 0.5, 0]], atol=1e-5)


def test_wet_sound_alone_lacks_the_dry() -> None:
    wet = effects.Reverb(add_dry=False)(AUDIO, RESPONSE)
    np.testing.assert_allclose(wet, [[0, 0.5, 0.25, 0, 0, 1, 0.5, 0]], atol=1e-5)


def test_learned_response_is_shared_and_gets_a_gradient(
    rng: np.random.Generator,
) -> None:
    reverb = effects.Reverb(trainable=True, reverb_length=16)
    audio = rng.normal(size=[3, 64]).astype(np.float32)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(reverb(audio))
    (gradient,) = tape.gradient(total, reverb.trainable_variables)
    # Tap k carries every sample but the last k to the output; tap 0 is not used.
    expected = [audio[:, : 64 - k].sum() for k in range(16)]
    np.testing.assert_allclose(gradient[1:], expected[1:], rtol=1e-3, atol=1e-3)
    assert float(gradient[0]) == 0.0


def test_frozen_reverb_goes_on_sounding() -> None:
    reverb = effects.Reverb(trainable=True, reverb_length=3)
    reverb(AUDIO)
    reverb.trainable_variables[0].assign(RESPONSE[0])
    learned = reverb(AUDIO)
    reverb.trainable = False
    assert not reverb.trainable_variables
    np.testing.assert_array_equal(reverb(AUDIO), learned)


def test_missing_response_is_named() -> None:
    with pytest.raises(ValueError, match="pass ir, or make the reverb"):
        effects.Reverb().get_controls(AUDIO)


@pytest.mark.parametrize(
    "make", [effects.Reverb, effects.ExpDecayReverb, effects.FilteredNoiseReverb]
)
def test_learned_response_without_taps_is_refused(make: type) -> None:
    with pytest.raises(ValueError, match="Got reverb_length=0"):
        make(trainable=True, reverb_length=0)

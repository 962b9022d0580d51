"""What noise may do beside harmonics, at ratios that are known."""

import numpy as np
import pytest
import tensorflow as tf
from signals import sine

from ddsp import losses

HARMONIC = sine(440.0, 8000)[np.newaxis] + sine(880.0, 8000)[np.newaxis]


def noise_at(ratio_db: float) -> np.ndarray:
    """Noise with a known ratio of its power to that of HARMONIC."""
    noise = np.random.default_rng(1).normal(size=HARMONIC.shape)
    power = np.mean(HARMONIC**2) / np.mean(noise**2)
    return (noise * np.sqrt(power) * 10 ** (ratio_db / 20)).astype(np.float32)


@pytest.mark.parametrize(
    ("ratio_db", "expected"), [(-40.0, 0.0), (-20.0, 10.0), (0.0, 30.0), (6.0, 36.0)]
)
def test_loss_is_the_excess_over_the_limit(ratio_db: float, expected: float) -> None:
    loss = losses.NoiseToHarmonicsLoss(max_ratio_db=-30.0)
    np.testing.assert_allclose(loss(noise_at(ratio_db), HARMONIC), expected, atol=0.5)


def test_loss_is_the_difference_from_the_target() -> None:
    loss = losses.NoiseToHarmonicsLoss(weight=2.0)
    branches = noise_at(-20.0), HARMONIC
    for target_db in (-30.0, -10.0):
        target = 0.1 * noise_at(target_db), 0.1 * HARMONIC
        np.testing.assert_allclose(loss(*branches, *target), 20.0, atol=0.1)
    # Level does not matter, only the ratio.
    np.testing.assert_allclose(
        loss(*branches, 0.1 * branches[0], 0.1 * HARMONIC), 0.0, atol=0.02
    )


def test_silent_frames_cost_nothing_whatever_the_limit() -> None:
    loss = losses.NoiseToHarmonicsLoss(max_ratio_db=-60.0)
    silence = np.zeros_like(HARMONIC)
    assert float(loss(silence, silence)) == 0.0
    assert float(loss(silence, HARMONIC)) == 0.0
    assert 70.0 < float(loss(noise_at(0.0), silence)) < 85.0


def test_training_turns_noise_down_and_harmonics_up() -> None:
    noise, harmonic = tf.constant(noise_at(0.0)), tf.constant(HARMONIC)
    with tf.GradientTape() as tape:
        tape.watch([noise, harmonic])
        value = losses.NoiseToHarmonicsLoss(max_ratio_db=-20.0)(noise, harmonic)
    for_noise, for_harmonic = tape.gradient(value, [noise, harmonic])
    # Uphill is louder noise and softer harmonics.
    assert np.sum(for_noise * noise) > 0 > np.sum(for_harmonic * harmonic)


def test_weights_choose_frames() -> None:
    loss = losses.NoiseToHarmonicsLoss(max_ratio_db=-20.0)
    noise = noise_at(0.0)
    noise[:, 4000:] = 0.0
    early = (np.arange(126) < 50).astype(np.float32)[np.newaxis]
    whole = loss(noise, HARMONIC)
    np.testing.assert_allclose(
        loss(noise, HARMONIC, weights=early), 20.0 * 50 / 126, rtol=0.05
    )
    late = loss(noise, HARMONIC, weights=(np.arange(126) > 80).astype(np.float32))
    assert float(late) == 0.0 < float(whole)


def test_half_a_target_is_refused() -> None:
    with pytest.raises(ValueError, match="both or neither"):
        losses.NoiseToHarmonicsLoss()(HARMONIC, HARMONIC, HARMONIC)


def test_group_feeds_the_branches_of_a_synthesizer() -> None:
    loss = losses.NoiseToHarmonicsLoss(max_ratio_db=-30.0)
    group = losses.LossGroup([(loss, ["filtered_noise/signal", "harmonic/signal"])])
    outputs = {
        "filtered_noise": {"signal": tf.constant(noise_at(-20.0))},
        "harmonic": {"signal": tf.constant(HARMONIC)},
    }
    found = group(outputs)["noise_to_harmonics_loss"]
    np.testing.assert_allclose(found, 10.0, atol=0.5)


def test_ratio_has_no_cosine_distance() -> None:
    with pytest.raises(ValueError, match="Got loss_type='COSINE'"):
        losses.NoiseToHarmonicsLoss(loss_type="COSINE")


def test_sounds_of_different_length_are_named() -> None:
    with pytest.raises(ValueError, match="9000 samples of noise_audio and 8000 samp"):
        losses.NoiseToHarmonicsLoss()(tf.ones([1, 9000]), tf.ones([1, 8000]))

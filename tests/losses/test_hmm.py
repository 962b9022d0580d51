"""The transcriber against all melodies, and on a melody that is known."""

import itertools

import gin
import numpy as np
import pytest
import tensorflow as tf

from ddsp import losses


def normal(x: np.ndarray, mean: float, scale: float) -> np.ndarray:
    return np.exp(-0.5 * ((x - mean) / scale) ** 2) / (scale * np.sqrt(2 * np.pi))


def all_melodies(pitch: np.ndarray, amps: np.ndarray, n: int, stay: float) -> dict:
    """Probability of each melody of n - 1 notes and silence."""
    density = {0: normal(pitch, n / 2, n) * normal(amps, 0.0, 0.1)}
    for note in range(1, n):
        density[note] = normal(pitch, note, 0.5) * normal(amps, 1.5, 0.5)
    found = {}
    for path in itertools.product(range(n), repeat=len(pitch)):
        probability = 1 / n
        for before, after in itertools.pairwise(path):
            probability *= stay if before == after else (1 - stay) / (n - 1)
        for frame, state in enumerate(path):
            probability *= density[state][frame]
        found[path] = probability
    return found


def test_likelihood_and_notes_agree_with_all_melodies(rng: np.random.Generator) -> None:
    pitch, amps = rng.uniform(0, 4, [3, 5]), rng.uniform(0, 2, [3, 5])
    transcriber = losses.HmmTranscriber(n_pitches=4, n_timesteps=5, avg_length=10)
    inputs = [tf.constant(x[..., None], tf.float32) for x in (pitch, amps)]
    nlls = transcriber.nll(*inputs, per_example_loss=True)
    notes = transcriber.predict_midi(*inputs, channel_dim=False, dtype=tf.int32)
    for example in range(3):
        melodies = all_melodies(pitch[example], amps[example], 4, 0.9)
        expected = -np.log(sum(melodies.values())) / 5
        np.testing.assert_allclose(nlls[example], expected, rtol=1e-5)
        best = max(melodies, key=melodies.__getitem__)
        assert tuple(notes[example].numpy()) == best
    np.testing.assert_allclose(transcriber(*inputs), np.mean(nlls), rtol=1e-6)


def test_steady_note_has_the_recorded_likelihood() -> None:
    loss = losses.HmmTranscriber(n_timesteps=10)
    found = loss(tf.fill([1, 10, 1], 60.2), tf.fill([1, 10, 1], 1.4))
    np.testing.assert_allclose(found, 1.041293, rtol=1e-5)


def test_noisy_melody_is_written_down(rng: np.random.Generator) -> None:
    melody = np.repeat([60, 0, 64, 64, 67], 40)
    pitch = melody + rng.normal(scale=0.4, size=200)
    amps = np.where(melody > 0, 1.2, 0.0) + rng.normal(scale=0.05, size=200)
    # Rounding is wrong often enough for the test to mean something.
    assert np.mean(np.round(pitch) != melody) > 0.1
    inputs = [tf.constant(x[None, :, None], tf.float32) for x in (pitch, amps)]
    notes = losses.HmmTranscriber().predict_midi(*inputs)
    np.testing.assert_array_equal(notes[0, :, 0], melody)


def test_wrong_pitch_is_less_likely_and_weight_scales() -> None:
    amps = tf.fill([1, 20, 1], 1.5)
    loss = losses.HmmTranscriber(n_timesteps=20)
    on_note, between = (loss(tf.fill([1, 20, 1], p), amps) for p in (60.0, 60.5))
    assert on_note < between
    doubled = losses.HmmTranscriber(n_timesteps=20, weight=2.0)
    np.testing.assert_allclose(doubled(tf.fill([1, 20, 1], 60.0), amps), 2 * on_note)


def test_straight_through_has_the_value_of_one_and_the_gradient_of_the_other() -> None:
    x = tf.constant([60.3, 1e-3])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = losses.HmmTranscriber.straight_through(x, tf.round(x))
    np.testing.assert_array_equal(y, [60.0, 0.0])
    np.testing.assert_array_equal(tape.gradient(y, x), [1.0, 1.0])


def test_settings_make_a_copy_and_gin_knows_the_name() -> None:
    gin.parse_config("ddsp.losses.HmmTranscriber.n_pitches = 16")
    loss = gin.get_configurable("losses.HmmTranscriber")(name="notes")
    copy = losses.HmmTranscriber.from_config(loss.get_config())
    assert (copy.n_pitches, copy.name) == (16, "notes")


@pytest.mark.parametrize("settings", [{"avg_length": 1}, {"n_pitches": 1}])
def test_notes_that_cannot_be_are_refused(settings: dict) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        losses.HmmTranscriber(**settings)

"""The bank of wavetables: what it plays, and that it learns."""

import numpy as np
import pytest
import tensorflow as tf

from ddsp import core, synths

FRAMES = np.ones([1, 100, 1], np.float32)


def bank(**settings: object) -> synths.WavetableBank:
    defaults = {"n_samples": 16000, "n_wavetables": 2, "n_points": 512, "seed": 1}
    return synths.WavetableBank(scale_fn=None, **defaults | settings)


def partials(synth: synths.WavetableBank, weights: np.ndarray) -> np.ndarray:
    """Amplitudes of the first eight harmonics of 200 Hz in one second."""
    audio = synth(
        FRAMES, np.broadcast_to(np.float32(weights), [1, 100, 2]), 200 * FRAMES
    )
    return np.abs(np.fft.rfft(audio[0]))[200:1800:200] / 8000


def test_weights_choose_the_table_that_sounds() -> None:
    synth = bank()
    synth.build()
    sine = np.sin(2 * np.pi * np.arange(512) / 512)
    third = 0.5 * np.sin(6 * np.pi * np.arange(512) / 512)
    synth.trainable_variables[0].assign(np.float32([sine, third]))
    np.testing.assert_allclose(
        partials(synth, [100.0, -100.0]), [1, *[0] * 7], atol=1e-3
    )
    np.testing.assert_allclose(
        partials(synth, [-100.0, 100.0]), [0, 0, 0.5, *[0] * 5], atol=1e-3
    )
    half = [0.5, 0, 0.25, *[0] * 5]
    np.testing.assert_allclose(partials(synth, [3.0, 3.0]), half, atol=1e-3)


def test_untrained_bank_sounds_without_offset() -> None:
    audio = bank()(FRAMES, np.zeros([1, 100, 2], np.float32), 200 * FRAMES)[0]
    assert np.std(audio) > 0.05
    assert abs(np.mean(audio)) < 1e-4


def test_offset_of_learned_tables_is_not_heard() -> None:
    synth = bank()
    before = synth(FRAMES, np.zeros([1, 100, 2], np.float32), 200 * FRAMES)
    synth.trainable_variables[0].assign_add(3.0 * tf.ones([2, 512]))
    after = synth(FRAMES, np.zeros([1, 100, 2], np.float32), 200 * FRAMES)
    np.testing.assert_allclose(after, before, atol=1e-4)


def test_bank_learns_a_waveform() -> None:
    synth = bank(n_samples=800, n_wavetables=1, n_points=32)
    frames = FRAMES[:, :5]
    weights = np.zeros([1, 5, 1], np.float32)
    target = core.wavetable_synthesis(
        440 * frames, frames, np.float32([[-1.0] * 16 + [1.0] * 16]), n_samples=800
    )

    def loss() -> tf.Tensor:
        return tf.reduce_mean((synth(frames, weights, 440 * frames) - target) ** 2)

    start = float(loss())
    for _ in range(60):
        with tf.GradientTape() as tape:
            value = loss()
        (variable,) = synth.trainable_variables
        variable.assign_sub(10.0 * tape.gradient(value, variable))
    assert float(loss()) < 0.01 * start


def test_checkpoint_knows_the_tables_before_the_first_call() -> None:
    synth = bank()
    (name, tables), *others = synth.checkpoint_children().items()
    assert name == "wavetables"
    assert not others
    assert tables is synth.trainable_variables[0]
    np.testing.assert_array_equal(tables, core.random_wavetables(2, 512, seed=1))


def test_controls_are_positive_and_shares() -> None:
    controls = synths.WavetableBank(n_wavetables=3).get_controls(
        -5 * FRAMES, np.float32([[[1.0, -200.0, 200.0]]]), 200 * FRAMES
    )
    assert (controls["amplitudes"].numpy() > 0).all()
    np.testing.assert_allclose(controls["weights"], [[[0, 0, 1]]], atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"n_points": 16}, "n_points=16 with n_start_harmonics=8"),
        ({"n_wavetables": 0}, "n_wavetables=0"),
        ({"n_start_harmonics": 0}, "n_start_harmonics=0"),
    ],
)
def test_bank_that_cannot_be_filled_is_refused(settings: dict, found: str) -> None:
    with pytest.raises(ValueError, match=found):
        synths.WavetableBank(**settings)


@pytest.mark.parametrize("n_weights", [3, 8])
def test_shares_of_other_tables_are_refused(n_weights: int) -> None:
    synth = synths.WavetableBank(n_samples=100, n_wavetables=4, n_points=64)
    frames = tf.ones([1, 10, 1])
    with pytest.raises(ValueError, match=rf"{n_weights}\) with n_wavetables=4"):
        synth(frames, tf.ones([1, 10, n_weights]), 440.0 * frames)

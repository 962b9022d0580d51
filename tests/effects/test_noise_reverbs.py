"""Reverbs made of noise: decay, spectrum, ownership, seeds."""

import numpy as np
import pytest
import tensorflow as tf
from signals import impulse

from ddsp import core, effects
from ddsp.training import checkpoints

AUDIO = impulse(4000, at=0)


def make(name: str, **settings: object) -> effects.Reverb:
    return getattr(effects, name)(reverb_length=4000, **settings)


def inputs_of(name: str) -> list[np.ndarray]:
    """Controls that are not learned."""
    if name == "ExpDecayReverb":
        return [np.float32([[2.0]]), np.float32([[1.0]])]
    return [np.zeros([1, 10, 16], np.float32)]


both = pytest.mark.parametrize("name", ["ExpDecayReverb", "FilteredNoiseReverb"])


@pytest.mark.parametrize(("gain", "decay"), [(0.5, -1.0), (2.0, 1.0), (1.0, 2.0)])
def test_measured_decay_matches_the_formula(gain: float, decay: float) -> None:
    reverb = effects.ExpDecayReverb(
        reverb_length=48000, scale_fn=None, add_dry=False, seed=3
    )
    answer = reverb(impulse(48000, at=0), [[gain]], [[decay]]).numpy()[0]
    power = np.mean(answer[1:47001].reshape([100, 470]) ** 2, axis=1)
    loud = power > 1e-8 * power[0]
    time = (np.arange(100) + 0.5) * 470 / 48000
    slope, start = np.polyfit(time[loud], np.log(power[loud]), 1)
    np.testing.assert_allclose(slope, -2 * (2 + np.exp(decay)), rtol=0.02)
    # Uniform noise in [-1, 1) has the power 1 / 3.
    np.testing.assert_allclose(np.exp(start), gain**2 / 3, rtol=0.1)


def test_gain_is_scaled_unless_told_otherwise() -> None:
    # Without a scale function the original failed (C45).
    scaled = make("ExpDecayReverb", seed=1).get_controls(AUDIO, [[0.3]], [[0.0]])
    plain = make("ExpDecayReverb", seed=1, scale_fn=None)
    gain = core.exp_sigmoid(tf.constant([[0.3]]))
    np.testing.assert_allclose(
        scaled["ir"], plain.get_controls(AUDIO, gain, [[0.0]])["ir"], rtol=1e-6
    )


def test_magnitudes_shape_the_answer_in_time_and_frequency() -> None:
    magnitudes = np.zeros([1, 2, 65], np.float32)
    magnitudes[0, 0, 8:16] = 1.0  # 1 to 2 kHz first,
    magnitudes[0, 1, 32:48] = 0.1  # then 4 to 6 kHz, weaker.
    reverb = make("FilteredNoiseReverb", scale_fn=None, add_dry=False, seed=2)
    answer = reverb(AUDIO, magnitudes).numpy()[0]
    first, second = (np.abs(np.fft.rfft(half)) ** 2 for half in np.split(answer, 2))
    hz = np.arange(1001) * 8
    low, high = (hz > 1100) & (hz < 1800), (hz > 4200) & (hz < 5700)
    assert first[low].mean() > 1000 * first[high].mean()
    assert second[high].mean() > 10 * second[low].mean()
    np.testing.assert_allclose(first[low].mean() / second[high].mean(), 100.0, rtol=0.5)


def test_magnitudes_are_scaled_with_a_bias() -> None:
    quiet = make("FilteredNoiseReverb", seed=1).get_controls(
        AUDIO, tf.zeros([1, 10, 16])
    )
    plain = make("FilteredNoiseReverb", seed=1, scale_fn=None)
    gain = core.exp_sigmoid(tf.fill([1, 10, 16], -3.0))
    np.testing.assert_allclose(
        quiet["ir"], plain.get_controls(AUDIO, gain)["ir"], atol=1e-7
    )


@both
def test_seed_repeats_the_noise_and_no_seed_does_not(name: str) -> None:
    seeded, fresh = make(name, seed=4), make(name)
    inputs = inputs_of(name)
    np.testing.assert_array_equal(seeded(AUDIO, *inputs), seeded(AUDIO, *inputs))
    assert np.abs(fresh(AUDIO, *inputs) - fresh(AUDIO, *inputs)).max() > 0


@both
def test_length_is_that_of_the_settings(name: str) -> None:
    reverb = make(name)
    assert reverb.reverb_length == 4000
    assert reverb.get_controls(AUDIO, *inputs_of(name))["ir"].shape == [1, 4000]


@both
def test_controls_are_audio_and_response(name: str) -> None:
    assert list(make(name).get_controls(AUDIO, *inputs_of(name))) == ["audio", "ir"]
    assert make(name)(AUDIO, *inputs_of(name)).shape == AUDIO.shape


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("Reverb", {"ir": (4000,)}),
        ("TrainableReverb", {"ir": (4000,)}),
        ("ExpDecayReverb", {"gain": (1,), "decay": (1,)}),
        ("FilteredNoiseReverb", {"magnitudes": (1000, 16)}),
    ],
)
def test_learned_weights_have_the_names_of_the_original_and_learn(
    rng: np.random.Generator, name: str, weights: dict[str, tuple[int]]
) -> None:
    settings = {} if name == "TrainableReverb" else {"trainable": True}
    reverb = make(name, **settings)
    audio = rng.normal(size=[3, 4000]).astype(np.float32)
    with tf.GradientTape() as tape:
        wet = reverb(audio)
        total = tf.reduce_sum(wet**2)
    named = checkpoints.named_variables(reverb)
    assert {key: variable.shape for key, variable in named.items()} == weights
    assert len(reverb.trainable_variables) == len(weights)
    for gradient in tape.gradient(total, reverb.trainable_variables):
        assert np.isfinite(gradient).all()
        assert np.abs(gradient).max() > 0
    # One response serves the batch; it is not repeated before it is transformed.
    assert reverb.get_controls(audio)["ir"].shape == [1, 4000]


def test_learned_gain_and_decay_start_as_in_the_original() -> None:
    reverb = make("ExpDecayReverb", trainable=True)
    reverb.build()
    named = checkpoints.named_variables(reverb)
    assert {name: float(v[0]) for name, v in named.items()} == {
        "gain": 2.0,
        "decay": 4.0,
    }


@both
def test_frozen_reverb_goes_on_sounding(name: str) -> None:
    # The original then asked for its controls (C44).
    reverb = make(name, trainable=True, seed=1)
    learned = reverb(AUDIO)
    reverb.trainable = False
    assert not reverb.trainable_variables
    np.testing.assert_array_equal(reverb(AUDIO), learned)


@both
def test_reverb_that_is_not_trainable_owns_nothing_and_names_what_it_needs(
    name: str,
) -> None:
    reverb = make(name)
    with pytest.raises(ValueError, match="or make the reverb with trainable=True"):
        reverb.get_controls(AUDIO)
    reverb(AUDIO, *inputs_of(name))
    assert not reverb.variables


def test_one_of_two_controls_is_not_enough() -> None:
    with pytest.raises(ValueError, match="decay=None; pass gain and decay"):
        make("ExpDecayReverb").get_controls(AUDIO, [[1.0]])


def test_learned_magnitudes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="n_frames=1000 with reverb_length=100; use"):
        effects.FilteredNoiseReverb(True, reverb_length=100)
    with pytest.raises(ValueError, match="Got n_filter_banks=1"):
        effects.FilteredNoiseReverb(True, n_filter_banks=1)
    # Given from outside, the magnitudes have a shape of their own.
    effects.FilteredNoiseReverb(reverb_length=100, n_filter_banks=1)


def test_last_block_of_a_learned_response_may_be_shorter() -> None:
    reverb = effects.FilteredNoiseReverb(True, 100, n_frames=12, add_dry=False, seed=1)
    assert np.abs(reverb(tf.one_hot([0], 100))[0, -4:]).max() > 0.0

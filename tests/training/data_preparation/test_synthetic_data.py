"""Synthetic notes: what the controls of a sound can be, and what these claim."""

from collections.abc import Callable
from typing import Any

import gin
import numpy as np
import pytest

from ddsp import core
from ddsp.training import config
from ddsp.training.data_preparation import synthetic_data

MAKERS = [synthetic_data.generate_notes, synthetic_data.generate_notes_v2]
SHAPES = {
    "harm_amp": 1,
    "harm_dist": 100,
    "f0_hz": 1,
    "sin_amps": 100,
    "sin_freqs": 100,
    "noise_magnitudes": 65,
}


def notes(
    make: Callable[..., Any], seed: int = 0, **kwargs: Any
) -> dict[str, np.ndarray]:
    arguments = {"n_batch": 4, "n_timesteps": 125, **kwargs}
    made = make(rng=np.random.default_rng(seed), **arguments)
    return {name: value.numpy() for name, value in made.items()}


def midi(found: dict[str, np.ndarray]) -> np.ndarray:
    return 69.0 + 12.0 * np.log2(found["f0_hz"] / 440.0)


@pytest.mark.parametrize("make", MAKERS)
def test_it_is_what_records_of_the_original_hold(make: Callable[..., Any]) -> None:
    found = notes(make)
    assert list(found) == list(SHAPES)
    for name, size in SHAPES.items():
        assert found[name].shape == (4, 125, size)
        assert found[name].dtype == np.float32
        assert np.all(np.isfinite(found[name]))


@pytest.mark.parametrize("sample_rate", [16000, 24000])
@pytest.mark.parametrize("make", MAKERS)
def test_nothing_sounds_above_half_the_rate(
    make: Callable[..., Any], sample_rate: int
) -> None:
    found = notes(make, n_batch=8, sample_rate=sample_rate)
    frequencies = found["f0_hz"] * np.arange(1, 101)
    above = frequencies >= sample_rate / 2
    assert np.mean(above) > 0.05
    assert np.max(found["harm_dist"][above]) == 0.0
    assert np.max(found["sin_amps"][above]) == 0.0
    assert np.min(found["harm_dist"][~above]) >= 0.0
    assert np.max(found["harm_dist"][~above]) > 0.0


@pytest.mark.parametrize("make", MAKERS)
def test_shares_add_up_to_one_and_sinusoids_are_the_harmonics(
    make: Callable[..., Any],
) -> None:
    found = notes(make)
    np.testing.assert_allclose(np.sum(found["harm_dist"], axis=-1), 1.0, rtol=1e-5)
    expected = found["harm_amp"] * found["harm_dist"]
    np.testing.assert_allclose(found["sin_amps"], expected, rtol=1e-5)
    frequencies = found["f0_hz"] * np.arange(1, 101)
    np.testing.assert_allclose(found["sin_freqs"], frequencies, rtol=1e-6)
    amplitudes, sines = core.harmonic_to_sinusoidal(
        found["harm_amp"], found["harm_dist"], found["f0_hz"]
    )
    np.testing.assert_allclose(found["sin_amps"], amplitudes, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(found["sin_freqs"], sines, rtol=1e-6)


@pytest.mark.parametrize("make", MAKERS)
def test_controls_are_those_of_synthesizers(make: Callable[..., Any]) -> None:
    found = notes(make)
    for name in ("harm_amp", "noise_magnitudes"):
        assert np.min(found[name]) > 0.0 and np.max(found[name]) <= 2.001


@pytest.mark.parametrize("make", MAKERS)
def test_an_example_is_a_function_of_its_generator(make: Callable[..., Any]) -> None:
    one, again, other = notes(make, 3), notes(make, 3), notes(make, 4)
    for name in SHAPES:
        np.testing.assert_array_equal(one[name], again[name])
        assert np.any(one[name] != other[name])
    assert np.any(one["f0_hz"][0] != one["f0_hz"][1])


@pytest.mark.parametrize("make", MAKERS)
def test_without_a_generator_every_call_differs_and_the_global_one_rests(
    make: Callable[..., Any],
) -> None:
    before = np.random.get_state()[1].tolist()
    one, other = (make(n_batch=1, n_timesteps=20) for _ in range(2))
    assert np.any(one["f0_hz"].numpy() != other["f0_hz"].numpy())
    assert np.random.get_state()[1].tolist() == before


def test_gin_binds_what_the_original_s_configs_bind() -> None:
    with config.isolated_gin():
        gin.bind_parameter("generate_notes_v2.n_timesteps", 7)
        gin.bind_parameter("synthetic_data.generate_notes.n_mags", 5)
        found = synthetic_data.generate_notes_v2()
        assert found["f0_hz"].shape == (1, 7, 1)
        assert synthetic_data.generate_notes(1, 9)["noise_magnitudes"].shape[2] == 5


def test_first_version_pitches_are_held_and_lie_between_24_and_84() -> None:
    n_notes = []
    for seed in range(25):
        pitch = midi(notes(synthetic_data.generate_notes, seed))
        assert np.min(pitch) > 23.99 and np.max(pitch) < 84.01
        n_notes.append(1 + int(np.sum(np.abs(np.diff(pitch[0, :, 0])) > 1e-4)))
    assert 1 <= min(n_notes) <= 4 and 16 <= max(n_notes) <= 20


def test_first_version_values_before_scaling() -> None:
    found = [
        notes(synthetic_data.generate_notes, seed, get_controls=False)
        for seed in range(25)
    ]
    amps, magnitudes = (
        np.array([x[name] for x in found]) for name in ("harm_amp", "noise_magnitudes")
    )
    assert -2.0 <= np.min(amps) < -1.8 and 1.8 < np.max(amps) <= 2.0
    assert -6.0 <= np.min(magnitudes) < -5.9 and np.max(magnitudes) <= 0.0
    shares = np.array([x["harm_dist"] for x in found])
    # Falling curves: the first harmonic is the strongest, at 0.
    assert np.all(np.diff(shares, axis=-1) <= 1e-3 * np.abs(shares[..., 1:]))
    np.testing.assert_allclose(shares[..., 0], 0.0, atol=1e-6)
    # Held in some examples, gliding in others.
    gliding = [np.mean(np.diff(x["harm_amp"][0, :, 0]) != 0.0) > 0.5 for x in found]
    assert 0.2 < np.mean(gliding) < 0.8


def rests(found: dict[str, np.ndarray]) -> np.ndarray:
    return found["harm_amp"][..., 0] == synthetic_data.SILENT


def test_notes_last_as_long_as_asked_and_rests_are_silence() -> None:
    # Half of them rests: runs of rest are sums of whole notes of 6 frames.
    found = notes(
        synthetic_data.generate_notes_v2,
        n_batch=20,
        n_timesteps=120,
        min_note_length=6,
        max_note_length=6,
        p_silent=0.5,
        get_controls=False,
    )
    is_rest = rests(found).reshape(20, 20, 6)
    assert np.all(is_rest == is_rest[..., :1])
    assert np.mean(is_rest) == pytest.approx(0.5, abs=0.1)
    assert np.all(found["harm_dist"][rests(found)] == 0.0)
    np.testing.assert_allclose(midi(found)[rests(found)], 0.0, atol=1e-4)
    assert np.all(found["noise_magnitudes"][rests(found)] != 0.0)


def test_lengths_are_drawn_from_the_shortest_to_the_longest() -> None:
    found = notes(
        synthetic_data.generate_notes_v2,
        n_batch=1,
        n_timesteps=4000,
        n_harmonics=2,
        n_mags=2,
        min_note_length=3,
        max_note_length=9,
        p_vibrato=0.0,
        get_controls=False,
    )
    pitch = midi(found)[0, :, 0]
    steps = np.flatnonzero(np.abs(np.diff(pitch)) > 2.0)
    lengths = np.diff(steps)
    assert np.min(lengths) == 3
    # Neighbours of about the same pitch look like one note.
    shares = [np.mean(lengths == n) for n in range(3, 10)]
    assert min(shares) > 0.08
    assert np.mean(lengths <= 9) > 0.85


def test_loudness_pitch_and_rests_of_the_original_s_defaults() -> None:
    found = notes(
        synthetic_data.generate_notes_v2, n_batch=60, n_harmonics=4, get_controls=False
    )
    sounding = ~rests(found)
    assert np.mean(~sounding) == pytest.approx(0.1, abs=0.04)
    amps = found["harm_amp"][sounding]
    assert -1.5 < np.min(amps) < -0.8 and 2.8 < np.max(amps) < 3.5
    pitch = midi(found)[sounding]
    assert 22.0 < np.min(pitch) < 26.0 and 82.0 < np.max(pitch) < 86.0
    quietest = np.min(found["noise_magnitudes"])
    assert -30.0 < quietest < -8.0


def wobble(p_vibrato: float) -> float:
    """How far pitch strays from its mean within long notes, in semitones."""
    found = notes(
        synthetic_data.generate_notes_v2,
        n_batch=20,
        n_timesteps=40,
        n_harmonics=2,
        n_mags=2,
        min_note_length=40,
        max_note_length=40,
        p_silent=0.0,
        p_vibrato=p_vibrato,
        get_controls=False,
    )
    return float(np.mean(np.std(midi(found), axis=1)))


def test_vibrato_is_there_as_often_as_asked() -> None:
    assert wobble(0.0) < 0.1  # Noise of at most 0.1 semitones.
    assert 0.2 < wobble(1.0) < 0.75
    assert wobble(0.0) < wobble(0.5) < wobble(1.0)


def test_controls_of_rests_are_silent_and_level_is_lowered_at_random() -> None:
    arguments = {"n_batch": 60, "n_harmonics": 2, "n_mags": 2}
    raw = notes(synthetic_data.generate_notes_v2, get_controls=False, **arguments)
    made = notes(synthetic_data.generate_notes_v2, **arguments)
    divisor = core.exp_sigmoid(raw["harm_amp"]).numpy() / made["harm_amp"]
    np.testing.assert_allclose(divisor, divisor[:, :1] + np.zeros([1, 125, 1]), 1e-3)
    each = divisor[:, 0, 0]
    assert np.min(each) >= 0.999 and 2.5 < np.max(each) <= 10.0
    assert 0.6 < np.mean(each < 2.0) < 0.99
    assert np.max(made["harm_amp"][rests(raw)]) < 1e-6


@pytest.mark.parametrize(("least", "most"), [(0, 5), (6, 5), (-2, -1)])
def test_lengths_that_are_none_are_refused(least: int, most: int) -> None:
    with pytest.raises(ValueError, match=f"min_note_length={least} and max"):
        synthetic_data.generate_notes_v2(min_note_length=least, max_note_length=most)

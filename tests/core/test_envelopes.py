"""ADSR: times, levels, early ends, repeated notes, gradients."""

import numpy as np
import pytest
import tensorflow as tf
from gradients import assert_gradients_match_differences

from ddsp import core

RATE = 1000
SETTINGS = {
    "attack_secs": 0.1,
    "decay_secs": 0.2,
    "sustain": 0.4,
    "release_secs": 0.3,
    "n_samples": 1000,
    "sample_rate": RATE,
}


def gate(*notes: tuple[int, int], n_samples: int = 1000) -> np.ndarray:
    """1 from the start up to the end of each note, [1, n_samples, 1]."""
    held = np.zeros([1, n_samples, 1], np.float32)
    for start, end in notes:
        held[:, start:end] = 1.0
    return held


def envelope(*notes: tuple[int, int], **settings: object) -> np.ndarray:
    return core.adsr_envelope(gate(*notes), **SETTINGS | settings).numpy()[0]


def sequential_adsr(held, attack, decay, sustain, release):
    """One example of the same rules as a state machine in float64; times in samples."""
    levels, age, tails = [], 0, []  # A tail is a level and its age.
    for now, on in enumerate(held):
        before = now > 0 and held[now - 1]
        if on and not before:
            age = 0
        if before and not on:
            tails.append([state(age, attack, decay, sustain), 0])
        falling = [level * max(0.0, 1.0 - age / release) for level, age in tails]
        levels.append(max([state(age, attack, decay, sustain) * on, *falling]))
        age += 1
        tails = [[level, age + 1] for level, age in tails]
    return np.array(levels)


def state(age, attack, decay, sustain):
    if age < attack:
        return age / attack
    if age < attack + decay:
        return 1.0 - (1.0 - sustain) * (age - attack) / decay
    return sustain


def test_levels_are_reached_at_the_times_given() -> None:
    levels = envelope((100, 600))
    np.testing.assert_array_equal(levels[:101], 0.0)
    at = {150: 0.5, 200: 1.0, 300: 0.7, 400: 0.4, 599: 0.4, 600: 0.4, 750: 0.2, 900: 0}
    np.testing.assert_allclose(levels[list(at)], list(at.values()), atol=1e-5)
    np.testing.assert_array_equal(levels[900:], 0.0)


@pytest.mark.parametrize(("end", "level"), [(50, 0.5), (200, 0.7), (100, 1.0)])
def test_early_end_releases_from_the_level_reached(end: int, level: float) -> None:
    levels = envelope((0, end))
    np.testing.assert_allclose(levels[end], level, atol=1e-5)
    np.testing.assert_allclose(levels[end + 150], level / 2, atol=1e-5)
    np.testing.assert_array_equal(levels[end + 300 :], 0.0)


def test_envelope_never_jumps() -> None:
    levels = envelope((50, 300), (400, 410), (550, 700), (750, 1000))
    assert np.abs(np.diff(levels)).max() <= 1 / 100 + 1e-5


@pytest.mark.parametrize("release", [20, 300])
def test_random_notes_equal_a_state_machine(
    rng: np.random.Generator, release: int
) -> None:
    held = np.repeat(rng.random([5, 20]) < 0.5, 50, axis=1)
    settings = SETTINGS | {"release_secs": release / RATE}
    levels = core.adsr_envelope(np.float32(held), **settings)
    for example, level in zip(held, levels, strict=True):
        truth = sequential_adsr(example, 100, 200, 0.4, release)
        np.testing.assert_allclose(level, truth, atol=1e-5)


def test_gate_of_frames_is_that_of_their_samples() -> None:
    frames = np.float32([0, 1, 1, 0, 0, 1, 0, 0, 0, 0])[None]
    whole = core.adsr_envelope(np.repeat(frames, 100, axis=1), **SETTINGS)
    np.testing.assert_array_equal(core.adsr_envelope(frames, **SETTINGS), whole)


def test_silence_without_notes_and_at_times_of_zero() -> None:
    np.testing.assert_array_equal(envelope(), 0.0)
    levels = envelope((10, 20), attack_secs=0.0, decay_secs=0.0, release_secs=0.0)
    np.testing.assert_allclose(levels[8:23], [0, 0, 0, 1, *[0.4] * 9, 0, 0], atol=1e-6)


def test_duration_scale_stays_in_its_range_for_any_number() -> None:
    times = core.duration_sigmoid(tf.constant([-1e4, 0.0, 1e4]), 0.01, 1.0)
    np.testing.assert_allclose(times, [0.01, 0.1, 1.0], rtol=1e-4)


def test_gradient_is_the_derivative_in_all_parameters() -> None:
    # The first note is released while it still rises, the last comes into a release.
    held = np.repeat(gate((0, 3), (25, 40), (45, 60), n_samples=60), 2, axis=0)

    def levels(*parameters: tf.Tensor) -> tf.Tensor:
        return core.adsr_envelope(held, *parameters, n_samples=60, sample_rate=20)

    # In samples, and away from whole ones, where the corners lie.
    times = np.float32([[5.4, 8.5], [6.3, 4.1], [12.4, 7.6]])[..., None] / 20
    sustain = np.float32([[0.4], [0.7]])
    inputs = [*times[:2], sustain, times[2]]
    assert_gradients_match_differences(levels, inputs, [0.004, 0.004, 0.02, 0.004])


def test_extremes_are_finite_in_value_and_gradient() -> None:
    for extreme in (-1e4, 0.0, 1e4):
        values = [tf.fill([1, 1], extreme) for _ in range(4)]
        with tf.GradientTape() as tape:
            tape.watch(values)
            levels = core.adsr_envelope(gate((3, 500)), *values, n_samples=1000)
        assert np.isfinite(levels).all()
        for gradient in tape.gradient(levels, values):
            assert np.isfinite(gradient).all()


def test_compiled_and_unknown_batch_equal_eager() -> None:
    held = np.concatenate([gate((0, 300)), gate((100, 200), (600, 900)), gate()])

    def levels(gate: tf.Tensor) -> tf.Tensor:
        return core.adsr_envelope(gate, **SETTINGS)

    eager = levels(tf.constant(held)).numpy()
    signature = [tf.TensorSpec([None, 1000, 1])]
    traced = tf.function(levels, input_signature=signature)(held)
    compiled = tf.function(levels, jit_compile=True)(held)
    np.testing.assert_allclose(traced, eager, atol=1e-6)
    np.testing.assert_allclose(compiled, eager, atol=1e-6)


def test_gate_without_batch_is_refused() -> None:
    with pytest.raises(ValueError, match="gate must be"):
        core.adsr_envelope(tf.ones([10]), **SETTINGS)


def test_parameters_serve_each_example_or_all() -> None:
    held = np.repeat(gate((100, 600)), 2, axis=0)
    levels = core.adsr_envelope(held, **SETTINGS | {"sustain": [[0.4], [0.8]]})
    for example, sustain in zip(levels, (0.4, 0.8), strict=True):
        np.testing.assert_array_equal(example, envelope((100, 600), sustain=sustain))


@pytest.mark.parametrize("shape", [[8], [2, 8], [2, 1, 1]])
@pytest.mark.parametrize(
    "name", ["attack_secs", "decay_secs", "sustain", "release_secs"]
)
def test_parameters_that_would_vary_over_time_are_refused(
    name: str, shape: list[int]
) -> None:
    settings = SETTINGS | {name: tf.ones(shape), "n_samples": 8}
    message = rf"{name} must be a number or \[batch, 1\]. Got {name} of shape="
    with pytest.raises(ValueError, match=message):
        core.adsr_envelope(tf.ones([2, 8]), **settings)


@pytest.mark.parametrize("n_samples", [0, 2**24 + 1])
def test_lengths_that_float32_cannot_count_are_refused(n_samples: int) -> None:
    settings = SETTINGS | {"n_samples": n_samples}
    with pytest.raises(ValueError, match=f"Got n_samples={n_samples}; make"):
        core.adsr_envelope(tf.ones([1, 4]), **settings)

"""White noise: its spectrum, and what a seed promises."""

import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from ddsp import core, effects, synths
from ddsp.core import noise as noise_module
from ddsp.training import nn


def draw(
    seed: Sequence[int], n_draws: int = 1, batch_size: int = 2, n_samples: int = 50
) -> np.ndarray:
    """Draws in one context, [n_draws, batch, n_samples]."""
    with core.seeded_noise(seed):
        draws = [core.white_noise(batch_size, n_samples) for _ in range(n_draws)]
    return np.stack(draws)


def test_noise_is_white_and_uniform() -> None:
    noise = core.white_noise(8, 16384, seed=3).numpy()
    assert noise.min() >= -1.0 and noise.max() < 1.0
    np.testing.assert_allclose(noise.mean(), 0.0, atol=0.01)
    np.testing.assert_allclose(noise.var(), 1 / 3, rtol=0.02)
    power = np.mean(np.abs(np.fft.rfft(noise)) ** 2, axis=0)[1:].reshape(16, -1)
    np.testing.assert_allclose(power.mean(axis=1), 16384 / 3, rtol=0.1)


def test_examples_and_seeds_differ() -> None:
    noise = np.concatenate([core.white_noise(3, 4000, seed) for seed in (1, 2)])
    correlations = np.corrcoef(noise) - np.eye(6)
    assert np.abs(correlations).max() < 0.08


def test_fresh_noise_differs_from_call_to_call() -> None:
    tf.random.set_seed(0)
    first, second = core.white_noise(1, 100), core.white_noise(1, 100)
    assert np.abs(first - second).max() > 0.1


@pytest.mark.parametrize("seed", [0, 5, -1])
def test_seeded_noise_is_known_bits_in_full_resolution(seed: int) -> None:
    # An independent way from the same random bits to numbers from -1 to 1.
    bits = tf.random.stateless_uniform(
        [1, 2, 50], [seed, 50], None, None, tf.int32, alg="philox"
    ).numpy()
    expected = np.floor(bits[0] / 256.0) / 2.0**23
    np.testing.assert_array_equal(core.white_noise(2, 50, seed), expected)


def test_a_seed_is_the_same_eagerly_in_a_graph_and_compiled() -> None:
    for function in (tf.function, lambda f: tf.function(f, jit_compile=True)):
        traced = function(lambda: core.white_noise(3, 70, seed=2))
        np.testing.assert_array_equal(traced(), core.white_noise(3, 70, seed=2))


def test_a_context_makes_fresh_noise_a_function_of_its_seed() -> None:
    np.testing.assert_array_equal(draw([7, 3], 2), draw([7, 3], 2))
    tf.random.set_seed(1)
    first = draw([7, 3])
    tf.random.set_seed(2)
    np.testing.assert_array_equal(draw([7, 3]), first)
    # Nor does it take anything from the noise that is drawn outside.
    tf.random.set_seed(3)
    outside = core.white_noise(1, 100).numpy()
    tf.random.set_seed(3)
    draw([7, 3])
    np.testing.assert_array_equal(core.white_noise(1, 100), outside)


def test_noise_of_a_context_is_white_and_uniform() -> None:
    noise = draw([4, 10**6], batch_size=8, n_samples=16384)[0]
    assert -1.0 <= noise.min() < -0.9999 and 0.9999 < noise.max() < 1.0
    np.testing.assert_allclose(noise.mean(), 0.0, atol=0.01)
    counts, _ = np.histogram(noise, bins=16, range=(-1, 1))
    np.testing.assert_allclose(counts, 8192, rtol=0.05)
    power = np.mean(np.abs(np.fft.rfft(noise)) ** 2, axis=0)[1:].reshape(16, -1)
    np.testing.assert_allclose(power.mean(axis=1), 16384 / 3, rtol=0.1)


def test_draws_steps_seeds_and_examples_are_uncorrelated() -> None:
    seeds = [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (0, 1), (1, -1), (1, 2**40)]
    noise = np.concatenate([draw(s, 3, 2, 4000).reshape(6, -1) for s in seeds])
    correlations = np.corrcoef(noise) - np.eye(len(noise))
    assert len(noise) == 48 and np.abs(correlations).max() < 0.08


def test_neither_length_nor_batch_changes_which_draw_it_is() -> None:
    with core.seeded_noise([1, 2]):
        core.white_noise(5, 10)
        after_another = core.white_noise(4, 50)
    np.testing.assert_array_equal(after_another[:2], draw([1, 2], 2)[1])


@pytest.mark.parametrize("dtype", [tf.int32, tf.int64])
def test_the_seed_may_change_without_another_trace(dtype: tf.DType) -> None:
    n_traces = 0

    def two_draws(seed: tf.Tensor) -> tf.Tensor:
        nonlocal n_traces
        n_traces += 1
        with core.seeded_noise(seed):
            return tf.stack([core.white_noise(2, 50), core.white_noise(2, 50)])

    for compiled in (False, True):
        traced = tf.function(two_draws, jit_compile=compiled)
        for step in range(3):
            found = traced(tf.constant([7, step], dtype))
            np.testing.assert_array_equal(found, draw([7, step], 2))
    assert n_traces == 2


def test_a_seed_of_the_call_comes_before_that_of_the_context() -> None:
    with core.seeded_noise([1, 2]):
        own = core.white_noise(2, 50, seed=9)
        first = core.white_noise(2, 50)
    np.testing.assert_array_equal(own, core.white_noise(2, 50, seed=9))
    np.testing.assert_array_equal(first, draw([1, 2])[0])


def test_contexts_are_nested_and_count_for_themselves() -> None:
    with core.seeded_noise([1, 2]):
        first = core.white_noise(2, 50)
        with core.seeded_noise([3, 4]):
            inner = core.white_noise(2, 50)
        second = core.white_noise(2, 50)
    np.testing.assert_array_equal([first, second], draw([1, 2], 2))
    np.testing.assert_array_equal(inner, draw([3, 4])[0])


def test_noise_is_fresh_again_after_an_exception() -> None:
    with pytest.raises(KeyError), core.seeded_noise([1, 2]):
        raise KeyError
    tf.random.set_seed(0)
    assert np.abs(core.white_noise(1, 50) - core.white_noise(1, 50)).max() > 0.1


def test_each_thread_has_its_own_context() -> None:
    found: dict[int, np.ndarray] = {}
    both = threading.Barrier(2)

    def run(step: int) -> None:
        with core.seeded_noise([1, step]):
            both.wait(timeout=20)
            found[step] = core.white_noise(2, 50).numpy()
            both.wait(timeout=20)

    threads = [threading.Thread(target=run, args=[step]) for step in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for step in range(2):
        np.testing.assert_array_equal(found[step], draw([1, step])[0])


@pytest.mark.parametrize("seed", [7, [7], [1, 2, 3], [[1, 2]], [1.0, 2.0]])
def test_a_seed_is_two_integers(seed: object) -> None:
    message = r"seed must be two integers, \[2\]\. Got seed of shape"
    with pytest.raises(ValueError, match=message), core.seeded_noise(seed):
        pass


def processor_with_noise(name: str) -> tf.Tensor:
    magnitudes = tf.zeros([2, 5, 9])
    if name == "FilteredNoise":
        return synths.FilteredNoise(n_samples=100)(magnitudes)
    if name == "FilteredNoiseReverb":
        reverb = effects.FilteredNoiseReverb(reverb_length=50, n_frames=5)
        return reverb(tf.ones([2, 100]), magnitudes)
    if name == "ExpDecayReverb":
        reverb = effects.ExpDecayReverb(reverb_length=50)
        return reverb(tf.ones([2, 100]), tf.ones([2, 1]), tf.ones([2, 1]))
    if name == "straight_through_softmax":
        return nn.straight_through_softmax(tf.zeros([2, 6, 9]))[0]
    layer = nn.VectorQuantization(k=3)
    return layer(tf.reshape(tf.range(64.0), [2, 4, 8]), training=True)[0]


@pytest.mark.parametrize(
    "name",
    [
        "FilteredNoise",
        "FilteredNoiseReverb",
        "ExpDecayReverb",
        "straight_through_softmax",
        "VectorQuantization",
    ],
)
def test_whatever_draws_in_a_training_step_follows_the_context(name: str) -> None:
    found = []
    for step, global_seed in ((1, 10), (1, 20), (2, 30)):
        tf.random.set_seed(global_seed)
        with core.seeded_noise([5, step]):
            found.append(processor_with_noise(name).numpy())
    np.testing.assert_array_equal(found[0], found[1])
    assert np.abs(found[0] - found[2]).max() > 1e-5


def test_every_choice_is_drawn_as_often_as_its_probability_says() -> None:
    logits = tf.math.log(tf.constant([0.1, 0.2, 0.7]))
    with core.seeded_noise([1, 2]):
        choices, _ = nn.straight_through_softmax(tf.tile([[logits]], [20, 500, 1]))
    np.testing.assert_allclose(
        np.mean(choices, axis=(0, 1)), [0.1, 0.2, 0.7], atol=0.02
    )


def test_the_number_of_a_replica_may_be_known_at_run_time_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # As on a TPU, where one program runs on all replicas.
    @tf.function(jit_compile=True)
    def draw_of(replica: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        monkeypatch.setattr(noise_module, "_replicas", lambda: (3, replica))
        with core.seeded_noise([1, 2]):
            own = core.white_noise(2, 50)
            return own, core.white_noise(2, 50, same_on_replicas=True)

    parts = [draw_of(tf.constant(replica)) for replica in range(3)]
    monkeypatch.undo()
    expected = draw([1, 2], n_draws=2, batch_size=6)
    np.testing.assert_array_equal(np.concatenate([p[0] for p in parts]), expected[0])
    for _, shared in parts:
        np.testing.assert_array_equal(shared, expected[1, :2])


def test_replicas_together_make_the_noise_of_one_device() -> None:
    # A process of its own, because devices can only be divided before their first use.
    script = """
import numpy as np, tensorflow as tf
from ddsp import core, effects
cpu = tf.config.list_physical_devices("CPU")[0]
half = tf.config.LogicalDeviceConfiguration()
tf.config.set_logical_device_configuration(cpu, [half, half])
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
parts = strategy.run(tf.function(lambda: core.white_noise(2, 50, seed=5)))
joined = np.concatenate(strategy.experimental_local_results(parts))
np.testing.assert_array_equal(joined, core.white_noise(4, 50, seed=5))
assert np.abs(joined[:2] - joined[2:]).max() > 0.1

room = effects.FilteredNoiseReverb(reverb_length=50, n_frames=5, trainable=True)
tail = effects.ExpDecayReverb(reverb_length=50, trainable=True, seed=8)
audio = np.random.default_rng(0).uniform(-1, 1, [4, 100]).astype(np.float32)
[effect.build() for effect in (room, tail)]
def step(audio, seed):
    with core.seeded_noise(seed):
        fresh = core.white_noise(tf.shape(audio)[0], 50)
        shares = core.random_wavetables(3, 20)
        return fresh, room(audio), tail(audio), shares
seed = tf.constant([7, 1])
one = step(audio, seed)
halves = strategy.experimental_distribute_values_from_function(
    lambda context: tf.constant(np.split(audio, 2)[context.replica_id_in_sync_group])
)
two = strategy.run(tf.function(step), args=(halves, seed))
for alone, parts in zip(one[:3], two):
    joined = np.concatenate(strategy.experimental_local_results(parts))
    np.testing.assert_allclose(joined, alone, atol=1e-6)
for part in strategy.experimental_local_results(two[3]):
    np.testing.assert_allclose(part, one[3], atol=1e-6)
assert np.abs(one[0][:2] - one[0][2:]).max() > 0.1
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]

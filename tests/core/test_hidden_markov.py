"""Hidden Markov models against the sum and the maximum over all paths."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from ddsp import core


def random_model(n_states: int, rng: np.random.Generator) -> tuple:
    initial = rng.dirichlet(np.ones(n_states))
    transitions = rng.dirichlet(np.ones(n_states), size=n_states)
    logs = [tf.constant(np.log(x), tf.float32) for x in (initial, transitions)]
    return logs, initial, transitions


def probability(
    path: tuple, seen: np.ndarray, initial: np.ndarray, transitions: np.ndarray
) -> float:
    moves = [transitions[i, j] for i, j in itertools.pairwise(path)]
    heard = [seen[frame, state] for frame, state in enumerate(path)]
    return initial[path[0]] * np.prod(moves) * np.prod(heard)


@pytest.mark.parametrize("n_frames", [1, 2, 5])
def test_model_agrees_with_all_paths(n_frames: int, rng: np.random.Generator) -> None:
    model, initial, transitions = random_model(3, rng)
    seen = rng.uniform(0.01, 1.0, [4, n_frames, 3])
    logs = tf.constant(np.log(seen), tf.float32)
    found, chosen = (
        core.hmm_log_likelihood(*model, logs),
        core.hmm_most_likely_path(*model, logs),
    )
    assert chosen.shape == (4, n_frames)
    paths = list(itertools.product(range(3), repeat=n_frames))
    for example in range(4):
        each = [probability(p, seen[example], initial, transitions) for p in paths]
        np.testing.assert_allclose(found[example], np.log(sum(each)), rtol=1e-5)
        assert tuple(chosen[example].numpy()) == paths[int(np.argmax(each))]


def test_gradient_is_the_probability_of_each_state(rng: np.random.Generator) -> None:
    model, initial, transitions = random_model(3, rng)
    seen = rng.uniform(0.01, 1.0, [1, 4, 3])
    logs = tf.constant(np.log(seen), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(logs)
        value = core.hmm_log_likelihood(*model, logs)
    expected = np.zeros([4, 3])
    for path in itertools.product(range(3), repeat=4):
        for frame, state in enumerate(path):
            expected[frame, state] += probability(path, seen[0], initial, transitions)
    expected /= expected[0].sum()
    np.testing.assert_allclose(tape.gradient(value, logs)[0], expected, atol=1e-5)


def test_minutes_do_not_round_states_away(rng: np.random.Generator) -> None:
    model, initial, transitions = random_model(4, rng)
    logs = (-20.0 * rng.uniform(size=[1, 4000, 4])).astype(np.float32)
    alpha, total = initial, 0.0
    for frame in logs[0].astype(np.float64):
        alpha = alpha * np.exp(frame)
        total += np.log(alpha.sum())
        alpha = alpha / alpha.sum() @ transitions
    np.testing.assert_allclose(
        core.hmm_log_likelihood(*model, logs)[0], total, rtol=1e-5
    )


def test_impossible_transitions_are_not_taken_and_have_finite_gradients() -> None:
    never = tf.constant([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.0, 0.0, 1.0]])
    model = tf.math.log([1.0, 1e-30, 1e-30]), tf.math.log(never)
    logs = tf.math.log([[[0.1, 0.1, 0.9], [0.1, 0.1, 0.9], [0.1, 0.1, 0.9]]])
    assert core.hmm_most_likely_path(*model, logs).numpy().tolist() == [[0, 1, 2]]
    with tf.GradientTape() as tape:
        tape.watch(logs)
        value = core.hmm_log_likelihood(*model, logs)
    assert np.isfinite(tape.gradient(value, logs)).all()


def test_model_works_within_graphs(rng: np.random.Generator) -> None:
    model, *_ = random_model(3, rng)
    logs = tf.constant(np.log(rng.uniform(0.01, 1.0, [2, 6, 3])), tf.float32)
    expected = (
        core.hmm_log_likelihood(*model, logs),
        core.hmm_most_likely_path(*model, logs),
    )

    def both(logs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return core.hmm_log_likelihood(*model, logs), core.hmm_most_likely_path(
            *model, logs
        )

    spec = tf.TensorSpec([None, None, 3])
    for jit in (False, True):
        found = tf.function(both, input_signature=[spec], jit_compile=jit)(logs)
        np.testing.assert_allclose(found[0], expected[0], rtol=1e-5)
        np.testing.assert_array_equal(found[1], expected[1])


def test_graph_keeps_the_sizes_that_are_known(rng: np.random.Generator) -> None:
    model, *_ = random_model(3, rng)
    for n_frames in (4, 5, 6):  # After which the shared graph knows no number.
        core.hmm_most_likely_path(*model, tf.zeros([1, n_frames, 3]))
        core.hmm_log_likelihood(*model, tf.zeros([1, n_frames, 3]))

    @tf.function(input_signature=[tf.TensorSpec([2, 7, 3])])
    def sizes(logs: tf.Tensor) -> tf.Tensor:
        path = core.hmm_most_likely_path(*model, logs)
        likelihood = core.hmm_log_likelihood(*model, logs)
        return tf.constant([*path.shape, *likelihood.shape])

    assert sizes(tf.zeros([2, 7, 3])).numpy().tolist() == [2, 7, 2]


@pytest.mark.parametrize(
    "function", [core.hmm_log_likelihood, core.hmm_most_likely_path]
)
def test_frames_do_not_run_one_by_one(
    function: Callable, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    model, *_ = random_model(3, rng)
    logs = tf.constant(rng.normal(size=[2, 50, 3]), tf.float32)
    function(*model, logs)

    # Whatever is traced, or runs from Python, again fails now.
    monkeypatch.setattr(tf, "scan", None)
    function(*model, logs)


def test_gradient_is_compiled_and_the_same_at_any_length(
    rng: np.random.Generator,
) -> None:
    model, *_ = random_model(3, rng)

    def slope(logs: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(logs)
            value = core.hmm_log_likelihood(*model, logs)
        return tape.gradient(value, logs)

    compiled = tf.function(slope, jit_compile=True)
    for n_frames in (3, 5, 8):
        logs = tf.constant(rng.normal(size=[2, n_frames, 3]), tf.float32)
        expected = slope(logs)
        # Each frame is in some state.
        np.testing.assert_allclose(
            tf.reduce_sum(expected, axis=-1), np.ones([2, n_frames]), rtol=1e-5
        )
        np.testing.assert_allclose(compiled(logs), expected, atol=1e-6)

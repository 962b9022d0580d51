"""Hidden Markov models against the sum and the maximum over all paths."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from ddsp.core.hidden_markov import HiddenMarkovModel


def random_model(n_states: int, rng: np.random.Generator) -> tuple:
    initial = rng.dirichlet(np.ones(n_states))
    transitions = rng.dirichlet(np.ones(n_states), size=n_states)
    logs = (tf.constant(np.log(x), tf.float32) for x in (initial, transitions))
    return HiddenMarkovModel(*logs), initial, transitions


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
    found, chosen = model.log_likelihood(logs), model.most_likely_path(logs)
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
        value = model.log_likelihood(logs)
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
    np.testing.assert_allclose(model.log_likelihood(logs)[0], total, rtol=1e-5)


def test_impossible_transitions_are_not_taken_and_have_finite_gradients() -> None:
    never = tf.constant([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.0, 0.0, 1.0]])
    model = HiddenMarkovModel(tf.math.log([1.0, 1e-30, 1e-30]), tf.math.log(never))
    logs = tf.math.log([[[0.1, 0.1, 0.9], [0.1, 0.1, 0.9], [0.1, 0.1, 0.9]]])
    assert model.most_likely_path(logs).numpy().tolist() == [[0, 1, 2]]
    with tf.GradientTape() as tape:
        tape.watch(logs)
        value = model.log_likelihood(logs)
    assert np.isfinite(tape.gradient(value, logs)).all()


def test_model_works_within_graphs(rng: np.random.Generator) -> None:
    model, *_ = random_model(3, rng)
    logs = tf.constant(np.log(rng.uniform(0.01, 1.0, [2, 6, 3])), tf.float32)
    expected = model.log_likelihood(logs), model.most_likely_path(logs)

    def both(logs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return model.log_likelihood(logs), model.most_likely_path(logs)

    spec = tf.TensorSpec([None, None, 3])
    for jit in (False, True):
        found = tf.function(both, input_signature=[spec], jit_compile=jit)(logs)
        np.testing.assert_allclose(found[0], expected[0], rtol=1e-5)
        np.testing.assert_array_equal(found[1], expected[1])

"""The decoder against one that knows all transitions and all frames."""

import numpy as np
import pytest

from ddsp.spectral_ops.viterbi import ViterbiDecoder, banded_transitions


def dense_transitions(n_states: int, reach: int) -> np.ndarray:
    """Probability of a step from each state (row) to each state (column)."""
    states = np.arange(n_states)
    weights = np.maximum(reach - np.abs(states[:, np.newaxis] - states), 0.0)
    return weights / weights.sum(axis=1, keepdims=True)


def dense_path(log_likelihoods: np.ndarray, transitions: np.ndarray) -> list[int]:
    """Most likely path by the textbook."""
    with np.errstate(divide="ignore"):
        log_transitions = np.log(transitions)
    scores, origins = log_likelihoods[0], []
    for log_likelihood in log_likelihoods[1:]:
        candidates = scores[:, np.newaxis] + log_transitions
        origins.append(candidates.argmax(axis=0))
        scores = candidates.max(axis=0) + log_likelihood
    path = [int(scores.argmax())]
    for origin in reversed(origins):
        path.append(int(origin[path[-1]]))
    return path[::-1]


def test_transitions_are_those_of_the_dense_matrix() -> None:
    dense = dense_transitions(30, 12)
    band = np.exp(banded_transitions(30, 12))
    assert band.shape == (30, 23)
    rebuilt = np.zeros([30, 30])
    for state in range(30):
        for column in range(23):
            origin = state + column - 11
            if 0 <= origin < 30:
                rebuilt[origin, state] = band[state, column]
            else:
                assert band[state, column] == 0
    np.testing.assert_allclose(rebuilt, dense, atol=1e-15)


@pytest.mark.parametrize("n_pieces", [1, 7, 200])
@pytest.mark.parametrize("strength", [1.5, 4.0])
def test_path_is_the_most_likely_one(
    strength: float, n_pieces: int, rng: np.random.Generator
) -> None:
    log_likelihoods = strength * rng.normal(size=[200, 60])
    decoder = ViterbiDecoder(banded_transitions(60, 5))
    pieces = np.array_split(log_likelihoods, n_pieces)
    path = np.concatenate([*map(decoder.push, pieces), decoder.finish()])
    expected = dense_path(log_likelihoods, dense_transitions(60, 5))
    assert len(set(expected)) > 5
    np.testing.assert_array_equal(path, expected)


def test_what_is_decided_is_forgotten(rng: np.random.Generator) -> None:
    decoder = ViterbiDecoder(banded_transitions(360, 12))
    melody = np.clip(180 + np.cumsum(rng.integers(-5, 6, size=2000)), 0, 359)
    kept = []
    for piece in np.split(3.7 * np.eye(360)[melody], 50):
        decoder.push(piece)
        kept.append(len(decoder._steps))
    assert max(kept) < 80


def test_path_is_the_most_likely_one_though_it_is_open_until_the_end() -> None:
    # Two melodies take turns, and only the last frames favour one of them.
    seen = 3.7 * np.eye(60)[[10, 50] * 100 + [50, 50]]
    decoder = ViterbiDecoder(banded_transitions(60, 5))
    early = [decoder.push(piece) for piece in np.array_split(seen, 20)]
    assert sum(map(len, early)) == 0
    np.testing.assert_array_equal(decoder.finish(), [50] * 202)


def test_a_single_wrong_frame_is_overruled() -> None:
    log_likelihoods = 3.7 * np.eye(360)[[100] * 20 + [200] + [101] * 20]
    decoder = ViterbiDecoder(banded_transitions(360, 12))
    path = np.concatenate([decoder.push(log_likelihoods), decoder.finish()])
    assert set(path) == {100, 101}

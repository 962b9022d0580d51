"""The most likely path through pitches that move by small steps (Viterbi decoding)."""

import numpy as np


def banded_transitions(n_states: int, reach: int) -> np.ndarray:
    """Log probabilities of steps, the likelier the smaller: reach - |step|.

    Args:
        n_states: Number of states in a row.
        reach: Steps of this size and larger are impossible.

    Returns:
        Log probability of coming to state j from state j + d - (reach - 1), at [j, d],
        [n_states, 2 * reach - 1]; -inf where there is no such state.
    """
    steps = np.arange(-reach + 1, reach)
    weights = (reach - np.abs(steps)).astype(np.float64)
    # Near both ends fewer steps share the probability.
    totals = np.convolve(np.ones(n_states), weights)[reach - 1 : 1 - reach]
    origins = np.arange(n_states)[:, np.newaxis] + steps
    exists = (origins >= 0) & (origins < n_states)
    log_totals = np.log(totals)[np.clip(origins, 0, n_states - 1)]
    return np.where(exists, np.log(weights) - log_totals, -np.inf)


class ViterbiDecoder:
    """Finds the most likely path while observations come in.

    As soon as the best paths to all present states share their past, that past is
    decided: the result is exact, and memory does not grow with the length as long as
    observations favour some states; where they favour none, nothing gets decided.

    Example:
        >>> import numpy as np
        >>> decoder = ViterbiDecoder(banded_transitions(n_states=5, reach=2))
        >>> seen = np.log(np.full([6, 5], 0.1) + 0.5 * np.eye(5)[[1, 1, 4, 1, 2, 2]])
        >>> np.concatenate([decoder.push(seen), decoder.finish()])
        array([1, 1, 1, 1, 2, 2])
    """

    def __init__(self, log_transitions: np.ndarray) -> None:
        """Starts with all states equally likely.

        Args:
            log_transitions: Log probability of coming to state j from state
                j + d - reach + 1, at [j, d], [n_states, 2 * reach - 1].
        """
        self._n_states, n_steps = log_transitions.shape
        self._log_transitions = log_transitions
        # Scores of the best paths to each state, with margins that are never chosen,
        # and for each state a view of those from which it can be reached.
        padded = np.full(self._n_states + n_steps - 1, -np.inf)
        self._scores = padded[n_steps // 2 : -(n_steps // 2)]
        self._origins = np.lib.stride_tricks.sliding_window_view(padded, n_steps)
        self._is_first = True
        # How the best path came to each state, as a step, for undecided frames.
        self._steps: list[np.ndarray] = []
        self._n_undecidable = 0

    def push(self, log_likelihoods: np.ndarray) -> np.ndarray:
        """Takes further observations.

        Args:
            log_likelihoods: Log likelihood of what was observed in each state,
                [n_frames, n_states].

        Returns:
            States of further frames that are now decided, [n_decided]; maybe none.
        """
        self._steps.extend(self._advance(x) for x in log_likelihoods)
        # Waiting for twice as many frames bounds the time when nothing gets decided.
        if len(self._steps) < 2 * self._n_undecidable:
            return np.zeros(0, np.int64)
        path = self._trace_back(np.arange(self._n_states))
        self._n_undecidable = len(self._steps)
        return path

    def finish(self) -> np.ndarray:
        """Decides the remaining frames.

        Returns:
            Their states, [n_decided].
        """
        return self._trace_back(np.argmax(self._scores, keepdims=True))

    def _advance(self, log_likelihood: np.ndarray) -> np.ndarray:
        """Extends the best path to each state; returns the steps taken, [n_states]."""
        if self._is_first:
            self._is_first = False
            self._scores[:] = log_likelihood
            return np.zeros(self._n_states, np.int8)
        candidates = self._origins + self._log_transitions
        best = candidates.argmax(axis=1)
        self._scores[:] = candidates[np.arange(self._n_states), best] + log_likelihood
        return (best - self._log_transitions.shape[1] // 2).astype(np.int8)

    def _trace_back(self, states: np.ndarray) -> np.ndarray:
        """Follows paths back until they meet; forgets and returns what they share."""
        frame = len(self._steps) - 1
        while frame >= 0 and states.min() != states.max():
            states = states + self._steps[frame][states]
            frame -= 1
        path = np.zeros(frame + 1, np.int64)
        state = int(states[0])
        for index in range(frame, -1, -1):
            path[index] = state
            state += int(self._steps[index][state])
        del self._steps[: len(path)]
        return path

"""Hidden Markov models: how likely a melody of states is, and which one is likeliest.

A model is states that follow one another at random and are observed indirectly. Both
functions work in graphs and compile; the number of frames is free.

L. R. Rabiner, "A tutorial on hidden Markov models", Proceedings of the IEEE 77, 1989.
"""

import tensorflow as tf

from ddsp.core.tensors import tf_float32

# Probabilities below this count as this one, so that logarithms stay finite.
_FLOOR = 1e-37


def hmm_log_likelihood(
    log_initial: tf.Tensor, log_transitions: tf.Tensor, log_observations: tf.Tensor
) -> tf.Tensor:
    """Log probability of all observations, summed over all paths of states.

    Args:
        log_initial: Log probability of starting in each state, [n_states].
        log_transitions: Log probability of going from state i to state j, at [i, j],
            [n_states, n_states].
        log_observations: Log likelihood of each frame's observation in each state,
            [batch, n_frames, n_states].

    Returns:
        Log likelihood of the whole, differentiable, [batch].

    Example:
        >>> initial, transitions = tf.constant([1.0, 0.0]), tf.eye(2)
        >>> seen = tf.constant([[[0.5, 0.9], [0.5, 0.9]]])
        >>> logs = map(tf.math.log, (initial, transitions, seen))
        >>> round(float(tf.exp(hmm_log_likelihood(*logs)[0])), 4)  # 0.5 * 0.5
        0.25
    """
    observed = tf_float32(log_observations)
    add_up = _add_up_paths_traced if tf.executing_eagerly() else _add_up_paths
    return add_up(tf_float32(log_initial), tf_float32(log_transitions), observed)


def hmm_most_likely_path(
    log_initial: tf.Tensor, log_transitions: tf.Tensor, log_observations: tf.Tensor
) -> tf.Tensor:
    """Finds the likeliest path of states (Viterbi). It has no gradient.

    Args:
        log_initial: Log probability of starting in each state, [n_states].
        log_transitions: Log probability of going from state i to state j, at [i, j],
            [n_states, n_states].
        log_observations: Log likelihood of each frame's observation in each state,
            [batch, n_frames, n_states].

    Returns:
        States, int32, [batch, n_frames].

    Example:
        >>> initial, transitions = [0.5, 0.5], [[0.9, 0.1], [0.1, 0.9]]
        >>> seen = [[[0.8, 0.2], [0.4, 0.6], [0.8, 0.2]]]
        >>> logs = map(tf.math.log, (initial, transitions, seen))
        >>> hmm_most_likely_path(*logs).numpy().tolist()
        [[0, 0, 0]]
    """
    observed = tf.stop_gradient(tf_float32(log_observations))
    find = _find_best_path_traced if tf.executing_eagerly() else _find_best_path
    return find(tf_float32(log_initial), tf_float32(log_transitions), observed)


def _add_up_paths(
    log_initial: tf.Tensor, log_transitions: tf.Tensor, log_observations: tf.Tensor
) -> tf.Tensor:
    """The forward algorithm, [batch]."""
    transitions = tf.exp(log_transitions)

    def advance(state: tuple, observed: tf.Tensor) -> tuple:
        log_alpha = state[0] + observed
        # Kept apart, the growing sum of levels cannot round the states away.
        top = tf.stop_gradient(tf.reduce_max(log_alpha, axis=-1))
        alpha = tf.exp(log_alpha - top[:, tf.newaxis])
        expected = tf.matmul(alpha, transitions)
        return tf.math.log(tf.maximum(expected, _FLOOR)), top

    frames = tf.transpose(log_observations, [1, 0, 2])
    start = log_initial + tf.zeros_like(frames[0])
    log_expected, tops = tf.scan(advance, frames, (start, start[:, 0]))
    # What is expected after the last frame has the probability of what was seen.
    rest = tf.reduce_logsumexp(log_expected[-1], axis=-1)
    return tf.reduce_sum(tops, axis=0) + rest


def _find_best_path(
    log_initial: tf.Tensor, log_transitions: tf.Tensor, log_observations: tf.Tensor
) -> tf.Tensor:
    """Viterbi's algorithm, int32, [batch, n_frames]."""
    frames = tf.transpose(log_observations, [1, 0, 2])

    def advance(state: tuple, observed: tf.Tensor) -> tuple:
        # Only differences between paths matter; without the best one's score float32
        # stays exact for any number of frames.
        scores = state[0] + observed
        scores -= tf.reduce_max(scores, axis=-1, keepdims=True)
        ways = scores[:, :, tf.newaxis] + log_transitions
        origins = tf.argmax(ways, axis=1, output_type=tf.int32)
        best = tf.argmax(scores, axis=-1, output_type=tf.int32)
        return tf.reduce_max(ways, axis=1), origins, best

    start = log_initial + tf.zeros_like(frames[0])
    nowhere = tf.zeros_like(start, tf.int32)
    _, origins, best = tf.scan(advance, frames, (start, nowhere, nowhere[:, 0]))
    # All paths come out of the last frame's best state.
    end = best[-1][:, tf.newaxis] + nowhere
    origins = tf.concat([origins[:-1], end[tf.newaxis]], axis=0)

    def step_back(state: tf.Tensor, origins: tf.Tensor) -> tf.Tensor:
        return tf.gather(origins, state, batch_dims=1)

    return tf.transpose(tf.scan(step_back, origins, nowhere[:, 0], reverse=True))


# Eager scans would run every frame from Python. Within a graph these are not used: what
# they share between sizes does not know the sizes, which XLA needs for the gradient.
_add_up_paths_traced = tf.function(
    _add_up_paths, reduce_retracing=True, autograph=False
)
_find_best_path_traced = tf.function(
    _find_best_path, reduce_retracing=True, autograph=False
)

"""Hidden Markov models: how likely a melody of states is, and which one is likeliest.

L. R. Rabiner, "A tutorial on hidden Markov models", Proceedings of the IEEE 77, 1989.
"""

from dataclasses import dataclass

import tensorflow as tf

# Probabilities below this count as this one, so that logarithms stay finite.
_FLOOR = 1e-37


@dataclass(frozen=True)
class HiddenMarkovModel:
    """States that follow one another at random and are observed indirectly.

    Everything works in a graph and compiles; the number of frames is free.

    Attributes:
        log_initial: Log probability of starting in each state, [n_states].
        log_transitions: Log probability of going from state i to state j, at [i, j],
            [n_states, n_states].

    Example:
        >>> stay, go = 0.9, 0.1
        >>> model = HiddenMarkovModel(
        ...     tf.math.log([0.5, 0.5]), tf.math.log([[stay, go], [go, stay]]))
        >>> seen = tf.math.log([[[0.8, 0.2], [0.4, 0.6], [0.8, 0.2]]])
        >>> model.most_likely_path(seen).numpy().tolist()
        [[0, 0, 0]]
    """

    log_initial: tf.Tensor
    log_transitions: tf.Tensor

    def log_likelihood(self, log_observations: tf.Tensor) -> tf.Tensor:
        """Log probability of all observations, summed over all paths of states.

        Args:
            log_observations: Log likelihood of each frame's observation in each state,
                [batch, n_frames, n_states].

        Returns:
            Log likelihood of the whole, differentiable, [batch].
        """
        transitions = tf.exp(self.log_transitions)

        def advance(state: tuple, observed: tf.Tensor) -> tuple:
            log_alpha = state[0] + observed
            # Kept apart, the growing sum of levels cannot round the states away.
            top = tf.stop_gradient(tf.reduce_max(log_alpha, axis=-1))
            alpha = tf.exp(log_alpha - top[:, tf.newaxis])
            expected = tf.matmul(alpha, transitions)
            return tf.math.log(tf.maximum(expected, _FLOOR)), top

        frames = tf.transpose(log_observations, [1, 0, 2])
        start = self._start(frames)
        log_expected, tops = tf.scan(advance, frames, (start, start[:, 0]))
        # What is expected after the last frame has the probability of what was seen.
        rest = tf.reduce_logsumexp(log_expected[-1], axis=-1)
        return tf.reduce_sum(tops, axis=0) + rest

    def most_likely_path(self, log_observations: tf.Tensor) -> tf.Tensor:
        """Finds the likeliest path of states (Viterbi). It has no gradient.

        Args:
            log_observations: Log likelihood of each frame's observation in each state,
                [batch, n_frames, n_states].

        Returns:
            States, int32, [batch, n_frames].
        """
        frames = tf.transpose(tf.stop_gradient(log_observations), [1, 0, 2])

        def advance(state: tuple, observed: tf.Tensor) -> tuple:
            # Only differences between paths matter; without the best one's score
            # float32 stays exact for any number of frames.
            scores = state[0] + observed
            scores -= tf.reduce_max(scores, axis=-1, keepdims=True)
            ways = scores[:, :, tf.newaxis] + self.log_transitions
            origins = tf.argmax(ways, axis=1, output_type=tf.int32)
            best = tf.argmax(scores, axis=-1, output_type=tf.int32)
            return tf.reduce_max(ways, axis=1), origins, best

        start = self._start(frames)
        nowhere = tf.zeros_like(start, tf.int32)
        _, origins, best = tf.scan(advance, frames, (start, nowhere, nowhere[:, 0]))
        # All paths come out of the last frame's best state.
        end = best[-1][:, tf.newaxis] + nowhere
        origins = tf.concat([origins[:-1], end[tf.newaxis]], axis=0)

        def step_back(state: tf.Tensor, origins: tf.Tensor) -> tf.Tensor:
            return tf.gather(origins, state, batch_dims=1)

        return tf.transpose(tf.scan(step_back, origins, nowhere[:, 0], reverse=True))

    def _start(self, frames: tf.Tensor) -> tf.Tensor:
        """Log probabilities before anything is observed, [batch, n_states]."""
        return self.log_initial + tf.zeros_like(frames[0])

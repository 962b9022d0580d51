"""How far sinusoids must move to become others: the Wasserstein distance."""

from typing import Any

import gin
import tensorflow as tf

from ddsp import core
from ddsp.losses.base import Loss


def wasserstein_distance(
    u_values: tf.Tensor,
    v_values: tf.Tensor,
    u_weights: tf.Tensor | None,
    v_weights: tf.Tensor | None,
    p: float = 1.0,
) -> tf.Tensor:
    """Distance of two distributions on a line, along the last axis.

    It is the L^p distance of the cumulative distributions (integral of |U - V|^p to
    the power of 1/p). For p = 1 that is the work of carrying one distribution to the
    other (Wasserstein-1, earth mover's distance); for p = 2 it is Cramer's distance.

    Args:
        u_values: Where the first distribution has its weights, [..., n_u_values].
        v_values: Where the second one has them, [..., n_v_values].
        u_weights: Weights, the shape of u_values; divided by their sum. None, and
            weights that are all 0, mean equal ones; negative ones count as 0.
        v_weights: Weights of the second distribution, likewise.
        p: Power, at least 1.

    Returns:
        Distances in the unit of the values (for p = 1), [...].

    Example:
        >>> u, v = tf.constant([0.0, 1.0, 3.0]), tf.constant([5.0, 6.0, 8.0])
        >>> round(float(wasserstein_distance(u, v, None, None)), 4)
        5.0
    """
    u_values, v_values = core.tf_float32(u_values), core.tf_float32(v_values)
    u_shares, v_shares = _shares(u_values, u_weights), _shares(v_values, v_weights)
    values = tf.concat([u_values, v_values], axis=-1)
    order = tf.argsort(values, axis=-1, stable=True)

    def cumulative(shares: tf.Tensor) -> tf.Tensor:
        return tf.cumsum(tf.gather(shares, order, batch_dims=order.shape.rank - 1), -1)

    u_cumulative = cumulative(tf.concat([u_shares, tf.zeros_like(v_values)], axis=-1))
    v_cumulative = cumulative(tf.concat([tf.zeros_like(u_values), v_shares], axis=-1))
    values = tf.gather(values, order, batch_dims=order.shape.rank - 1)
    gaps = tf.abs(u_cumulative - v_cumulative)[..., :-1]
    if p == 1.0:
        return tf.reduce_sum(core.diff(values) * gaps, axis=-1)
    total = tf.reduce_sum(core.diff(values) * gaps**p, axis=-1)
    return core.safe_root(total, p)


def _shares(values: tf.Tensor, weights: tf.Tensor | None) -> tf.Tensor:
    """Weights that add up to 1."""
    if weights is None:
        weights = tf.zeros_like(values)
    weights = tf.nn.relu(core.tf_float32(weights))
    total = tf.reduce_sum(weights, axis=-1, keepdims=True)
    equal = tf.ones_like(weights) / tf.cast(tf.shape(weights)[-1], tf.float32)
    return tf.where(total > 0.0, core.safe_divide(weights, total), equal)


@gin.register(module="ddsp.losses")
class WassersteinConsistencyLoss(Loss):
    """Compares two sets of sinusoids by how far amplitude must be moved in frequency.

    Example:
        >>> amps, freqs = tf.ones([1, 10, 1]), tf.fill([1, 10, 1], 440.0)
        >>> loss = WassersteinConsistencyLoss()
        >>> round(float(loss(amps, freqs, 0.5 * amps, 2.0 * freqs)), 3)
        12.0
    """

    def __init__(self, weight: float = 1.0, midi: bool = True, **kwargs: Any) -> None:
        """Sets weight and unit.

        Args:
            weight: Factor; nothing is computed unless it is positive.
            midi: Whether distances are in semitones; otherwise they are in Hz.
            **kwargs: Keras arguments: name.
        """
        super().__init__(**kwargs)
        self.weight = weight
        self.midi = midi

    def call(
        self,
        amps_a: tf.Tensor,
        freqs_a: tf.Tensor,
        amps_b: tf.Tensor,
        freqs_b: tf.Tensor,
    ) -> tf.Tensor:
        """Compares.

        Args:
            amps_a: Amplitudes, [batch, n_frames, n_sinusoids]; only their proportions
                within a frame matter.
            freqs_a: Frequencies in Hz, the same shape.
            amps_b: Other amplitudes; their number of sinusoids may differ.
            freqs_b: Other frequencies in Hz, the shape of amps_b.

        Returns:
            Scalar, mean over frames, at least 0.
        """
        if self.weight <= 0.0:
            return tf.constant(0.0)
        if self.midi:
            freqs_a, freqs_b = core.hz_to_midi(freqs_a), core.hz_to_midi(freqs_b)
        distance = wasserstein_distance(freqs_a, freqs_b, amps_a, amps_b)
        return self.weight * tf.reduce_mean(distance)

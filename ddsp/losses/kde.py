"""How likely sinusoids are, given others: kernel density estimates over pitch."""

import math
from dataclasses import dataclass
from typing import Any

import gin
import tensorflow as tf

from ddsp import core
from ddsp.losses.base import Loss


@dataclass(frozen=True)
class GaussianMixture:
    """A sum of bells of one width, as a probability density.

    Attributes:
        weights: Positive weights of the bells, [..., n_bells]; divided by their sum.
        centers: Where they are, [..., n_bells].
        scale: Their standard deviation.

    Example:
        >>> mixture = GaussianMixture(tf.ones([1]), tf.zeros([1]), scale=1.0)
        >>> round(float(tf.exp(mixture.log_prob([0.0]))[0]), 4)  # 1 / sqrt(2 pi)
        0.3989
    """

    weights: tf.Tensor
    centers: tf.Tensor
    scale: float

    def log_prob(self, x: tf.Tensor) -> tf.Tensor:
        """Logarithm of the density.

        Args:
            x: Points, [..., n_points]; the axes before the last broadcast against those
                of the mixture.

        Returns:
            Natural logarithms, the shape of x.
        """
        distance = (
            core.tf_float32(x)[..., tf.newaxis] - self.centers[..., tf.newaxis, :]
        )
        total = tf.reduce_sum(self.weights, axis=-1, keepdims=True)
        log_weights = tf.math.log(self.weights / total)[..., tf.newaxis, :]
        log_bells = log_weights - 0.5 * tf.square(distance / self.scale)
        log_norm = math.log(self.scale * math.sqrt(2.0 * math.pi))
        return tf.reduce_logsumexp(log_bells, axis=-1) - log_norm


def sinusoid_density(
    amps: tf.Tensor, freqs: tf.Tensor, scale: float
) -> GaussianMixture:
    """Density over pitch whose bells are sinusoids.

    Args:
        amps: Amplitudes, [batch, n_frames, n_sinusoids]; those that are not positive
            count as 1e-7.
        freqs: Frequencies in Hz, the same shape.
        scale: Standard deviation of the bells in semitones.

    Returns:
        Density over MIDI notes for each frame.

    Example:
        >>> density = sinusoid_density(tf.ones([1, 1]), tf.fill([1, 1], 440.0), 1.0)
        >>> notes = tf.constant([[57.0, 69.0]])
        >>> int(tf.argmax(density.log_prob(notes)[0]))
        1
    """
    amps = core.tf_float32(amps)
    return GaussianMixture(
        tf.where(amps <= 0.0, 1e-7, amps), core.hz_to_midi(freqs), scale
    )


@gin.register(module="ddsp.losses")
class KDEConsistencyLoss(Loss):
    """Compares two sets of sinusoids by how likely each makes the other.

    Of different numbers of sinusoids and in any order, each set is taken as a density
    over pitch, and the other one's sinusoids as draws from it, weighted by amplitude.
    The loss has its least value, which is not 0, where densities and draws agree.

    Example:
        >>> amps, freqs = tf.ones([1, 1, 2]), tf.constant([[[200.0, 400.0]]])
        >>> loss = KDEConsistencyLoss()
        >>> bool(loss(amps, freqs, amps, freqs) < loss(amps, freqs, amps, 1.1 * freqs))
        True
    """

    def __init__(
        self,
        weight_a: float = 1.0,
        weight_b: float = 1.0,
        weight_mean_amp: float = 1.0,
        scale_a: float = 0.1,
        scale_b: float = 0.1,
        **kwargs: Any,
    ) -> None:
        """Sets weights; a term is computed only if its weight is positive.

        Args:
            weight_a: Factor on how unlikely b makes a.
            weight_b: Factor on how unlikely a makes b.
            weight_mean_amp: Factor on the difference of the mean amplitudes.
            scale_a: Standard deviation of a's bells in semitones.
            scale_b: Standard deviation of b's bells in semitones.
            **kwargs: Keras arguments: name.
        """
        super().__init__(**kwargs)
        self.weight_a = weight_a
        self.weight_b = weight_b
        self.weight_mean_amp = weight_mean_amp
        self.scale_a = scale_a
        self.scale_b = scale_b

    def call(
        self,
        amps_a: tf.Tensor,
        freqs_a: tf.Tensor,
        amps_b: tf.Tensor,
        freqs_b: tf.Tensor,
    ) -> tf.Tensor:
        """Compares.

        Args:
            amps_a: Amplitudes, [batch, n_frames, n_sinusoids].
            freqs_a: Frequencies in Hz, the same shape.
            amps_b: Other amplitudes; their number of sinusoids may differ.
            freqs_b: Other frequencies in Hz, the shape of amps_b.

        Returns:
            Scalar.
        """
        amps_a, freqs_a = core.tf_float32(amps_a), core.tf_float32(freqs_a)
        amps_b, freqs_b = core.tf_float32(amps_b), core.tf_float32(freqs_b)
        loss = tf.constant(0.0)
        if self.weight_a > 0.0:
            nll_a = self.nll(amps_a, freqs_a, amps_b, freqs_b, self.scale_b)
            loss += self.weight_a * tf.reduce_mean(nll_a)
        if self.weight_b > 0.0:
            nll_b = self.nll(amps_b, freqs_b, amps_a, freqs_a, self.scale_a)
            loss += self.weight_b * tf.reduce_mean(nll_b)
        if self.weight_mean_amp > 0.0:
            means = tf.reduce_mean(amps_a, axis=-1) - tf.reduce_mean(amps_b, axis=-1)
            loss += self.weight_mean_amp * tf.reduce_mean(tf.abs(means))
        return loss

    def nll(
        self,
        amps: tf.Tensor,
        freqs: tf.Tensor,
        amps_target: tf.Tensor,
        freqs_target: tf.Tensor,
        scale_target: float,
    ) -> tf.Tensor:
        """How unlikely sinusoids are, given target sinusoids.

        Args:
            amps: Amplitudes, [batch, n_frames, n_sinusoids].
            freqs: Frequencies in Hz, the same shape.
            amps_target: Amplitudes of the target, [batch, n_frames, n_targets].
            freqs_target: Frequencies of the target in Hz, the same shape.
            scale_target: Standard deviation of the target's bells in semitones.

        Returns:
            Negative log likelihoods, weighted by shares of amplitude, as a mean and not
            as a sum over the sinusoids: a sum's n_sinusoids-th part, [batch, n_frames].
        """
        amps = core.tf_float32(amps)
        density = self.kernel_density_estimate(amps_target, freqs_target, scale_target)
        nlls = -density.log_prob(core.hz_to_midi(freqs))
        total = tf.reduce_sum(amps, axis=-1, keepdims=True)
        return tf.reduce_mean(nlls * core.safe_divide(amps, total), axis=-1)

    def kernel_density_estimate(
        self, amps: tf.Tensor, freqs: tf.Tensor, scale: float
    ) -> GaussianMixture:
        """Density over pitch whose bells are sinusoids, see `sinusoid_density`.

        Args:
            amps: Amplitudes, [batch, n_frames, n_sinusoids].
            freqs: Frequencies in Hz, the same shape.
            scale: Standard deviation of the bells in semitones.

        Returns:
            Density over MIDI notes for each frame.
        """
        return sinusoid_density(amps, freqs, scale)

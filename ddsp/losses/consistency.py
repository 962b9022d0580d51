"""Losses that compare controls: amplitudes, pitches, distributions, parameters."""

from typing import Any

import gin
import tensorflow as tf

from ddsp import core
from ddsp.losses.base import Loss, TensorDict, mean_difference


def amp_loss(
    amp: tf.Tensor,
    amp_target: tf.Tensor,
    loss_type: str = "L1",
    weights: tf.Tensor | None = None,
    log: bool = False,
    amin: float = 1e-5,
) -> tf.Tensor:
    """Mean difference of amplitudes.

    Args:
        amp: Amplitudes, any shape.
        amp_target: Amplitudes to be matched, the same shape.
        loss_type: 'L1', 'L2' or 'COSINE', see `mean_difference`.
        weights: Factors on the differences.
        log: Whether to compare logarithms to base 10: 1 is 20 dB.
        amin: Amplitudes below this one count as this one, if log.

    Returns:
        Scalar.

    Example:
        >>> float(amp_loss(tf.constant([1.0]), tf.constant([0.1]), log=True))
        1.0
    """
    amp, amp_target = core.tf_float32(amp), core.tf_float32(amp_target)
    if log:
        amp = core.log10(tf.maximum(amin, amp))
        amp_target = core.log10(tf.maximum(amin, amp_target))
    return mean_difference(amp, amp_target, loss_type, weights)


def freq_loss(
    f_hz: tf.Tensor,
    f_hz_target: tf.Tensor,
    loss_type: str = "L1",
    weights: tf.Tensor | None = None,
) -> tf.Tensor:
    """Mean difference of frequencies in semitones.

    Args:
        f_hz: Frequencies in Hz, any shape. Those that are not positive count as MIDI
            note 0 and have no gradient.
        f_hz_target: Frequencies to be matched, the same shape.
        loss_type: 'L1', 'L2' or 'COSINE', see `mean_difference`.
        weights: Factors on the differences.

    Returns:
        Scalar.

    Example:
        >>> round(float(freq_loss(tf.constant([440.0]), tf.constant([220.0]))), 3)
        12.0
    """
    return mean_difference(
        core.hz_to_midi(f_hz), core.hz_to_midi(f_hz_target), loss_type, weights
    )


@gin.register(module="ddsp.losses")
class FilteredNoiseConsistencyLoss(Loss):
    """Compares the magnitudes of two filtered noises.

    Example:
        >>> loss = FilteredNoiseConsistencyLoss(weight=2.0)
        >>> float(loss(tf.ones([1, 10, 65]), tf.zeros([1, 10, 65])))
        2.0
    """

    def __init__(self, weight: float = 1.0, **kwargs: Any) -> None:
        """Sets the weight.

        Args:
            weight: Factor.
            **kwargs: Keras arguments: name.
        """
        super().__init__(**kwargs)
        self.weight = weight

    def call(
        self, noise_magnitudes: tf.Tensor, noise_magnitudes_target: tf.Tensor
    ) -> tf.Tensor:
        """Compares.

        Args:
            noise_magnitudes: Magnitudes, [batch, n_frames, n_bands].
            noise_magnitudes_target: Magnitudes to be matched, the same shape.

        Returns:
            Scalar, at least 0.
        """
        return self.weight * amp_loss(noise_magnitudes, noise_magnitudes_target)


@gin.register(module="ddsp.losses")
class HarmonicConsistencyLoss(Loss):
    """Compares the controls of two harmonic synthesizers.

    Pitch and distribution count only in frames in which the target is heard; the mean
    is nevertheless taken over all frames.

    Example:
        >>> amp, dist = tf.ones([1, 10, 1]), tf.fill([1, 10, 4], 0.25)
        >>> f0_hz = tf.fill([1, 10, 1], 440.0)
        >>> losses = HarmonicConsistencyLoss()(amp, amp, dist, dist, 2.0 * f0_hz, f0_hz)
        >>> {name: round(float(loss), 3) for name, loss in losses.items()}
        {'harm_amp_loss': 0.0, 'harm_dist_loss': 0.0, 'f0_hz_loss': 12.0}
    """

    def __init__(
        self,
        amp_weight: float = 1.0,
        dist_weight: float = 1.0,
        f0_weight: float = 1.0,
        amp_threshold: float = 1e-4,
        **kwargs: Any,
    ) -> None:
        """Sets weights.

        Args:
            amp_weight: Factor on the difference of amplitudes.
            dist_weight: Factor on the difference of distributions.
            f0_weight: Factor on the difference of pitch in semitones.
            amp_threshold: Target amplitude from which on a frame is heard.
            **kwargs: Keras arguments: name.
        """
        super().__init__(**kwargs)
        self.amp_weight = amp_weight
        self.dist_weight = dist_weight
        self.f0_weight = f0_weight
        self.amp_threshold = amp_threshold

    def call(
        self,
        harm_amp: tf.Tensor,
        harm_amp_target: tf.Tensor,
        harm_dist: tf.Tensor,
        harm_dist_target: tf.Tensor,
        f0_hz: tf.Tensor,
        f0_hz_target: tf.Tensor,
    ) -> TensorDict:
        """Compares.

        Args:
            harm_amp: Amplitudes, [batch, n_frames, 1].
            harm_amp_target: Amplitudes to be matched, [batch, n_frames, 1].
            harm_dist: Harmonic distribution, [batch, n_frames, n_harmonics].
            harm_dist_target: Distribution to be matched, the same shape.
            f0_hz: Pitch in Hz, [batch, n_frames, 1].
            f0_hz_target: Pitch to be matched in Hz, [batch, n_frames, 1].

        Returns:
            Scalars 'harm_amp_loss', 'harm_dist_loss' and 'f0_hz_loss', at least 0.
        """
        heard = tf.cast(harm_amp_target >= self.amp_threshold, tf.float32)
        amp = amp_loss(harm_amp, harm_amp_target)
        dist = amp_loss(harm_dist, harm_dist_target, weights=heard)
        f0 = freq_loss(f0_hz, f0_hz_target, weights=heard)
        return {
            "harm_amp_loss": self.amp_weight * amp,
            "harm_dist_loss": self.dist_weight * dist,
            "f0_hz_loss": self.f0_weight * f0,
        }


@gin.register(module="ddsp.losses")
class ParamLoss(Loss):
    """Compares any parameters.

    Example:
        >>> loss = ParamLoss(weight=3.0, loss_type='L2', name='f0_reconstruction')
        >>> float(loss(tf.zeros([1, 10, 1]), tf.fill([1, 10, 1], 2.0)))
        12.0
    """

    def __init__(
        self, weight: float = 1.0, loss_type: str = "L1", **kwargs: Any
    ) -> None:
        """Sets weight and kind.

        Args:
            weight: Factor.
            loss_type: 'L1', 'L2' or 'COSINE', see `mean_difference`.
            **kwargs: Keras arguments: name.
        """
        super().__init__(**kwargs)
        self.weight = weight
        self.loss_type = loss_type

    def call(
        self, pred: tf.Tensor, target: tf.Tensor, weights: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Compares.

        Args:
            pred: Parameters, any shape.
            target: Parameters to be matched, the same shape.
            weights: Factors on the differences, see `mean_difference`.

        Returns:
            Scalar.
        """
        difference = mean_difference(pred, target, self.loss_type, weights)
        return self.weight * difference

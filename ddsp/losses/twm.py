"""Which pitch explains a set of sinusoids: the two-way mismatch."""

from typing import Any

import gin
import numpy as np
import tensorflow as tf

from ddsp import core
from ddsp.losses.base import Loss
from ddsp.losses.kde import GaussianMixture, sinusoid_density


@gin.register(module="ddsp.losses")
class TWMLoss(Loss):
    """Two-way mismatch of candidate pitches and sinusoids, as a likelihood.

    A candidate is good if the sinusoids lie on its harmonics and its harmonics lie on
    sinusoids (Maher and Beauchamp, "Fundamental frequency estimation of musical signals
    using a two-way mismatch procedure", JASA 95, 1994; as a likelihood: Engel et al.,
    ICML SAS workshop 2020).

    Example:
        >>> number = tf.range(1.0, 9.0)[tf.newaxis, tf.newaxis, :]
        >>> candidates = tf.constant([[[110.0, 220.0, 440.0]]])
        >>> TWMLoss().predict_f0(candidates, 220.0 * number, 1.0 / number).tolist()
        [[[220.0]]]
    """

    def __init__(
        self,
        sinusoids_weight: float = 1.0,
        harmonics_weight: float = 1.0,
        sinusoids_scale: float = 0.5,
        harmonics_scale: float = 0.2,
        n_harmonic_points: int = 10,
        n_harmonic_gaussians: int = 30,
        softmin_temperature: float = 1.0,
        sample_rate: int = 16000,
        **kwargs: Any,
    ) -> None:
        """Sets weights and widths.

        Args:
            sinusoids_weight: Factor on how far sinusoids are from harmonics.
            harmonics_weight: Factor on how far harmonics are from sinusoids.
            sinusoids_scale: Standard deviation of the sinusoids' bells in semitones.
            harmonics_scale: Standard deviation of the harmonics' bells, in multiples of
                the candidate.
            n_harmonic_points: Number of harmonics that should lie on sinusoids.
            n_harmonic_gaussians: Number of harmonics on which sinusoids may lie.
            softmin_temperature: The smaller, the more the best candidate decides.
            sample_rate: Samples per second; harmonics from half of it on do not count.
            **kwargs: Keras arguments: name.
        """
        super().__init__(**kwargs)
        self.sinusoids_weight = sinusoids_weight
        self.harmonics_weight = harmonics_weight
        self.sinusoids_scale = sinusoids_scale
        self.harmonics_scale = harmonics_scale
        self.n_harmonic_points = n_harmonic_points
        self.n_harmonic_gaussians = n_harmonic_gaussians
        self.softmin_temperature = softmin_temperature
        self.sample_rate = sample_rate

    def call(
        self, f0_candidates: tf.Tensor, freqs: tf.Tensor, amps: tf.Tensor
    ) -> tf.Tensor:
        """Mean mismatch, in which good candidates have the greatest weight.

        Args:
            f0_candidates: Pitches in Hz, [batch, n_frames, n_candidates].
            freqs: Frequencies in Hz, [batch, n_frames, n_sinusoids].
            amps: Amplitudes, the same shape.

        Returns:
            Scalar. It is the weighted mismatch of a frame divided by the number of
            candidates: each one's share is averaged, not summed. A candidate without a
            harmonic below half the sample rate has no share, if any other has one.
        """
        mismatch = self._mismatch(f0_candidates, freqs, amps)
        scores = -mismatch / self.softmin_temperature
        audible = self._audible(f0_candidates)
        shares = tf.nn.softmax(tf.where(audible, scores, scores.dtype.min), axis=-1)
        return tf.reduce_mean(mismatch * shares)

    def predict_f0(
        self, f0_candidates: tf.Tensor, freqs: tf.Tensor, amps: tf.Tensor
    ) -> np.ndarray:
        """Chooses the candidate with the least mismatch.

        Args:
            f0_candidates: Pitches in Hz, [batch, n_frames, n_candidates].
            freqs: Frequencies in Hz, [batch, n_frames, n_sinusoids].
            amps: Amplitudes, the same shape.

        Returns:
            Pitch in Hz, array, [batch, n_frames, 1]. Candidates that are not numbers,
            or not below half the sample rate, are chosen only if there are no others.
        """
        mismatch = self._mismatch(f0_candidates, freqs, amps).numpy()
        possible = self._audible(f0_candidates).numpy() & ~np.isnan(mismatch)
        mismatch = np.where(possible, mismatch, np.inf)
        best = mismatch.argmin(axis=-1)[..., np.newaxis]
        return np.take_along_axis(np.asarray(f0_candidates), best, axis=-1)

    def get_loss_tensors(
        self, f0_candidates: tf.Tensor, freqs: tf.Tensor, amps: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Both directions of the mismatch, without weights.

        Args:
            f0_candidates: Pitches in Hz, [batch, n_frames, n_candidates].
            freqs: Frequencies in Hz, [batch, n_frames, n_sinusoids].
            amps: Amplitudes, the same shape.

        Returns:
            How unlikely each candidate makes the sinusoids, and how unlikely the
            sinusoids make its harmonics: two tensors, [batch, n_frames, n_candidates].
            The harmonics of a candidate that has none below half the sample rate all
            count.
        """
        f0_candidates = core.tf_float32(f0_candidates)
        freqs, amps = core.tf_float32(freqs), core.tf_float32(amps)
        return (
            self._sinusoids_loss(f0_candidates, freqs, amps),
            self._harmonics_loss(f0_candidates, freqs, amps),
        )

    def get_p_sinusoids_given_harmonics(self) -> GaussianMixture:
        """Density of a sinusoid's frequency in multiples of the candidate.

        Returns:
            Equal bells at 1, 2, ..., n_harmonic_gaussians.
        """
        centers = tf.range(1.0, self.n_harmonic_gaussians + 1.0)
        return GaussianMixture(tf.ones_like(centers), centers, self.harmonics_scale)

    def get_p_harmonics_given_sinusoids(
        self, freqs: tf.Tensor, amps: tf.Tensor
    ) -> GaussianMixture:
        """Density of a harmonic's pitch.

        Args:
            freqs: Frequencies in Hz, [batch, n_frames, n_sinusoids].
            amps: Amplitudes, the same shape.

        Returns:
            Density over MIDI notes for each frame.
        """
        return sinusoid_density(amps, freqs, self.sinusoids_scale)

    def get_candidate_harmonics(
        self, f0_candidates: tf.Tensor, as_midi: bool = True
    ) -> tf.Tensor:
        """Harmonics of each candidate.

        Args:
            f0_candidates: Pitches in Hz, [batch, n_frames, n_candidates].
            as_midi: Whether to return MIDI notes instead of Hz.

        Returns:
            [batch, n_frames, n_candidates, n_harmonic_points].
        """
        numbers = tf.range(1.0, self.n_harmonic_points + 1.0)
        harmonics = core.tf_float32(f0_candidates)[..., tf.newaxis] * numbers
        return core.hz_to_midi(harmonics) if as_midi else harmonics

    def _mismatch(
        self, f0_candidates: tf.Tensor, freqs: tf.Tensor, amps: tf.Tensor
    ) -> tf.Tensor:
        """Weighted sum of both directions, [batch, n_frames, n_candidates]."""
        sinusoids, harmonics = self.get_loss_tensors(f0_candidates, freqs, amps)
        return self.sinusoids_weight * sinusoids + self.harmonics_weight * harmonics

    def _audible(self, f0_candidates: tf.Tensor) -> tf.Tensor:
        """Whether a candidate has any harmonic that counts."""
        return core.tf_float32(f0_candidates) < self.sample_rate / 2.0

    def _sinusoids_loss(
        self, f0_candidates: tf.Tensor, freqs: tf.Tensor, amps: tf.Tensor
    ) -> tf.Tensor:
        """Mean over sinusoids, weighted by amplitude."""
        ratios = core.safe_divide(
            freqs[:, :, tf.newaxis, :], f0_candidates[..., tf.newaxis]
        )
        nlls = -self.get_p_sinusoids_given_harmonics().log_prob(ratios)
        weighted = tf.reduce_sum(nlls * amps[:, :, tf.newaxis, :], axis=-1)
        return core.safe_divide(weighted, tf.reduce_sum(amps, axis=-1, keepdims=True))

    def _harmonics_loss(
        self, f0_candidates: tf.Tensor, freqs: tf.Tensor, amps: tf.Tensor
    ) -> tf.Tensor:
        """Mean over audible harmonics, weighted by 1 for the first to 1 / n."""
        harmonics = self.get_candidate_harmonics(f0_candidates)
        density = self.get_p_harmonics_given_sinusoids(
            freqs[:, :, tf.newaxis, :], amps[:, :, tf.newaxis, :]
        )
        n_points = self.n_harmonic_points
        nlls = -density.log_prob(harmonics) * tf.linspace(1.0, 1.0 / n_points, n_points)
        audible = harmonics < core.hz_to_midi(self.sample_rate / 2.0)
        # No harmonic would be no mismatch, the best of all.
        audible |= ~tf.reduce_any(audible, axis=-1, keepdims=True)
        audible = tf.cast(audible, tf.float32)
        share = tf.reduce_mean(audible, axis=-1, keepdims=True)
        return tf.reduce_mean(nlls * audible / share, axis=-1)

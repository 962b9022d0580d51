"""The multi-scale spectral loss."""

import functools
from collections.abc import Sequence
from typing import Any

import gin
import tensorflow as tf

from ddsp import core, spectral_ops
from ddsp.core.checks import check_choice
from ddsp.losses.base import Loss, mean_difference
from ddsp.losses.lengths import check_lengths
from ddsp.losses.magnitude_distance import magnitude_distance, powers
from ddsp.spectral_ops.spectrograms import drop_channel_axis


@gin.register(module="ddsp.losses")
class SpectralLoss(Loss):
    """Compares two sounds by their spectrograms at several resolutions.

    The loss of the paper (Engel et al., ICLR 2020, section 4.2.1) is mag_weight = 1 and
    logmag_weight = 1; the latter is off by default.

    Example:
        >>> import tensorflow as tf
        >>> audio = tf.random.normal([1, 8000])
        >>> float(SpectralLoss(logmag_weight=1.0)(audio, audio))
        0.0
    """

    def __init__(
        self,
        fft_sizes: Sequence[int] = (2048, 1024, 512, 256, 128, 64),
        loss_type: str = "L1",
        mag_weight: float = 1.0,
        delta_time_weight: float = 0.0,
        delta_freq_weight: float = 0.0,
        cumsum_freq_weight: float = 0.0,
        logmag_weight: float = 0.0,
        loudness_weight: float = 0.0,
        name: str = "spectral_loss",
        sample_rate: int = 16000,
    ) -> None:
        """Chooses resolutions and terms. A term of weight 0 costs nothing.

        Args:
            fft_sizes: Window sizes in samples, each with an overlap of 3/4.
            loss_type: 'L1', 'L2' or 'COSINE'.
            mag_weight: Weight of the magnitudes.
            delta_time_weight: Weight of their differences from frame to frame.
            delta_freq_weight: Weight of their differences from bin to bin.
            cumsum_freq_weight: Weight of their running sums over frequency.
            logmag_weight: Weight of the logarithms of the magnitudes.
            loudness_weight: Weight of perceived loudness, added once.
            name: Name.
            sample_rate: Samples per second; only loudness depends on it.

        Raises:
            ValueError: If loss_type is unknown.
        """
        super().__init__(name=name)
        check_choice("loss_type", loss_type, ("L1", "L2", "COSINE"), any_case=True)
        self.fft_sizes = fft_sizes
        self.loss_type = loss_type
        self.mag_weight = mag_weight
        self.delta_time_weight = delta_time_weight
        self.delta_freq_weight = delta_freq_weight
        self.cumsum_freq_weight = cumsum_freq_weight
        self.logmag_weight = logmag_weight
        self.loudness_weight = loudness_weight
        self.sample_rate = sample_rate
        self.spectrogram_ops = [
            functools.partial(spectral_ops.compute_mag, size=size) for size in fft_sizes
        ]

    def call(
        self,
        target_audio: tf.Tensor,
        audio: tf.Tensor,
        weights: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Compares.

        Args:
            target_audio: Sound to be matched, [batch, n_samples] or
                [batch, n_samples, 1].
            audio: Sound, the same shape.
            weights: Factors that broadcast against every term.

        Returns:
            Scalar, at least 0.

        Raises:
            ValueError: If the sounds differ in length.
        """
        check_lengths(target_audio=target_audio, audio=audio)
        total = tf.constant(0.0)
        written_out = [
            size
            for size, _ in self._resolutions()
            if weights is None and self._is_paper_form(size)
        ]
        # The target waits for nothing: it is analysed while a model is still at work.
        target_powers = dict(
            zip(written_out, powers(_mono(target_audio), written_out), strict=True)
        )
        for size, compute_mag in self._resolutions():
            # One size after the other, so that only one at a time takes memory.
            with tf.control_dependencies([total]):
                value = tf.identity(audio)
            if size in target_powers:
                total += magnitude_distance(
                    target_powers[size],
                    _mono(value),
                    size,
                    self.mag_weight,
                    self.logmag_weight,
                )
            else:
                with tf.control_dependencies([total]):
                    target = tf.identity(target_audio)
                total += self._compare(compute_mag(target), compute_mag(value), weights)
        if self.loudness_weight > 0:
            target, value = (
                spectral_ops.compute_loudness(x, self.sample_rate, n_fft=2048)
                for x in (target_audio, audio)
            )
            total += self.loudness_weight * mean_difference(
                target, value, self.loss_type, weights
            )
        return total

    def _resolutions(self) -> list[tuple[int, Any]]:
        """Window sizes with their spectrograms; none if no term needs them."""
        weights = (
            self.mag_weight,
            self.logmag_weight,
            self.delta_time_weight,
            self.delta_freq_weight,
            self.cumsum_freq_weight,
        )
        if max(weights) <= 0:
            return []
        return list(zip(self.fft_sizes, self.spectrogram_ops, strict=True))

    def _is_paper_form(self, size: int) -> bool:
        """Whether only magnitudes and their logarithms are compared, by L1."""
        others = (
            self.delta_time_weight,
            self.delta_freq_weight,
            self.cumsum_freq_weight,
        )
        return (
            size % 4 == 0
            and self.loss_type.upper() == "L1"
            and all(weight <= 0 for weight in others)
            and min(self.mag_weight, self.logmag_weight) >= 0
        )

    def _compare(self, target: tf.Tensor, value: tf.Tensor, weights: Any) -> tf.Tensor:
        """Weighted sum of the terms of one resolution."""
        terms = [
            (self.mag_weight, lambda x: x),
            (self.delta_time_weight, lambda x: core.diff(x, axis=1)),
            (self.delta_freq_weight, lambda x: core.diff(x, axis=2)),
            (self.cumsum_freq_weight, lambda x: tf.cumsum(x, axis=2)),
            (self.logmag_weight, spectral_ops.safe_log),
        ]
        total = tf.constant(0.0)
        for weight, view in terms:
            if weight > 0:
                difference = mean_difference(
                    view(target), view(value), self.loss_type, weights
                )
                total += weight * difference
        return total


def _mono(audio: tf.Tensor) -> tf.Tensor:
    """Audio, float32, [batch, n_samples]."""
    return drop_channel_axis(core.tf_float32(audio))

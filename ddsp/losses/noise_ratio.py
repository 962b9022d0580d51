"""A loss on how strong noise is beside harmonics."""

import gin
import tensorflow as tf

from ddsp import core, spectral_ops
from ddsp.core.checks import check_choice
from ddsp.losses.base import Loss, mean_difference
from ddsp.losses.lengths import check_lengths


@gin.register(module="ddsp.losses")
class NoiseToHarmonicsLoss(Loss):
    """Keeps the noise of a synthesizer from taking over its harmonics.

    A spectral loss alone does not mind which branch makes a sound, and filtered noise
    can imitate harmonics that the network has not learnt yet. This loss looks at the
    two branches before they are added. r is their noise-to-harmonics ratio in dB, see
    `spectral_ops.compute_noise_to_harmonics`:

    - without a target, the mean of max(r - max_ratio_db, 0), where r - max_ratio_db is
      the ratio of the noise to the strongest allowed noise: frames with less noise
      than allowed, and silent frames, cost nothing;
    - with a target, whose branches are known, the mean difference of r and its r.

    The noise is the first argument and the harmonics are the second, in the target too:
    the other way round the loss would drive the noise up.

    Example:
        >>> harmonic = tf.sin(tf.range(16000, dtype=tf.float32))[tf.newaxis]
        >>> loss = NoiseToHarmonicsLoss(max_ratio_db=-20.0)
        >>> round(float(loss(0.01 * harmonic, harmonic)), 2)  # -40 dB
        0.0
        >>> round(float(loss(harmonic, harmonic)), 2)  # 0 dB
        20.0
    """

    def __init__(
        self,
        weight: float = 1.0,
        loss_type: str = "L1",
        max_ratio_db: float = 0.0,
        sample_rate: int = 16000,
        frame_rate: float = 250,
        frame_size: int = 1024,
        floor_db: float = -core.DB_RANGE,
        name: str = "noise_to_harmonics_loss",
    ) -> None:
        """Chooses what is allowed. The loss is in dB, so small weights are usual.

        Args:
            weight: Factor; nothing is computed unless it is positive.
            loss_type: How ratios are compared: 'L1' or 'L2', see `mean_difference`.
            max_ratio_db: Ratio up to which noise costs nothing without a target: 0
                allows it to be as strong as the harmonics.
            sample_rate: Samples per second.
            frame_rate: Frames per second.
            frame_size: Samples of a frame; two periods of the lowest pitch or more.
            floor_db: Level in dB below which a signal counts as silent.
            name: Name.

        Raises:
            ValueError: If loss_type is another.
        """
        super().__init__(name=name)
        check_choice("loss_type", loss_type, ("L1", "L2"), any_case=True)
        self.weight = weight
        self.loss_type = loss_type
        self.max_ratio_db = max_ratio_db
        self.sample_rate = sample_rate
        self.frame_rate = frame_rate
        self.frame_size = frame_size
        self.floor_db = floor_db

    def call(
        self,
        noise_audio: tf.Tensor,
        harmonic_audio: tf.Tensor,
        target_noise_audio: tf.Tensor | None = None,
        target_harmonic_audio: tf.Tensor | None = None,
        weights: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Compares the ratio with its target or its limit.

        Args:
            noise_audio: Signal of the noise branch, [batch, n_samples] or
                [batch, n_samples, 1].
            harmonic_audio: Signal of the harmonic branch, of the same length.
            target_noise_audio: Noise to be matched, as long, or None.
            target_harmonic_audio: Harmonics to be matched, as long, or None.
            weights: Factors on the frames, e.g. how sure the pitch is, which broadcast
                against [batch, n_frames].

        Returns:
            Scalar in dB (its square for 'L2') times the weight, at least 0.

        Raises:
            ValueError: If only one half of the target is given, or the sounds differ in
                length.
        """
        if (target_noise_audio is None) != (target_harmonic_audio is None):
            raise ValueError(
                "A target must have both of its signals. Got only one of "
                "target_noise_audio and target_harmonic_audio; pass both or neither."
            )
        check_lengths(
            noise_audio=noise_audio,
            harmonic_audio=harmonic_audio,
            target_noise_audio=target_noise_audio,
            target_harmonic_audio=target_harmonic_audio,
        )
        if self.weight <= 0.0:
            return tf.constant(0.0)
        if target_noise_audio is None:
            allowed = harmonic_audio * core.db_to_amplitude(self.max_ratio_db)
            value = tf.nn.relu(self._ratio_db(noise_audio, allowed))
            target = tf.zeros_like(value)
        else:
            value = self._ratio_db(noise_audio, harmonic_audio)
            target = self._ratio_db(target_noise_audio, target_harmonic_audio)
        return self.weight * mean_difference(target, value, self.loss_type, weights)

    def _ratio_db(self, noise: tf.Tensor, harmonics: tf.Tensor) -> tf.Tensor:
        """Ratio of each frame in dB, [batch, n_frames]."""
        return spectral_ops.compute_noise_to_harmonics(
            noise,
            harmonics,
            sample_rate=self.sample_rate,
            frame_rate=self.frame_rate,
            frame_size=self.frame_size,
            floor_db=self.floor_db,
        )

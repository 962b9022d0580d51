"""Pitch and loudness at the length of the other controls."""

from typing import Any

import gin
import tensorflow as tf

from ddsp import core, spectral_ops
from ddsp.training import nn
from ddsp.training.preprocessing.scaling import (
    at_least_3d,
    inv_scale_db,
    inv_scale_f0_hz,
    scale_db,
    scale_f0_hz,
)


@gin.register(module="ddsp.training.preprocessing")
class F0LoudnessPreprocessor(nn.DictLayer):
    """Brings pitch and loudness to one length and to [0, 1].

    Example:
        >>> preprocessor = F0LoudnessPreprocessor(time_steps=2, compute_loudness=False)
        >>> features = {
        ...     'f0_hz': tf.fill([1, 2], 440.0), 'loudness_db': tf.fill([1, 2], -20.0)}
        >>> preprocessor(features)['ld_scaled'].numpy().tolist()
        [[[0.75], [0.75]]]
    """

    output_keys = ("f0_hz", "loudness_db", "f0_scaled", "ld_scaled")

    def __init__(
        self,
        time_steps: int = 1000,
        frame_rate: int = 250,
        sample_rate: int = 16000,
        compute_loudness: bool = True,
        centered: bool = False,
        **kwargs: Any,
    ) -> None:
        """Sets lengths and rates.

        Args:
            time_steps: Frames of every output.
            frame_rate: Frames per second at which loudness is computed.
            sample_rate: Samples per second of the audio.
            compute_loudness: Whether loudness is computed from the audio, which then
                must be among the features, rather than taken from them.
            centered: Whether features with exactly one frame more than time_steps, as
                centred analysis gives, lose their last frame. Otherwise they are
                squeezed, which moves them against the audio.
            **kwargs: Arguments of a Keras layer.
        """
        super().__init__(**kwargs)
        self.time_steps = time_steps
        self.frame_rate = frame_rate
        self.sample_rate = sample_rate
        self.compute_loudness = compute_loudness
        self.centered = centered

    def call(
        self, loudness_db: tf.Tensor, f0_hz: tf.Tensor, audio: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, ...]:
        """Resamples and scales.

        Args:
            loudness_db: Loudness in dB, [batch, n_frames] or [batch, n_frames, 1]. Not
                used if it is computed.
            f0_hz: Pitch in Hz, the same shapes.
            audio: Sound, [batch, n_samples]. Needed if loudness is computed.

        Returns:
            'f0_hz', 'loudness_db' and both scaled to [0, 1], [batch, time_steps, 1].

        Raises:
            ValueError: If loudness is to be computed and there is no audio.
        """
        if self.compute_loudness:
            if audio is None:
                raise ValueError(
                    "compute_loudness=True needs audio among the features. Got "
                    "audio=None; pass audio, or bind "
                    "F0LoudnessPreprocessor.compute_loudness=False to use the "
                    "loudness_db that is given."
                )
            loudness_db = spectral_ops.compute_loudness(
                audio, sample_rate=self.sample_rate, frame_rate=self.frame_rate
            )
        f0_hz, loudness_db = self.resample(f0_hz), self.resample(loudness_db)
        return f0_hz, loudness_db, scale_f0_hz(f0_hz), scale_db(loudness_db)

    @staticmethod
    def invert_scaling(
        f0_scaled: tf.Tensor, ld_scaled: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Undoes the scaling.

        Args:
            f0_scaled: Pitch from 0 to 1, any shape.
            ld_scaled: Loudness from 0 to 1, any shape.

        Returns:
            Pitch in Hz and loudness in dB, same shapes.
        """
        return inv_scale_f0_hz(f0_scaled), inv_scale_db(ld_scaled)

    def resample(self, x: tf.Tensor) -> tf.Tensor:
        """Brings a feature to the length of the outputs.

        Args:
            x: [n_frames], [batch, n_frames] or [batch, n_frames, n_channels].

        Returns:
            [batch, time_steps, n_channels].
        """
        x = at_least_3d(x)
        if self.centered:
            x = self._without_centering_frame(x)
        return core.resample(x, self.time_steps)

    def _without_centering_frame(self, x: tf.Tensor) -> tf.Tensor:
        """Drops the frame that centred analysis puts at the very end."""
        n_frames = x.shape[1]
        if n_frames is None:
            n_frames = tf.shape(x)[1]
            surplus = tf.cast(n_frames == self.time_steps + 1, n_frames.dtype)
            return x[:, : n_frames - surplus]
        return x[:, : self.time_steps] if n_frames == self.time_steps + 1 else x

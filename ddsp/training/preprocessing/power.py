"""Pitch and power at the length of the other controls."""

from typing import Any

import gin
import tensorflow as tf

from ddsp import spectral_ops
from ddsp.training.preprocessing.loudness import F0LoudnessPreprocessor
from ddsp.training.preprocessing.scaling import (
    inv_scale_db,
    inv_scale_f0_hz,
    scale_db,
    scale_f0_hz,
)


@gin.register(module="ddsp.training.preprocessing")
class F0PowerPreprocessor(F0LoudnessPreprocessor):
    """Brings pitch and power to one length and to [0, 1].

    Example:
        >>> preprocessor = F0PowerPreprocessor(time_steps=2)
        >>> features = {
        ...     'f0_hz': tf.fill([1, 2], 440.0), 'power_db': tf.fill([1, 2], -20.0)}
        >>> preprocessor(features)['pw_scaled'].numpy().tolist()
        [[[0.75], [0.75]]]
    """

    output_keys = ("f0_hz", "pw_db", "f0_scaled", "pw_scaled")

    def __init__(
        self,
        time_steps: int = 1000,
        frame_rate: int = 250,
        sample_rate: int = 16000,
        frame_size: int = 64,
        centered: bool = False,
        **kwargs: Any,
    ) -> None:
        """Sets lengths and rates.

        Args:
            time_steps: Frames of every output.
            frame_rate: Frames per second at which power is computed.
            sample_rate: Samples per second of the audio.
            frame_size: Samples of a frame of which the power is computed.
            centered: Whether features with exactly one frame more than time_steps, as
                centred analysis gives, lose their last frame. Otherwise they are
                squeezed, which moves them against the audio.
            **kwargs: Arguments of a Keras layer.
        """
        super().__init__(
            time_steps=time_steps,
            frame_rate=frame_rate,
            sample_rate=sample_rate,
            compute_loudness=False,
            centered=centered,
            **kwargs,
        )
        self.frame_size = frame_size

    def call(  # type: ignore[override]
        self,
        f0_hz: tf.Tensor,
        power_db: tf.Tensor | None = None,
        audio: tf.Tensor | None = None,
    ) -> tuple[tf.Tensor, ...]:
        """Resamples and scales.

        Args:
            f0_hz: Pitch in Hz, [batch, n_frames] or [batch, n_frames, 1].
            power_db: Power in dB, the same shapes. None computes it from the audio.
            audio: Sound, [batch, n_samples]. Needed if power is computed.

        Returns:
            'f0_hz', 'pw_db' and both scaled to [0, 1], [batch, time_steps, 1].

        Raises:
            ValueError: If there is neither power nor audio.
        """
        if power_db is None:
            if audio is None:
                raise ValueError(
                    "F0PowerPreprocessor needs power_db or audio among the features. "
                    "Got power_db=None and audio=None; pass one of them."
                )
            power_db = spectral_ops.compute_power(
                audio,
                sample_rate=self.sample_rate,
                frame_rate=self.frame_rate,
                frame_size=self.frame_size,
            )
        f0_hz, pw_db = self.resample(f0_hz), self.resample(power_db)
        return f0_hz, pw_db, scale_f0_hz(f0_hz), scale_db(pw_db)

    @staticmethod
    def invert_scaling(
        f0_scaled: tf.Tensor, pw_scaled: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Undoes the scaling.

        Args:
            f0_scaled: Pitch from 0 to 1, any shape.
            pw_scaled: Power from 0 to 1, any shape.

        Returns:
            Pitch in Hz and power in dB, same shapes.
        """
        return inv_scale_f0_hz(f0_scaled), inv_scale_db(pw_scaled)

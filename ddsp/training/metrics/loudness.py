"""How near the loudness of generated sound is."""

from typing import Any

import numpy as np

from ddsp.training.metrics.base import BaseMetrics, l1_distance, make_means
from ddsp.training.metrics.sound_features import (
    measure_loudness,
    reference_sounds,
    to_16k,
)


class LoudnessMetrics(BaseMetrics):
    """Mean distance in dB between the loudness of sounds and of what they became.

    Example:
        >>> import tensorflow as tf
        >>> metrics = LoudnessMetrics(sample_rate=16000, frame_rate=250)
        >>> noise = 0.1 * tf.random.normal([2, 16000])
        >>> metrics.update_state({"audio": noise}, audio_gen=noise / 10.0)
        >>> distance_db = metrics.flush(step=1)["metrics/loudness/loudness_db"]
        >>> round(distance_db)
        20
    """

    def __init__(
        self, sample_rate: int, frame_rate: float, name: str = "loudness"
    ) -> None:
        """Starts without values.

        Args:
            sample_rate: Samples per second of the audio.
            frame_rate: Frames per second at which loudness is compared.
            name: Second part of the tags.
        """
        super().__init__(sample_rate, frame_rate, name)
        self._metrics = make_means("loudness_db")

    def update_state(self, batch: dict[str, Any], audio_gen: Any) -> None:
        """Takes a batch.

        Args:
            batch: 'audio', [batch, n_samples], whose loudness is measured as that of
                the generated sounds is; or, without it, 'loudness_db',
                [batch, n_frames].
            audio_gen: Generated sounds, [batch, n_samples].
        """
        sounds = reference_sounds(batch, self._sample_rate)
        if sounds is None:
            loudness_db = np.asarray(batch["loudness_db"], np.float32)
            loudness_db = loudness_db.reshape(len(loudness_db), -1)
            n_frames = loudness_db.shape[1]
        else:
            loudness_db, n_frames = measure_loudness(sounds, self._frame_rate), None
        generated = to_16k(audio_gen, self._sample_rate)
        generated_db = measure_loudness(generated, self._frame_rate, n_frames)
        for curves in zip(generated_db, loudness_db, strict=True):
            self.metrics["loudness_db"].update_state(l1_distance(*curves).mean())

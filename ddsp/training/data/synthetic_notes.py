"""Notes that were synthesised from known controls."""

from collections.abc import Sequence

import gin
import tensorflow as tf

from ddsp.training.data.tfrecord import LegacyTFRecordProvider


@gin.register(module="ddsp.training.data")
class SyntheticNotes(LegacyTFRecordProvider):
    """Reads controls of synthetic notes, from which a model learns to find them.

    Examples have no audio: whoever trains synthesises it from the controls. These are
    `f0_hz` and `harm_amp`, [n_timesteps, 1], `harm_dist`, `sin_amps` and `sin_freqs`,
    [n_timesteps, n_harmonics], and `noise_magnitudes`, [n_timesteps, n_mags].

    Example:
        >>> provider = SyntheticNotes(125, 100, 65, "notes.tfrecord*")
        >>> provider.features_dict["harm_dist"].shape
        [125, 100]
    """

    def __init__(
        self,
        n_timesteps: int,
        n_harmonics: int,
        n_mags: int,
        file_pattern: str | Sequence[str] | None = None,
        sample_rate: int = 16000,
        frame_rate: int = 250,
        seed: int | None = None,
    ) -> None:
        """Describes the examples, which is not written in the records themselves.

        Args:
            n_timesteps: Frames of an example.
            n_harmonics: Harmonics of a frame.
            n_mags: Bands of noise of a frame.
            file_pattern: Pattern or patterns of record files.
            sample_rate: Samples per second of the audio that is made of the notes.
            frame_rate: Frames per second. The original always says 250.
            seed: Seed of the order in `get_dataset` and `get_batch`.

        Raises:
            NotImplementedError: If there is no file_pattern.
        """
        self._n_timesteps = n_timesteps
        self._n_harmonics = n_harmonics
        self._n_mags = n_mags
        super().__init__(
            file_pattern, sample_rate=sample_rate, frame_rate=frame_rate, seed=seed
        )

    @property
    def features_dict(self) -> dict[str, tf.io.FixedLenFeature]:
        """The features of a record by name, as `tf.io.parse_example` wants them."""
        sizes = {
            "f0_hz": 1,
            "harm_amp": 1,
            "harm_dist": self._n_harmonics,
            "sin_amps": self._n_harmonics,
            "sin_freqs": self._n_harmonics,
            "noise_magnitudes": self._n_mags,
        }
        return {
            name: tf.io.FixedLenFeature([self._n_timesteps, size], tf.float32)
            for name, size in sizes.items()
        }

    def _settings(self) -> dict[str, int]:
        """Arguments that the lengths follow from."""
        return {
            "n_timesteps": self._n_timesteps,
            "n_harmonics": self._n_harmonics,
            "n_mags": self._n_mags,
        }

"""Pitch and power of audio as it comes, with analysis that can run while playing."""

from typing import Any

import gin
import tensorflow as tf

from ddsp import spectral_ops
from ddsp.spectral_ops.framing import get_hop_size
from ddsp.training import nn
from ddsp.training.preprocessing.scaling import at_least_3d, scale_db, scale_f0_hz


@gin.register(module="ddsp.training.preprocessing")
class OnlineF0PowerPreprocessor(nn.DictLayer):
    """Measures pitch and power, or takes them, and scales them to [0, 1].

    Nothing is resampled: all features have the frames of the audio. The pitch network
    is no part of the model: it is not trained, and checkpoints do not hold it.

    Example:
        >>> preprocessor = OnlineF0PowerPreprocessor(compute_f0=False)
        >>> features = {
        ...     'audio': tf.ones([1, 64]), 'f0_hz': tf.fill([1, 2], 440.0),
        ...     'f0_confidence': tf.ones([1, 2])}
        >>> preprocessor(features)['f0_confidence'].shape
        TensorShape([1, 2, 1])
    """

    output_keys = ("f0_hz", "pw_db", "f0_scaled", "pw_scaled", "f0_confidence")

    def __init__(
        self,
        frame_rate: int = 250,
        frame_size: int = 1024,
        padding: str = "center",
        compute_power: bool = True,
        compute_f0: bool = True,
        crepe_saved_model_path: str | None = "full",
        viterbi: bool = False,
        **kwargs: Any,
    ) -> None:
        """Sets the frames and loads the pitch network if it is needed.

        Args:
            frame_rate: Frames per second; the hop is rounded down to whole samples.
            frame_size: Samples of a frame of which the power is computed, at 16000
                samples per second. Frames of pitch have 1024.
            padding: 'center', 'same' or 'valid', see `spectral_ops.get_framed_lengths`.
            compute_power: Whether power is computed from the audio rather than taken
                from the features.
            compute_f0: Whether pitch is computed from the audio rather than taken from
                the features.
            crepe_saved_model_path: Pitch network: 'tiny', which is bundled; 'full',
                which the extra `crepe` brings; or a path, see
                `spectral_ops.PretrainedCREPE`. Not used if compute_f0 is False.
            viterbi: Whether to choose the likeliest melody instead of each frame's
                likeliest pitch.
            **kwargs: Arguments of a Keras layer.

        Raises:
            ValueError: If padding is unknown, frames are closer than samples, or pitch
                is to be computed without a network that can be loaded.
        """
        super().__init__(**kwargs)
        self.sample_rate = spectral_ops.CREPE_SAMPLE_RATE
        self.frame_rate = frame_rate
        self.frame_size = frame_size
        self.hop_size = get_hop_size(self.sample_rate, frame_rate)
        self.compute_f0 = compute_f0
        self.compute_power = compute_power
        self.padding = padding
        self.viterbi = viterbi
        self._n_frames(0)  # Refuses an unknown padding.
        crepe_model = None
        if compute_f0:
            crepe_model = _load_crepe(crepe_saved_model_path, self.hop_size)
        # Keras would count the network's weights among the model's.
        object.__setattr__(self, "crepe_model", crepe_model)

    def checkpoint_children(self) -> dict[str, Any]:
        """Names what checkpoints hold, which is nothing.

        Returns:
            An empty dictionary.
        """
        return {}

    def call(
        self,
        audio: tf.Tensor,
        f0_hz: tf.Tensor | None = None,
        f0_confidence: tf.Tensor | None = None,
        audio_16k: tf.Tensor | None = None,
        pw_db: tf.Tensor | None = None,
    ) -> tuple[tf.Tensor, ...]:
        """Measures and scales.

        Args:
            audio: Sound, [batch, n_samples]. It has 16000 samples per second, unless
                there is an audio_16k.
            f0_hz: Pitch in Hz, [batch, n_frames] or [batch, n_frames, 1]. Not used if
                it is computed.
            f0_confidence: How sure the pitch is, from 0 to 1, the same shapes. Not used
                if pitch is computed.
            audio_16k: The same sound with 16000 samples per second, which is then
                measured, [batch, n_samples].
            pw_db: Power in dB, [batch, n_frames] or [batch, n_frames, 1]. Not used if
                it is computed.

        Returns:
            'f0_hz', 'pw_db', both scaled to [0, 1], and 'f0_confidence',
            [batch, n_frames, 1].

        Raises:
            ValueError: If a feature is missing that is not to be computed, or has
                another number of frames than the audio, where both are known.
        """
        audio = at_least_3d(audio if audio_16k is None else audio_16k)
        if self.compute_power:
            pw_db = self._power_db(audio)
        if self.compute_f0:
            f0_hz, f0_confidence = self._pitch(audio)
        features = {"f0_hz": f0_hz, "f0_confidence": f0_confidence, "pw_db": pw_db}
        f0_hz, f0_confidence, pw_db = self._checked(features, audio.shape[1])
        return f0_hz, pw_db, scale_f0_hz(f0_hz), scale_db(pw_db), f0_confidence

    def _power_db(self, audio: tf.Tensor) -> tf.Tensor:
        """Power of the frames, [batch, n_frames]."""
        return spectral_ops.compute_power(
            audio,
            sample_rate=self.sample_rate,
            frame_rate=self.frame_rate,
            frame_size=self.frame_size,
            padding=self.padding,
        )

    def _pitch(self, audio: tf.Tensor) -> list[tf.Tensor]:
        """Pitch of the frames and how sure it is, [batch, n_frames] each."""
        found = self.crepe_model.predict_f0_and_confidence(
            audio, viterbi=self.viterbi, padding=self.padding
        )
        return [tf.stop_gradient(curve) for curve in found]

    def _n_frames(self, n_samples: int) -> int:
        """Frames that audio of this length has."""
        return spectral_ops.get_framed_lengths(
            n_samples, self.frame_size, self.hop_size, self.padding
        )[0]

    def _checked(
        self, features: dict[str, tf.Tensor | None], n_samples: int | None
    ) -> list[tf.Tensor]:
        """The features, [batch, n_frames, 1], if they are there and fit the audio."""
        missing = [f"{name}=None" for name, x in features.items() if x is None]
        if missing:
            raise ValueError(
                "Features that are not computed must be given. Got "
                f"{' and '.join(missing)}; pass them, or set compute_f0 or "
                "compute_power to True."
            )
        checked = {name: at_least_3d(feature) for name, feature in features.items()}
        if n_samples is None:
            return list(checked.values())
        n_frames = self._n_frames(n_samples)
        for name, feature in checked.items():
            if feature.shape[1] not in (n_frames, None):
                raise ValueError(
                    f"{name} must have {n_frames} frames, as {n_samples} samples have "
                    f"with hop_size={self.hop_size}, frame_size={self.frame_size} and "
                    f"padding={self.padding!r}. Got {name} of shape={feature.shape}; "
                    "measure it so, or resample it."
                )
        return list(checked.values())


def _load_crepe(path: str | None, hop_size: int) -> spectral_ops.PretrainedCREPE:
    """Loads the pitch network, or says how to do without."""
    reason = None
    if path:
        try:
            return spectral_ops.PretrainedCREPE(path, hop_size)
        except (ImportError, ValueError, OSError) as error:
            reason = error
    raise ValueError(
        "compute_f0=True needs a pitch network that can be loaded. Got "
        f"crepe_saved_model_path={path!r}; bind 'tiny', which is bundled, or the path "
        "of a network, or install \"ddsp[crepe]\" for 'full', or bind "
        "compute_f0=False to take f0_hz and f0_confidence from the features."
    ) from reason

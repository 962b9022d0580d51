"""The envelope of a keyboard instrument, put on any sound."""

from collections.abc import Callable

import gin
import tensorflow as tf

from ddsp import core
from ddsp.processors import Processor, TensorDict


@gin.register(module="ddsp.effects")
class AdsrEnvelope(Processor):
    """Shapes the loudness of notes by attack, decay, sustain and release.

    Example:
        >>> shape = AdsrEnvelope(10, time_scale_fn=None, level_scale_fn=None)
        >>> note = tf.constant([[1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]])
        >>> fifth, half = tf.constant([[0.2]]), tf.constant([[0.5]])
        >>> shape(tf.ones([1, 8]), note, fifth, fifth / 2.0, half, fifth)[0].numpy()
        array([0.  , 0.5 , 1.  , 0.5 , 0.5 , 0.25, 0.  , 0.  ], dtype=float32)
    """

    def __init__(
        self,
        sample_rate: int = 16000,
        time_scale_fn: Callable[[tf.Tensor], tf.Tensor] | None = core.duration_sigmoid,
        level_scale_fn: Callable[[tf.Tensor], tf.Tensor] | None = tf.nn.sigmoid,
        name: str = "adsr_envelope",
    ) -> None:
        """Sets how inputs become times and a level.

        Args:
            sample_rate: Samples per second.
            time_scale_fn: Makes times in seconds; None takes them as they are.
            level_scale_fn: Maps the sustain level to 0 to 1; None takes it as it is.
            name: Name.
        """
        super().__init__(name=name)
        self.sample_rate = sample_rate
        self.time_scale_fn = time_scale_fn
        self.level_scale_fn = level_scale_fn

    def get_controls(
        self,
        audio: tf.Tensor,
        gate: tf.Tensor,
        attack: tf.Tensor,
        decay: tf.Tensor,
        sustain: tf.Tensor,
        release: tf.Tensor,
    ) -> TensorDict:
        """Turns network outputs into times and a level.

        Args:
            audio: Sound, [batch, n_samples].
            gate: Above 0.5 while a note is held, [batch, n_frames, 1] or
                [batch, n_frames].
            attack: Any real number, [batch, 1].
            decay: Any real number, [batch, 1].
            sustain: Any real number, [batch, 1].
            release: Any real number, [batch, 1].

        Returns:
            'audio', 'gate', 'attack_secs', 'decay_secs', 'sustain' (0 to 1) and
            'release_secs', in the shapes given.
        """
        if self.time_scale_fn is not None:
            attack, decay, release = map(self.time_scale_fn, (attack, decay, release))
        if self.level_scale_fn is not None:
            sustain = self.level_scale_fn(sustain)
        return {
            "audio": audio,
            "gate": gate,
            "attack_secs": attack,
            "decay_secs": decay,
            "sustain": sustain,
            "release_secs": release,
        }

    def get_signal(
        self,
        audio: tf.Tensor,
        gate: tf.Tensor,
        attack_secs: tf.Tensor,
        decay_secs: tf.Tensor,
        sustain: tf.Tensor,
        release_secs: tf.Tensor,
    ) -> tf.Tensor:
        """Multiplies the audio by the envelope.

        Args:
            audio: Sound of known length, [batch, n_samples].
            gate: Above 0.5 while a note is held, [batch, n_frames, 1] or
                [batch, n_frames].
            attack_secs: Time from 0 to 1 in seconds, [batch, 1].
            decay_secs: Time from 1 to the sustain level in seconds, [batch, 1].
            sustain: Level that is held, 0 to 1, [batch, 1].
            release_secs: Time to 0 after the note in seconds, [batch, 1].

        Returns:
            Sound, [batch, n_samples].

        Raises:
            ValueError: If the length of the audio is not known.
        """
        if audio.shape[1] is None:
            raise ValueError(
                "The length of the audio must be known while tracing. Got "
                f"shape={audio.shape}; set it with tf.ensure_shape."
            )
        return core.tf_float32(audio) * core.adsr_envelope(
            gate,
            attack_secs,
            decay_secs,
            sustain,
            release_secs,
            n_samples=int(audio.shape[1]),
            sample_rate=self.sample_rate,
        )

"""The pitch tracker CREPE within a graph, with a gradient."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from ddsp import core
from ddsp.pretrained.crepe_files import SIZES, holds_another_model, holds_weights
from ddsp.spectral_ops import crepe
from ddsp.spectral_ops.decoding import LOG_ODDS_OF_BEST, STEP_REACH, mean_pitch_hz
from ddsp.spectral_ops.framing import pad
from ddsp.spectral_ops.spectrograms import drop_channel_axis

# Larger steps than STEP_REACH - 1 pitches per frame are this likely.
_STEP_FLOOR = 1e-5


@dataclass(frozen=True)
class MelodyModel:
    """Pitches that follow one another at random: a hidden Markov model.

    Attributes:
        log_initial: Log probability of starting with each pitch, [n_pitches].
        log_transitions: Log probability of going from pitch i to pitch j, at [i, j],
            [n_pitches, n_pitches].

    Example:
        >>> model = MelodyModel(
        ...     tf.math.log([0.5, 0.5]), tf.math.log([[0.9, 0.1], [0.1, 0.9]]))
        >>> heard = tf.math.log([[[0.8, 0.2], [0.4, 0.6], [0.8, 0.2]]])
        >>> model.most_likely_path(heard).numpy().tolist()
        [[0, 0, 0]]
    """

    log_initial: tf.Tensor
    log_transitions: tf.Tensor

    def log_likelihood(self, log_observations: tf.Tensor) -> tf.Tensor:
        """Log probability of what is heard, see `core.hmm_log_likelihood`.

        Args:
            log_observations: Log likelihood of each frame's sound for each pitch,
                [batch, n_frames, n_pitches].

        Returns:
            Log likelihood of the whole, differentiable, [batch].
        """
        return core.hmm_log_likelihood(
            self.log_initial, self.log_transitions, log_observations
        )

    def most_likely_path(self, log_observations: tf.Tensor) -> tf.Tensor:
        """Finds the likeliest melody, see `core.hmm_most_likely_path`.

        Args:
            log_observations: Log likelihood of each frame's sound for each pitch,
                [batch, n_frames, n_pitches].

        Returns:
            Indices of pitches, int32, [batch, n_frames].
        """
        return core.hmm_most_likely_path(
            self.log_initial, self.log_transitions, log_observations
        )


class PretrainedCREPE(tf.keras.Model):
    """CREPE (Kim et al., ICASSP 2018) in TensorFlow: audio in, pitch out.

    `compute_f0` is for recordings of any length, and checks octaves and confidence;
    this one is CREPE alone, works within models and lets gradients pass to the audio.

    Example:
        >>> audio = tf.sin(2.0 * 3.14159265 * 440.0 * tf.range(16000.0) / 16000.0)
        >>> f0_hz, confidence = PretrainedCREPE('tiny').predict_f0_and_confidence(audio)
        >>> abs(float(f0_hz[0, 50]) - 440.0) < 5.0, float(confidence[0, 50]) > 0.5
        (True, True)
    """

    def __init__(
        self, model_size_or_path: str, hop_size: int = 160, **kwargs: Any
    ) -> None:
        """Loads the network.

        Args:
            model_size_or_path: 'tiny', which is bundled; another size or the path of
                weights, see `pretrained.crepe_weights`; or the path of a saved Keras
                model, .keras or .h5, from frames of mean 0 and standard deviation 1,
                [n_frames, 1024], to activations, [n_frames, 360].
            hop_size: Samples from one frame to the next, at 16000 samples per second.
            **kwargs: Keras arguments: name.

        Raises:
            ImportError: If the size comes with a package that is not installed.
            ValueError: If there is neither such a size nor such a file.
        """
        super().__init__(**kwargs)
        self.hop_size = hop_size
        self.frame_size = crepe.CREPE_FRAME_SIZE
        self.sample_rate = crepe.CREPE_SAMPLE_RATE
        self.model_size_or_path = model_size_or_path
        self.core_model = _load_core_model(model_size_or_path)

    @classmethod
    def activations_to_f0_and_confidence(
        cls, activations: tf.Tensor, centers: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Reads pitch out of activations: the mean over nine pitches around a peak.

        Args:
            activations: How likely each pitch is, [n_frames, 360].
            centers: Indices of the peaks, [n_frames]; None means the highest ones. At
                both ends of the range the neighbourhood is cut off.

        Returns:
            Pitch in Hz, [n_frames] (0 without any activation), and the height of the
            highest peak, [n_frames, 1].
        """
        activations = core.tf_float32(activations)
        confidence = tf.reduce_max(activations, axis=-1, keepdims=True)
        if centers is None:
            centers = tf.argmax(activations, axis=-1)
        centers = tf.reshape(centers, [-1])
        return mean_pitch_hz(activations, centers), confidence

    def batch_frames(self, audio: tf.Tensor) -> tf.Tensor:
        """Cuts audio into frames, without padding.

        Args:
            audio: Sound, [batch, n_samples], or frames, [n_frames, 1024], which stay.

        Returns:
            Frames of all examples one after another, [n_all_frames, 1024].
        """
        if audio.shape[-1] == self.frame_size:
            return audio
        frames = tf.signal.frame(audio, self.frame_size, self.hop_size)
        return tf.reshape(frames, [-1, self.frame_size])

    def normalize_frames(self, frames: tf.Tensor) -> tf.Tensor:
        """Takes level and offset out of frames.

        Args:
            frames: Sound, [n_frames, 1024].

        Returns:
            Frames of mean 0 and standard deviation 1; silent frames are 0.
        """
        return crepe.normalize_frames(frames)

    def predict_f0_and_confidence(
        self, audio: tf.Tensor, viterbi: bool = False, padding: str = "center"
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Hears pitch.

        Args:
            audio: Sound at 16000 samples per second, [batch, n_samples] or [n_samples].
            viterbi: Whether to choose the likeliest melody, see `viterbi_decode`,
                instead of each frame's highest peak.
            padding: 'center', 'same' or 'valid', see `get_framed_lengths`.

        Returns:
            Pitch in Hz and the height of the highest peak, 0 to 1, both
            [batch, n_frames].
        """
        audio = drop_channel_axis(core.tf_float32(audio))
        if audio.shape.rank == 1:
            audio = audio[tf.newaxis]
        padded = pad(audio, self.frame_size, self.hop_size, padding)
        frames = self.normalize_frames(self.batch_frames(padded))
        flat = self.core_model(frames, training=False)
        n_examples = tf.shape(audio)[0]
        centers = None
        if viterbi:
            by_example = [n_examples, -1, crepe.N_PITCHES]
            centers = tf.reshape(
                self.viterbi_decode(tf.reshape(flat, by_example)), [-1]
            )
        f0_hz, confidence = self.activations_to_f0_and_confidence(flat, centers)
        shape = [n_examples, -1]
        return tf.reshape(f0_hz, shape), tf.reshape(confidence, shape)

    def create_hmm(self, num_steps: int | None = None) -> MelodyModel:
        """Model of melodies: a step per frame is the likelier the smaller.

        Args:
            num_steps: Not needed; the model takes any number of frames.

        Returns:
            Model whose 360 states are pitches.
        """
        del num_steps
        pitches = np.arange(crepe.N_PITCHES)
        steps = np.abs(pitches[:, np.newaxis] - pitches)
        weights = np.maximum(STEP_REACH - steps, _STEP_FLOOR)
        transitions = weights / weights.sum(axis=1, keepdims=True)
        return MelodyModel(
            np.full(crepe.N_PITCHES, -np.log(crepe.N_PITCHES), np.float32),
            np.log(transitions).astype(np.float32),
        )

    def viterbi_decode(self, acts: tf.Tensor) -> tf.Tensor:
        """Chooses the likeliest melody.

        As in the original, each activation counts as far as it goes; CREPE itself, and
        `compute_f0`, let each frame speak for its highest peak only.

        Args:
            acts: Activations, [batch, n_frames, 360].

        Returns:
            Indices of pitches, int32, [batch, n_frames].
        """
        log_observations = LOG_ODDS_OF_BEST * core.tf_float32(acts)
        return self.create_hmm().most_likely_path(log_observations)


class _SharedModel:
    """The shared network, called like a Keras model."""

    def __init__(self, size_or_path: str) -> None:
        self._network = crepe.load_network(size_or_path)

    def __call__(self, frames: tf.Tensor, training: bool = False) -> tf.Tensor:
        del training
        return self._network.activations(frames)


def _load_core_model(model_size_or_path: str) -> Any:
    """From normalised frames to activations."""
    if not (model_size_or_path in SIZES or Path(model_size_or_path).exists()):
        raise ValueError(
            "model_size_or_path must be a size of CREPE or a file. Got "
            f"model_size_or_path={model_size_or_path!r}; use 'tiny', which is bundled."
        )
    is_other = holds_another_model(model_size_or_path)
    if holds_weights(model_size_or_path) and not is_other:
        return _SharedModel(model_size_or_path)
    return tf.keras.models.load_model(model_size_or_path)

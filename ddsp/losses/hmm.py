"""Which notes were played: a hidden Markov model of pitch and amplitude."""

import math
from typing import Any

import gin
import numpy as np
import tensorflow as tf

from ddsp import core
from ddsp.losses.base import Loss


@gin.register(module="ddsp.losses")
class HmmTranscriber(Loss):
    """Takes curves of pitch and amplitude as noisy notes, which it can also write down.

    State 0 is silence, states 1 to n_pitches - 1 are MIDI notes. In each frame the
    model stays in its state with probability 1 - 1 / avg_length, or else goes to any
    other. Pitch and amplitude are normally distributed around what the state demands.
    The loss is how unlikely the curves are.

    Example:
        >>> pitch = tf.constant([[[60.1], [60.2], [0.0]]])
        >>> amps = tf.constant([[[1.0], [1.0], [0.0]]])
        >>> notes = HmmTranscriber(avg_length=2).predict_midi(pitch, amps)
        >>> notes[0, :, 0].numpy().tolist()
        [60.0, 60.0, 0.0]
    """

    def __init__(
        self,
        avg_length: float = 200,
        midi_std: float = 0.5,
        amps_on_center: float = 1.5,
        amps_on_scale: float = 0.5,
        amps_off_center: float = 0.0,
        amps_off_scale: float = 0.1,
        n_timesteps: int = 1000,
        n_pitches: int = 128,
        weight: float = 1.0,
        **kwargs: Any,
    ) -> None:
        """Describes notes and silence.

        Args:
            avg_length: Mean length of a note or rest in frames, above 1.
            midi_std: Standard deviation of the pitch of a note in semitones.
            amps_on_center: Mean amplitude of a note.
            amps_on_scale: Its standard deviation.
            amps_off_center: Mean amplitude of silence.
            amps_off_scale: Its standard deviation.
            n_timesteps: Number of frames the curves usually have; curves of any
                length are accepted.
            n_pitches: Number of states, at least 2.
            weight: Factor on the loss.
            **kwargs: Keras arguments: name.

        Raises:
            ValueError: If notes are too short or states too few.
        """
        super().__init__(**kwargs)
        if avg_length <= 1 or n_pitches < 2:
            raise ValueError(
                "avg_length must be above 1 and n_pitches at least 2. Got "
                f"avg_length={avg_length} with n_pitches={n_pitches}; use 200 and 128."
            )
        self.avg_length = avg_length
        self.midi_std = midi_std
        self.amps_on_center = amps_on_center
        self.amps_on_scale = amps_on_scale
        self.amps_off_center = amps_off_center
        self.amps_off_scale = amps_off_scale
        self.n_timesteps = n_timesteps
        self.n_pitches = n_pitches
        self.weight = weight
        self._log_initial = np.full(n_pitches, -math.log(n_pitches), np.float32)
        self._log_transitions = _log_transitions(n_pitches, 1.0 - 1.0 / avg_length)

    def __call__(self, pitch: tf.Tensor, amps: tf.Tensor, **kwargs: Any) -> tf.Tensor:
        """Runs `call`.

        Args:
            pitch: Pitch in MIDI notes, [batch, n_frames, 1].
            amps: Amplitudes, [batch, n_frames, 1].
            **kwargs: Keras arguments: training.

        Returns:
            Scalar, see `nll`.
        """
        return super().__call__(pitch, amps, **kwargs)

    def call(self, pitch: tf.Tensor, amps: tf.Tensor) -> tf.Tensor:
        """How unlikely curves are, see `nll`.

        Args:
            pitch: Pitch in MIDI notes, [batch, n_frames, 1].
            amps: Amplitudes, [batch, n_frames, 1].

        Returns:
            Scalar.
        """
        return self.nll(pitch, amps)

    def nll(
        self, pitch: tf.Tensor, amps: tf.Tensor, per_example_loss: bool = False
    ) -> tf.Tensor:
        """Negative log likelihood of curves per frame, over all ways to play them.

        Args:
            pitch: Pitch in MIDI notes, [batch, n_frames, 1].
            amps: Amplitudes, [batch, n_frames, 1].
            per_example_loss: Whether to keep the examples apart.

        Returns:
            Scalar, or [batch]; times the weight.
        """
        observations = self._log_observations(pitch, amps)
        n_frames = tf.cast(tf.shape(observations)[1], tf.float32)
        log_likelihood = core.hmm_log_likelihood(
            self._log_initial, self._log_transitions, observations
        )
        nll = -log_likelihood / n_frames
        return self.weight * (nll if per_example_loss else tf.reduce_mean(nll))

    def predict_midi(
        self,
        pitch: tf.Tensor,
        amps: tf.Tensor,
        channel_dim: bool = True,
        dtype: tf.DType = tf.float32,
    ) -> tf.Tensor:
        """Writes down the likeliest notes. They have no gradient.

        Args:
            pitch: Pitch in MIDI notes, [batch, n_frames, 1].
            amps: Amplitudes, [batch, n_frames, 1].
            channel_dim: Whether the result has a last axis of size 1.
            dtype: Type of the result.

        Returns:
            Whole MIDI notes, 0 in rests, [batch, n_frames, 1] or [batch, n_frames].
        """
        observations = self._log_observations(pitch, amps)
        path = core.hmm_most_likely_path(
            self._log_initial, self._log_transitions, observations
        )
        notes = tf.cast(path, dtype)
        return notes[..., tf.newaxis] if channel_dim else notes

    @staticmethod
    def straight_through(x: tf.Tensor, x_quant: tf.Tensor) -> tf.Tensor:
        """Replaces values and lets gradients pass as if nothing had happened.

        Args:
            x: Any shape.
            x_quant: Values to take instead, the same shape.

        Returns:
            x_quant, with the gradient of x.
        """
        x, x_quant = core.tf_float32(x), core.tf_float32(x_quant)
        # The second term is exactly 0.
        return tf.stop_gradient(x_quant) + (x - tf.stop_gradient(x))

    def _log_observations(self, pitch: tf.Tensor, amps: tf.Tensor) -> tf.Tensor:
        """Log likelihood of each frame in each state, [batch, n_frames, n_states]."""
        n_notes = self.n_pitches - 1
        notes = [float(note) for note in range(1, self.n_pitches)]
        # Silence may have any pitch.
        of_pitch = _log_normal(
            pitch,
            [self.n_pitches / 2.0, *notes],
            [float(self.n_pitches)] + [self.midi_std] * n_notes,
        )
        of_amps = _log_normal(
            amps,
            [self.amps_off_center] + [self.amps_on_center] * n_notes,
            [self.amps_off_scale] + [self.amps_on_scale] * n_notes,
        )
        return of_pitch + of_amps


def _log_transitions(n_states: int, p_stay: float) -> np.ndarray:
    """States that last, and are followed by any other, [n_states, n_states]."""
    p_move = (1.0 - p_stay) / (n_states - 1)
    transitions = np.where(np.eye(n_states, dtype=bool), p_stay, p_move)
    return np.log(transitions).astype(np.float32)


def _log_normal(x: tf.Tensor, means: list[float], scales: list[float]) -> tf.Tensor:
    """Log densities of normal distributions, [..., n_states]."""
    scale = np.asarray(scales, np.float32)
    deviation = (core.tf_float32(x) - np.asarray(means, np.float32)) / scale
    log_norm = np.log(scale * math.sqrt(2.0 * math.pi))
    return -0.5 * tf.square(deviation) - log_norm

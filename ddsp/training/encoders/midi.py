"""Encoders of controls as the pitches and velocities of MIDI notes."""

from collections.abc import Sequence
from typing import Any

import gin
import tensorflow as tf

from ddsp.training import nn
from ddsp.training.encoders.base import require_net


class _NetToMidi(nn.DictLayer):
    """Ends in a pitch and a velocity; subclasses say what goes into the network."""

    output_keys = ("z_pitch", "z_vel")

    def __init__(
        self, net: Any = None, f0_residual: bool = True, **kwargs: Any
    ) -> None:
        """Makes the layers.

        Args:
            net: Layer from [batch, n_frames, n_channels] to any number of channels.
            f0_residual: Whether the network says how far z_pitch is from f0_midi,
                rather than where it is.
            **kwargs: Arguments of a Keras layer.

        Raises:
            ValueError: If net is None.
        """
        super().__init__(**kwargs)
        self.net = require_net(net)
        self.f0_residual = f0_residual
        self.dense_out = tf.keras.layers.Dense(2)
        self.norm = nn.Normalize("layer")

    def _encode(self, controls: Sequence[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        """Runs the layers on controls, of which the first is the pitch."""
        x = self.norm(self.net(tf.concat(controls, axis=-1)))
        z_pitch, z_vel = tf.split(self.dense_out(x), 2, axis=-1)
        return (z_pitch + controls[0] if self.f0_residual else z_pitch), z_vel


@gin.register(module="ddsp.training.encoders")
class MidiEncoder(_NetToMidi):
    """Pitch and velocity of notes from the pitch and loudness of a sound.

    Example:
        >>> encoder = MidiEncoder(nn.FcStack(ch=8))
        >>> frames = tf.ones([1, 25, 1])
        >>> outputs = encoder({'f0_midi': 60.0 * frames, 'loudness': -20.0 * frames})
        >>> outputs['z_pitch'].shape, outputs['z_vel'].shape
        (TensorShape([1, 25, 1]), TensorShape([1, 25, 1]))
    """

    def call(
        self, f0_midi: tf.Tensor, loudness: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Encodes.

        Args:
            f0_midi: Pitch in MIDI notes, [batch, n_frames, 1].
            loudness: Loudness in any unit, [batch, n_frames, 1].

        Returns:
            Pitch in MIDI notes, not rounded, and velocity, [batch, n_frames, 1] each.
        """
        return self._encode([f0_midi, loudness])


@gin.register(module="ddsp.training.encoders")
class HarmonicToMidiEncoder(_NetToMidi):
    """Pitch and velocity of notes from the controls of harmonics and noise.

    Example:
        >>> encoder = HarmonicToMidiEncoder(nn.FcStack(ch=8))
        >>> frames = tf.ones([1, 25, 1])
        >>> outputs = encoder({
        ...     'f0_midi': 60.0 * frames, 'amps': frames,
        ...     'hd': tf.ones([1, 25, 60]) / 60.0, 'noise': tf.zeros([1, 25, 65])})
        >>> outputs['z_pitch'].shape, outputs['z_vel'].shape
        (TensorShape([1, 25, 1]), TensorShape([1, 25, 1]))
    """

    def call(
        self, f0_midi: tf.Tensor, amps: tf.Tensor, hd: tf.Tensor, noise: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Encodes.

        Args:
            f0_midi: Pitch in MIDI notes, [batch, n_frames, 1].
            amps: Amplitude of all harmonics together, [batch, n_frames, 1].
            hd: Weight of each harmonic, [batch, n_frames, n_harmonics].
            noise: Magnitudes of noise, [batch, n_frames, n_bands].

        Returns:
            Pitch in MIDI notes, not rounded, and velocity, [batch, n_frames, 1] each.
        """
        return self._encode([f0_midi, amps, hd, noise])

"""Decoders of notes: to expression, or to the inputs of synthesizers."""

from typing import Any

import gin
import tensorflow as tf

from ddsp import core
from ddsp.training import nn
from ddsp.training.decoders import checks

# Loudness of a network whose outputs are around 0 with a deviation of 1.
_MEAN_LOUDNESS_DB = -70.0
_LOUDNESS_DEVIATION_DB = 30.0


class _NoteDecoder(nn.DictLayer):
    """A network over pitch and latent variables, normalisation, a dense layer."""

    def __init__(
        self,
        net: Any,
        f0_residual: bool,
        norm: bool,
        n_out: int,
        output_keys: list[str],
        **kwargs: Any,
    ) -> None:
        super().__init__(output_keys=output_keys, **kwargs)
        if net is None:
            raise ValueError(
                f"{type(self).__name__} needs a network. Got net=None; pass a layer "
                f"such as nn.FcStack(), or bind {type(self).__name__}.net."
            )
        self.net = net
        self.f0_residual = f0_residual
        self.dense_out = tf.keras.layers.Dense(n_out)
        self.norm = nn.Normalize("layer") if norm else None

    def check_inputs(self, *inputs: Any) -> None:
        """Raises for inputs that do not go together.

        Args:
            *inputs: See `call`.

        Raises:
            ValueError: If z_pitch is not [batch, n_frames, n_channels], or z has
                another batch size.
        """
        z_pitch, *others = inputs
        checks.check_frames(["z_pitch"], [z_pitch])
        given = {"z_pitch": z_pitch}
        named = zip(self.all_input_keys[1:], others, strict=False)
        given.update((key, x) for key, x in named if key == "z" and x is not None)
        checks.check_batch(list(given), list(given.values()))

    def _decode(self, z_pitch: tf.Tensor, z: tf.Tensor | None) -> tf.Tensor:
        """Output of the dense layer, [batch, n_frames, n_out]."""
        x = self.net(z_pitch if z is None else [z_pitch, z])
        return self.dense_out(x if self.norm is None else self.norm(x))

    def _add_pitch(self, f0_midi: tf.Tensor, z_pitch: tf.Tensor) -> tf.Tensor:
        """Pitch of the notes with what the network makes of it, if that is wanted."""
        return f0_midi + z_pitch if self.f0_residual else f0_midi


@gin.register(module="ddsp.training.decoders")
class MidiDecoder(_NoteDecoder):
    """Notes to the pitch and loudness with which they are played.

    Example:
        >>> decoder = MidiDecoder(net=nn.FcStack(ch=8, layers=1))
        >>> outputs = decoder(tf.fill([1, 25, 1], 60.0))
        >>> outputs['f0_midi'].shape, outputs['loudness'].shape
        (TensorShape([1, 25, 1]), TensorShape([1, 25, 1]))
    """

    def __init__(
        self,
        net: Any = None,
        f0_residual: bool = True,
        center_loudness: bool = True,
        norm: bool = True,
        **kwargs: Any,
    ) -> None:
        """Makes the layers.

        Args:
            net: Layer from z_pitch, or from the list [z_pitch, z] where there is a z,
                to any number of channels, [batch, n_frames, n_channels]. It is needed.
            f0_residual: Whether the pitch of the notes is added to the output, so that
                the network makes only the deviation from it.
            center_loudness: Whether outputs around 0 mean a loudness around -70 dB,
                with 30 dB for each unit.
            norm: Whether the output of the network is normalised.
            **kwargs: Arguments of a Keras layer.

        Raises:
            ValueError: If there is no network.
        """
        super().__init__(net, f0_residual, norm, 2, ["f0_midi", "loudness"], **kwargs)
        self.center_loudness = center_loudness

    def call(
        self,
        z_pitch: tf.Tensor,
        z_vel: tf.Tensor | None = None,
        z: tf.Tensor | None = None,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Decodes.

        Args:
            z_pitch: Pitch in MIDI notes, [batch, n_frames, 1].
            z_vel: Not used.
            z: Latent variables in a form that the network takes, or None.

        Returns:
            Pitch in MIDI notes and loudness in dB, [batch, n_frames, 1] each.
        """
        del z_vel
        f0_midi, loudness = tf.split(self._decode(z_pitch, z), 2, axis=-1)
        if self.center_loudness:
            loudness = _LOUDNESS_DEVIATION_DB * loudness + _MEAN_LOUDNESS_DB
        return self._add_pitch(f0_midi, z_pitch), loudness


@gin.register(module="ddsp.training.decoders")
class MidiToHarmonicDecoder(_NoteDecoder):
    """Notes to the inputs of synthesizers.

    Example:
        >>> decoder = MidiToHarmonicDecoder(net=nn.FcStack(ch=8, layers=1))
        >>> outputs = decoder(tf.fill([1, 25, 1], 60.0))
        >>> sorted(outputs)
        ['amplitudes', 'f0_hz', 'f0_midi', 'harmonic_distribution', 'magnitudes']
    """

    def __init__(
        self,
        net: Any = None,
        f0_residual: bool = True,
        norm: bool = True,
        output_splits: nn.OutputSplits = (
            ("f0_midi", 1),
            ("amplitudes", 1),
            ("harmonic_distribution", 60),
            ("magnitudes", 65),
        ),
        midi_zero_silence: bool = True,
        **kwargs: Any,
    ) -> None:
        """Makes the layers.

        Args:
            net: Layer from z_pitch, or from the list [z_pitch, z] where there is a z,
                to any number of channels, [batch, n_frames, n_channels]. It is needed.
            f0_residual: Whether the pitch of the notes is added to the output, so that
                the network makes only the deviation from it.
            norm: Whether the output of the network is normalised.
            output_splits: Name and number of channels of each output. One of them is
                'f0_midi', with one channel; 'f0_hz' is added.
            midi_zero_silence: Whether MIDI note 0 is silence and becomes 0 Hz.
            **kwargs: Arguments of a Keras layer.

        Raises:
            TypeError: If output_splits are no pairs of a name and a whole number.
            ValueError: If there is no network, output_splits has no 'f0_midi' of one
                channel, a size in it is below 1, or a name comes twice.
        """
        checks.check_output_splits(output_splits)
        sizes = dict(output_splits)
        if sizes.get("f0_midi") != 1:
            raise ValueError(
                "output_splits must have 'f0_midi' with one channel. Got "
                f"output_splits={output_splits!r}; add ('f0_midi', 1)."
            )
        n_out = sum(sizes.values())
        output_keys = [*sizes, "f0_hz"]
        super().__init__(net, f0_residual, norm, n_out, output_keys, **kwargs)
        self.output_splits = output_splits
        self.n_out = n_out
        self.midi_zero_silence = midi_zero_silence

    def call(
        self,
        z_pitch: tf.Tensor,
        z_vel: tf.Tensor | None = None,
        z: tf.Tensor | None = None,
    ) -> dict[str, tf.Tensor]:
        """Decodes.

        Args:
            z_pitch: Pitch in MIDI notes, [batch, n_frames, 1].
            z_vel: Not used.
            z: Latent variables in a form that the network takes, or None.

        Returns:
            The outputs by name, [batch, n_frames, size] each, with the pitch in MIDI
            notes as 'f0_midi' and in Hz as 'f0_hz'.
        """
        del z_vel
        outputs = nn.split_to_dict(self._decode(z_pitch, z), self.output_splits)
        f0_midi = self._add_pitch(outputs["f0_midi"], z_pitch)
        f0_hz = core.midi_to_hz(f0_midi, self.midi_zero_silence)
        return {**outputs, "f0_midi": f0_midi, "f0_hz": f0_hz}

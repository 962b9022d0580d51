"""Encoders of audio as sinusoids, and of sinusoids as harmonics."""

import math
from collections.abc import Callable
from typing import Any

import gin
import tensorflow as tf

from ddsp import core, spectral_ops
from ddsp.training import nn
from ddsp.training.encoders.base import count_frames, require_net

ScaleFn = Callable[[tf.Tensor], tf.Tensor]


@gin.register(module="ddsp.training.encoders")
class ResnetSinusoidalEncoder(nn.DictLayer):
    """A residual network over a spectrogram, with a dense layer for each output.

    Source: Engel et al., "Self-supervised pitch detection by inverse audio synthesis",
    ICML SAS workshop 2020.

    Example:
        >>> encoder = ResnetSinusoidalEncoder((('frequencies', 320), ('amplitudes', 5)))
        >>> encoder(tf.ones([1, 2048]))['frequencies'].shape
        TensorShape([1, 4, 320])
    """

    def __init__(
        self,
        output_splits: nn.OutputSplits = (
            ("frequencies", 100 * 64),
            ("amplitudes", 100),
            ("noise_magnitudes", 60),
        ),
        spectral_fn: ScaleFn = spectral_ops.compute_logmel,
        size: str = "tiny",
        **kwargs: Any,
    ) -> None:
        """Makes the layers.

        Args:
            output_splits: Name and number of channels of each output.
            spectral_fn: From audio to a spectrogram, [batch, n_frames, n_bins].
            size: Size of the network, see `ResNet`; 'tiny' is the smallest it has,
                'small'.
            **kwargs: Arguments of a Keras layer.

        Raises:
            KeyError: If size is unknown.
        """
        super().__init__(output_keys=[name for name, _ in output_splits], **kwargs)
        self.output_splits = output_splits
        self.spectral_fn = spectral_fn
        self.resnet = nn.ResNet("small" if size == "tiny" else size)
        self.dense_outs = [tf.keras.layers.Dense(n) for _, n in output_splits]

    def call(self, audio: tf.Tensor) -> list[tf.Tensor]:
        """Encodes.

        Args:
            audio: Sound, [batch, n_samples].

        Returns:
            The outputs in their order, [batch, n_frames, n_channels] each; the frames
            are those of spectral_fn.
        """
        image = self.spectral_fn(audio)[..., tf.newaxis]
        x = self.resnet(image)
        n_features = math.prod(x.shape[2:])
        x = tf.reshape(x, [-1, count_frames(image), n_features])
        return [dense_out(x) for dense_out in self.dense_outs]


def f0_softmax(x: tf.Tensor) -> tf.Tensor:
    """Pitch from the weights of 64 points between 20 and 1200 Hz.

    Args:
        x: Output of a network, [batch, n_frames, 64].

    Returns:
        Pitch in Hz, [batch, n_frames, 1].
    """
    return core.frequencies_softmax(x, depth=64, hz_min=20.0, hz_max=1200.0)


@gin.register(module="ddsp.training.encoders")
class SinusoidalToHarmonicEncoder(nn.DictLayer):
    """A network that finds the pitch and harmonics behind sinusoids.

    Source: Engel et al., "Self-supervised pitch detection by inverse audio synthesis",
    ICML SAS workshop 2020.

    Example:
        >>> encoder = SinusoidalToHarmonicEncoder(nn.FcStack(ch=8), n_harmonics=4)
        >>> sinusoids = tf.ones([1, 25, 6])
        >>> outputs = encoder(
        ...     {'sin_freqs': 220.0 * sinusoids, 'sin_amps': 0.1 * sinusoids})
        >>> outputs['f0_hz'].shape, outputs['harm_dist'].shape
        (TensorShape([1, 25, 1]), TensorShape([1, 25, 4]))
    """

    output_keys = ("harm_amp", "harm_dist", "f0_hz")

    def __init__(
        self,
        net: Any = None,
        n_harmonics: int = 100,
        f0_depth: int = 64,
        amp_scale_fn: ScaleFn = core.exp_sigmoid,
        freq_scale_fn: ScaleFn = f0_softmax,
        sample_rate: int = 16000,
        **kwargs: Any,
    ) -> None:
        """Makes the layers.

        Args:
            net: Layer from [batch, n_frames, 2 * n_sinusoids] to any number of
                channels, or to a dictionary with such a tensor as 'out'.
            n_harmonics: Number of harmonics.
            f0_depth: Numbers from which freq_scale_fn makes the pitch of a frame.
            amp_scale_fn: Makes amplitudes and weights of harmonics positive.
            freq_scale_fn: Makes the pitch in Hz, [batch, n_frames, 1], from
                [batch, n_frames, f0_depth].
            sample_rate: Samples per second.
            **kwargs: Arguments of a Keras layer.

        Raises:
            ValueError: If net is None, or freq_scale_fn does not make one pitch of
                f0_depth numbers.
        """
        super().__init__(**kwargs)
        _check_depth(f0_depth, freq_scale_fn)
        self.n_harmonics = n_harmonics
        self.amp_scale_fn = amp_scale_fn
        self.freq_scale_fn = freq_scale_fn
        self.sample_rate = sample_rate
        self.net = require_net(net)
        self.amp_out = tf.keras.layers.Dense(1)
        self.hd_out = tf.keras.layers.Dense(n_harmonics)
        self.f0_out = tf.keras.layers.Dense(f0_depth)

    def call(
        self, sin_freqs: tf.Tensor, sin_amps: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Encodes.

        Args:
            sin_freqs: Frequencies in Hz, [batch, n_frames, n_sinusoids].
            sin_amps: Amplitudes, [batch, n_frames, n_sinusoids].

        Returns:
            Amplitude of all harmonics together, [batch, n_frames, 1]; weight of each
            harmonic, adding up to 1 and 0 at or above half the sample rate, [batch,
            n_frames, n_harmonics]; pitch in Hz, [batch, n_frames, 1].
        """
        unit = core.hz_to_unit(sin_freqs, hz_min=0.0, hz_max=self.sample_rate / 2.0)
        x = self.net(tf.concat([unit, sin_amps], axis=-1))
        x = x["out"] if isinstance(x, dict) else x
        f0_hz = self.freq_scale_fn(self.f0_out(x))
        harm_amp = self.amp_scale_fn(self.amp_out(x))
        weights = self.amp_scale_fn(self.hd_out(x))
        harm_dist = core.normalize_harmonics(weights, f0_hz, self.sample_rate)
        return harm_amp, harm_dist, f0_hz


def _check_depth(f0_depth: int, freq_scale_fn: ScaleFn) -> None:
    """Refuses a function that does not make one pitch of f0_depth numbers."""
    try:
        shape = freq_scale_fn(tf.zeros([1, 1, f0_depth])).shape
    except ValueError as error:
        raise ValueError(_depth_message(f0_depth, str(error))) from error
    if shape != [1, 1, 1]:
        raise ValueError(_depth_message(f0_depth, f"It made {shape[-1]} of them."))


def _depth_message(f0_depth: int, reason: str) -> str:
    return (
        "freq_scale_fn must make one pitch of f0_depth numbers. Got "
        f"f0_depth={f0_depth}; give freq_scale_fn the same depth. {reason}"
    )

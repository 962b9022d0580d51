"""Chosen harmonics, computed at a higher sample rate, against aliasing."""

from collections.abc import Callable

import gin
import tensorflow as tf

from ddsp import core
from ddsp.core.checks import check_whole_number
from ddsp.processors import Processor, TensorDict


@gin.register(module="ddsp.effects")
class ChebyshevWaveshaper(Processor):
    """Adds harmonics to audio, each with an amplitude that is given.

    A cosine of amplitude 1 becomes the sum of exactly those harmonics; of softer and of
    other sounds the effect makes fewer of the high ones, and sums of their partials.

    Example:
        >>> octave = ChebyshevWaveshaper(oversampling=1, scale_fn=None)
        >>> cosine = tf.constant([[1.0, 0.5, -0.5, -1.0]])
        >>> octave(cosine, tf.constant([[[0.0, 1.0]]])).numpy().tolist()
        [[1.0, -0.5, -0.5, 1.0]]
    """

    def __init__(
        self,
        oversampling: int = 4,
        keep_silence: bool = False,
        scale_fn: Callable[[tf.Tensor], tf.Tensor] | None = tf.nn.tanh,
        name: str = "chebyshev_waveshaper",
    ) -> None:
        """Sets the quality and how inputs become coefficients.

        Args:
            oversampling: Factor by which the sample rate is higher within the effect, a
                whole number: 1 for none.
            keep_silence: Whether to take off the constant that even harmonics make of
                silence.
            scale_fn: Makes coefficients; None takes them as they are.
            name: Name.

        Raises:
            ValueError: If oversampling is not a whole number of at least 1.
        """
        super().__init__(name=name)
        check_whole_number("oversampling", oversampling)
        self.oversampling = oversampling
        self.keep_silence = keep_silence
        self.scale_fn = scale_fn

    def get_controls(self, audio: tf.Tensor, coefficients: tf.Tensor) -> TensorDict:
        """Turns network outputs into coefficients.

        Args:
            audio: Sound from -1 to 1, [batch, n_samples].
            coefficients: Any real numbers, [batch, n_frames, n_harmonics] or, constant,
                [batch, n_harmonics] or [n_harmonics].

        Returns:
            'audio', and 'coefficients' (-1 to 1), in the shapes given.
        """
        if self.scale_fn is not None:
            coefficients = self.scale_fn(core.tf_float32(coefficients))
        return {"audio": audio, "coefficients": coefficients}

    def get_signal(self, audio: tf.Tensor, coefficients: tf.Tensor) -> tf.Tensor:
        """Adds harmonics.

        Args:
            audio: Sound from -1 to 1, [batch, n_samples]; what lies beyond is clipped.
            coefficients: Amplitude of each harmonic, from the first on, [batch,
                n_frames, n_harmonics], [batch, n_harmonics] or [n_harmonics].

        Returns:
            Sound, [batch, n_samples].
        """
        return core.chebyshev_waveshaper(
            audio, coefficients, self.oversampling, self.keep_silence
        )

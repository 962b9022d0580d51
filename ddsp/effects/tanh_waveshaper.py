"""Soft saturation that computes at a higher sample rate, against aliasing."""

from collections.abc import Callable

import gin
import tensorflow as tf

from ddsp import core
from ddsp.core.checks import check_whole_number
from ddsp.processors import Processor, TensorDict


@gin.register(module="ddsp.effects")
class TanhWaveshaper(Processor):
    """Saturates audio softly, as an overdriven amplifier does.

    Example:
        >>> overdrive = TanhWaveshaper(scale_fn=None)
        >>> loud = overdrive(tf.ones([1, 200]), tf.fill([1, 2, 1], 2.0))
        >>> round(float(loud[0, 100]), 3)  # tanh(2)
        0.964
    """

    def __init__(
        self,
        oversampling: int = 4,
        scale_fn: Callable[[tf.Tensor], tf.Tensor] | None = core.drive_sigmoid,
        name: str = "tanh_waveshaper",
    ) -> None:
        """Sets the quality and how inputs become gains.

        Args:
            oversampling: Factor by which the sample rate is higher within the effect, a
                whole number: 1 for none.
            scale_fn: Makes the gain positive; None takes it as it is.
            name: Name.

        Raises:
            ValueError: If oversampling is not a whole number of at least 1.
        """
        super().__init__(name=name)
        check_whole_number("oversampling", oversampling)
        self.oversampling = oversampling
        self.scale_fn = scale_fn

    def get_controls(self, audio: tf.Tensor, gain: tf.Tensor) -> TensorDict:
        """Turns network outputs into gains.

        Args:
            audio: Sound, [batch, n_samples].
            gain: Any real numbers, [batch, n_frames, 1].

        Returns:
            'audio', and 'gain' (positive), [batch, n_frames, 1].
        """
        if self.scale_fn is not None:
            gain = self.scale_fn(gain)
        return {"audio": audio, "gain": gain}

    def get_signal(self, audio: tf.Tensor, gain: tf.Tensor) -> tf.Tensor:
        """Saturates.

        Args:
            audio: Sound, [batch, n_samples].
            gain: Factor before the saturation, [batch, n_frames, 1].

        Returns:
            Sound, [batch, n_samples].
        """
        return core.tanh_waveshaper(audio, gain, self.oversampling)

"""A filter that is given as magnitudes."""

from collections.abc import Callable

import gin
import tensorflow as tf

from ddsp import core
from ddsp.processors import Processor, TensorDict


@gin.register(module="ddsp.effects")
class FIRFilter(Processor):
    """Filters audio with magnitudes that may change from frame to frame.

    Example:
        >>> half_as_loud = FIRFilter(scale_fn=None)
        >>> audio, magnitudes = tf.constant([[0.0, 1.0, 0.0]]), tf.fill([1, 1, 5], 0.5)
        >>> [round(float(x), 3) for x in half_as_loud(audio, magnitudes)[0]]
        [0.0, 0.5, 0.0]
    """

    def __init__(
        self,
        window_size: int = 257,
        scale_fn: Callable[[tf.Tensor], tf.Tensor] | None = core.exp_sigmoid,
        name: str = "fir_filter",
    ) -> None:
        """Sets the length of the filters and how inputs become magnitudes.

        Args:
            window_size: Taps of the filters; 0 means as many as the magnitudes give.
            scale_fn: Makes magnitudes positive; None takes them as they are.
            name: Name.
        """
        super().__init__(name=name)
        self.window_size = window_size
        self.scale_fn = scale_fn

    def get_controls(self, audio: tf.Tensor, magnitudes: tf.Tensor) -> TensorDict:
        """Turns network outputs into magnitudes.

        Args:
            audio: Sound, [batch, n_samples].
            magnitudes: Any real numbers, [batch, n_frames, n_bands].

        Returns:
            'audio', and 'magnitudes' (positive), [batch, n_frames, n_bands].
        """
        if self.scale_fn is not None:
            magnitudes = self.scale_fn(magnitudes)
        return {"audio": audio, "magnitudes": magnitudes}

    def get_signal(self, audio: tf.Tensor, magnitudes: tf.Tensor) -> tf.Tensor:
        """Filters, without delay.

        Args:
            audio: Sound, [batch, n_samples].
            magnitudes: Gains at frequencies equally spaced from 0 to half the sample
                rate, [batch, n_frames, n_bands].

        Returns:
            Sound, [batch, n_samples].
        """
        return core.frequency_filter(audio, magnitudes, window_size=self.window_size)

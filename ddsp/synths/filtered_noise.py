"""The noise synthesizer: white noise through a filter that moves."""

from collections.abc import Callable

import gin
import tensorflow as tf

from ddsp import core
from ddsp.processors import Processor, TensorDict


@gin.register(module="ddsp.synths")
class FilteredNoise(Processor):
    """Plays noise whose spectrum is given frame by frame.

    Source: Engel et al., "DDSP", ICLR 2020, section 3.

    Example:
        >>> import tensorflow as tf
        >>> synth = FilteredNoise(n_samples=16000, seed=1)
        >>> synth(tf.zeros([1, 250, 65])).shape
        TensorShape([1, 16000])
    """

    def __init__(
        self,
        n_samples: int = 64000,
        window_size: int = 257,
        scale_fn: Callable[[tf.Tensor], tf.Tensor] | None = core.exp_sigmoid,
        initial_bias: float = -5.0,
        name: str = "filtered_noise",
        seed: int | None = None,
    ) -> None:
        """Sets the length and how inputs become magnitudes.

        Args:
            n_samples: Length of the sound. The frames of the magnitudes must cut it
                into blocks of equal length, the last of which may be shorter.
            window_size: Taps of the filters; 0 means as many as the magnitudes give.
            scale_fn: Makes magnitudes positive; None takes them as they are.
            initial_bias: Added to the inputs of scale_fn, so that an untrained network
                starts quietly.
            name: Name.
            seed: Makes the noise the same in every call. Fresh noise if None.
        """
        super().__init__(name=name)
        self.n_samples = n_samples
        self.window_size = window_size
        self.scale_fn = scale_fn
        self.initial_bias = initial_bias
        self.seed = seed

    def get_controls(self, magnitudes: tf.Tensor) -> TensorDict:
        """Turns network outputs into magnitudes.

        Args:
            magnitudes: Any real numbers, [batch, n_frames, n_bands].

        Returns:
            'magnitudes' (positive), [batch, n_frames, n_bands].
        """
        if self.scale_fn is not None:
            magnitudes = self.scale_fn(magnitudes + self.initial_bias)
        return {"magnitudes": magnitudes}

    def get_signal(self, magnitudes: tf.Tensor) -> tf.Tensor:
        """Filters noise.

        Args:
            magnitudes: Gains at frequencies equally spaced from 0 to half the sample
                rate, [batch, n_frames, n_bands].

        Returns:
            Audio, [batch, n_samples].
        """
        noise = core.white_noise(tf.shape(magnitudes)[0], self.n_samples, self.seed)
        noise = tf.ensure_shape(noise, [magnitudes.shape[0], self.n_samples])
        return core.frequency_filter(noise, magnitudes, window_size=self.window_size)

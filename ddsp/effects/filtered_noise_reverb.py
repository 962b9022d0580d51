"""A reverb made of noise whose spectrum changes while it dies away."""

from collections.abc import Callable
from typing import Any

import gin
import tensorflow as tf

from ddsp import core
from ddsp.core.checks import check_whole_number
from ddsp.effects.reverb import Reverb
from ddsp.processors import TensorDict
from ddsp.synths import FilteredNoise


@gin.register(module="ddsp.effects")
class FilteredNoiseReverb(Reverb):
    """A room whose answer is given as magnitudes in time and frequency.

    Example:
        >>> reverb = FilteredNoiseReverb(reverb_length=100, scale_fn=None)
        >>> silence = tf.zeros([1, 10, 5])
        >>> reverb(tf.ones([1, 4]), silence).numpy().round(3).tolist()
        [[1.0, 1.0, 1.0, 1.0]]
    """

    def __init__(
        self,
        trainable: bool = False,
        reverb_length: int = 48000,
        window_size: int = 257,
        n_frames: int = 1000,
        n_filter_banks: int = 16,
        scale_fn: Callable[[tf.Tensor], tf.Tensor] | None = core.exp_sigmoid,
        initial_bias: float = -3.0,
        add_dry: bool = True,
        name: str = "filtered_noise_reverb",
        seed: int | None = None,
    ) -> None:
        """Decides who owns the magnitudes.

        Args:
            trainable: Whether the reverb learns magnitudes, the same for all examples.
            reverb_length: Taps of the impulse response, at least 1.
            window_size: Taps of the filters; 0 means as many as the magnitudes give.
            n_frames: Frames of the learned magnitudes. They cut reverb_length into
                blocks of equal length, the last of which may be shorter.
            n_filter_banks: Frequencies of the learned magnitudes, at least 2.
            scale_fn: Makes magnitudes positive; None takes them as they are.
            initial_bias: Added to the inputs of scale_fn.
            add_dry: Whether the output contains the input.
            name: Name.
            seed: Makes the noise the same in every call. Fresh noise if None.

        Raises:
            ValueError: If the response has no taps, or the learned magnitudes fewer
                than two frequencies or a number of frames that does not fit.
        """
        check_whole_number("reverb_length", reverb_length)
        if trainable:
            check_whole_number("n_filter_banks", n_filter_banks, minimum=2)
            _check_frames(n_frames, reverb_length)
        super().__init__(
            trainable=trainable, reverb_length=reverb_length, add_dry=add_dry, name=name
        )
        self.window_size = window_size
        self.n_frames = n_frames
        self.n_filter_banks = n_filter_banks
        self.scale_fn = scale_fn
        self.initial_bias = initial_bias
        self.seed = seed
        self._synth = FilteredNoise(
            n_samples=reverb_length,
            window_size=window_size,
            scale_fn=scale_fn,
            initial_bias=initial_bias,
            seed=seed,
        )

    def build(self, unused_input_shape: Any = None) -> None:
        """Creates the learned magnitudes.

        Args:
            unused_input_shape: Not used.
        """
        del unused_input_shape
        if self._learned:
            self._magnitudes = self.add_weight(
                name="magnitudes",
                shape=[self.n_frames, self.n_filter_banks],
                dtype=tf.float32,
                initializer=tf.random_normal_initializer(mean=0.0, stddev=1e-2),
            )
        self.built = True

    def checkpoint_children(self) -> dict[str, Any]:
        """Variables under the names that checkpoints know.

        Returns:
            'magnitudes' if they are learned.
        """
        return {"magnitudes": self._magnitudes} if self._learned else {}

    def get_controls(
        self, audio: tf.Tensor, magnitudes: tf.Tensor | None = None
    ) -> TensorDict:
        """Makes an impulse response from magnitudes.

        Args:
            audio: Sound, [batch, n_samples].
            magnitudes: Any real numbers, [batch, n_frames, n_bands]. Not used if the
                reverb learns its own.

        Returns:
            'audio' and 'ir', [batch, n_taps]; a learned one is [1, n_taps].

        Raises:
            ValueError: If the reverb neither learns magnitudes nor is given them.
        """
        if self._owns_controls(magnitudes=magnitudes):
            magnitudes = tf.convert_to_tensor(self._magnitudes)[tf.newaxis]
        magnitudes = self._synth.get_controls(magnitudes)["magnitudes"]
        # A learned response is one for all examples, wherever they are computed.
        noise = core.white_noise(
            tf.shape(magnitudes)[0],
            self.reverb_length,
            self.seed,
            same_on_replicas=self._learned,
        )
        ir = core.frequency_filter(noise, magnitudes, window_size=self.window_size)
        return {"audio": audio, "ir": ir}


def _check_frames(n_frames: int, reverb_length: int) -> None:
    """Refuses learned frames that do not cut the response into equal blocks."""
    check_whole_number("n_frames", n_frames)
    block_size = -(-reverb_length // n_frames)
    n_blocks = -(-reverb_length // block_size)
    if n_blocks != n_frames:
        raise ValueError(
            "n_frames must cut reverb_length into blocks of equal length. Got "
            f"n_frames={n_frames} with reverb_length={reverb_length}; use "
            f"n_frames={n_blocks}, or a number that divides reverb_length."
        )

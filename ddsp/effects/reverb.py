"""Reverberation by convolution with the impulse response of a room."""

from typing import Any

import gin
import tensorflow as tf

from ddsp import core
from ddsp.core.checks import check_whole_number
from ddsp.processors import Processor, TensorDict


@gin.register(module="ddsp.effects")
class Reverb(Processor):
    """Convolves audio with an impulse response, its own or one that is given.

    Example:
        >>> import tensorflow as tf
        >>> echo = tf.constant([[0.0, 0.0, 0.5]])
        >>> wet = Reverb()(tf.constant([[1.0, 0.0, 0.0, 0.0]]), echo)
        >>> wet.numpy().round(3).tolist()
        [[1.0, 0.0, 0.5, 0.0]]
    """

    def __init__(
        self,
        trainable: bool = False,
        reverb_length: int = 48000,
        add_dry: bool = True,
        name: str = "reverb",
    ) -> None:
        """Decides who owns the impulse response.

        Args:
            trainable: Whether the reverb learns one response for all examples. A
                learned reverb may be frozen later by setting `trainable` to False.
            reverb_length: Taps of the learned response, each of which every step of
                training moves. With Adam, learning rates of 1e-4 to 1e-3 suit it: at
                1e-2, 48000 taps that start as silence are loud noise after a few steps.
            add_dry: Whether the output contains the input.
            name: Name.

        Raises:
            ValueError: If a learned response has no taps.
        """
        super().__init__(name=name, trainable=trainable)
        if trainable:
            check_whole_number("reverb_length", reverb_length)
        self.reverb_length = reverb_length
        self.add_dry = add_dry
        # Freezing sets `trainable` to False; the response is owned all the same.
        self._learned = trainable

    def build(self, unused_input_shape: Any = None) -> None:
        """Creates the learned response.

        Args:
            unused_input_shape: Not used.
        """
        del unused_input_shape
        if self._learned:
            self._ir = self.add_weight(
                name="ir",
                shape=[self.reverb_length],
                dtype=tf.float32,
                initializer=tf.random_normal_initializer(mean=0.0, stddev=1e-6),
            )
        self.built = True

    def checkpoint_children(self) -> dict[str, Any]:
        """Variables under the names that checkpoints know.

        Returns:
            'ir' if the response is learned.
        """
        return {"ir": self._ir} if self._learned else {}

    def get_controls(self, audio: tf.Tensor, ir: tf.Tensor | None = None) -> TensorDict:
        """Adds the impulse response to the audio.

        Args:
            audio: Sound, [batch, n_samples].
            ir: Impulse response, [n_taps], [batch, n_taps] or [batch, n_taps, 1]. Not
                used if the reverb learns its own.

        Returns:
            'audio' and 'ir'.

        Raises:
            ValueError: If the reverb neither learns a response nor is given one.
        """
        if self._owns_controls(ir=ir):
            ir = tf.convert_to_tensor(self._ir)[tf.newaxis]
        return {"audio": audio, "ir": ir}

    def get_signal(self, audio: tf.Tensor, ir: tf.Tensor) -> tf.Tensor:
        """Convolves.

        Args:
            audio: Sound, [batch, n_samples].
            ir: Impulse response, [n_taps], [batch, n_taps] or [batch, n_taps, 1]; a
                batch of one serves every example. Its first tap is the direct sound and
                is taken as 0, since add_dry decides about that.

        Returns:
            Sound of the same length, [batch, n_samples].
        """
        audio, ir = core.tf_float32(audio), core.tf_float32(ir)
        if ir.shape.rank == 3:
            ir = ir[:, :, 0]
        if ir.shape.rank == 1:
            ir = ir[tf.newaxis]
        response = tf.pad(ir[:, 1:], [[0, 0], [1, 0]])
        wet = core.fft_convolve(audio, response, "same", delay_compensation=0)
        return audio + wet if self.add_dry else wet

    def _owns_controls(self, **given: tf.Tensor | None) -> bool:
        """Whether the reverb has learned its controls; else they must be given."""
        if self._learned:
            if not self.built:
                self.build()
            return True
        missing = [name for name, control in given.items() if control is None]
        if missing:
            raise ValueError(
                "A reverb that is not trainable needs its impulse response from "
                f"outside. Got {missing[0]}=None; pass {' and '.join(given)}, or make "
                "the reverb with trainable=True."
            )
        return False

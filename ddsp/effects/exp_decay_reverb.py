"""A reverb made of noise that dies away."""

from collections.abc import Callable
from typing import Any

import gin
import tensorflow as tf

from ddsp import core
from ddsp.core.checks import check_whole_number
from ddsp.effects.reverb import Reverb
from ddsp.processors import TensorDict


@gin.register(module="ddsp.effects")
class ExpDecayReverb(Reverb):
    """A room with two numbers: how loud it answers, and how fast that dies away.

    Example:
        >>> reverb = ExpDecayReverb(reverb_length=100, seed=1)
        >>> click = tf.one_hot([0], 100)
        >>> wet = reverb(click, tf.ones([1, 1]), tf.fill([1, 1], 2.0))[0].numpy()
        >>> bool(abs(wet[1:20]).mean() > 4 * abs(wet[-20:]).mean())
        True
    """

    def __init__(
        self,
        trainable: bool = False,
        reverb_length: int = 48000,
        scale_fn: Callable[[tf.Tensor], tf.Tensor] | None = core.exp_sigmoid,
        add_dry: bool = True,
        name: str = "exp_decay_reverb",
        seed: int | None = None,
    ) -> None:
        """Decides who owns gain and decay.

        Args:
            trainable: Whether the reverb learns one gain and decay for all examples.
            reverb_length: Taps of the impulse response, at least 1.
            scale_fn: Makes the gain positive; None takes it as it is.
            add_dry: Whether the output contains the input.
            name: Name.
            seed: Makes the noise the same in every call. Fresh noise if None.

        Raises:
            ValueError: If the response has no taps.
        """
        check_whole_number("reverb_length", reverb_length)
        super().__init__(
            trainable=trainable, reverb_length=reverb_length, add_dry=add_dry, name=name
        )
        self.scale_fn = scale_fn
        self.seed = seed

    def build(self, unused_input_shape: Any = None) -> None:
        """Creates the learned gain and decay.

        Args:
            unused_input_shape: Not used.
        """
        del unused_input_shape
        if self._learned:
            self._gain = self._add_number("gain", 2.0)
            self._decay = self._add_number("decay", 4.0)
        self.built = True

    def _add_number(self, name: str, start: float) -> Any:
        return self.add_weight(
            name=name,
            shape=[1],
            dtype=tf.float32,
            initializer=tf.constant_initializer(start),
        )

    def checkpoint_children(self) -> dict[str, Any]:
        """Variables under the names that checkpoints know.

        Returns:
            'gain' and 'decay' if they are learned.
        """
        return {"gain": self._gain, "decay": self._decay} if self._learned else {}

    def get_controls(  # type: ignore[override]
        self,
        audio: tf.Tensor,
        gain: tf.Tensor | None = None,
        decay: tf.Tensor | None = None,
    ) -> TensorDict:
        """Makes an impulse response from gain and decay.

        Args:
            audio: Sound, [batch, n_samples].
            gain: Level at the start, any real number, [batch, 1]. Not used if the
                reverb learns its own, like decay.
            decay: Any real number, [batch, 1], see `core.exponential_decay`.

        Returns:
            'audio' and 'ir', [batch, n_taps]; a learned one is [1, n_taps]. All
            examples share one noise.

        Raises:
            ValueError: If the reverb neither learns gain and decay nor is given both.
        """
        if self._owns_controls(gain=gain, decay=decay):
            gain = tf.convert_to_tensor(self._gain)[tf.newaxis]
            decay = tf.convert_to_tensor(self._decay)[tf.newaxis]
        if self.scale_fn is not None:
            gain = self.scale_fn(gain)
        noise = core.white_noise(
            1, self.reverb_length, self.seed, same_on_replicas=True
        )
        envelope = core.exponential_decay(gain, decay, self.reverb_length)
        return {"audio": audio, "ir": envelope * noise}

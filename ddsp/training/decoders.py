"""Decoders: conditioning to the inputs of synthesizers."""

from collections.abc import Sequence
from typing import Any

import gin
import tensorflow as tf

from ddsp.training import nn


@gin.register(module="ddsp.training.decoders")
class RnnFcDecoder(nn.DictLayer):
    """A stack for each input, a recurrent layer over all of them, a stack at the end.

    Source: Engel et al., "DDSP", ICLR 2020, appendix B.

    Example:
        >>> decoder = RnnFcDecoder(
        ...     rnn_channels=8, ch=8, input_keys=('ld_scaled', 'f0_scaled'))
        >>> frames = tf.ones([1, 25, 1])
        >>> outputs = decoder({'ld_scaled': frames, 'f0_scaled': frames})
        >>> outputs['harmonic_distribution'].shape
        TensorShape([1, 25, 40])
    """

    def __init__(
        self,
        rnn_channels: int = 512,
        rnn_type: str = "gru",
        ch: int = 512,
        layers_per_stack: int = 3,
        stateless: bool = False,
        input_keys: Sequence[str] = ("ld_scaled", "f0_scaled", "z"),
        output_splits: nn.OutputSplits = (("amps", 1), ("harmonic_distribution", 40)),
        **kwargs: Any,
    ) -> None:
        """Makes the layers.

        Args:
            rnn_channels: Units of the recurrent layer.
            rnn_type: 'gru' or 'lstm'.
            ch: Channels of the stacks.
            layers_per_stack: Layers of each stack; 0 leaves the stacks out.
            stateless: Whether the state of the recurrent layer is an input and an
                output. Not in this version.
            input_keys: Keys of the inputs. Their order is part of the model.
            output_splits: Name and number of channels of each output.
            **kwargs: Arguments of a Keras layer.

        Raises:
            ValueError: If stateless is True.
        """
        if stateless:
            raise ValueError(
                "stateless must be False. Got stateless=True, which is not in this "
                "version; leave it out."
            )
        output_keys = [name for name, _ in output_splits]
        super().__init__(input_keys, output_keys, **kwargs)
        self.output_splits = output_splits
        self.input_stacks = [nn.FcStack(ch, layers_per_stack) for _ in input_keys]
        self.rnn = nn.Rnn(rnn_channels, rnn_type)
        self.out_stack = nn.FcStack(ch, layers_per_stack)
        self.dense_out = tf.keras.layers.Dense(sum(size for _, size in output_splits))

    def call(self, *inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Decodes.

        Args:
            *inputs: Inputs in the order of the keys, [batch, n_frames, n_channels].

        Returns:
            The outputs by name, [batch, n_frames, size] each.
        """
        hidden = [stack(x) for stack, x in zip(self.input_stacks, inputs, strict=True)]
        recurrent = self.rnn(tf.concat(hidden, axis=-1))
        outputs = self.out_stack(tf.concat([*hidden, recurrent], axis=-1))
        return nn.split_to_dict(self.dense_out(outputs), self.output_splits)

"""The decoder of the paper: dense stacks around a recurrent layer."""

from collections.abc import Sequence
from typing import Any

import gin
import tensorflow as tf

from ddsp import core
from ddsp.training import nn
from ddsp.training.decoders import checks


@gin.register(module="ddsp.training.decoders")
class RnnFcDecoder(nn.DictLayer):
    """A stack for each input, a recurrent layer over all of them, a stack at the end.

    Source: Engel et al., "DDSP", ICLR 2020, appendix B.

    The stateless decoder takes the state of its recurrent layer as its last input and
    returns it as its last output. It has the same variables, so that one can train the
    one and play the other block by block.

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
            stateless: Whether the state of the recurrent layer is one more input and
                one more output, 'state', instead of starting at zero with every call.
            input_keys: Keys of the inputs, without 'state', in an order that is part of
                the model: by default loudness, pitch and latent variables, 'ld_scaled',
                'f0_scaled' and 'z'. A model without an encoder has no 'z'.
            output_splits: Name and number of channels of each output, without 'state':
                by default 'amps' with 1 and 'harmonic_distribution' with 40.
            **kwargs: Arguments of a Keras layer.

        Raises:
            KeyError: If rnn_type is unknown.
            TypeError: If output_splits are no pairs of a name and a whole number.
            ValueError: If rnn_channels or ch is below 1, layers_per_stack below 0,
                a size in output_splits below 1, or a name comes twice.
        """
        checks.check_sizes(rnn_channels=rnn_channels, ch=ch)
        checks.check_sizes(least=0, layers_per_stack=layers_per_stack)
        checks.check_output_splits(output_splits)
        input_keys = list(core.make_iterable(input_keys))
        output_keys = [name for name, _ in output_splits]
        state_keys = ["state"] if stateless else []
        super().__init__(input_keys + state_keys, output_keys + state_keys, **kwargs)
        self.stateless = stateless
        self.output_splits = output_splits
        self.input_stacks = [nn.FcStack(ch, layers_per_stack) for _ in input_keys]
        make_rnn = nn.StatelessRnn if stateless else nn.Rnn
        self.rnn = make_rnn(rnn_channels, rnn_type)
        self.out_stack = nn.FcStack(ch, layers_per_stack)
        self.dense_out = tf.keras.layers.Dense(sum(size for _, size in output_splits))

    def check_inputs(self, *inputs: Any) -> None:
        """Raises for inputs that do not go together.

        Args:
            *inputs: See `call`.

        Raises:
            ValueError: If the batch sizes or numbers of frames of the inputs differ, or
                one is not [batch, n_frames, n_channels].
        """
        n_controls = len(self.input_stacks)
        checks.check_frames(self.input_keys[:n_controls], inputs[:n_controls])
        checks.check_batch(self.input_keys, inputs)

    def call(self, *inputs: tf.Tensor, **unused_kwargs: Any) -> dict[str, tf.Tensor]:
        """Decodes.

        Args:
            *inputs: Inputs in the order of the keys, [batch, n_frames, n_channels]. The
                state of a stateless decoder comes last, [batch, rnn_channels], or
                [batch, 2 * rnn_channels] of an LSTM; zeros to begin with.
            **unused_kwargs: Ignored, such as `training`.

        Returns:
            The outputs by name, [batch, n_frames, size] each. A stateless decoder adds
            'state' after the last frame.
        """
        del unused_kwargs
        n_controls = len(self.input_stacks)
        pairs = zip(self.input_stacks, inputs[:n_controls], strict=True)
        hidden = [stack(x) for stack, x in pairs]
        state = inputs[n_controls:]
        recurrent = self.rnn(tf.concat(hidden, axis=-1), *state)
        if self.stateless:
            recurrent, *state = recurrent
        outputs = self.dense_out(self.out_stack(tf.concat([*hidden, recurrent], -1)))
        # No state, no key for it.
        names = self.output_keys[len(self.output_splits) :]
        return {
            **nn.split_to_dict(outputs, self.output_splits),
            **dict(zip(names, state, strict=True)),
        }

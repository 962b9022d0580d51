"""Stacks of dense layers and recurrent layers."""

from typing import Any

import gin
import tensorflow as tf

from ddsp.training.nn.gru import Gru
from ddsp.training.nn.layer_norm import LayerNormalization
from ddsp.training.nn.rnn import Rnn
from ddsp.training.nn.shapes import get_nonlinearity


class Chain(tf.keras.Sequential):
    """A `Sequential` for sequences of any length, and for no layers at all.

    Keras freezes the shape of the first input into a graph of its own, and refuses an
    empty stack. This one calls its layers in turn; without layers it is the identity.

    Example:
        >>> Chain([])(tf.constant([1.0])).numpy().tolist()
        [1.0]
    """

    def build(self, input_shape: Any = None) -> None:
        """Builds the layers one after the other.

        Args:
            input_shape: Shape of the input, [batch, ..., n_channels].
        """
        for layer in self.layers:
            if not layer.built:
                layer.build(input_shape)
            input_shape = layer.compute_output_shape(input_shape)
        self.built = True

    def call(self, inputs: tf.Tensor, training: Any = None, mask: Any = None) -> Any:
        """Calls the layers one after the other.

        Args:
            inputs: [batch, ..., n_channels].
            training: Accepted for Keras; these layers do not depend on it.
            mask: Accepted for Keras, and not used.

        Returns:
            Output of the last layer.
        """
        del training, mask
        for layer in self.layers:
            inputs = layer(inputs)
        return inputs


@gin.register(module="ddsp.training.nn")
class Fc(Chain):
    """A dense layer, layer normalisation and a nonlinearity.

    Example:
        >>> Fc(ch=8)(tf.zeros([1, 10, 2])).shape
        TensorShape([1, 10, 8])
    """

    def __init__(
        self, ch: int = 128, nonlinearity: str = "leaky_relu", **kwargs: Any
    ) -> None:
        """Makes the layers.

        Args:
            ch: Channels of the output.
            nonlinearity: Name, see `get_nonlinearity`.
            **kwargs: Arguments of a Keras model.
        """
        layers = [
            tf.keras.layers.Dense(ch),
            LayerNormalization(),
            tf.keras.layers.Activation(get_nonlinearity(nonlinearity)),
        ]
        super().__init__(layers, **kwargs)


@gin.register(module="ddsp.training.nn")
class FcStack(Chain):
    """Several `Fc` after each other; with 0 layers the identity.

    Example:
        >>> FcStack(ch=8, layers=3)(tf.zeros([1, 10, 2])).shape
        TensorShape([1, 10, 8])
    """

    def __init__(
        self,
        ch: int = 256,
        layers: int = 2,
        nonlinearity: str = "leaky_relu",
        **kwargs: Any,
    ) -> None:
        """Makes the layers.

        Args:
            ch: Channels of each layer.
            layers: Number of layers.
            nonlinearity: Name, see `get_nonlinearity`.
            **kwargs: Arguments of a Keras model.
        """
        super().__init__([Fc(ch, nonlinearity) for _ in range(layers)], **kwargs)


@gin.register(module="ddsp.training.nn")
class FcStackOut(tf.keras.layers.Layer):
    """An `FcStack` and a dense layer that gives the output.

    Example:
        >>> FcStackOut(ch=8, layers=2, n_out=3)(tf.zeros([1, 10, 2])).shape
        TensorShape([1, 10, 3])
    """

    def __init__(self, ch: int, layers: int, n_out: int, **kwargs: Any) -> None:
        """Makes the layers.

        Args:
            ch: Channels of the layers of the stack.
            layers: Number of layers of the stack.
            n_out: Channels of the output.
            **kwargs: Arguments of a Keras layer.
        """
        super().__init__(**kwargs)
        self.stack = FcStack(ch, layers)
        self.dense_out = tf.keras.layers.Dense(n_out)

    def build(self, input_shape: Any) -> None:
        """Builds the layers.

        Args:
            input_shape: Shape of the input.
        """
        self.stack.build(input_shape)
        self.dense_out.build(self.stack.compute_output_shape(input_shape))

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Runs the layers.

        Args:
            x: [batch, ..., n_channels].

        Returns:
            [batch, ..., n_out].
        """
        return self.dense_out(self.stack(x))


@gin.register(module="ddsp.training.nn")
class RnnFc(Chain):
    """Recurrent layers and an `Fc`.

    Example:
        >>> RnnFc(rnn_feat=8, out_feat=4)(tf.zeros([1, 10, 2])).shape
        TensorShape([1, 10, 4])
    """

    def __init__(
        self,
        rnn_feat: int,
        out_feat: int,
        rnn_type: str = "lstm",
        nonlinearity: str = "sigmoid",
        bidir: bool = False,
        n_rnn: int = 1,
        **kwargs: Any,
    ) -> None:
        """Makes the layers.

        Args:
            rnn_feat: Units of each recurrent layer, in each direction.
            out_feat: Channels of the output.
            rnn_type: 'gru' or 'lstm'.
            nonlinearity: Name of the last nonlinearity, see `get_nonlinearity`.
            bidir: Whether the recurrent layers run in both directions.
            n_rnn: Number of recurrent layers.
            **kwargs: Arguments of a Keras model.
        """
        layers = [Rnn(rnn_feat, rnn_type, bidir=bidir) for _ in range(n_rnn)]
        super().__init__([*layers, Fc(out_feat, nonlinearity)], **kwargs)


@gin.register(module="ddsp.training.nn")
class RnnSandwich(Chain):
    """An `FcStack`, a recurrent layer and another `FcStack`.

    Example:
        >>> RnnSandwich(fc_stack_ch=8, rnn_ch=4)(tf.zeros([1, 10, 2])).shape
        TensorShape([1, 10, 8])
    """

    def __init__(
        self,
        fc_stack_ch: int = 256,
        fc_stack_layers: int = 2,
        rnn_ch: int = 512,
        rnn_type: str = "gru",
        **kwargs: Any,
    ) -> None:
        """Makes the layers.

        Args:
            fc_stack_ch: Channels of both stacks.
            fc_stack_layers: Layers of each stack.
            rnn_ch: Units of the recurrent layer.
            rnn_type: 'gru' or 'lstm'.
            **kwargs: Arguments of a Keras model.
        """
        layers = [
            FcStack(fc_stack_ch, fc_stack_layers),
            Rnn(rnn_ch, rnn_type),
            FcStack(fc_stack_ch, fc_stack_layers),
        ]
        super().__init__(layers, **kwargs)


@gin.register(module="ddsp.training.nn")
class SingleGru(Chain):
    """A gated recurrent unit and layer normalisation.

    Example:
        >>> SingleGru(gru_dim=8)(tf.zeros([1, 10, 2])).shape
        TensorShape([1, 10, 8])
    """

    def __init__(self, gru_dim: int = 128, **kwargs: Any) -> None:
        """Makes the layers.

        Args:
            gru_dim: Units.
            **kwargs: Arguments of a Keras model.
        """
        layers = [
            Gru(gru_dim, return_sequences=True),
            LayerNormalization(),
        ]
        super().__init__(layers, **kwargs)


@gin.register(module="ddsp.training.nn")
class Identity(tf.keras.layers.Layer):
    """Returns its input.

    Example:
        >>> float(Identity()(tf.constant(3.0)))
        3.0
    """

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Returns x.

        Args:
            x: Anything.

        Returns:
            The same.
        """
        return x

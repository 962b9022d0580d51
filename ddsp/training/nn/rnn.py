"""Recurrent layers of either kind, with and without a state of their own."""

from typing import Any

import gin
import tensorflow as tf

from ddsp.training.nn.gru import Gru


def _recurrent_layer(rnn_type: str) -> Any:
    """Finds the class of a recurrent layer."""
    layers = {"gru": Gru, "lstm": tf.keras.layers.LSTM}
    if rnn_type not in layers:
        raise KeyError(f"rnn_type must be 'gru' or 'lstm'. Got rnn_type={rnn_type!r}.")
    return layers[rnn_type]


@gin.register(module="ddsp.training.nn")
class Rnn(tf.keras.layers.Layer):
    """A recurrent layer.

    Example:
        >>> Rnn(dims=8, rnn_type='gru')(tf.zeros([1, 10, 2])).shape
        TensorShape([1, 10, 8])
    """

    def __init__(
        self,
        dims: int,
        rnn_type: str,
        return_sequences: bool = True,
        bidir: bool = False,
        **kwargs: Any,
    ) -> None:
        """Makes the layer.

        Args:
            dims: Units in each direction.
            rnn_type: 'gru' or 'lstm'.
            return_sequences: Whether to return the state after every frame rather than
                the last one.
            bidir: Whether to run in both directions and put the outputs side by side.
            **kwargs: Arguments of a Keras layer.

        Raises:
            KeyError: If rnn_type is unknown.
        """
        super().__init__(**kwargs)
        layer = _recurrent_layer(rnn_type)
        self.rnn = layer(dims, return_sequences=return_sequences)
        if bidir:
            self.rnn = tf.keras.layers.Bidirectional(self.rnn)

    def build(self, input_shape: Any) -> None:
        """Builds the layer.

        Args:
            input_shape: Shape of the input.
        """
        self.rnn.build(input_shape)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Shape of the output.

        Args:
            input_shape: Shape of the input.

        Returns:
            Shape of the output.
        """
        return self.rnn.compute_output_shape(input_shape)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Runs over the sequence.

        Args:
            x: [batch, n_frames, n_channels].

        Returns:
            [batch, n_frames, dims], or [batch, dims] of the last frame; twice as many
            channels in both directions.
        """
        return self.rnn(x)


@gin.register(module="ddsp.training.nn")
class StatelessRnn(tf.keras.layers.Layer):
    """A recurrent layer that takes its state and gives it back.

    It has the weights of `Rnn`, so one can train the one and play the other block by
    block.

    Example:
        >>> y, state = StatelessRnn(8, 'gru')(tf.zeros([1, 10, 2]), tf.zeros([1, 8]))
        >>> y.shape, state.shape
        (TensorShape([1, 10, 8]), TensorShape([1, 8]))
    """

    def __init__(self, dims: int, rnn_type: str, **kwargs: Any) -> None:
        """Makes the layer.

        Args:
            dims: Units.
            rnn_type: 'gru' or 'lstm'.
            **kwargs: Arguments of a Keras layer.

        Raises:
            KeyError: If rnn_type is unknown.
        """
        super().__init__(**kwargs)
        self.rnn = _recurrent_layer(rnn_type)(
            dims, return_sequences=True, return_state=True
        )

    @property
    def state_size(self) -> int:
        """Channels of the state: dims, or 2 * dims of an LSTM."""
        sizes = self.rnn.cell.state_size
        return sum(sizes) if isinstance(sizes, (list, tuple)) else sizes

    def build(self, x_shape: Any, state_shape: Any = None) -> None:
        """Builds the layer.

        Args:
            x_shape: Shape of the input.
            state_shape: Not used.
        """
        del state_shape
        self.rnn.build(x_shape)

    def call(self, x: tf.Tensor, state: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Runs over the sequence.

        Args:
            x: [batch, n_frames, n_channels].
            state: State before the first frame, [batch, state_size]; zeros to begin
                with. That of an LSTM is its output and its cell, side by side.

        Returns:
            The output after every frame, [batch, n_frames, dims], and the state after
            the last one, [batch, state_size].

        Raises:
            ValueError: If state has other channels.
        """
        if state.shape[-1] != self.state_size:
            raise ValueError(
                f"state must have shape [batch, {self.state_size}]. Got "
                f"state.shape={state.shape}; begin with zeros of that shape."
            )
        n_states = self.state_size // self.rnn.units
        states = tf.split(state, n_states, axis=-1)
        y, *states = self.rnn(x, initial_state=states)
        return y, tf.concat(states, axis=-1)
